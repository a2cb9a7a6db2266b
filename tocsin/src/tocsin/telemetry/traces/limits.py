"""How much a span may hold: Google's limits at the most, kept on our side.

Cloud Trace takes names of 1,024 bytes, 1,024 attributes with keys of 512 bytes and values
of 64 KiB, 256 events and 128 links; what is more is cut there without an error and, for
attributes, by chance (cloud.google.com/trace/docs/quotas). So we cut first, and say how
much was dropped. Where we hold less than Google would, it is to bound memory: a span
waits in a queue while the network is down.

>>> within("schön", 5), within("schön", 6)
('sc…', 'schön')
"""

from typing import Final

NAME_BYTES: Final = 1024
KEY_BYTES: Final = 512
VALUE_BYTES: Final = 8 * 1024
STACK_BYTES: Final = 32 * 1024
ATTRIBUTES: Final = 128
ITEMS: Final = 64
"""Of one attribute that is a list."""
EVENTS: Final = 64
LINKS: Final = 32

_CUT: Final = "…"
_CUT_BYTES: Final = len(_CUT.encode())


def within(text: str, bytes_at_most: int) -> str:
    r"""``text`` in so many bytes of UTF-8; a cut is shown, and tears no character apart.

    >>> within("a" * 9, 5), within("\ud800", 5)
    ('aa…', '?')
    """
    if len(text) * 4 <= bytes_at_most and text.isascii():
        return text
    encoded = text.encode("utf-8", "replace")
    if len(encoded) <= bytes_at_most:
        return encoded.decode()
    return encoded[: bytes_at_most - _CUT_BYTES].decode("utf-8", "ignore") + _CUT
