"""The chain metric → alert → panel → runbook of one service, read once.

:func:`chain_of` reads what ``tocsin.toml`` names. :meth:`Chain.with_catalogue` is the same
chain over other metrics: so a test proves that a renamed metric is noticed.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from tocsin.errors import DeclarationError
from tocsin.monitoring.catalogue import RESOURCE_LABELS, Catalogue, Metric
from tocsin.monitoring.checks.questions import Question, of_alerts, of_dashboards, of_runbooks
from tocsin.monitoring.escalation import read_escalation
from tocsin.monitoring.promql.tree import Node
from tocsin.monitoring.service import Service
from tocsin.monitoring.sources import Alert, Source, alerts_in, read

ENVIRONMENT: Final = "namespace"
OTHER: Final = "other"
_PARTS: Final = re.compile(r"_(?:bucket|sum|count)$")


@dataclass(frozen=True)
class Chain:
    """All that is checked."""

    catalogue: Catalogue
    alerts: tuple[Alert, ...]
    questions: tuple[Question, ...]
    dashboards: tuple[Any, ...] = ()
    runbooks: Mapping[Path, str] = field(default_factory=dict)
    roots: tuple[Path, ...] = ()
    """Folders from which an annotation may name its runbook."""
    settings: Source = field(default_factory=lambda: Source(Path("tocsin.toml"), "", 0, 0))
    kept: Mapping[str, str] = field(default_factory=dict)
    """Metrics that no alarm and no panel uses, by name, and why they are kept."""
    levels: str = ""
    """The text that declares service levels; names in it count as used."""
    recipients: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Severities and owners of the escalation table, where there is one."""

    def with_catalogue(self, catalogue: Catalogue) -> "Chain":
        """The same chain over other metrics."""
        return replace(self, catalogue=catalogue)

    def values(self, metric: Metric, label: str) -> tuple[str, ...] | None:
        """All values that the label may take, or ``None`` where nobody can list them."""
        declared = metric.labels.get(label)
        return declared.values if declared is not None else None

    def labels(self, name: str) -> frozenset[str] | None:
        """The labels of a sample's series, or ``None`` of one that nobody exports."""
        metric = self.metric(name)
        if metric is None:
            return None
        more = {"le"} if name.endswith("_bucket") and metric.kind == "histogram" else set()
        resource = RESOURCE_LABELS if metric.origin == "service" else ("project_id",)
        return frozenset(metric.labels).union(resource, more)

    def metric(self, name: str) -> Metric | None:
        """The metric of a sample; a histogram has samples of its parts only."""
        metric = self.catalogue.metric(name)
        if metric is not None and metric.kind == "histogram" and metric.name == name:
            return None
        return metric

    def counts(self, name: str) -> bool:
        """Whether the sample only ever rises."""
        metric = self.metric(name)
        return metric is not None and metric.kind != "gauge"

    @cached_property
    def of_alerts(self) -> tuple[tuple[Question, Node], ...]:
        """The alarms' expressions that can be read."""
        return tuple((one, one.tree) for one in self.questions if one.alert and one.tree)

    @cached_property
    def readable(self) -> tuple[tuple[Question, Node], ...]:
        """All expressions that can be read."""
        return tuple((one, one.tree) for one in self.questions if one.tree)


def base(name: str) -> str:
    """The metric that a sample's name is of.

    >>> base("shop_wait_seconds_bucket")
    'shop_wait_seconds'
    """
    return _PARTS.sub("", name)


def chain_of(service: Service) -> Chain:
    """What a service's ``tocsin.toml`` names.

    Raises:
        DeclarationError: something cannot be read, or there is no alarm at all.
    """
    alerts = tuple(one for file in service.rule_files for one in alerts_in(file, read(file)))
    if not alerts:
        raise DeclarationError(f"{service.file}: its rule files hold no alarm: nothing to check")
    dashboards = _dashboards(service)
    runbooks = {file: read(file) for file in sorted(service.runbooks.glob("*.md"))}
    settings = read(service.file)
    folder = service.file.resolve().parent
    return Chain(
        catalogue=service.catalogue(),
        alerts=alerts,
        questions=(
            *of_alerts(alerts),
            *of_dashboards(dashboards),
            *of_runbooks(runbooks),
        ),
        dashboards=dashboards,
        runbooks=runbooks,
        roots=(folder, folder.parent),
        settings=Source.whole(service.file, settings),
        kept=service.kept,
        levels=read(service.slos) if service.slos else "",
        recipients=_recipients(service.escalation),
    )


def _dashboards(service: Service) -> tuple[Any, ...]:
    if not any(service.dashboards.glob("*.yaml")):
        return ()
    from tocsin.monitoring.dashboards.service_boards import boards_of  # noqa: PLC0415 - an extra

    return boards_of(service)


def _recipients(file: Path | None) -> dict[str, frozenset[str]]:
    if file is None:
        return {}
    table = read_escalation(file)
    return {"severity": frozenset(table.severities), "owner": frozenset(table.owners)}
