"""Everything that a bill is reckoned from, gathered of one service.

>>> from tocsin.monitoring.cost.traffic import traffic_of
>>> plan = Plan(traffic_of("traffic.toml", {"processes": {}, "events": {}}))
>>> plan.exporting.every_s
60.0
"""

import fnmatch
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, Final, Literal, get_args

from tocsin.errors import DeclarationError
from tocsin.monitoring.cost.series import Instrument, instruments_of
from tocsin.monitoring.cost.terraform import Ordered, read_terraform
from tocsin.monitoring.cost.traffic import Seen, Traffic, read_traffic
from tocsin.monitoring.promql.reading import parsed
from tocsin.monitoring.promql.tree import selectors
from tocsin.monitoring.rules import Rule, RuleBook
from tocsin.monitoring.service import Service

Billed = Literal["bytes", "samples"]
_EXECUTED_EVERY_S: Final = 30.0
"""Google executes a condition no more often."""


@dataclass(frozen=True)
class Exporting:
    """The service's own settings."""

    every_s: float = 60.0
    trace_ratio: float = 0.1
    metrics_by: Billed = "bytes"
    """custom metrics are billed by bytes; those in Managed Prometheus by samples"""


@dataclass(frozen=True)
class Alarm:
    """What of one alarm is billed."""

    name: str
    metrics: tuple[str, ...]
    every_s: float


@dataclass(frozen=True)
class Plan:
    """A service as it is declared, and its traffic."""

    traffic: Traffic
    exporting: Exporting = field(default_factory=Exporting)
    instruments: tuple[Instrument, ...] = ()
    alarms: tuple[Alarm, ...] = ()
    ordered: Ordered = field(default_factory=Ordered)
    kept: tuple[str, ...] = ()
    """metrics that no alarm and no panel uses, as patterns of a shell"""

    def with_requests(self, per_month: float) -> "Plan":
        """The same service with other traffic."""
        return replace(self, traffic=self.traffic.with_requests(per_month))

    def with_exporting(self, **changed: Any) -> "Plan":
        """The same service with other settings."""
        return replace(self, exporting=replace(self.exporting, **changed))


def plan_of(service: Service, environment: str) -> Plan:
    """What a service declares.

    Raises:
        DeclarationError: there is no traffic, or something cannot be read.
    """
    if service.traffic is None:
        raise DeclarationError(
            f"{service.file}: no traffic.toml beside it: say how much of what happens"
        )
    ordered = read_terraform(service.terraform, environment) if service.terraform else Ordered()
    plan = Plan(
        traffic=read_traffic(service.traffic),
        exporting=_exporting(service),
        instruments=tuple(instruments_of(service.named(service.metrics))),
        alarms=alarms_of(service.rules()),
        ordered=ordered,
        kept=tuple(service.kept),
    )
    refuse_unknown_names(plan, str(service.traffic))
    return plan


def refuse_unknown_names(plan: Plan, where: str) -> None:
    """A name that nothing bears would make the bill too small, and nobody would see it.

    Raises:
        DeclarationError: the traffic speaks of a metric, a label or a bucket that is not there.
    """
    names = [one.name for one in plan.instruments]
    for name in plan.traffic.series:
        if name not in names:
            raise DeclarationError(f"{where}: series: no metric {name!r} is declared")
    for name in plan.traffic.log_metrics:
        if name not in plan.ordered.log_metrics:
            raise DeclarationError(f"{where}: log_metrics: Terraform orders no {name!r}")
    for key, processes in plan.traffic.processes.items():
        for pattern in processes.exports:
            if not fnmatch.filter(names, pattern):
                raise DeclarationError(
                    f"{where}: processes.{key}.exports: no metric is called {pattern}"
                )
        for row in processes.seen:
            _refuse_idle(row, plan, f"{where}: processes.{key}.seen")


def _refuse_idle(row: Seen, plan: Plan, where: str) -> None:
    about = [
        one for one in plan.instruments if any(fnmatch.fnmatchcase(one.name, of) for of in row.of)
    ]
    if not about:
        raise DeclarationError(f"{where}: {', '.join(row.of)}: no metric is called so")
    for label in row.values:
        if not any(label in one.labels for one in about):
            raise DeclarationError(f"{where}: no label {label!r} in {', '.join(row.of)}")


def alarms_of(rules: RuleBook) -> tuple[Alarm, ...]:
    """Each rule is a policy of one condition."""
    return tuple(
        Alarm(rule.alert, _metrics_of(rule), max(rule.interval_s, _EXECUTED_EVERY_S))
        for rule in rules
    )


def _metrics_of(rule: Rule) -> tuple[str, ...]:
    """The metrics that it names, each once; a histogram by whatever part of it."""
    named = (_whole(one.name) for one, _ in selectors(parsed(rule.expr)))
    return tuple(dict.fromkeys(named))


def _whole(name: str) -> str:
    for part in ("_bucket", "_sum", "_count"):
        name = name.removesuffix(part)
    return name


def _exporting(service: Service) -> Exporting:
    if service.exporting is None:
        return Exporting()
    told: Mapping[str, Any] = service.named(service.exporting)()
    known = {one.name for one in fields(Exporting)}
    if not set(told) <= known or told.get("metrics_by", "bytes") not in get_args(Billed):
        raise DeclarationError(
            f"{service.file}: {service.exporting} gives {', '.join(sorted(known))}; "
            f"metrics_by is {' or '.join(get_args(Billed))}"
        )
    exporting = Exporting(**told)
    if exporting.every_s <= 0 or not 0 <= exporting.trace_ratio <= 1:
        raise DeclarationError(
            f"{service.file}: {service.exporting}: every_s is above 0, trace_ratio from 0 to 1"
        )
    return exporting
