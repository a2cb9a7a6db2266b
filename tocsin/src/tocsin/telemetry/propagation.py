"""Identifiers that come in with a request, and those that are made here.

Whatever a caller sends ends up in every log line, so each format is strict: what does
not fit is not mended but replaced. A request id or correlation id has 8 to 64 of
``A-Z a-z 0-9 . _ -``, which keeps an upstream's id that is no UUID and refuses line
breaks, markup, quotes and kilobytes (defect D24, behaviour 25). Trace context is read
from W3C ``traceparent`` first (https://www.w3.org/TR/trace-context/, section 3.2) and
from Google's older ``X-Cloud-Trace-Context`` second
(https://cloud.google.com/trace/docs/trace-context).

>>> parse_traceparent(b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
('0af7651916cd43dd8448eb211c80319c', 'b7ad6b7169203331', True)
>>> well_formed_id(b"order.2026-10-01_7"), well_formed_id(b"<script>alert(1)</script>")
('order.2026-10-01_7', '')
"""

import re
from collections.abc import Callable, Iterator
from typing import Final

ID_CHARACTERS: Final = "A-Za-z0-9._-"
TRACE_ID_DIGITS: Final = 32
SPAN_ID_DIGITS: Final = 16

_ID: Final = re.compile(rb"[A-Za-z0-9._-]{8,64}\Z")
_TRACEPARENT: Final = re.compile(
    rb"(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(?:-[ -~]*)?\Z"
)
_VERSION_00_CHARS: Final = 55
_ODD_DIGITS: Final = frozenset("13579bdf")
"""Last digits of the flags whose last bit, `sampled`, is set."""
_CLOUD_TRACE: Final = re.compile(rb"(?!0{32})([0-9a-fA-F]{32})(?:/([0-9]{1,20}))?(?:;o=([01]))?\Z")
_SPAN_ID_LIMIT: Final = 1 << 64

_BYTES_AT_ONCE: Final = 6144
_SET_DIGITS: Final = TRACE_ID_DIGITS + SPAN_ID_DIGITS


Trace = tuple[str, str, bool]
"""A caller's place in its trace: trace id, the caller's own span id or ``""``, sampled or not.

A plain tuple: it lives for a microsecond in each request, and a named one costs as much
to make as the header to read.
"""


def well_formed_id(raw: bytes) -> str:
    """``raw`` as text when it has the form of an id, else ``""``."""
    return raw.decode("ascii") if _ID.match(raw) is not None else ""


def parse_traceparent(raw: bytes) -> Trace | None:
    """Read a ``traceparent`` header; ``None`` when it breaks any rule of the standard."""
    if _TRACEPARENT.match(raw) is None:
        return None
    text = raw.decode("ascii")
    if len(text) > _VERSION_00_CHARS and text.startswith("00"):
        return None  # version 00 has four fields; only a later one may carry more
    return text[3:35], text[36:52], text[54] in _ODD_DIGITS


def parse_cloud_trace(raw: bytes) -> Trace | None:
    """Read an ``X-Cloud-Trace-Context`` header, whose span id is a decimal number."""
    match = _CLOUD_TRACE.match(raw)
    if match is None:
        return None
    trace_id, span, option = match.groups()
    number = int(span) if span is not None else 0
    if number >= _SPAN_ID_LIMIT:
        return None
    span_id = f"{number:016x}" if number else ""
    sampled = option == b"1"
    return trace_id.decode().lower(), span_id, sampled


class HexDigits:
    """Fresh identifiers out of injected randomness, a set of 48 digits at a time.

    Bytes are drawn 6 KiB at once: one call of ``os.urandom`` per 256 requests instead
    of one per id. Every set is handed out once, to whichever thread asks; after a fork
    the child calls :meth:`renew_in_child`, or it would repeat its parent's ids.

    >>> digits = HexDigits(lambda count: bytes(count))
    >>> digits.take() == "0" * 48
    True
    """

    def __init__(self, random_bytes: Callable[[int], bytes]) -> None:
        self._random_bytes = random_bytes
        self._sets: Iterator[str] = iter(())

    def take(self) -> str:
        """48 digits that nobody else gets: room for a trace id and a span id."""
        # One `next` on one iterator is a single step to every thread.
        digits = next(self._sets, None)
        return digits if digits is not None else self._drawn()

    def renew_in_child(self) -> None:
        """Forget what was drawn before: a forked child has its parent's copy."""
        self._sets = iter(())

    def _drawn(self) -> str:
        digits = self._random_bytes(_BYTES_AT_ONCE).hex()
        sets = [digits[at : at + _SET_DIGITS] for at in range(0, len(digits), _SET_DIGITS)]
        first = sets.pop()
        self._sets = iter(sets)
        return first
