"""Volumes of a month, by what is declared and how much happens; no cloud is asked.

A process writes every series that it has in every round, and once more at its end. Points
are counted so; lines, spans and executions are products of what the traffic states.
"""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from fnmatch import fnmatchcase
from typing import Final, Literal

from tocsin.errors import DeclarationError
from tocsin.monitoring.cost.plan import Plan
from tocsin.monitoring.cost.prices import PriceList
from tocsin.monitoring.cost.series import Instrument, commonly
from tocsin.monitoring.cost.terraform import UptimeCheck
from tocsin.monitoring.cost.traffic import Processes

Reckoned = Literal["commonly", "at most"]
_SECONDS_AN_HOUR: Final = 3600.0
_DAYS_A_MONTH: Final = 30.4
_LOG_METRIC_EVERY_S: Final = 60.0
_FILLED_BUCKETS: Final = 4.0
"""Of a common distribution: values of one series lie close together."""


@dataclass(frozen=True)
class Points:
    """Points of metrics."""

    scalars: float = 0.0
    distributions: float = 0.0
    filled_buckets: float = 0.0

    def __add__(self, other: "Points") -> "Points":
        names = [one.name for one in fields(self)]
        return Points(*(getattr(self, name) + getattr(other, name) for name in names))

    def times(self, factor: float) -> "Points":
        """So many times as many."""
        return Points(*(getattr(self, one.name) * factor for one in fields(self)))


@dataclass(frozen=True)
class Volumes:
    """What a month brings, of all that is billed."""

    points: Points
    log_metric_points: float
    log_bytes: float
    retained_byte_months: float
    spans: float
    executions: float
    references: float
    alert_points: float


def volumes_of(plan: Plan, prices: PriceList, reckoned: Reckoned = "commonly") -> Volumes:
    """The volumes that a plan leads to."""
    hours = plan.traffic.hours
    stored, kept_apart = _log_bytes(plan)
    return Volumes(
        points=sum((each for _, each in points_by_metric(plan, reckoned)), Points()),
        log_metric_points=_log_metric_series(plan) * hours * 3600 / _LOG_METRIC_EVERY_S,
        log_bytes=stored + sum(kept_apart.values()),
        retained_byte_months=_retained(plan, prices, stored, kept_apart),
        spans=_spans(plan),
        executions=sum(
            _places(one, prices) * hours * _SECONDS_AN_HOUR / one.period_s
            for one in plan.ordered.checks
        ),
        references=_references(plan, prices),
        alert_points=sum(
            hours * _SECONDS_AN_HOUR / one.every_s * prices.points_per_execution
            for one in plan.alarms
        ),
    )


def points_by_metric(
    plan: Plan, reckoned: Reckoned = "commonly"
) -> Iterator[tuple[Instrument, Points]]:
    """The points of each metric, of all processes together."""
    for one in plan.instruments:
        points = Points()
        for processes in plan.traffic.processes.values():
            series = _series(plan, one, processes, reckoned)
            points += _of_series(one, reckoned).times(series * rounds(plan, processes))
        yield one, points


def rounds(plan: Plan, processes: Processes) -> float:
    """How often such processes write all their series."""
    seconds = plan.traffic.hours * _SECONDS_AN_HOUR * processes.count
    return seconds / plan.exporting.every_s + processes.starts


def _series(plan: Plan, one: Instrument, processes: Processes, reckoned: Reckoned) -> float:
    if not any(fnmatchcase(one.name, pattern) for pattern in processes.exports):
        return 0.0
    if reckoned == "at most":
        return one.at_most
    return plan.traffic.series.get(one.name, commonly(one, processes.seen))


def _of_series(one: Instrument, reckoned: Reckoned) -> Points:
    if not one.is_distribution:
        return Points(scalars=1)
    filled = one.buckets if reckoned == "at most" else min(one.buckets, _FILLED_BUCKETS)
    return Points(distributions=1, filled_buckets=filled)


def _log_metric_series(plan: Plan) -> float:
    return sum(plan.traffic.log_metrics.get(name, 1.0) for name in plan.ordered.log_metrics)


def _log_bytes(plan: Plan) -> tuple[float, dict[str, float]]:
    """What the ordinary bucket takes, and what others take besides."""
    stored, apart = 0.0, dict.fromkeys((one.name for one in plan.ordered.buckets), 0.0)
    for each in plan.traffic.processes.values():
        stored += each.starts * each.lines_per_start * each.line_bytes
    for name, event in plan.traffic.events.items():
        size_bytes = event.per_month * event.lines * event.line_bytes
        stored += size_bytes
        if event.bucket and plan.ordered.buckets and event.bucket not in apart:
            raise DeclarationError(
                f"traffic: events.{name}: no log bucket {event.bucket!r}: "
                f"there are {', '.join(sorted(apart))}"
            )
        if event.bucket in apart:
            apart[event.bucket] += size_bytes
    return stored, apart


def _retained(plan: Plan, prices: PriceList, stored: float, kept_apart: dict[str, float]) -> float:
    """Byte-months beyond the included days, once every bucket is as full as it gets."""
    return sum(
        (stored if one.takes_all else kept_apart[one.name])
        * max(0.0, one.retention_days - prices.included_days)
        / _DAYS_A_MONTH
        for one in plan.ordered.buckets
    )


def _spans(plan: Plan) -> float:
    begun = sum(one.per_month * one.spans for one in plan.traffic.events.values())
    begun += sum(
        one.count * one.spans_per_hour * plan.traffic.hours
        for one in plan.traffic.processes.values()
    )
    return begun * plan.exporting.trace_ratio


def _places(check: UptimeCheck, prices: PriceList) -> int:
    unknown = sorted(set(check.regions) - set(prices.locations))
    if unknown:
        known = ", ".join(sorted(prices.locations))
        raise DeclarationError(f"{check.name}: no region {unknown[0]!r}: there are {known}")
    return sum(prices.locations[one] for one in check.regions or prices.locations)


def _references(plan: Plan, prices: PriceList) -> float:
    named = [metric for one in plan.alarms for metric in one.metrics]
    return sum(1 for metric in named if not metric.startswith(prices.free_metrics))
