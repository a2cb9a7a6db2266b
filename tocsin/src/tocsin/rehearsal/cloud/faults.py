"""Faults, asked for by name and counted: a fault that was never met proves nothing.

>>> faults = Faults()
>>> with faults.ask("unavailable", on="CreateTimeSeries", times=2) as fault:
...     met = faults.take("CreateTimeSeries", "unavailable"), faults.take("ListTimeSeries")
...     fault.happened, met[0] is fault, met[1]
(1, True, None)
"""

from dataclasses import dataclass
from threading import Lock
from types import TracebackType
from typing import Final, Self

KINDS: Final = frozenset(
    {
        "unavailable",
        "deadline_exceeded",
        "resource_exhausted",
        "internal",
        "slow",
        "hang",
        "reset",
        "partial_failure",
        "wrong_order",
        "lost_answer",
    }
)
"""What each does stands in ``tocsin/docs/cloud-faults.md``."""
EVERY_METHOD: Final = "*"
FOR_EVER: Final = 1 << 62
LONGEST_WAIT_S: Final = 3600.0


class FaultNotMetError(AssertionError):
    """A fault was asked for and nothing ever ran into it."""


@dataclass(eq=False)
class Fault:
    """One wish for trouble; as a block it ends there, and must have happened by then."""

    kind: str
    on: str
    times: int
    seconds: float
    happened: int = 0

    def lift(self) -> None:
        """Let it happen no more."""
        self.times = self.happened

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.lift()
        if error is None and not self.happened:
            raise FaultNotMetError(
                f"the fault {self.kind!r} on {self.on} was never met: "
                "did the client call that method at all?"
            )


class Faults:
    """The faults of one cloud; thread-safe."""

    def __init__(self) -> None:
        self._lock = Lock()
        self.asked: list[Fault] = []

    def ask(
        self, kind: str, *, on: str = EVERY_METHOD, times: int = FOR_EVER, seconds: float = 0.0
    ) -> Fault:
        """Have ``kind`` happen to the next ``times`` calls of method ``on``.

        Raises:
            ValueError: there is no such fault, or it could never happen.
        """
        if kind not in KINDS:
            raise ValueError(f"no fault is called {kind!r}: use one of {', '.join(sorted(KINDS))}")
        if times < 1 or not 0 <= seconds <= LONGEST_WAIT_S:
            raise ValueError("times is at least 1, and seconds lies between 0 and 3600")
        fault = Fault(kind, on, times, seconds)
        with self._lock:
            self.asked.append(fault)
        return fault

    def take(self, method: str, *kinds: str) -> Fault | None:
        """The fault that this call of ``method`` runs into, counted; of these kinds if given.

        ``method`` may be told in full, ``package.Service/Method``: a wish for ``Method`` or
        for ``Service/Method`` meets it too.
        """
        with self._lock:
            for fault in self.asked:
                if fault.happened >= fault.times or not _meets(fault.on, method):
                    continue
                if not kinds or fault.kind in kinds:
                    fault.happened += 1
                    return fault
        return None


def _meets(wish: str, method: str) -> bool:
    return wish in (EVERY_METHOD, method) or method.endswith((f"/{wish}", f".{wish}"))
