"""The cases of budgets' alarms, derived from the promises as the alarms are.

>>> told(Stretch(3, all=10, bad=1), Stretch(2, all=10, bad=4))
{'good': '0+9x3 33+6x1', 'bad': '0+1x3 7+4x1', 'all': '0+10x3 40+10x1'}
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from tocsin.monitoring.budget_stories import END, LONG, SHORT, Story, Stretch, stories
from tocsin.monitoring.durations import seconds, spelled
from tocsin.monitoring.slos import BURNS, Burn, ServiceLevel

WRITTEN: Final = "service-levels.yaml"
_ELSEWHERE: Final = {"process": 'task_id="b"', "environment": 'namespace="staging"'}


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
    moment = spelled(seconds(burn.long) * END / LONG)
    for story in stories(burn.factor * level.budget):
        case: dict[str, Any] = {
            "story": story.name,
            story.moment: moment,
            "every": spelled(seconds(burn.short) / SHORT),
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
