"""How the agent reads what a line's fields hold.

>>> from tocsin.rehearsal.cloud.rulebook import Rulebook
>>> severity_of("fatal", Rulebook()), severity_of(450, Rulebook())
(600, 400)
>>> time_of({"time": "1970-01-01T00:00:01.5+00:00"}, Rulebook())
1500000000
"""

import json
import math
import re
from typing import Any, Final

from google.logging.type.log_severity_pb2 import LogSeverity
from google.protobuf.timestamp_pb2 import Timestamp

from tocsin.rehearsal.cloud.logs import rules as r
from tocsin.rehearsal.cloud.logs.messages import NS_PER_S
from tocsin.rehearsal.cloud.rulebook import Rulebook

LEVELS_AT_MOST: Final = 24
_SEVERITIES: Final = {
    **{name: value for name, value in LogSeverity.items() if value or name == "DEFAULT"},
    **dict.fromkeys(("TRACE", "TRACE_INT", "FINE", "FINER", "FINEST", "CONFIG", "D"), 100),
    **dict.fromkeys(("I", "INFORMATION"), 200),
    "N": 300,
    **dict.fromkeys(("WARN", "W"), 400),
    **dict.fromkeys(("ERR", "E", "SEVERE"), 500),
    **dict.fromkeys(("FATAL", "CRIT", "F", "C"), 600),
    "A": 700,
    "EMERG": 800,
}
_TRACE_ID: Final = re.compile(r"[0-9a-f]{32}")
# RFC 3339, section 5.6; a leap second is a minute's last here.
_RFC3339: Final = re.compile(
    r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?:\.\d{1,9}\d*)?(?:[Zz]|[+-]\d\d:\d\d)"
)
_FRACTION: Final = re.compile(r"(\.\d{9})\d+")
# A protobuf Timestamp's range: years 1 to 9999.
_SECONDS_AT_LEAST: Final = -62_135_596_800
_SECONDS_AT_MOST: Final = 253_402_300_799


def as_text(value: Any) -> str:
    """Text that protobuf takes: halves of surrogate pairs are replaced."""
    text = value if isinstance(value, str) else json.dumps(value)
    return text.encode("utf-8", "replace").decode()


def as_int(value: Any, most: int) -> int | None:
    """A whole number, also one written as text or with a fraction; None if it is none."""
    try:
        number = int(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return number if -most - 1 <= number <= most else None


def severity_of(value: Any, rules: Rulebook) -> int:
    """The severity that any common name or number means."""
    text = as_text(value).strip().upper()
    if text.isascii() and text.isdigit():
        return min(int(text[:9]) // 100 * 100, 800) if len(text.lstrip("0")) < 9 else 800  # noqa: PLR2004 - too many digits to be worth reading
    if rules.broken(r.LINE_SEVERITY, when=text not in _SEVERITIES):
        return 0
    return _SEVERITIES.get(text, 500)


def time_of(record: dict[str, Any], rules: Rulebook) -> int | None:
    """When it happened, taken out of the record: an object, a pair of fields, or text."""
    stamp = record.get("timestamp")
    if isinstance(stamp, dict) and {"seconds", "nanos"} <= stamp.keys():
        del record["timestamp"]
        told = _of_pair(stamp["seconds"], stamp["nanos"])
    elif {"timestampSeconds", "timestampNanos"} <= record.keys():
        told = _of_pair(record.pop("timestampSeconds"), record.pop("timestampNanos"))
    elif "time" in record:
        told = _of_text(record.pop("time"))
    else:
        return None
    if told is None and not rules.broken(r.LINE_TIME, when=True):
        return 0
    return told


def trace_name(trace: str, project: str) -> str:
    """The trace's full name: standard output may hold the bare id."""
    if project and _TRACE_ID.fullmatch(trace):
        return f"projects/{project}/traces/{trace}"
    return trace


def fill_struct(struct: Any, record: dict[str, Any], level: int = 1) -> None:
    """Write a JSON object into a ``Struct``."""
    for key, value in record.items():
        _fill(struct.fields[as_text(key)], value, level)


def _fill(target: Any, value: Any, level: int) -> None:
    if value is None:
        target.null_value = 0
    elif isinstance(value, bool):
        target.bool_value = value
    elif isinstance(value, int | float):
        _fill_number(target, value)
    elif isinstance(value, str) or level >= LEVELS_AT_MOST:
        target.string_value = as_text(value)
    elif isinstance(value, dict):
        target.struct_value.SetInParent()
        fill_struct(target.struct_value, value, level + 1)
    else:
        target.list_value.SetInParent()
        for one in value:
            _fill(target.list_value.values.add(), one, level + 1)


def _fill_number(target: Any, value: float) -> None:
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if math.isfinite(number):
        target.number_value = number
    else:
        target.string_value = str(value)


def _of_pair(seconds: Any, nanos: Any) -> int | None:
    whole, rest = as_int(seconds, _SECONDS_AT_MOST), as_int(nanos, NS_PER_S)
    if whole is None or rest is None or isinstance(seconds, bool):
        return None
    return _in_range(whole * NS_PER_S + rest)


def _of_text(text: Any) -> int | None:
    if not isinstance(text, str) or not _RFC3339.fullmatch(text):
        return None
    stamp = Timestamp()
    try:
        stamp.FromJsonString(_FRACTION.sub(r"\1", text.upper()))
    except ValueError:
        return None
    return _in_range(stamp.ToNanoseconds())


def _in_range(time_ns: int) -> int | None:
    seconds = time_ns // NS_PER_S
    return time_ns if _SECONDS_AT_LEAST <= seconds <= _SECONDS_AT_MOST else None
