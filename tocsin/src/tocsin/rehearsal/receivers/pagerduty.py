"""PagerDuty's Events API v2: what it takes, and in whose words it refuses.

https://developer.pagerduty.com/docs/send-alert-event and
https://developer.pagerduty.com/docs/events-api-v2-overview

>>> faults_of({"routing_key": "R" * 32, "event_action": "resolve"})
("'dedup_key' is missing or blank: an event can only be resolved by its key",)
"""

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final

PATH: Final = "/v2/enqueue"
ACCEPTED: Final = 202
REFUSED: Final = 400
_KEY_LENGTH: Final = 32
_DEDUP_AT_MOST: Final = 255
_SUMMARY_AT_MOST: Final = 1024
_EVENT_BYTES_AT_MOST: Final = 512 * 1024
_ACTIONS: Final = ("trigger", "acknowledge", "resolve")
_SEVERITIES: Final = ("critical", "error", "warning", "info")
_TEXTS: Final = ("component", "group", "class")


def parsed(body: bytes) -> tuple[Mapping[str, Any], tuple[str, ...]]:
    """The event, and why it would be refused."""
    try:
        event = json.loads(body)
    except ValueError:
        return {}, ("the body is not JSON",)
    if not isinstance(event, dict):
        return {}, ("the body is not a JSON object",)
    if len(body) > _EVENT_BYTES_AT_MOST:
        return event, (f"the event has {len(body)} bytes; {_EVENT_BYTES_AT_MOST} are the limit",)
    return event, faults_of(event)


def faults_of(event: Mapping[str, Any]) -> tuple[str, ...]:
    """Everything that is wrong with an event."""
    return tuple(_envelope_faults(event)) + tuple(_payload_faults(event))


def answer(event: Mapping[str, Any], faults: tuple[str, ...]) -> tuple[int, bytes]:
    """Status and body of the answer."""
    if faults:
        body = {
            "status": "invalid event",
            "message": "Event object is invalid",
            "errors": list(faults),
        }
        return REFUSED, json.dumps(body).encode()
    key = event.get("dedup_key", "given")
    body = {"status": "success", "message": "Event processed", "dedup_key": key}
    return ACCEPTED, json.dumps(body).encode()


def _envelope_faults(event: Mapping[str, Any]) -> Iterator[str]:
    key = event.get("routing_key")
    if not isinstance(key, str) or len(key) != _KEY_LENGTH:
        yield f"Length of 'routing_key' is incorrect (should be {_KEY_LENGTH} characters)"
    action = event.get("event_action")
    if action not in _ACTIONS:
        yield f"'event_action' is none of {', '.join(_ACTIONS)}"
    dedup = event.get("dedup_key")
    if dedup is not None and (not isinstance(dedup, str) or len(dedup) > _DEDUP_AT_MOST):
        yield f"'dedup_key' is no text of at most {_DEDUP_AT_MOST} characters"
    if action in ("acknowledge", "resolve") and not dedup:
        yield f"'dedup_key' is missing or blank: an event can only be {action}d by its key"
    for name in ("links", "images"):
        entries = event.get(name)
        if entries and not (isinstance(entries, list) and all(map(_is_object, entries))):
            yield f"'{name}' is no list of objects"


def _payload_faults(event: Mapping[str, Any]) -> Iterator[str]:
    payload = event.get("payload")
    if payload is None and event.get("event_action") != "trigger":
        return
    if not isinstance(payload, dict):
        yield "'payload' is missing or no object"
        return
    yield from _summary_faults(payload.get("summary"))
    if not isinstance(payload.get("source"), str) or not payload["source"].strip():
        yield "'payload.source' is missing or blank"
    if payload.get("severity") not in _SEVERITIES:
        yield f"'payload.severity' is none of {', '.join(_SEVERITIES)}"
    if not _is_time(payload.get("timestamp")):
        yield "'payload.timestamp' is no ISO 8601 time"
    for name in _TEXTS:
        if not isinstance(payload.get(name, ""), str):
            yield f"'payload.{name}' is no text"
    if not _is_object(payload.get("custom_details", {})):
        yield "'payload.custom_details' is no object"


def _summary_faults(summary: object) -> Iterator[str]:
    if not isinstance(summary, str) or not summary.strip():
        yield "'payload.summary' is missing or blank"
    elif len(summary) > _SUMMARY_AT_MOST:
        yield f"'payload.summary' has {len(summary)} characters; {_SUMMARY_AT_MOST} are the limit"


def _is_object(value: object) -> bool:
    return isinstance(value, dict)


def _is_time(value: object) -> bool:
    if value is None or value == "":
        return True
    try:
        datetime.fromisoformat(str(value))
    except ValueError:
        return False
    return True
