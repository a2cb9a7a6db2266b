"""Which traces are kept: by trace id, so that every service decides alike.

The decision is OpenTelemetry's ``TraceIdRatioBased``: a trace is kept when the lower 64
bits of its id, as a number, lie below ``ratio * 2**64``
(``opentelemetry.sdk.trace.sampling``). Ids are lower-case hex digits here, and those of
one length sort as their numbers do, so comparing texts decides and costs next to nothing.

>>> below(0.5)
'8000000000000000'
>>> "0af7651916cd43dd8448eb211c80319c"[LOWER_HALF] < below(0.5)
False
>>> all("f" * 16 < below(ratio) for ratio in (1.0,)), "0" * 16 < below(0.0)
(True, False)
"""

from typing import Final

from tocsin.errors import DeclarationError

LOWER_HALF: Final = slice(16, 32)
"""The digits of a trace id that decide."""
_ABOVE_ALL: Final = "g"
"""Sorts after every hex digit: everything is kept."""


def below(ratio: float) -> str:
    """What the lower half of a trace id must sort before to be kept.

    Raises:
        DeclarationError: the ratio does not lie between 0 and 1.
    """
    if not 0.0 <= ratio <= 1.0:
        raise DeclarationError(f"a ratio of traces lies between 0 and 1, not at {ratio}")
    bound = round(ratio * (1 << 64))
    return _ABOVE_ALL if bound >> 64 else f"{bound:016x}"
