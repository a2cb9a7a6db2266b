"""JSON into a protobuf message as Google's REST front does it: nothing unknown passes.

``protobuf``'s own parser stops at the first fault in words of its own, and skips unknown
enum values when told to be lenient. Google lists each fault with its place. Wordings as
Google's APIs answer them, for example
https://github.com/hashicorp/terraform-provider-google/issues/8246.

>>> from google.protobuf.api_pb2 import Method
>>> filled({"nam": "x"}, Method())
Traceback (most recent call last):
    ...
tocsin.rehearsal.cloud.refusals.Refusal: Invalid JSON payload received. Unknown name "nam": Cannot find field.
>>> filled({"name": "x", "requestStreaming": True}, Method()).request_streaming
True
"""  # noqa: E501 - Google's sentence is one line

import json
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from google.protobuf import json_format
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.duration_pb2 import Duration
from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp
from google.rpc.error_details_pb2 import BadRequest

from tocsin.rehearsal.cloud.refusals import invalid_argument

M = TypeVar("M", bound=Message)
# Descriptors are `Any` here: two implementations of protobuf share no typed base.

_WELL_KNOWN: Final[Mapping[str, type[Message]]] = {
    kind.DESCRIPTOR.full_name: kind for kind in (Duration, FieldMask, Timestamp)
}
# The REST surface has these, the published protos (google-cloud-monitoring-dashboards 3.2.0)
# do not: https://monitoring.googleapis.com/$discovery/rest?version=v1. Taken, and forgotten.
_REST_ONLY: Final = {
    "google.monitoring.dashboard.v1.Dashboard": {"description", "annotations"},
    "google.monitoring.dashboard.v1.DashboardFilter": {"applyToNewWidgets", "valueType"},
    "google.monitoring.dashboard.v1.XyChart.DataSet": {"breakdowns", "dimensions", "measures"},
}
_WHOLE: Final = re.compile(r"-?\d+")
_FLOATS: Final = {"NaN", "Infinity", "-Infinity"}


@dataclass(frozen=True)
class _Fault:
    place: str
    text: str


def filled(data: Any, message: M) -> M:
    """``message`` with what ``data`` says.

    Raises:
        Refusal: INVALID_ARGUMENT with every fault and its place.
    """
    faults = list(_faults(data, message.DESCRIPTOR, ""))
    if faults:
        violations = [
            BadRequest.FieldViolation(field=fault.place, description=fault.text) for fault in faults
        ]
        raise invalid_argument(
            "\n".join(fault.text for fault in faults), BadRequest(field_violations=violations)
        )
    try:
        return json_format.ParseDict(data, message, ignore_unknown_fields=True)
    except json_format.ParseError as error:
        raise invalid_argument(f"Invalid JSON payload received. {error}") from error


def field_called(name: str, descriptor: Any) -> Any:
    """The field of that name, in camel case or as the proto has it."""
    by_name = descriptor.fields_by_name.get(name)
    if by_name is not None:
        return by_name
    return next((field for field in descriptor.fields if field.json_name == name), None)


def is_map(field: Any) -> bool:
    """Whether the field is a ``map<…>``."""
    kind = field.message_type
    return kind is not None and bool(kind.GetOptions().map_entry)


def _faults(data: Any, descriptor: Any, place: str) -> Iterator[_Fault]:
    if not isinstance(data, dict):
        yield _invalid(place, f"type.googleapis.com/{descriptor.full_name}", data)
        return
    for name, value in data.items():
        field = field_called(name, descriptor)
        if field is None:
            if name not in _REST_ONLY.get(descriptor.full_name, ()):
                yield _unknown(name, place, "Cannot find field.")
        elif value is not None:
            yield from _field_faults(value, field, name, place)


def _field_faults(value: Any, field: Any, name: str, place: str) -> Iterator[_Fault]:
    inner = f"{place}.{field.name}" if place else field.name
    if is_map(field):
        yield from _map_faults(value, field, inner)
    elif not field.is_repeated:
        if isinstance(value, list) and not _is_free(field):
            yield _unknown(name, place, "Proto field is not repeating, cannot start list.")
        else:
            yield from _value_faults(value, field, inner)
    elif isinstance(value, list):
        for index, one in enumerate(value):
            yield from _value_faults(one, field, f"{inner}[{index}]")
    else:
        yield _invalid(inner, "a list", value)


def _map_faults(value: Any, field: Any, place: str) -> Iterator[_Fault]:
    if not isinstance(value, dict):
        yield _invalid(place, "a map", value)
        return
    of_value = field.message_type.fields_by_name["value"]
    for one in value.values():
        yield from _value_faults(one, of_value, f"{place}[].value")


def _is_free(field: Any) -> bool:
    """Whether the field takes any JSON: ``Struct``, ``Value``, ``Any`` and their like."""
    kind = field.message_type
    return kind is not None and kind.file.package == "google.protobuf"


def _value_faults(value: Any, field: Any, place: str) -> Iterator[_Fault]:
    if field.message_type is not None:
        yield from _message_faults(value, field.message_type, place)
    elif field.enum_type is not None:
        if not _is_enum(value, field):
            yield _invalid(place, f"type.googleapis.com/{field.enum_type.full_name}", value)
    elif not _FITS[field.cpp_type](value):
        yield _invalid(place, _scalar_name(field), value)


def _message_faults(value: Any, kind: Any, place: str) -> Iterator[_Fault]:
    if kind.file.package != "google.protobuf":
        yield from _faults(value, kind, place)
        return
    well_known = _WELL_KNOWN.get(kind.full_name)
    if well_known is None:
        return
    try:
        json_format.ParseDict(value, well_known())
    except (json_format.ParseError, ValueError, AttributeError, TypeError):
        yield _invalid(place, f"type.googleapis.com/{kind.full_name}", value)


def _is_enum(value: Any, field: Any) -> bool:
    if isinstance(value, str):
        return value in field.enum_type.values_by_name or bool(_WHOLE.fullmatch(value))
    return isinstance(value, int) and not isinstance(value, bool)


def _is_whole(value: Any) -> bool:
    if isinstance(value, str):
        return bool(_WHOLE.fullmatch(value))
    if isinstance(value, float):
        return value.is_integer()
    return isinstance(value, int) and not isinstance(value, bool)


def _is_number(value: Any) -> bool:
    if isinstance(value, str) and value not in _FLOATS:
        try:
            return math.isfinite(float(value))
        except ValueError:
            return False
    return isinstance(value, str | int | float) and not isinstance(value, bool)


_FITS: Final = {
    FieldDescriptor.CPPTYPE_BOOL: lambda value: isinstance(value, bool),
    FieldDescriptor.CPPTYPE_STRING: lambda value: isinstance(value, str),
    FieldDescriptor.CPPTYPE_DOUBLE: _is_number,
    FieldDescriptor.CPPTYPE_FLOAT: _is_number,
    FieldDescriptor.CPPTYPE_INT32: _is_whole,
    FieldDescriptor.CPPTYPE_INT64: _is_whole,
    FieldDescriptor.CPPTYPE_UINT32: _is_whole,
    FieldDescriptor.CPPTYPE_UINT64: _is_whole,
}


_SCALARS: Final = {
    getattr(FieldDescriptor, name): name
    for name in (
        *("TYPE_BOOL", "TYPE_BYTES", "TYPE_DOUBLE", "TYPE_FLOAT", "TYPE_STRING"),
        *("TYPE_INT32", "TYPE_INT64", "TYPE_UINT32", "TYPE_UINT64"),
    )
}


def _scalar_name(field: Any) -> str:
    return _SCALARS.get(field.type, f"TYPE_{field.type}")


def _unknown(name: str, place: str, why: str) -> _Fault:
    at = f" at '{place}'" if place else ""
    return _Fault(place, f'Invalid JSON payload received. Unknown name "{name}"{at}: {why}')


def _invalid(place: str, kind: str, value: Any) -> _Fault:
    return _Fault(place, f"Invalid value at '{place}' ({kind}), {json.dumps(value)[:200]}")
