"""Slack's incoming webhooks: what they take, and the words in which they refuse.

https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks (errors) and
https://docs.slack.dev/reference/messaging/attachments (shape of attachments).

>>> faults_of({"attachments": []})
('no_text: a message needs text, blocks or attachments',)
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

PATH: Final = "/services/"
_BYTES_AT_MOST: Final = 1_000_000
_ATTACHMENTS_AT_MOST: Final = 100
_CHARACTERS_AT_MOST: Final = 40_000
_COLOUR: Final = re.compile(r"good|warning|danger|#?[0-9a-fA-F]{6}")
_ATTACHMENT_TEXTS: Final = (
    *("fallback", "color", "pretext", "author_name", "author_link", "author_icon"),
    *("title", "title_link", "text", "footer", "footer_icon", "image_url", "thumb_url"),
)
_LINKS: Final = ("title_link", "author_link", "image_url", "thumb_url")


def parsed(body: bytes) -> tuple[Mapping[str, Any], tuple[str, ...]]:
    """The message, and why it would be refused."""
    if len(body) > _BYTES_AT_MOST:
        return {}, (f"invalid_payload: {len(body)} bytes are too many",)
    try:
        message = json.loads(body)
    except ValueError:
        return {}, ("invalid_payload: not JSON",)
    if not isinstance(message, dict):
        return {}, ("invalid_payload: not an object",)
    return message, faults_of(message)


def faults_of(message: Mapping[str, Any]) -> tuple[str, ...]:
    """Everything that is wrong with a message; each begins with Slack's word for it."""
    return tuple(_message_faults(message))


def answer(faults: tuple[str, ...]) -> tuple[int, bytes]:
    """Status and body of the answer."""
    if faults:
        return 400, faults[0].partition(":")[0].encode()
    return 200, b"ok"


def is_resolved(message: Mapping[str, Any]) -> bool:
    """Whether a message tells an alarm's end, as Alertmanager's templates say it.

    >>> is_resolved({"attachments": [{"title": "[RESOLVED] ServiceDown"}]})
    True
    """
    said = [message.get("text", "")]
    said += [one.get("title", "") for one in _attachments(message) if isinstance(one, dict)]
    return any("RESOLVED" in str(text) for text in said)


def _attachments(message: Mapping[str, Any]) -> list[Any]:
    found = message.get("attachments") or []
    return found if isinstance(found, list) else [found]


def _message_faults(message: Mapping[str, Any]) -> Iterator[str]:
    text, attachments = message.get("text", ""), _attachments(message)
    if not isinstance(text, str):
        yield "invalid_payload: text is no text"
    elif len(text) > _CHARACTERS_AT_MOST:
        yield f"msg_too_long: {len(text)} characters, {_CHARACTERS_AT_MOST} are the limit"
    if not text and not message.get("blocks") and not attachments:
        yield "no_text: a message needs text, blocks or attachments"
    if len(attachments) > _ATTACHMENTS_AT_MOST:
        yield f"too_many_attachments: {len(attachments)}, {_ATTACHMENTS_AT_MOST} are the limit"
    for number, one in enumerate(attachments):
        for fault in _attachment_faults(one):
            yield f"invalid_attachments: attachment {number}: {fault}"


def _attachment_faults(one: object) -> Iterator[str]:
    if not isinstance(one, dict):
        yield "no object"
        return
    for name in _ATTACHMENT_TEXTS:
        if not isinstance(one.get(name, ""), str):
            yield f"{name} is no text"
    if not any(one.get(name) for name in ("fallback", "text", "title", "blocks", "fields")):
        yield "nothing to show"
    if one.get("color") and not _COLOUR.fullmatch(str(one["color"])):
        yield "color is none"
    for name in _LINKS:
        if one.get(name) and not str(one[name]).startswith(("http://", "https://")):
            yield f"{name} is no address"
    for entry in one.get("fields") or []:
        if not (isinstance(entry, dict) and {"title", "value"} <= entry.keys()):
            yield "a field has no title or no value"
