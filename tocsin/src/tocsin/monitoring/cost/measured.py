"""Volumes that a rehearsal cloud counted, in place of those that are reckoned.

Points, lines and spans are scaled from the time that they were counted for to a month.
What no cloud of ours can count (executions of checks, alarms) stays as it is declared, and
what is kept longer grows with the lines.

>>> usage_in('{"seconds": 30}', "usage.json")
Traceback (most recent call last):
    ...
tocsin.errors.DeclarationError: usage.json: counted for 30 s: a month needs a minute at least
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from tocsin.errors import DeclarationError
from tocsin.monitoring.cost.plan import Billed, Plan
from tocsin.monitoring.cost.prices import PriceList
from tocsin.monitoring.cost.volume import Points, Volumes, volumes_of

PATH: Final = "/read/usage"
_AT_LEAST_S: Final = 60.0


@dataclass(frozen=True)
class Usage:
    """What arrived in so many seconds."""

    seconds: float
    custom: Points
    prometheus: Points
    log_bytes: float
    spans: float

    @property
    def points(self) -> Points:
        """All of them."""
        return self.custom + self.prometheus

    @property
    def metrics_by(self) -> Billed:
        """How most of them are billed."""
        sampled, custom = (
            one.scalars + one.distributions for one in (self.prometheus, self.custom)
        )
        return "samples" if sampled > custom else "bytes"


def usage_in(text: str, name: str) -> Usage:
    """What a cloud's page tells; ``name`` says in errors where it was read.

    Raises:
        DeclarationError: it tells no such thing, or of too short a time.
    """
    try:
        data = json.loads(text)
        seconds = float(data["seconds"])
        usage = usage_of(data) if seconds >= _AT_LEAST_S else None
    except (KeyError, TypeError, ValueError) as error:
        raise DeclarationError(f"{name}: {error}: this is no page {PATH} of a cloud") from error
    if usage is None:
        raise DeclarationError(
            f"{name}: counted for {seconds:.0f} s: a month needs a minute at least"
        )
    return usage


def usage_of(data: Mapping[str, Any]) -> Usage:
    """The same of plain data."""
    return Usage(
        seconds=float(data["seconds"]),
        custom=_points(data["custom"]),
        prometheus=_points(data["prometheus"]),
        log_bytes=float(data["log_bytes"]),
        spans=float(data["spans"]),
    )


def measured_volumes(usage: Usage, plan: Plan, prices: PriceList) -> Volumes:
    """A month like the time that was counted."""
    reckoned = volumes_of(plan, prices)
    months = usage.seconds / (plan.traffic.hours * 3600)
    log_bytes = usage.log_bytes / months
    share = log_bytes / reckoned.log_bytes if reckoned.log_bytes else 0.0
    return replace(
        reckoned,
        points=usage.points.times(1 / months),
        log_bytes=log_bytes,
        retained_byte_months=reckoned.retained_byte_months * share,
        spans=usage.spans / months,
    )


def _points(data: Mapping[str, Any]) -> Points:
    return Points(
        float(data["scalar_points"]),
        float(data["distribution_points"]),
        float(data["filled_buckets"]),
    )
