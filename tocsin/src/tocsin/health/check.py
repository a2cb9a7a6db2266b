"""One question to one dependency, and how much hangs on its answer.

A check is an ordinary coroutine that returns when all is well and raises when it is not; one
that knows more returns a :class:`Finding`. The words of a status are those of the draft
https://datatracker.ietf.org/doc/html/draft-inadarei-api-health-check-06, section 3.1, and
``unknown``, which is never taken for well (behaviour 33).

>>> async def room() -> Finding:
...     return Finding(Status.WARN, observed=0.08, unit="ratio")
>>> Check(name="disk", ask=room, criticality=Criticality.INFORMATIVE, keep_s=30).timeout_s
2.0
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum

from tocsin.errors import DeclarationError


class Status(StrEnum):
    """How a check, or the whole, stands."""

    PASS = "pass"  # noqa: S105 - no password
    WARN = "warn"
    FAIL = "fail"
    UNKNOWN = "unknown"
    """nobody has asked yet, or the answer could not be made out"""


class Criticality(StrEnum):
    """What the loss of a dependency means."""

    REQUIRED = "required"
    """without it no request can be served: not ready"""
    DEGRADING = "degrading"
    """without it requests are served less well: ready, with a warning"""
    INFORMATIVE = "informative"
    """worth knowing, and no reason to turn anybody away"""


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check saw; ``observed`` is in ``unit`` (s, bytes, ratio, …)."""

    status: Status = Status.PASS
    observed: float | None = None
    unit: str = ""


Ask = Callable[[], Awaitable[object]]
"""Asks a dependency; returns a :class:`Finding`, or anything else for «well», or raises."""


@dataclass(frozen=True, kw_only=True)
class Check:
    """A question, its limits, and whose matter it is.

    ``timeout_s`` bounds each call, ``keep_s`` is how long an answer is good for. Against
    flapping, a state is left for the worse only after ``fails_after`` answers in a row, asked
    at once one after the other, and for the better only when ``steady_s`` have passed since
    the last bad one. The first answer counts as it is.

    Raises:
        DeclarationError: a limit is not positive.
    """

    name: str
    ask: Ask
    criticality: Criticality = Criticality.REQUIRED
    timeout_s: float = 2.0
    keep_s: float = 1.0
    fails_after: int = 2
    steady_s: float = 3.0
    owner: str = ""

    def __post_init__(self) -> None:
        if self.timeout_s <= 0 or self.keep_s <= 0 or self.fails_after < 1 or self.steady_s < 0:
            raise DeclarationError(f"check {self.name!r}: times and counts must be positive")
