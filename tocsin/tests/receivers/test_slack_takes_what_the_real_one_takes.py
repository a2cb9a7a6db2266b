"""Each rule of Slack's incoming webhooks, one message beside it and one across it."""

import json

import pytest

from tocsin.rehearsal.receivers import slack


@pytest.mark.parametrize(
    ("message", "word"),
    [
        ({}, b"no_text"),
        ({"text": ""}, b"no_text"),
        ({"attachments": [{"title": "t"}] * 101}, b"too_many_attachments"),
        ({"text": "x" * 40_001}, b"msg_too_long"),
        ({"attachments": ["text"]}, b"invalid_attachments"),
        ({"attachments": [{"color": "danger"}]}, b"invalid_attachments"),
        ({"attachments": [{"title": "t", "color": "loud"}]}, b"invalid_attachments"),
        ({"attachments": [{"title": "t", "title_link": "runbook.md"}]}, b"invalid_attachments"),
        ({"attachments": [{"title": "t", "fields": [{"title": "a"}]}]}, b"invalid_attachments"),
    ],
)
def test_a_message_that_slack_refuses_is_refused_here(message, word):
    """The answer is 400 and Slack's own word for what is wrong (behaviour 35)."""
    _, faults = slack.parsed(json.dumps(message).encode())

    status, answer = slack.answer(faults)

    assert (status, answer) == (400, word)


@pytest.mark.parametrize(
    "message",
    [
        {"text": "x" * 40_000},
        {"attachments": [{"fallback": "ServiceDown", "color": "danger"}] * 100},
        {"attachments": [{"title": "t", "title_link": "https://runbook.example", "color": "good"}]},
    ],
)
def test_a_message_at_the_limit_is_taken(message):
    """What Slack takes is answered with ok."""
    _, faults = slack.parsed(json.dumps(message).encode())

    assert slack.answer(faults) == (200, b"ok")


@pytest.mark.parametrize("body", [b"payload", b"[]", b'"' + b"x" * 1_000_001 + b'"'])
def test_a_body_that_is_no_message_is_refused(body):
    """Neither text nor a list nor a megabyte is a message."""
    _, faults = slack.parsed(body)

    assert slack.answer(faults) == (400, b"invalid_payload")
