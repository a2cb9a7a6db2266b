"""Series from a scenario: what the service would have exported in such a week.

Counters begin anew with each process; a series of an open label appears with its first event;
histograms have the metric's own buckets. The same seed makes the same week.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from tocsin.monitoring.catalogue import Catalogue, Metric
from tocsin.rehearsal.week.scenario.checking import metric_named, refuse_what_nobody_exports
from tocsin.rehearsal.week.scenario.counting import Counted, counted_of
from tocsin.rehearsal.week.scenario.declared import Counter, Gauge, Histogram, Scenario
from tocsin.rehearsal.week.scenario.drawn import DrawnEvent, drawn_events, incidents_of
from tocsin.rehearsal.week.scenario.lifetimes import Lifetime, lifetimes, shared
from tocsin.rehearsal.week.scenario.rhythm import load_of
from tocsin.rehearsal.week.series import Series, Week

STEP_S: Final = 60
"""The service exports once a minute."""
_DAY_S: Final = 86_400
Counts = NDArray[np.int64]


def week_of(
    scenario: Scenario,
    catalogue: Catalogue,
    *,
    prefix: str,
    seed: int,
    waits_s: Mapping[str, float] | None = None,
) -> Week:
    """One week of this scenario.

    Raises:
        DeclarationError: it names what the service does not export.
    """
    refuse_what_nobody_exports(scenario, catalogue, prefix)
    building = _Building(scenario, catalogue, prefix, np.random.default_rng(seed))
    return Week(
        start_unix_s=scenario.begins_unix_s,
        step_s=STEP_S,
        series=tuple(building.series()),
        incidents=incidents_of(building.events, waits_s or {}, building.load, STEP_S),
    )


@dataclass(frozen=True)
class _Durations:
    """One series of a histogram in one process; ``factor`` is how much slower each beat is."""

    metric: Metric
    labels: dict[str, str]
    slot: int
    histogram: Histogram
    factor: NDArray[np.float64]


class _Building:
    """One week in the making."""

    def __init__(
        self, scenario: Scenario, catalogue: Catalogue, prefix: str, chance: np.random.Generator
    ) -> None:
        self._scenario = scenario
        self._catalogue = catalogue
        self._prefix = prefix
        self._chance = chance
        self._beats = scenario.days * _DAY_S // STEP_S + 1
        self.load = load_of(scenario.load, beats=self._beats, step_s=STEP_S)
        self.events = drawn_events(scenario, chance)
        self._is_mute = np.zeros(self._beats, dtype=bool)
        self._is_down = np.zeros(self._beats, dtype=bool)
        restarts = [int(one) // STEP_S for one in scenario.deploys_s]
        for _, during in self._events_with("mute"):
            self._is_mute |= during
        for event, during in self._events_with("stop"):
            self._is_down |= during
            restarts.append(event.end_s // STEP_S)
        self._lives = lifetimes(scenario.processes, restarts, self._beats, chance)

    def series(self) -> Iterator[Series]:
        """All of them."""
        counted = {
            one.metric: counted_of(one, self.load, self.events, self._chance, STEP_S)
            for one in self._scenario.counters
        }
        for counter in self._scenario.counters:
            yield from self._of_counter(counter, counted[counter.metric])
        for histogram in self._scenario.histograms:
            yield from self._of_histogram(histogram, counted[histogram.counts])
        for gauge in self._scenario.gauges:
            yield from self._of_gauge(gauge)

    def _of_counter(self, counter: Counter, counted: Counted) -> Iterator[Series]:
        metric = metric_named(self._catalogue, self._prefix, counter.metric, counter.place)
        for labels, counts in counted.items():
            own = dict(labels)
            known = not counter.is_born or any(
                own.get(name) in values for name, values in counter.from_zero.items()
            )
            for slot, mine in enumerate(self._dealt(counts)):
                yield from self._cumulative(metric.name, own, slot, mine, from_zero=known)

    def _of_histogram(self, histogram: Histogram, counted: Counted) -> Iterator[Series]:
        metric = metric_named(self._catalogue, self._prefix, histogram.metric, histogram.place)
        groups: dict[tuple[tuple[str, str], ...], Counts] = {}
        for labels, counts in counted.items():
            kept = tuple((name, value) for name, value in labels if name in metric.labels)
            groups[kept] = groups.get(kept, 0) + counts
        factor = np.ones(self._beats)
        for event, during in self._events_with("slow", histogram.metric):
            strengths = [s for e, s in event.effects() if e.metric == histogram.metric]
            factor = np.where(during, factor * strengths[0], factor)
        for kept, counts in groups.items():
            for slot, mine in enumerate(self._dealt(counts)):
                own = _Durations(metric, dict(kept), slot, histogram, factor)
                yield from self._buckets(own, mine)

    def _buckets(self, of: "_Durations", counts: Counts) -> Iterator[Series]:
        left, below = counts, np.zeros_like(counts)
        reached = np.zeros(self._beats)
        name, labels = of.metric.name, of.labels
        median = of.histogram.median * of.factor
        for bound in of.metric.buckets:
            share = _normal(np.log(bound / median) / of.histogram.spread)
            part = np.clip((share - reached) / np.maximum(1 - reached, 1e-12), 0, 1)
            here = self._chance.binomial(left, part)
            left, below, reached = left - here, below + here, share
            own = {**labels, "le": repr(float(bound))}
            yield from self._cumulative(f"{name}_bucket", own, of.slot, below, from_zero=False)
        whole = {**labels, "le": "+Inf"}
        mean = median * np.exp(of.histogram.spread**2 / 2)
        for part_name, own, sums in (
            ("bucket", whole, counts),
            ("count", labels, counts),
            ("sum", labels, counts * mean),
        ):
            yield from self._cumulative(f"{name}_{part_name}", own, of.slot, sums, from_zero=False)

    def _of_gauge(self, gauge: Gauge) -> Iterator[Series]:
        metric = metric_named(self._catalogue, self._prefix, gauge.metric, gauge.place)
        values = gauge.value + gauge.with_load * self.load
        for event, during in self._events_with("set", gauge.metric, gauge.labels):
            strength = next(s for e, s in event.effects() if e.metric == gauge.metric)
            values = np.where(during, strength, values)
        for event, during in self._events_with("age", gauge.metric, gauge.labels):
            values = np.where(during, np.arange(self._beats) * STEP_S - event.start_s, values)
        if metric.origin != "service":
            yield Series(metric.name, dict(gauge.labels), values)
            return
        for life in self._lives:
            own = values
            if gauge.is_start_time:
                began = self._scenario.begins_unix_s + life.first * STEP_S
                own = np.full(self._beats, float(began))
            yield self._exported(metric.name, dict(gauge.labels), life, own[life.first : life.end])

    def _cumulative(
        self, name: str, labels: dict[str, str], slot: int, counts: Any, *, from_zero: bool
    ) -> Iterator[Series]:
        for life in self._lives:
            if life.slot != slot:
                continue
            # A sample holds what came before it: a process begins at 0.
            before = counts[life.first : life.end - 1]
            sums = np.concatenate([[0.0], np.cumsum(before, dtype=np.float64)])
            born = 0 if from_zero else int(np.argmax(sums > 0)) if sums[-1] > 0 else len(sums)
            if born < len(sums):
                later = Lifetime(slot, life.first + born, life.end, life.task_id)
                yield self._exported(name, labels, later, sums[born:])

    def _exported(
        self, name: str, labels: dict[str, str], life: Lifetime, values: NDArray[np.float64]
    ) -> Series:
        """A process' series with its resource; nothing while it is down or its exports hang."""
        lost = (self._is_mute | self._is_down)[life.first : life.end]
        resource = {**self._scenario.resource, "task_id": life.task_id}
        return Series(name, {**labels, **resource}, np.where(lost, np.nan, values), life.first)

    def _dealt(self, counts: Counts) -> list[Counts]:
        up = np.where(self._is_down, 0, counts)
        return shared(up, self._scenario.processes, self._chance)

    def _events_with(
        self, kind: str, metric: str = "", labels: Mapping[str, str] | None = None
    ) -> Iterator[tuple[DrawnEvent, NDArray[np.bool_]]]:
        seconds = np.arange(self._beats) * STEP_S
        for event in self.events:
            for effect, _ in event.effects():
                meant = all((labels or {}).get(k) == v for k, v in effect.labels.items())
                if effect.kind == kind and effect.metric == metric and meant:
                    yield event, (seconds >= event.start_s) & (seconds < event.end_s)


def _normal(z: NDArray[np.float64]) -> NDArray[np.float64]:
    """The share below ``z``: the logistic curve nearest to the normal one, within 1 %."""
    found: NDArray[np.float64] = 1 / (1 + np.exp(-1.702 * z))
    return found
