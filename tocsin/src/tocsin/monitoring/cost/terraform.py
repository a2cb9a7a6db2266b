"""What a folder of Terraform orders of Google that costs: checks, log buckets, log metrics.

Dashboards are free, and alarms are read where they stand, in the rules.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tocsin.errors import DeclarationError
from tocsin.monitoring.cost.blocks import Block, resources, text_of, variables_of
from tocsin.monitoring.durations import seconds

DEFAULT_BUCKET: Final = "_Default"
_PERIOD: Final = "300s"
"""Where a check states none (https://registry.terraform.io/providers/hashicorp/google)."""


@dataclass(frozen=True)
class UptimeCheck:
    """Who is asked how often from where; no region stands for all."""

    name: str
    period_s: float
    regions: tuple[str, ...] = ()


@dataclass(frozen=True)
class LogBucket:
    """How long a bucket keeps lines."""

    name: str
    retention_days: float
    takes_all: bool = False


@dataclass(frozen=True)
class Ordered:
    """All of it; nothing where no Terraform is named."""

    checks: tuple[UptimeCheck, ...] = ()
    buckets: tuple[LogBucket, ...] = ()
    log_metrics: tuple[str, ...] = ()


def read_terraform(folder: Path, environment: str) -> Ordered:
    """What a folder orders for an environment (``environments/NAME.tfvars``, if there is one).

    Raises:
        DeclarationError: it cannot be read, or has no such environment, or no plain value.
    """
    text = text_of(folder)
    values = folder / "environments" / f"{environment}.tfvars"
    if values.parent.is_dir() and not values.is_file():
        raise DeclarationError(f"{values}: there is no such environment")
    variables = variables_of(text, values if values.is_file() else None)
    try:
        return Ordered(
            checks=tuple(
                _check(one, variables)
                for one in resources(text, "google_monitoring_uptime_check_config")
            ),
            buckets=tuple(
                _bucket(one, variables)
                for one in resources(text, "google_logging_project_bucket_config")
            ),
            log_metrics=tuple(one.name for one in resources(text, "google_logging_metric")),
        )
    except (TypeError, ValueError) as error:
        raise DeclarationError(f"{folder}: {error}: a bill needs a plain value here") from error


def _check(block: Block, variables: Mapping[str, Any]) -> UptimeCheck:
    period = block.value("period", variables) or _PERIOD
    regions = block.value("selected_regions", variables) or []
    if not isinstance(regions, list):
        raise TypeError(f"{block.name}: selected_regions is {regions}")
    return UptimeCheck(block.name, seconds(str(period)), tuple(map(str, regions)))


def _bucket(block: Block, variables: Mapping[str, Any]) -> LogBucket:
    days = block.value("retention_days", variables)
    takes_all = block.value("bucket_id", variables) == DEFAULT_BUCKET
    return LogBucket(block.name, float(days if days is not None else 30), takes_all)
