"""Service levels: what is promised to users, and the alarms on how fast the budget burns.

An objective of 99.9 % over 30 days leaves 0.1 % of all events to fail. Burning that 14.4 times
too fast spends a fiftieth of the month's budget in an hour, and 6 times too fast a twentieth in six
hours; each is judged over a long window, and over a short one so that the alarm clears soon
(Google, The Site Reliability Workbook, chapter 5, https://sre.google/workbook/alerting-on-slos/).

>>> fast = BURNS[0]
>>> fast.name, fast.factor, fast.long, fast.short
('FastBurn', 14.4, '1h', '5m')
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from tocsin.errors import DeclarationError
from tocsin.monitoring.sources import read

WRITTEN: Final = "slo_alerts.yaml"
LEAST_BAD_EVENTS: Final = 10
"""In the long window: fewer are chance, whatever share of a quiet night they are."""
_RATE: Final = re.compile(r"\bi?rate\s*\(")
_FIELDS: Final = frozenset(
    {"name", "objective", "promise", "bad", "all", "owner", "runbook", "impact"}
)
_SERIES: Final = ("good", "bad", "all")


@dataclass(frozen=True)
class Burn:
    """One pair of windows."""

    name: str
    factor: float
    long: str
    short: str
    severity: str
    spends: str


BURNS: Final = (
    Burn("FastBurn", 14.4, "1h", "5m", "critical", "2 % of the month's budget in an hour"),
    Burn("SlowBurn", 6.0, "6h", "30m", "warning", "5 % of the month's budget in six hours"),
)


@dataclass(frozen=True)
class ServiceLevel:
    """One promise. ``bad`` and ``all`` are counts over ``$window``, by environment.

    Counts and no rates: engines differ in what the rate of a series is that a deploy began a
    minute ago, and one error in its first minute would be a burning budget.
    """

    name: str
    objective: float
    promise: str
    bad: str
    all: str
    owner: str
    runbook: str
    impact: str
    series: Mapping[str, str] = field(default_factory=dict)
    """two of ``good``, ``bad`` and ``all``: the series that the cases are told by"""

    @property
    def budget(self) -> float:
        """The share of events that may fail."""
        return round(1 - self.objective, 10)


def read_slos(file: Path) -> list[ServiceLevel]:
    """The service levels of a file: a list below ``slos``.

    Raises:
        DeclarationError: a field is missing, strange or out of bounds.
    """
    import yaml  # noqa: PLC0415 - an extra

    try:
        data = yaml.safe_load(read(file))
        entries = list(data["slos"])
    except (yaml.YAMLError, TypeError, KeyError) as error:
        raise DeclarationError(f"{file}: it is YAML with a list `slos`: {error}") from error
    return [_level(file, one) for one in entries]


def alerts_of(levels: list[ServiceLevel]) -> dict[str, Any]:
    """The rule group of all budgets, as Prometheus reads it."""
    rules = [_rule(level, burn) for level in levels for burn in BURNS]
    return {"groups": [{"name": "service-levels", "interval": "30s", "rules": rules}]}


def rule_file(levels: list[ServiceLevel], source: str) -> str:
    """The text of the rule file that ``tocsin slos`` writes."""
    import yaml  # noqa: PLC0415 - an extra

    class Dumper(yaml.SafeDumper):
        """Writes text of several lines as such."""

    def text(dumper: yaml.SafeDumper, value: str) -> yaml.Node:
        style = "|" if "\n" in value else None
        return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)

    Dumper.add_representer(str, text)
    body = yaml.dump(alerts_of(levels), Dumper=Dumper, sort_keys=False, allow_unicode=True)
    return f"# Made by `tocsin slos` from {source}: change that, not this.\n{body}"


def _rule(level: ServiceLevel, burn: Burn) -> dict[str, Any]:
    limit = f"{burn.factor:g} * {level.budget:g}"
    expr = "\n".join(
        [
            f"{_over(level.bad, burn.long)}\n  / {_over(level.all, burn.long)} > {limit}",
            f"and {_over(level.bad, burn.short)}\n  / {_over(level.all, burn.short)} > {limit}",
            f"and {_over(level.bad, burn.long)} > {LEAST_BAD_EVENTS}",
        ]
    )
    percent = f"{level.objective * 100:g} %"
    return {
        "alert": f"{level.name}Budget{burn.name}",
        "expr": expr + "\n",
        "labels": {"severity": burn.severity, "owner": level.owner},
        "annotations": {
            "summary": f"{level.name}: the budget burns {burn.factor:g} times too fast",
            "impact": level.impact,
            "threshold": (
                f"Promised: {level.promise}, for {percent}. At this rate {burn.spends}; "
                f"more than {LEAST_BAD_EVENTS} bad events in {burn.long}."
            ),
            "detail": "{{ $value | humanizePercentage }} fail in {{ $labels.namespace }}",
            "runbook": level.runbook,
        },
    }


def _over(count: str, window: str) -> str:
    return " ".join(count.split()).replace("$window", window)


def _level(file: Path, data: Mapping[str, Any]) -> ServiceLevel:
    strange, missing = set(data) - _FIELDS - {"series"}, _FIELDS - set(data)
    for what, names in (("no field of a service level", strange), ("missing", missing)):
        if names:
            raise DeclarationError(f"{file}: {data.get('name', '?')}: {min(names)!r} is {what}")
    level = ServiceLevel(**data)
    if not 0 < level.objective < 1:
        raise DeclarationError(f"{file}: {level.name}: objective is a share such as 0.999")
    for name in ("bad", "all"):
        count = getattr(level, name)
        if "$window" not in count:
            raise DeclarationError(f"{file}: {level.name}: {name} needs [$window] in its count")
        if _RATE.search(count):
            raise DeclarationError(f"{file}: {level.name}: {name} is a rate: write increase(…)")
    series = level.series
    if series and (not isinstance(series, Mapping) or len(series) != 2 or set(series) - {*_SERIES}):  # noqa: PLR2004
        raise DeclarationError(f"{file}: {level.name}: series names two of {', '.join(_SERIES)}")
    return level
