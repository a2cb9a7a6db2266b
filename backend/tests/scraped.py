"""A metrics page read as Prometheus reads it, and what moved between two readings."""

from dataclasses import dataclass

import httpx
from prometheus_client.parser import text_string_to_metric_families

Key = tuple[str, frozenset[tuple[str, str]]]


@dataclass(frozen=True)
class Scrape:
    """Every sample of one page, by name and labels."""

    samples: dict[Key, float]

    @classmethod
    def of(cls, base_url: str) -> "Scrape":
        """Read the service's page now."""
        page = httpx.get(f"{base_url}/metrics", timeout=10.0).raise_for_status().text
        return cls(
            {
                (sample.name, frozenset(sample.labels.items())): sample.value
                for family in text_string_to_metric_families(page)
                for sample in family.samples
            }
        )

    def total(self, name: str, **labels: str) -> float:
        """The sum of all series of ``name`` that carry these labels."""
        wanted = set(labels.items())
        return sum(
            value
            for (sample, its), value in self.samples.items()
            if sample == f"vividly_{name}" and wanted <= its
        )

    def since(self, earlier: "Scrape") -> "Scrape":
        """How far each series has risen (a new series rises from 0)."""
        return Scrape(
            {key: value - earlier.samples.get(key, 0.0) for key, value in self.samples.items()}
        )

    def moved(self) -> set[str]:
        """The names of all samples that are not where they were."""
        return {name for (name, _), value in self.samples.items() if value}
