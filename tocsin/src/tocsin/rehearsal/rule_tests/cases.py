"""What each alarm must ring for and stay silent on, as a file per alarm says it.

A series is written as in PromQL, without the service's prefix; labels that are left out get a
value that is really exported. A case with ``below`` and ``above`` is two: ``$n`` is either number.

>>> from tocsin.monitoring.catalogue import Label
>>> known = Catalogue([Metric("shop_orders", "counter", labels={"paid": Label("paid", ("yes",))})])
>>> Writer(known, "", {"task_id": "a"}).written("shop_orders", "0+1x9", "shop.yaml:1")
{'shop_orders{paid="yes",task_id="a"}': '0+1x9'}
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tocsin.errors import DeclarationError
from tocsin.monitoring.catalogue import Catalogue, Metric
from tocsin.monitoring.durations import seconds
from tocsin.monitoring.placed_yaml import loaded
from tocsin.monitoring.promql.reading import parsed
from tocsin.monitoring.promql.tree import Matcher
from tocsin.monitoring.sources import read

RESOURCE: Final = {"namespace": "prod", "task_id": "a"}
_ANY: Final = "x"
_FIELDS: Final = frozenset({"story", "series", "rings_at", "silent_at", "at", "below", "above"})
_MORE: Final = frozenset({"every", "alarms"})


@dataclass(frozen=True)
class Case:
    """One story: whether the alarm fires at a moment of it."""

    alert: str
    story: str
    series: Mapping[str, str]
    at: str
    rings: bool
    place: str
    every: str = "1m"
    alarms: int = 0
    """how many must ring at once; 0: one or more"""


@dataclass(frozen=True)
class Excuse:
    """A mutant that no case can notice, and why."""

    alert: str
    mutant: str
    reason: str
    place: str


@dataclass(frozen=True)
class CaseBook:
    """All cases of a service."""

    cases: tuple[Case, ...]
    excuses: tuple[Excuse, ...]

    def of(self, alert: str) -> list[Case]:
        """The cases of one alarm."""
        return [one for one in self.cases if one.alert == alert]


class Writer:
    """Writes series as promtool reads them, and refuses what nobody exports."""

    def __init__(self, catalogue: Catalogue, prefix: str, resource: Mapping[str, str]) -> None:
        self._catalogue = catalogue
        self._prefix = prefix
        self._resource = resource

    def written(self, selector: str, values: Any, place: str) -> dict[str, str]:
        """One entry of ``series``; of a histogram (bound: events a minute) all of its parts.

        Raises:
            DeclarationError: nobody exports such a series.
        """
        try:
            node = parsed(selector)
        except ValueError as error:
            raise DeclarationError(f"{place}: {selector!r} is no selector: {error}") from error
        metric = self._metric(node.name, place)
        labels = self._labels(metric, node.matchers, place)
        if isinstance(values, Mapping):
            return dict(self._histogram(metric, labels, values, place))
        part = node.name.removeprefix(metric.name.removeprefix(self._prefix))
        return {_selector(metric.name + part, labels): str(values)}

    def _metric(self, name: str, place: str) -> Metric:
        found = self._catalogue.metric(self._prefix + name) or self._catalogue.metric(name)
        if found is None:
            raise DeclarationError(f"{place}: nobody exports {name!r}")
        return found

    def _labels(self, metric: Metric, given: tuple[Matcher, ...], place: str) -> dict[str, str]:
        own = self._resource if metric.origin == "service" else {}
        found: dict[str, str] = {
            name: (one.values or (_ANY,))[0] for name, one in metric.labels.items()
        }
        found.update(own)
        for label, _, value in given:
            known = metric.labels.get(label)
            if known is None and label not in own and not _is_bound(metric, label, value):
                raise DeclarationError(f"{place}: {metric.name} has no label {label!r}")
            if known is not None and known.values is not None and value not in known.values:
                raise DeclarationError(f"{place}: {label} of {metric.name} is never {value!r}")
            found[label] = value
        return found

    def _histogram(
        self, metric: Metric, labels: dict[str, str], values: Mapping[Any, Any], place: str
    ) -> Iterator[tuple[str, str]]:
        bounds = [*metric.buckets, float("inf")]
        given = {float(bound): float(count) for bound, count in values.items()}
        strange = sorted(set(given) - set(bounds))
        if strange:
            raise DeclarationError(f"{place}: {metric.name} has no bucket up to {strange[0]:g}")
        total = 0.0
        for bound in bounds:
            total += given.get(bound, 0.0)
            le = "+Inf" if bound == float("inf") else repr(bound)
            yield _selector(f"{metric.name}_bucket", labels | {"le": le}), f"0+{total:g}x1600"
        yield _selector(f"{metric.name}_count", labels), f"0+{total:g}x1600"


def read_cases(folder: Path, catalogue: Catalogue, prefix: str) -> CaseBook:
    """The cases of all files of a folder.

    Raises:
        DeclarationError: one cannot be read, or there is none.
    """
    writer = Writer(catalogue, prefix, RESOURCE)
    cases: list[Case] = []
    excuses: list[Excuse] = []
    for file in sorted(folder.glob("*.yaml")):
        data = loaded(read(file), file)
        for alert, entry in data.items():
            for one in entry.get("cases") or ():
                cases += _cases(alert, one, writer)
            excuses += [
                Excuse(alert, str(one["mutant"]), str(one["because"]), one.place)
                for one in entry.get("survivors") or ()
            ]
    if not cases:
        raise DeclarationError(f"{folder}: no case at all, and promtool would be content with that")
    return CaseBook(tuple(cases), tuple(excuses))


def _cases(alert: str, data: Any, writer: Writer) -> Iterator[Case]:
    _check(data)
    for number, at, rings in _moments(data):
        series: dict[str, str] = {}
        for selector, values in data["series"].items():
            series |= writer.written(selector, _with(number, values), data.place)
        story = data["story"] if number is None else f"{data['story']}: {number}"
        every, alarms = data.get("every", "1m"), data.get("alarms", 0)
        yield Case(alert, story, series, at, rings, data.place, every, alarms)


def _check(data: Any) -> None:
    strange = set(data) - _FIELDS - _MORE
    if strange:
        raise DeclarationError(f"{data.place}: {min(strange)!r} is no field of a case")
    if not data.get("story") or not isinstance(data.get("series"), Mapping):
        raise DeclarationError(f"{data.place}: a case has a `story` and `series`")
    if not list(_moments(data)):
        raise DeclarationError(
            f"{data.place}: say `rings_at`, `silent_at`, or `at` with `below` and `above`"
        )


def _moments(data: Any) -> Iterator[tuple[Any, str, bool]]:
    """The number that ``$n`` stands for, the moment, and whether it rings then."""
    for key, rings in (("rings_at", True), ("silent_at", False)):
        given = data.get(key, [])
        for at in given if isinstance(given, list) else [given]:
            yield None, _moment(str(at), data), rings
    for key, rings in (("below", False), ("above", True)):
        if key in data:
            yield data[key], _moment(str(data.get("at", "")), data), rings


def _moment(text: str, data: Any) -> str:
    try:
        seconds(str(text))
    except DeclarationError as error:
        raise DeclarationError(f"{data.place}: {error}") from error
    return str(text)


def _with(number: Any, values: Any) -> Any:
    if number is None:
        return values
    if isinstance(values, Mapping):
        return {bound: _with(number, count) for bound, count in values.items()}
    return str(values).replace("$n", str(number))


def _is_bound(metric: Metric, label: str, value: str) -> bool:
    return label == "le" and (value == "+Inf" or float(value) in metric.buckets)


def _selector(name: str, labels: Mapping[str, str]) -> str:
    inside = ",".join(f'{key}="{labels[key]}"' for key in sorted(labels))
    return f"{name}{{{inside}}}"
