"""OTLP's JSON differs from protobuf's in one thing: ids are hexadecimal, not base64.

https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding

>>> reshaped({"spans": [{"traceId": "00ff", "name": "a"}]})
{'spans': [{'traceId': 'AP8=', 'name': 'a'}]}
"""

from base64 import b64encode
from typing import Any, Final

from tocsin.rehearsal.cloud.refusals import invalid_argument

_IDS: Final = frozenset(
    {"traceId", "spanId", "parentSpanId", "trace_id", "span_id", "parent_span_id"}
)


def reshaped(data: Any) -> Any:
    """``data`` as protobuf's JSON has it.

    Raises:
        Refusal: an id is not hexadecimal.
    """
    if isinstance(data, list):
        return [reshaped(one) for one in data]
    if not isinstance(data, dict):
        return data
    return {
        key: _based(key, value) if key in _IDS and isinstance(value, str) else reshaped(value)
        for key, value in data.items()
    }


def _based(key: str, value: str) -> str:
    try:
        return b64encode(bytes.fromhex(value)).decode()
    except ValueError as error:
        raise invalid_argument(f"{key} is not hexadecimal.") from error
