"""How sure a share is that was seen in so many requests, and the difference of two shares.

Of two hundred requests one failed: the true share may be 0.1 % or 2 %. Both intervals hold for
few requests and for shares near zero, where the textbook's `±` does not: Wilson's for one share
(https://doi.org/10.1080/01621459.1927.10502953), and Newcombe's for a difference, which is made
of two of Wilson's (https://doi.org/10.1002/(SICI)1097-0258(19980430)17:8%3C873::AID-SIM779%3E3.0.CO;2-I,
method 10).

>>> low, high = Share(0, 100).interval(0.95)
>>> f"{low:.3f} {high:.3f}"
'0.000 0.026'
>>> low, high = difference(Share(10, 100), Share(10, 1000), 0.95)
>>> f"{low:.3f} {high:.3f}"
'0.050 0.150'
"""

from dataclasses import dataclass
from math import sqrt
from statistics import NormalDist


@dataclass(frozen=True)
class Share:
    """So many of so many requests."""

    bad: float
    all: float

    @property
    def seen(self) -> float:
        """What was seen; 0 of no request."""
        return min(1.0, self.bad / self.all) if self.all > 0 else 0.0

    def interval(self, sure: float) -> tuple[float, float]:
        """Between what the true share lies; each end is overstepped with chance ``1 - sure``."""
        if self.all <= 0:
            return 0.0, 1.0
        z = NormalDist().inv_cdf(sure)
        weight = 1 + z * z / self.all
        middle = (self.seen + z * z / (2 * self.all)) / weight
        spread = self.seen * (1 - self.seen) / self.all + z * z / (4 * self.all**2)
        half = z * sqrt(spread) / weight
        return max(0.0, middle - half), min(1.0, middle + half)


def difference(new: Share, old: Share, sure: float) -> tuple[float, float]:
    """By how much the new share is greater: between what, each end as sure as said."""
    (new_low, new_high), (old_low, old_high) = new.interval(sure), old.interval(sure)
    apart = new.seen - old.seen
    below = sqrt((new.seen - new_low) ** 2 + (old_high - old.seen) ** 2)
    above = sqrt((new_high - new.seen) ** 2 + (old.seen - old_low) ** 2)
    return apart - below, apart + above
