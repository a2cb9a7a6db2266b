"""What may happen to a budget: the stories that its alarms must ring for, or stay silent on.

They are told in beats, ten to the short window; the long one has twelve times as many. Each
begins with so much of the long window again, so that halved and doubled windows are noticed.
What cannot happen is left out: with a budget of 5 %, 14.4 times too fast is 72 % of all, and
half as much again is more than there is.

>>> [one.name for one in stories(0.01)][:2]
['a little under the limit', 'a little over the limit']
"""

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil
from typing import Final, NamedTuple

from tocsin.monitoring.slos import LEAST_BAD_EVENTS

SHORT: Final = 10
LONG: Final = 12 * SHORT
END: Final = LONG + LONG // 2
_TRAFFIC: Final = 1000.0
"""events a beat"""
_ALMOST_ALL: Final = 0.97
_RINGS: Final = "rings_at"
_SILENT: Final = "silent_at"


class Stretch(NamedTuple):
    """So many beats with so many events each."""

    beats: int
    all: float
    bad: float


Told = tuple[Stretch, ...]


@dataclass(frozen=True)
class Story:
    """What happens; ``second`` is told by another process or in another environment."""

    name: str
    moment: str
    """the field of a case that says when it is asked: it rings then, or does not"""
    first: Told
    second: Told = ()
    second_is: str = "process"
    alarms: int = 0


def stories(limit: float) -> Iterator[Story]:
    """All that can happen where ``limit`` is the share that the alarm compares with."""
    for story in (*_of_one(limit), *_of_windows(limit), *_of_two(limit)):
        stretches = story.first + story.second
        if all(one.beats >= 0 and 0 <= one.bad <= one.all for one in stretches):
            yield story


def _of_one(limit: float) -> Iterator[Story]:
    """Just below and just above, and few events."""
    yield Story("a little under the limit", _SILENT, _even(0.97 * limit))
    yield Story("a little over the limit", _RINGS, _even(1.02 * limit))
    yield Story("a handful of bad events in a quiet night", _SILENT, _few(LEAST_BAD_EVENTS - 0.6))
    yield Story("just enough bad events in a quiet night", _RINGS, _few(LEAST_BAD_EVENTS + 0.9))
    late = LONG - 2  # two beats after the window's beginning
    first_late = (Stretch(END - late, 0, 0), *_few(LEAST_BAD_EVENTS + 1.6, late))
    yield Story("enough, the first near the long window's beginning", _RINGS, first_late)
    yield Story("nobody asks", _SILENT, (Stretch(END, 0, 0),))


def _of_windows(limit: float) -> Iterator[Story]:
    """When it began, when it ended, and traffic that changes in the middle of a window."""
    half, bad = LONG // 2, 1.3 * limit
    over = SHORT + 2
    yield Story("it ended a short window ago", _SILENT, (_at(END - over, bad), _at(over, 0)))
    yield Story("it has just begun", _SILENT, (_at(END - SHORT, 0), _at(SHORT, bad)))
    yield Story("half of the long window is bad", _SILENT, (_at(END - half, 0), _at(half, bad)))
    yield Story("all of the long window is bad", _RINGS, (_at(END - LONG, 0), _at(LONG, bad)))
    for name, before, after, last in (("grew", 0.5, 1.5, 1.08), ("fell", 1.5, 0.5, 1.76)):
        # The short window is over the limit, the long one at 94 % of it.
        now = Stretch(SHORT, after * _TRAFFIC, last * limit * after * _TRAFFIC)
        left = 0.94 * limit * LONG * _TRAFFIC - SHORT * now.bad
        rate = left / (LONG - SHORT)
        changed = (
            Stretch(END - half, before * _TRAFFIC, rate),
            Stretch(half - SHORT, after * _TRAFFIC, rate),
            now,
        )
        yield Story(f"traffic {name} half a long window ago", _SILENT, changed)
    yield from _after_an_outage(limit)


def _after_an_outage(limit: float) -> Iterator[Story]:
    """The long window remembers an outage, so the short one decides."""
    outage = ceil(1.1 * limit * LONG / _ALMOST_ALL)
    well = 2 * SHORT
    before = (_at(END - outage - well - SHORT, 0), _at(outage, _ALMOST_ALL), _at(well, 0))
    if outage + well + SHORT > LONG:
        return
    half, bad = SHORT // 2, 1.35 * limit
    again = "bad, well again, and"
    yield Story(f"{again} bad for a short window", _RINGS, (*before, _at(SHORT, bad)))
    yield Story(f"{again} bad for half of one", _SILENT, (*before, _at(half, 0), _at(half, bad)))
    little = Stretch(half, 0.5 * _TRAFFIC, 0.93 * limit * _TRAFFIC)
    much = little._replace(all=1.5 * _TRAFFIC)
    yield Story(f"{again} traffic grew half a short window ago", _SILENT, (*before, little, much))
    yield Story(f"{again} traffic fell half a short window ago", _SILENT, (*before, much, little))


def _of_two(limit: float) -> Iterator[Story]:
    """Processes are added up, environments are not."""
    over, under, bad = _even(1.05 * limit), _even(0.95 * limit), _even(1.3 * limit)
    half = (Stretch(END, _TRAFFIC / 2, 1.2 * limit * _TRAFFIC / 2),)
    few = _few(0.7 * LEAST_BAD_EVENTS)
    yield Story("two processes over the limit", _RINGS, over, over)
    yield Story("two processes under the limit", _SILENT, under, under)
    yield Story("bad events of two processes are added up", _RINGS, half, half)
    yield Story("the traffic of two processes is added up", _SILENT, _even(1.5 * limit), _even(0))
    yield Story("a few of two processes", _RINGS, few, few)
    yield Story("both environments", _RINGS, bad, bad, "environment", alarms=2)
    busy = (Stretch(END, 9 * _TRAFFIC, 0),)
    yield Story("one environment of two", _RINGS, bad, busy, "environment", alarms=1)


def _at(beats: int, share: float) -> Stretch:
    return Stretch(beats, _TRAFFIC, share * _TRAFFIC)


def _even(share: float) -> Told:
    return (_at(END, share),)


def _few(events: float, beats: int = END) -> Told:
    """Bad ones and no others, so many in a long window or in the ``beats`` that they last."""
    rate = events / min(beats, LONG)
    return (Stretch(beats, rate, rate),)
