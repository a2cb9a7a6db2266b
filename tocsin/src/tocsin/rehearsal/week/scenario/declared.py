"""A scenario as its file says it, before chance has drawn anything.

Names of metrics are those of the code, without the prefix that they have in PromQL; those of
others are written in full.

>>> Draw(2.0, 4.0).mean
3.0
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

EFFECTS: Final = ("add", "turn", "slow", "set", "age", "mute", "stop")


class Draw(NamedTuple):
    """Two bounds between which the seed chooses."""

    least: float
    most: float

    @property
    def mean(self) -> float:
        """Their middle."""
        return (self.least + self.most) / 2


@dataclass(frozen=True)
class Load:
    """How busy it is: factors by the hour of a working day, at weekends, at bells."""

    by_hour: tuple[float, ...]
    weekend: float
    holidays: frozenset[int]
    """days of the week, from 0, that are like a weekend's"""
    bells_s: tuple[float, ...]
    """seconds of the day"""
    bell_lasts_s: float
    bell_factor: float


@dataclass(frozen=True)
class Leaf:
    """One choice of labels, with its share."""

    labels: Mapping[str, str]
    share: float


@dataclass(frozen=True)
class Counter:
    """Events: ``splits`` are multiplied with one another."""

    metric: str
    per_minute: float
    splits: tuple[tuple[Leaf, ...], ...]
    is_born: bool
    """a series appears with its first event, and not at 0 with its process"""
    from_zero: Mapping[str, tuple[str, ...]]
    """label values whose series are there from the start all the same"""
    place: str


@dataclass(frozen=True)
class Histogram:
    """Durations of a counter's events, log-normal."""

    metric: str
    counts: str
    median: float
    spread: float
    place: str


@dataclass(frozen=True)
class Gauge:
    """A number: ``value`` and what the load adds to it."""

    metric: str
    labels: Mapping[str, str]
    value: float
    with_load: float
    is_start_time: bool
    place: str


@dataclass(frozen=True)
class Effect:
    """What an event does to one metric (``mute`` and ``stop``: to all of the service's)."""

    kind: str
    metric: str
    labels: Mapping[str, str]
    amount: Draw
    place: str


@dataclass(frozen=True)
class Event:
    """An ordinary trouble, or (with ``must``) an incident."""

    name: str
    at: Draw
    lasts: Draw
    effects: tuple[Effect, ...]
    must: tuple[str, ...]
    may: tuple[str, ...]
    least: Mapping[str, Mapping[str, float]]
    place: str


@dataclass(frozen=True)
class Scenario:
    """All of a file."""

    file: Path
    days: int
    begins_unix_s: int
    resource: Mapping[str, str]
    processes: int
    deploys_s: tuple[float, ...]
    load: Load
    counters: tuple[Counter, ...]
    histograms: tuple[Histogram, ...]
    gauges: tuple[Gauge, ...]
    events: tuple[Event, ...]
