"""The cases of budgets' alarms, derived from the promises as the alarms are.

A case is told in beats, ten to the short window; the long one has twelve times as many. Each
story begins with so much of the long window again, so that halved and doubled windows are noticed.
What cannot happen is left out: with a budget of 5 %, 14.4 times too fast is 72 % of all, and
half as much again is more than there is.

>>> told(Stretch(3, all=10, bad=1), Stretch(2, all=10, bad=4))
{'good': '0+9x3 33+6x1', 'bad': '0+1x3 7+4x1', 'all': '0+10x3 40+10x1'}
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import ceil
from typing import Any, Final, NamedTuple

from tocsin.monitoring.durations import seconds, spelled
from tocsin.monitoring.slos import BURNS, LEAST_BAD_EVENTS, Burn, ServiceLevel

WRITTEN: Final = "service-levels.yaml"
_SHORT: Final = 10
_LONG: Final = 12 * _SHORT
_END: Final = _LONG + _LONG // 2
_TRAFFIC: Final = 1000.0
"""events a beat"""
_ALMOST_ALL: Final = 0.97
_RINGS: Final = "rings_at"
_SILENT: Final = "silent_at"
_ELSEWHERE: Final = {"process": 'task_id="b"', "environment": 'namespace="staging"'}


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


def cases_file(levels: list[ServiceLevel], source: str) -> str:
    """The text of the case file that ``tocsin slos`` writes."""
    import yaml  # noqa: PLC0415 - an extra

    made = {
        f"{level.name}Budget{burn.name}": {"cases": list(_cases(level, burn))}
        for level in levels
        for burn in BURNS
        if level.series
    }
    body = yaml.safe_dump(made, sort_keys=False, allow_unicode=True, width=200)
    return (
        f"# Made by `tocsin slos` from {source}: change that, not this. What is peculiar to one\n"
        f"# promise stands in a file of its own beside it.\n{body}"
    )


def told(*stretches: Stretch) -> dict[str, str]:
    """The counters in promtool's notation: ``0+9x3`` rises three times by nine."""
    return {
        "good": _notation([(one.beats, one.all - one.bad) for one in stretches]),
        "bad": _notation([(one.beats, one.bad) for one in stretches]),
        "all": _notation([(one.beats, one.all) for one in stretches]),
    }


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
    late = _LONG - 2  # two beats after the window's beginning
    first_late = (Stretch(_END - late, 0, 0), *_few(LEAST_BAD_EVENTS + 1.6, late))
    yield Story("enough, the first near the long window's beginning", _RINGS, first_late)
    yield Story("nobody asks", _SILENT, (Stretch(_END, 0, 0),))


def _of_windows(limit: float) -> Iterator[Story]:
    """When it began, when it ended, and traffic that changes in the middle of a window."""
    half, bad = _LONG // 2, 1.3 * limit
    over = _SHORT + 2
    yield Story("it ended a short window ago", _SILENT, (_at(_END - over, bad), _at(over, 0)))
    yield Story("it has just begun", _SILENT, (_at(_END - _SHORT, 0), _at(_SHORT, bad)))
    yield Story("half of the long window is bad", _SILENT, (_at(_END - half, 0), _at(half, bad)))
    yield Story("all of the long window is bad", _RINGS, (_at(_END - _LONG, 0), _at(_LONG, bad)))
    for name, before, after, last in (("grew", 0.5, 1.5, 1.08), ("fell", 1.5, 0.5, 1.76)):
        # The short window is over the limit, the long one at 94 % of it.
        now = Stretch(_SHORT, after * _TRAFFIC, last * limit * after * _TRAFFIC)
        left = 0.94 * limit * _LONG * _TRAFFIC - _SHORT * now.bad
        rate = left / (_LONG - _SHORT)
        changed = (
            Stretch(_END - half, before * _TRAFFIC, rate),
            Stretch(half - _SHORT, after * _TRAFFIC, rate),
            now,
        )
        yield Story(f"traffic {name} half a long window ago", _SILENT, changed)
    yield from _after_an_outage(limit)


def _after_an_outage(limit: float) -> Iterator[Story]:
    """The long window remembers an outage, so the short one decides."""
    outage = ceil(1.1 * limit * _LONG / _ALMOST_ALL)
    well = 2 * _SHORT
    before = (_at(_END - outage - well - _SHORT, 0), _at(outage, _ALMOST_ALL), _at(well, 0))
    if outage + well + _SHORT > _LONG:
        return
    half, bad = _SHORT // 2, 1.35 * limit
    again = "bad, well again, and"
    yield Story(f"{again} bad for a short window", _RINGS, (*before, _at(_SHORT, bad)))
    yield Story(f"{again} bad for half of one", _SILENT, (*before, _at(half, 0), _at(half, bad)))
    little = Stretch(half, 0.5 * _TRAFFIC, 0.93 * limit * _TRAFFIC)
    much = little._replace(all=1.5 * _TRAFFIC)
    yield Story(f"{again} traffic grew half a short window ago", _SILENT, (*before, little, much))
    yield Story(f"{again} traffic fell half a short window ago", _SILENT, (*before, much, little))


def _of_two(limit: float) -> Iterator[Story]:
    """Processes are added up, environments are not."""
    over, under, bad = _even(1.05 * limit), _even(0.95 * limit), _even(1.3 * limit)
    half = (Stretch(_END, _TRAFFIC / 2, 1.2 * limit * _TRAFFIC / 2),)
    few = _few(0.7 * LEAST_BAD_EVENTS)
    yield Story("two processes over the limit", _RINGS, over, over)
    yield Story("two processes under the limit", _SILENT, under, under)
    yield Story("bad events of two processes are added up", _RINGS, half, half)
    yield Story("the traffic of two processes is added up", _SILENT, _even(1.5 * limit), _even(0))
    yield Story("a few of two processes", _RINGS, few, few)
    yield Story("both environments", _RINGS, bad, bad, "environment", alarms=2)
    busy = (Stretch(_END, 9 * _TRAFFIC, 0),)
    yield Story("one environment of two", _RINGS, bad, busy, "environment", alarms=1)


def _at(beats: int, share: float) -> Stretch:
    return Stretch(beats, _TRAFFIC, share * _TRAFFIC)


def _even(share: float) -> Told:
    return (_at(_END, share),)


def _few(events: float, beats: int = _END) -> Told:
    """Bad ones and no others, so many in a long window or in the ``beats`` that they last."""
    rate = events / min(beats, _LONG)
    return (Stretch(beats, rate, rate),)


def _notation(stretches: list[tuple[int, float]]) -> str:
    words: list[str] = []
    total = 0.0
    for beats, rate in stretches:
        if not beats:
            continue
        # The first has its beginning besides, the others go on from it.
        begin, more = (total + rate, beats - 1) if words else (total, beats)
        words.append(f"{_number(begin)}+{_number(rate)}x{more}")
        total += beats * rate
    return " ".join(words)


def _number(value: float) -> str:
    return f"{round(value, 6):.12g}"


def _cases(level: ServiceLevel, burn: Burn) -> Iterator[dict[str, Any]]:
    moment = spelled(seconds(burn.long) * _END / _LONG)
    for story in stories(burn.factor * level.budget):
        case: dict[str, Any] = {
            "story": story.name,
            story.moment: moment,
            "every": spelled(seconds(burn.short) / _SHORT),
        }
        if story.alarms:
            case["alarms"] = story.alarms
        case["series"] = _series(level.series, story)
        yield case


def _series(selectors: Mapping[str, str], story: Story) -> dict[str, str]:
    first = told(*story.first)
    made = {selector: first[kind] for kind, selector in selectors.items()}
    if story.second:
        second, label = told(*story.second), _ELSEWHERE[story.second_is]
        made |= {_with(label, one): second[kind] for kind, one in selectors.items()}
    return made


def _with(label: str, selector: str) -> str:
    return f"{selector[:-1]},{label}}}" if selector.endswith("}") else f"{selector}{{{label}}}"
