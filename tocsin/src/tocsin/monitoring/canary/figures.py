"""What a revision did, as Cloud Run measured it: even one that exports nothing is judged.

The metrics are ``run.googleapis.com/request_count`` and ``…/request_latencies`` in milliseconds
(https://cloud.google.com/monitoring/api/metrics_gcp_p_z#gcp-run), asked for by PromQL.

>>> asked = Figures(requests=10, errors=0, within_ms={100.0: 8, 500.0: 10, float("inf"): 10})
>>> asked.p95_bound_ms, asked.slower_than(100.0)
(500.0, Share(bad=2, all=10))
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import inf
from typing import Final

from tocsin.monitoring.canary.intervals import Share

Ask = Callable[[str], list[tuple[Mapping[str, str], float]]]
"""One PromQL query to its series: labels and number each."""
_OF_A_REVISION: Final = (
    'monitored_resource="cloud_run_revision",service_name="{service}",revision_name="{revision}"'
)
_REQUESTS: Final = (
    "sum by (response_code_class) (increase(run_googleapis_com:request_count{{{of}}}[{minutes}m]))"
)
_DURATIONS: Final = (
    "sum by (le) (increase(run_googleapis_com:request_latencies_bucket{{{of}}}[{minutes}m]))"
)
_95_PERCENT: Final = 0.95
_TO_ONE_IN_A_MILLION: Final = 1 - 1e-6


@dataclass(frozen=True)
class Figures:
    """One revision in one stretch of time."""

    requests: float
    errors: float
    """ended in 5xx"""
    within_ms: Mapping[float, float]
    """how many requests took at most so long, by the bounds of the histogram"""

    @property
    def failed(self) -> Share:
        """Errors among requests."""
        return Share(self.errors, self.requests)

    @property
    def p95_bound_ms(self) -> float | None:
        """The least bound below which 95 % of the requests are; None if none is known."""
        timed = self.within_ms.get(inf, 0.0)
        enough = timed * _95_PERCENT * _TO_ONE_IN_A_MILLION
        found = (bound for bound, count in sorted(self.within_ms.items()) if count >= enough)
        return next(found, None) if timed else None

    def slower_than(self, bound_ms: float) -> Share:
        """Those that took longer.

        The bound is one of this histogram's, or the next above it is taken: a revision whose
        histogram is another is judged a little too kindly, never too hard.
        """
        timed = self.within_ms.get(inf, 0.0)
        near = min((bound for bound in self.within_ms if bound >= bound_ms), default=inf)
        return Share(timed - self.within_ms.get(near, timed), timed)


def figures(ask: Ask, service: str, revision: str, minutes: int) -> Figures:
    """What a revision did in the last minutes."""
    of = _OF_A_REVISION.format(service=service, revision=revision)
    counts = {
        labels.get("response_code_class", ""): number
        for labels, number in ask(_REQUESTS.format(of=of, minutes=minutes))
    }
    durations = ask(_DURATIONS.format(of=of, minutes=minutes))
    return Figures(
        requests=sum(counts.values()),
        errors=counts.get("5xx", 0.0),
        within_ms={float(labels["le"]): number for labels, number in durations},
    )
