"""How the agent reads a line's ``httpRequest``.

>>> from google.logging.type.http_request_pb2 import HttpRequest
>>> from tocsin.rehearsal.cloud.rulebook import Rulebook
>>> record, request = {"httpRequest": {"status": "204", "latency": "0.25s"}}, HttpRequest()
>>> read_request(record, request, Rulebook())
>>> request.status, request.latency.ToJsonString(), record
(204, '0.250s', {})
"""

import re
from typing import Any, Final

from tocsin.rehearsal.cloud.logs import rules as r
from tocsin.rehearsal.cloud.logs.agent_values import as_int, as_text
from tocsin.rehearsal.cloud.rulebook import Rulebook

_TEXTS: Final = {
    "requestMethod": "request_method",
    "requestUrl": "request_url",
    "userAgent": "user_agent",
    "remoteIp": "remote_ip",
    "serverIp": "server_ip",
    "referer": "referer",
    "protocol": "protocol",
}
_NUMBERS: Final = {
    "requestSize": ("request_size", 2**63 - 1),
    "responseSize": ("response_size", 2**63 - 1),
    "cacheFillBytes": ("cache_fill_bytes", 2**63 - 1),
    "status": ("status", 2**31 - 1),
}
_TRUTHS: Final = {
    "cacheLookup": "cache_lookup",
    "cacheHit": "cache_hit",
    "cacheValidatedWithOriginServer": "cache_validated_with_origin_server",
}
_LATENCY: Final = re.compile(r"\s*([0-9]{1,12})(\.[0-9]+)?\s*s\s*")


def read_request(record: dict[str, Any], request: Any, rules: Rulebook) -> None:
    """Move what is known from ``record['httpRequest']``; what is not stays in the payload."""
    told = record.get("httpRequest")
    if not isinstance(told, dict):
        return
    told = dict(told)
    request.SetInParent()
    for name, field in _TEXTS.items():
        if (value := told.pop(name, None)) is not None:
            setattr(request, field, as_text(value))
    for name, (field, most) in _NUMBERS.items():
        if (number := as_int(told.pop(name, None), most)) is not None:
            setattr(request, field, number)
    for name, field in _TRUTHS.items():
        if (value := told.pop(name, None)) is not None:
            setattr(request, field, value in (True, "true", 1))
    _read_latency(told, request, rules)
    if told:
        record["httpRequest"] = told
    else:
        del record["httpRequest"]


def _read_latency(told: dict[str, Any], request: Any, rules: Rulebook) -> None:
    latency = told.pop("latency", None)
    if latency is None:
        return
    match = _LATENCY.fullmatch(latency) if isinstance(latency, str) else None
    if match is None:
        if not rules.broken(r.LINE_LATENCY, when=True):
            request.latency.SetInParent()
        return
    request.latency.seconds = int(match[1])
    request.latency.nanos = min(round(float(match[2] or 0) * 10**9), 10**9 - 1)
