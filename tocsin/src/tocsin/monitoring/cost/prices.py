"""Prices in tiers after a free amount, from one dated file with its sources.

>>> price = Price("lines", "GiB", free=50, tiers=((100.0, 0.5), (inf, 0.25)))
>>> price.of(40), price.of(60), price.of(120)
(0.0, 5.0, 30.0)
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from importlib.resources import files
from math import inf
from pathlib import Path
from typing import Any, Final

from tocsin.errors import DeclarationError

DRIVERS: Final = (
    "metrics_by_bytes",
    "metrics_by_samples",
    "log_storage",
    "log_retention",
    "spans",
    "uptime_checks",
    "alert_references",
    "alert_points",
)
_OURS: Final = "google_prices.toml"
_SEEN: Final = ("read", "quoted", "remembered")


@dataclass(frozen=True)
class Price:
    """What one driver costs: each tier ends at a volume, the free amount counted in."""

    title: str
    unit: str
    free: float = 0.0
    tiers: tuple[tuple[float, float], ...] = ()
    free_per: str = ""
    begins: date | None = None
    source: str = ""
    seen: str = ""

    def of(self, volume: float) -> float:
        """What so much of it costs in a month."""
        dollars, from_ = 0.0, self.free
        for up_to, price in self.tiers:
            dollars += max(0.0, min(volume, up_to) - from_) * price
            from_ = max(from_, up_to)
        return dollars

    @property
    def first(self) -> float:
        """The price of the first unit that is not free."""
        return self.tiers[0][1]


@dataclass(frozen=True)
class PriceList:
    """All prices of one day, and how volumes are counted for them."""

    file: str
    as_of: date
    prices: Mapping[str, Price]
    scalar_bytes: float
    distribution_bytes: float
    samples_beside_buckets: float
    included_days: float
    locations: Mapping[str, int]
    points_per_execution: float
    free_metrics: tuple[str, ...] = field(default=())

    def metric_bytes(self, scalars: float, distributions: float) -> float:
        """Bytes of so many points."""
        return scalars * self.scalar_bytes + distributions * self.distribution_bytes

    def samples(self, scalars: float, distributions: float, filled_buckets: float) -> float:
        """The same points in samples."""
        return scalars + distributions * self.samples_beside_buckets + filled_buckets


def read_prices(file: Path | None = None) -> PriceList:
    """The prices of this file, or Google's list as it comes with the toolkit.

    Raises:
        DeclarationError: something is missing or wrong in it.
    """
    name = str(file or _OURS)
    try:
        text = (file or files(__package__).joinpath(_OURS)).read_text(encoding="utf-8")
        return _list(name, tomllib.loads(text))
    except (OSError, tomllib.TOMLDecodeError, TypeError, ValueError) as error:
        raise DeclarationError(f"{name}: {error}") from error
    except KeyError as error:
        raise DeclarationError(f"{name}: {error} is missing") from error


def _list(name: str, data: Mapping[str, Any]) -> PriceList:
    return PriceList(
        file=name,
        as_of=date.fromisoformat(data["as_of"]),
        prices={driver: _price(driver, data["prices"][driver]) for driver in DRIVERS},
        scalar_bytes=float(data["points"]["scalar_bytes"]),
        distribution_bytes=float(data["points"]["distribution_bytes"]),
        samples_beside_buckets=float(data["points"]["samples_beside_buckets"]),
        included_days=float(data["logs"]["included_days"]),
        locations=dict(data["uptime"]["locations"]),
        points_per_execution=float(data["alerts"]["points_per_execution"]),
        free_metrics=tuple(data["alerts"].get("free_metrics", ())),
    )


def _price(driver: str, data: Mapping[str, Any]) -> Price:
    tiers = tuple((float(one.get("up_to", inf)), float(one["price"])) for one in data["tiers"])
    ends = [up_to for up_to, _ in tiers]
    if ends != sorted(set(ends)) or ends[-1] != inf:
        raise ValueError(f"prices.{driver}: tiers rise, and the last has no `up_to`")
    if data["seen"] not in _SEEN or not data["source"].startswith("https://"):
        raise ValueError(f"prices.{driver}: name its `source`, and `seen` as {', '.join(_SEEN)}")
    return Price(
        title=data["title"],
        unit=data["unit"],
        free=float(data["free"]),
        tiers=tiers,
        free_per=data.get("free_per", ""),
        begins=date.fromisoformat(data["begins"]) if "begins" in data else None,
        source=data["source"],
        seen=data["seen"],
    )
