"""``traffic.toml``: how many processes run, what happens in them, and what each event leaves.

What the declarations alone cannot tell stands here: which values of open labels really
occur, and how many lines and spans an event brings.

>>> data = {"processes": {"api": {"count": 2}}, "events": {"request": {"per_month": 10}}}
>>> traffic = traffic_of("traffic.toml", data)
>>> traffic.processes["api"].count, traffic.with_requests(50).events["request"].per_month
(2.0, 50.0)
"""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from math import isfinite
from pathlib import Path
from typing import Any, Final, TypeVar

from tocsin.errors import DeclarationError
from tocsin.monitoring.cost.prices import DRIVERS
from tocsin.monitoring.sources import read

HOURS_A_MONTH: Final = 730.0
REQUEST: Final = "request"
"""The event that ``--requests-per-month`` is about; the others keep their share of it."""
_KEYS: Final = frozenset({"hours", "processes", "events", "series", "log_metrics", "promised"})

Made = TypeVar("Made")


@dataclass(frozen=True)
class Seen:
    """Values that occur together; a number stands for so many that nobody can list."""

    values: Mapping[str, tuple[str, ...]]
    of: tuple[str, ...] = ("*",)
    """which metrics they occur in, as patterns of a shell"""


@dataclass(frozen=True)
class Processes:
    """One kind of process, such as the API's or the worker's."""

    count: float = 0.0
    """how many run at once, on average: a service that sleeps at night has fewer"""
    starts: float = 0.0
    lines_per_start: float = 0.0
    line_bytes: float = 0.0
    spans_per_hour: float = 0.0
    """of its own, without a request: those that are kept are fewer by the trace ratio"""
    seen: tuple[Seen, ...] = ()
    exports: tuple[str, ...] = ("*",)
    """which metrics such a process sends, as patterns of a shell"""


@dataclass(frozen=True)
class Event:
    """Something that happens; what it brings beyond other events that it comes with."""

    per_month: float = 0.0
    lines: float = 0.0
    line_bytes: float = 0.0
    spans: float = 0.0
    """of one whose trace is kept"""
    bucket: str = ""
    """a log bucket that keeps its lines besides the ordinary one"""


@dataclass(frozen=True)
class Promise:
    """Dollars a month, and where that was said."""

    least: float = 0.0
    most: float = 0.0
    said_in: str = ""


@dataclass(frozen=True)
class Traffic:
    """All of it, over ``hours``."""

    processes: Mapping[str, Processes]
    events: Mapping[str, Event]
    series: Mapping[str, float] = field(default_factory=dict)
    """of one process, for metrics of which nothing else tells it"""
    log_metrics: Mapping[str, float] = field(default_factory=dict)
    """series of a metric made of log lines, where it has more than one"""
    hours: float = HOURS_A_MONTH
    promised: Mapping[str, Promise] = field(default_factory=dict)
    """what somebody said that it would cost: by driver, or in ``total``"""

    def with_requests(self, per_month: float) -> "Traffic":
        """The same service with so many requests: every other event in proportion.

        Raises:
            DeclarationError: nothing says how many there are now, or there cannot be so many.
        """
        if not (isfinite(per_month) and per_month >= 0):
            raise DeclarationError(f"traffic: there cannot be {per_month:g} requests a month")
        now = self.events[REQUEST].per_month if REQUEST in self.events else 0.0
        if now <= 0:
            raise DeclarationError(f"traffic: no events.{REQUEST} whose number could be changed")
        events = {
            name: replace(one, per_month=one.per_month * per_month / now)
            for name, one in self.events.items()
        }
        return replace(self, events=events)


def read_traffic(file: Path) -> Traffic:
    """The traffic in a file.

    Raises:
        DeclarationError: something is missing or wrong in it.
    """
    try:
        return traffic_of(str(file), tomllib.loads(read(file)))
    except tomllib.TOMLDecodeError as error:
        raise DeclarationError(f"{file}: {error}") from error


def traffic_of(name: str, data: Mapping[str, Any]) -> Traffic:
    """The traffic in plain data; ``name`` says in errors where it stands.

    Raises:
        DeclarationError: something is missing or wrong in it.
    """
    _refuse_unknown(name, data, _KEYS)
    for key in ("processes", "events"):
        if key not in data:
            raise DeclarationError(f"{name}: {key!r} is missing")
    hours = _numbers(name, {"hours": data.get("hours", HOURS_A_MONTH)})["hours"]
    if not hours:
        raise DeclarationError(f"{name}: hours is 0: a month has {HOURS_A_MONTH:g}")
    return Traffic(
        processes={
            key: _processes(where, one) for key, where, one in _tables(name, data, "processes")
        },
        events={key: _made(where, Event, one) for key, where, one in _tables(name, data, "events")},
        series=_numbers(f"{name}: series", data.get("series", {})),
        log_metrics=_numbers(f"{name}: log_metrics", data.get("log_metrics", {})),
        hours=hours,
        promised=_promised(name, data),
    )


def _tables(
    name: str, data: Mapping[str, Any], key: str
) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """Each table below ``key`` with its name, and with where it stands."""
    below = data.get(key, {})
    if not isinstance(below, dict):
        raise DeclarationError(f"{name}: {key} is {below!r}: write tables such as [{key}.NAME]")
    for own, one in below.items():
        if not isinstance(one, dict):
            raise DeclarationError(f"{name}: {key}.{own} is {one!r}: write a table [{key}.{own}]")
        yield own, f"{name}: {key}.{own}", one


def _promised(name: str, data: Mapping[str, Any]) -> dict[str, Promise]:
    promised = {
        key: _made(where, Promise, one) for key, where, one in _tables(name, data, "promised")
    }
    _refuse_unknown(f"{name}: promised", promised, frozenset({*DRIVERS, "total"}))
    return promised


def _processes(name: str, data: Mapping[str, Any]) -> Processes:
    rows = data.get("seen", [])
    if not isinstance(rows, list) or not all(isinstance(one, dict) for one in rows):
        raise DeclarationError(f"{name}: seen is a list of tables: write [[processes.NAME.seen]]")
    plain = {key: one for key, one in data.items() if key not in ("seen", "exports")}
    return replace(
        _made(name, Processes, plain),
        seen=tuple(_seen(f"{name}.seen", one) for one in rows),
        exports=_listed(name, "exports", data.get("exports", "*")),
    )


def _seen(name: str, data: Mapping[str, Any]) -> Seen:
    values = {label: _listed(name, label, one) for label, one in data.items() if label != "of"}
    return Seen(values, _listed(name, "of", data.get("of", "*")))


def _listed(name: str, label: str, values: Any) -> tuple[str, ...]:
    are_patterns = label in ("of", "exports")
    if isinstance(values, int) and not isinstance(values, bool) and not are_patterns:
        return tuple(f"{label} {number}" for number in range(values))
    listed = [values] if isinstance(values, str) else values
    if not isinstance(listed, list):
        raise DeclarationError(f"{name}: {label} is a text, a list of them, or how many there are")
    return tuple(map(str, listed))


def _made(name: str, cls: type[Made], data: Mapping[str, Any]) -> Made:
    """An object of plain numbers and texts, none of them below 0."""
    sorts = {one.name: one.type for one in fields(cls)}  # type: ignore[arg-type]
    _refuse_unknown(name, data, frozenset(sorts))
    texts = {key: one for key, one in data.items() if sorts[key] in (str, "str")}
    wrong = [key for key, one in texts.items() if not isinstance(one, str)]
    if wrong:
        raise DeclarationError(f"{name}: {wrong[0]} is a text, not {texts[wrong[0]]!r}")
    plain = {key: one for key, one in data.items() if key not in texts}
    return cls(**texts, **_numbers(name, plain))


def _numbers(name: str, data: Any) -> dict[str, float]:
    """Counts and sizes; what is no number, or can be none of these, is told."""
    if not isinstance(data, dict):
        raise DeclarationError(f"{name} is {data!r}: write a table of numbers")
    for key, one in data.items():
        if isinstance(one, bool) or not isinstance(one, int | float):
            raise DeclarationError(f"{name}: {key} is a number, not {one!r}")
        if not isfinite(one) or one < 0:
            raise DeclarationError(f"{name}: {key} is {one}: it can be 0 or more")
    return {key: float(one) for key, one in data.items()}


def _refuse_unknown(name: str, data: Mapping[str, Any], known: frozenset[str]) -> None:
    unknown = sorted(set(data) - known)
    if unknown:
        raise DeclarationError(
            f"{name}: {unknown[0]!r} is no key: there are {', '.join(sorted(known))}"
        )
