"""Every metric that an expression may ask for, by the names under which it is asked for.

A service's own come from its metrics object, which is not imported here but given: whatever has
``catalogue()`` will do. Others (Google's uptime check) stand in a YAML file.

>>> paid = Metric("shop_paid_seconds", "histogram", labels={}, buckets=(1.0, 5.0))
>>> known = Catalogue([paid])
>>> known.metric("shop_paid_seconds_bucket") is paid, known.metric("shop_paid_seconds_total")
(True, None)
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final, Literal

from tocsin.errors import DeclarationError
from tocsin.monitoring.sources import read

Kind = Literal["counter", "gauge", "histogram"]
RESOURCE_LABELS: Final = (
    "project_id",
    "location",
    "namespace",
    "job",
    "task_id",
    "monitored_resource",
)
"""What Google's ``generic_task`` adds to each series
(https://cloud.google.com/monitoring/api/resources#tag_generic_task)."""
_KINDS: Final = ("counter", "gauge", "histogram")
_PARTS: Final = ("_bucket", "_sum", "_count")


@dataclass(frozen=True)
class Label:
    """A label: all ``values`` that it can have (``None``: nobody can list them), and how many."""

    name: str
    values: tuple[str, ...] | None = None
    at_most: int = 0


@dataclass(frozen=True)
class Metric:
    """A metric under its PromQL name; ``origin`` says whose it is."""

    name: str
    kind: Kind
    help: str = ""
    labels: Mapping[str, Label] = field(default_factory=dict)
    buckets: tuple[float, ...] = ()
    origin: Literal["service", "google"] = "service"

    def with_values(self, label: str, values: tuple[str, ...]) -> "Metric":
        """The same metric, with all values of an open label known."""
        known = Label(label, values, len(values))
        return replace(self, labels={**self.labels, label: known})


class Catalogue:
    """Metrics by name."""

    def __init__(self, metrics: Iterable[Metric]) -> None:
        self._metrics = {metric.name: metric for metric in metrics}

    def __iter__(self) -> Iterator[Metric]:
        return iter(self._metrics.values())

    def metric(self, promql_name: str) -> Metric | None:
        """The metric that a sample of this name belongs to."""
        if promql_name in self._metrics:
            return self._metrics[promql_name]
        for part in _PARTS:
            whole = self._metrics.get(promql_name.removesuffix(part))
            if promql_name.endswith(part) and whole is not None and whole.kind == "histogram":
                return whole
        return None


def metrics_of(client: Any, prefix: str) -> list[Metric]:
    """What a metrics object declares, as PromQL calls it."""
    return [
        Metric(
            name=prefix + spec.name,
            kind=spec.kind,
            help=spec.help,
            labels={one.name: Label(one.name, one.domain, one.size) for one in spec.labels},
            buckets=tuple(spec.shape.buckets),
        )
        for spec in client.catalogue()
    ]


def foreign_metrics(file: Path) -> list[Metric]:
    """The metrics of a YAML file: a list below ``metrics`` with name, kind, help and labels.

    Raises:
        DeclarationError: something is missing or wrong in it.
    """
    import yaml  # noqa: PLC0415 - an extra

    try:
        data = yaml.safe_load(read(file))
        return [_foreign(one) for one in data["metrics"]]
    except yaml.YAMLError as error:
        raise DeclarationError(f"{file}: no YAML: {error}") from error
    except (KeyError, TypeError, ValueError) as error:
        raise DeclarationError(
            f"{file}: {error}: it is a list `metrics`, each with `name`, `kind` and `labels`"
        ) from error


def _foreign(data: Mapping[str, Any]) -> Metric:
    if data["kind"] not in _KINDS:
        raise ValueError(f"kind {data['kind']!r} is none of {', '.join(_KINDS)}")
    labels = {
        name: Label(
            name, tuple(map(str, one["values"])) if "values" in one else None, one["at_most"]
        )
        for name, one in data.get("labels", {}).items()
    }
    return Metric(data["name"], data["kind"], data.get("help", ""), labels, origin="google")
