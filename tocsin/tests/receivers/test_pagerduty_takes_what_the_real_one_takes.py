"""Each rule of PagerDuty's Events API v2, one event beside it and one across it."""

import json

import pytest

from tocsin.rehearsal.receivers import pagerduty


def event(**changed: object) -> dict:
    """A good event with these fields changed; None takes a field away."""
    payload = {"summary": "ServiceDown", "source": "prometheus", "severity": "critical"}
    whole = {"routing_key": "R" * 32, "event_action": "trigger", "dedup_key": "k"}
    for name, value in changed.items():
        target = payload if name in {*payload, "timestamp", "custom_details"} else whole
        target[name] = value
    return {k: v for k, v in {**whole, "payload": payload}.items() if v is not None}


@pytest.mark.parametrize(
    ("changed", "word"),
    [
        ({"routing_key": "R" * 31}, "routing_key"),
        ({"routing_key": None}, "routing_key"),
        ({"event_action": "fire"}, "event_action"),
        ({"event_action": "resolve", "dedup_key": None}, "dedup_key"),
        ({"dedup_key": "k" * 256}, "dedup_key"),
        ({"summary": ""}, "summary"),
        ({"summary": "s" * 1025}, "summary"),
        ({"source": " "}, "source"),
        ({"severity": "page"}, "severity"),
        ({"timestamp": "yesterday"}, "timestamp"),
        ({"custom_details": "text"}, "custom_details"),
        ({"links": ["https://runbook.example"]}, "links"),
    ],
)
def test_an_event_that_pagerduty_refuses_is_refused_here(changed, word):
    """A field that is missing, too long or none of the words is named in a 400 (behaviour 35)."""
    body = json.dumps(event(**changed)).encode()

    parsed, faults = pagerduty.parsed(body)
    status, answer = pagerduty.answer(parsed, faults)

    assert status == 400
    assert word in json.loads(answer)["errors"][0]


@pytest.mark.parametrize(
    "changed",
    [
        {},
        {"summary": "s" * 1024},
        {"dedup_key": "k" * 255},
        {"event_action": "resolve"},
        {"timestamp": "2026-11-24T04:15:02.000+00:00"},
        {"severity": "warning", "custom_details": {"firing": "one"}},
    ],
)
def test_an_event_at_the_limit_is_taken(changed):
    """What PagerDuty takes is answered 202 with its key."""
    parsed, faults = pagerduty.parsed(json.dumps(event(**changed)).encode())

    status, answer = pagerduty.answer(parsed, faults)

    assert (status, faults) == (202, ())
    assert json.loads(answer)["dedup_key"] == parsed["dedup_key"]


@pytest.mark.parametrize("body", [b"", b"not json", b"[]", b'{"x": "' + b"y" * 600_000 + b'"}'])
def test_a_body_that_is_no_event_is_refused(body):
    """Neither text nor a list nor half a megabyte is an event."""
    event_read, faults = pagerduty.parsed(body)

    status, _ = pagerduty.answer(event_read, faults)

    assert status == 400
