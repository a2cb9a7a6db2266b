"""How long to wait before another try, and how many tries the whole may cost.

Waits double and are drawn by chance between half and the whole, so that a fleet that
failed together does not come back together. The budget is a share of the calls: a service
that is down is not asked several times as often as one that is up.

>>> backoff = Backoff(first_s=1.0, most_s=30.0, chance=lambda: 1.0)
>>> [backoff.wait_s(tries) for tries in (1, 2, 3, 9)]
[1.0, 2.0, 4.0, 30.0]
>>> budget = RetryBudget(most=2)
>>> [budget.spend() for _ in range(3)]
[True, True, False]
"""

from collections.abc import Callable
from dataclasses import dataclass
from random import SystemRandom
from typing import Final

_DOUBLINGS_AT_MOST: Final = 20
_CHANCE: Final = SystemRandom().random


@dataclass(frozen=True, slots=True)
class Backoff:
    """Waits between tries; ``chance`` draws from 0 to 1."""

    first_s: float = 1.0
    most_s: float = 30.0
    chance: Callable[[], float] = _CHANCE

    def wait_s(self, tries: int) -> float:
        """The wait after so many failed tries."""
        whole = min(self.most_s, self.first_s * float(2 ** min(tries - 1, _DOUBLINGS_AT_MOST)))
        return whole * (0.5 + 0.5 * self.chance())


class RetryBudget:
    """Tries beyond the first: ``most`` at once, refilled by ``share`` of each first try."""

    def __init__(self, *, most: float = 10.0, share: float = 0.2) -> None:
        self._most = most
        self._share = share
        self._left = most

    def earn(self) -> None:
        """Note a first try."""
        self._left = min(self._most, self._left + self._share)

    def spend(self) -> bool:
        """Whether another try may be made; it is taken if so."""
        if self._left < 1.0:
            return False
        self._left -= 1.0
        return True
