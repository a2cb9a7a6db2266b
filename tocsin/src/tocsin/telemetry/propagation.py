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

TRACE_ID_DIGITS: Final = 32
SPAN_ID_DIGITS: Final = 16

_ID: Final = re.compile(rb"[A-Za-z0-9._-]{8,64}\Z")
_LATER_TRACEPARENT: Final = re.compile(r"(?!ff)[0-9a-f]{2}-.{32}-.{16}-.{2}(?:-[ -~]*)?\Z")
_HEX_DIGITS: Final = "0123456789abcdef"
_NO_TRACE: Final = "0" * TRACE_ID_DIGITS
_NO_SPAN: Final = "0" * SPAN_ID_DIGITS
_VERSION_00_CHARS: Final = 55
_ODD_DIGITS: Final = frozenset("13579bdf")
"""Last digits of the flags whose last bit, `sampled`, is set."""
_CLOUD_TRACE: Final = re.compile(rb"(?!0{32})([0-9a-fA-F]{32})(?:/([0-9]{1,20}))?(?:;o=([01]))?\Z")
_SPAN_ID_LIMIT: Final = 1 << 64

_SET_DIGITS: Final = TRACE_ID_DIGITS + SPAN_ID_DIGITS + TRACE_ID_DIGITS
_BYTES_AT_ONCE: Final = 256 * _SET_DIGITS // 2


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
    text = raw.decode("latin-1")
    is_version_00 = len(text) == _VERSION_00_CHARS and text[:3] == "00-"
    # Version 00 has four fields and no more; a later one may carry more.
    if not is_version_00 and (text[:2] == "00" or _LATER_TRACEPARENT.match(text) is None):
        return None
    trace_id, span_id, flags = text[3:35], text[36:52], text[53:55]
    # Cheaper than a pattern, on every request: what is left over is no hex digit.
    if text[35] != "-" or text[52] != "-" or (trace_id + span_id + flags).strip(_HEX_DIGITS):
        return None
    if trace_id == _NO_TRACE or span_id == _NO_SPAN:
        return None
    return trace_id, span_id, flags[1] in _ODD_DIGITS


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
    """Fresh identifiers out of injected randomness, a set of 80 digits at a time.

    Bytes are drawn 10 KiB at once: one call of ``os.urandom`` per 256 requests instead
    of one per id. Every set is handed out once, to whichever thread asks; after a fork
    the child calls :meth:`renew_in_child`, or it would repeat its parent's ids.

    >>> digits = HexDigits(lambda count: bytes(count))
    >>> digits.take() == "0" * 80
    True
    """

    def __init__(self, random_bytes: Callable[[int], bytes]) -> None:
        self._random_bytes = random_bytes
        self._sets: Iterator[str] = iter(())

    def take(self) -> str:
        """80 digits that nobody else gets: room for a request id, a span id and a trace id."""
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
