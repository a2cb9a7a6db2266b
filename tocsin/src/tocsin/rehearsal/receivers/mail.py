r"""A mail server that takes only letters that would be delivered and could be read.

It holds what RFC 5321 (4.5.3.1: sizes) and RFC 5322 (2.1.1: lines, 3.6: fields) demand, and
that header and envelope agree about the receiver, as spam filters do.

>>> faults_of(b"Subject: hello\r\n\r\nworld\r\n", ["a@b.example"])[:2]
('there is no Date', 'there is no From')
"""

from collections.abc import Callable, Iterator, Sequence
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import getaddresses, parsedate_to_datetime
from typing import Any, Final

_LINE_AT_MOST: Final = 998
_BYTES_AT_MOST: Final = 10 * 1024 * 1024
_FIELDS: Final = ("Date", "From", "To", "Subject", "Message-ID")

Take = Callable[[str, bool, str, tuple[str, ...]], None]


def faults_of(content: bytes, receivers: Sequence[str]) -> tuple[str, ...]:
    """Everything that is wrong with a letter to these receivers."""
    return tuple(_faults(content, receivers))


def readable(content: bytes) -> tuple[str, str]:
    """The subject, and everything that a person can read of the letter, headers included."""
    letter = _letter(content)
    parts = [str(value) for value in letter.values()]
    parts += [str(p.get_content()) for p in letter.walk() if p.get_content_maintype() == "text"]
    return str(letter.get("Subject", "")), "\n".join(parts)


def _letter(content: bytes) -> EmailMessage:
    letter = message_from_bytes(content, policy=policy.default)
    assert isinstance(letter, EmailMessage)  # noqa: S101 - what this policy makes
    return letter


def _faults(content: bytes, receivers: Sequence[str]) -> Iterator[str]:
    if len(content) > _BYTES_AT_MOST:
        yield f"the letter has {len(content)} bytes; {_BYTES_AT_MOST} are the limit"
        return
    letter = _letter(content)
    for name in sorted(_FIELDS, key=_FIELDS.index):
        values = letter.get_all(name, [])
        if not values:
            yield f"there is no {name}"
        elif len(values) > 1 or not str(values[0]).strip():
            yield f"{name} stands there {len(values)} times or is blank"
    yield from _field_faults(letter, receivers)
    longest = max(map(len, content.split(b"\r\n")), default=0)
    if longest > _LINE_AT_MOST:
        yield f"a line has {longest} characters; {_LINE_AT_MOST} are the limit"
    if not any(part.get_content_maintype() == "text" for part in letter.walk()):
        yield "there is nothing to read"


def _field_faults(letter: EmailMessage, receivers: Sequence[str]) -> Iterator[str]:
    if letter.get("Date") and not _is_date(str(letter["Date"])):
        yield "Date is none"
    named = {address for _, address in getaddresses([str(letter.get("To", ""))])}
    strangers = sorted(set(receivers) - named)
    if strangers:
        yield f"To does not name {', '.join(strangers)}"


def _is_date(text: str) -> bool:
    try:
        parsedate_to_datetime(text)
    except ValueError:
        return False
    return True


class Postbox:
    """What aiosmtpd asks for every letter; ``take`` is told receiver, end, text and faults."""

    def __init__(self, take: Take) -> None:
        self._take = take

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        """Take the letter, or say what is wrong with it."""
        content = bytes(envelope.original_content or envelope.content)
        faults = faults_of(content, envelope.rcpt_tos)
        subject, text = readable(content)
        for receiver in envelope.rcpt_tos:
            self._take(receiver, "RESOLVED" in subject, text, faults)
        return f"550 5.6.0 {faults[0]}" if faults else "250 2.0.0 taken"
