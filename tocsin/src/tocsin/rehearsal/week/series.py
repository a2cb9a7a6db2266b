"""What a rehearsed week is made of: series, and what went wrong when.

>>> week = Week(0, 60, (), (Incident("flood", 600, 1200, must=("Flood",)),))
>>> week.incidents[0].lasts_s
600
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Series:
    """One series on the week's beat, from its ``first`` beat on; no sample is NaN."""

    name: str
    labels: Mapping[str, str]
    values: NDArray[np.float64]
    first: int = 0


@dataclass(frozen=True)
class Incident:
    """Trouble from ``start_s`` to ``end_s`` of the week.

    All alarms of ``must`` have to ring because of it, those of ``may`` can. ``least_s`` is, by
    alarm, what its condition needs at this strength, seen without a break.
    """

    name: str
    start_s: int
    end_s: int
    must: tuple[str, ...] = ()
    may: tuple[str, ...] = ()
    least_s: Mapping[str, float] = field(default_factory=dict)

    @property
    def lasts_s(self) -> int:
        """How long it lasts."""
        return self.end_s - self.start_s


@dataclass(frozen=True)
class Week:
    """Series from ``start_unix_s`` on, a sample each ``step_s``, and what is in them."""

    start_unix_s: int
    step_s: int
    series: tuple[Series, ...]
    incidents: tuple[Incident, ...] = ()

    @property
    def samples(self) -> int:
        """How many there are."""
        return sum(int(np.count_nonzero(~np.isnan(one.values))) for one in self.series)

    @property
    def lasts_s(self) -> int:
        """From the first sample to the last."""
        longest = max((one.first + len(one.values) for one in self.series), default=1)
        return (longest - 1) * self.step_s
