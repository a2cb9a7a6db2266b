"""Whether a new revision may have more traffic: judged by its own figures, asked of Google.

Cloud Run measures each revision itself, so even one that exports nothing can be judged:
``run.googleapis.com/request_count`` and ``…/request_latencies`` in milliseconds
(https://cloud.google.com/monitoring/api/metrics_gcp_p_z#gcp-run). What cannot be told is told
so, and is no yes.

>>> calm = Figures(requests=1000, errors=1, p95_s=0.2)
>>> objections(Figures(requests=500, errors=40, p95_s=0.2), calm, Limits())
['8.0 % of its requests fail: at most 1.0 % may']
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from tocsin.errors import TocsinError

Ask = Callable[[str], float | None]
"""One PromQL query to its one number; ``None`` where there is no series."""
_OF_A_REVISION: Final = (
    'monitored_resource="cloud_run_revision",service_name="{service}",revision_name="{revision}"'
)
_REQUESTS: Final = "sum(increase(run_googleapis_com:request_count{{{of}}}[{minutes}m]))"
_ERRORS: Final = (
    'sum(increase(run_googleapis_com:request_count{{{of},response_code_class="5xx"}}[{minutes}m]))'
)
_P95_MS: Final = (
    "histogram_quantile(0.95, "
    "sum by (le) (increase(run_googleapis_com:request_latencies_bucket{{{of}}}[{minutes}m])))"
)
_MS_PER_S: Final = 1000.0


class CannotTellError(TocsinError):
    """There are too few requests to judge by."""


@dataclass(frozen=True)
class Figures:
    """One revision in one stretch of time."""

    requests: float
    errors: float
    p95_s: float | None


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What a revision may do."""

    least_requests: int = 100
    most_errors: float = 0.01
    """share of its requests that may end in 5xx"""
    most_slower: float = 1.5
    """how many times slower it may be than the one that it replaces"""


def figures(ask: Ask, service: str, revision: str, minutes: int) -> Figures:
    """What a revision did in the last minutes."""
    of = _OF_A_REVISION.format(service=service, revision=revision)
    requests, errors, p95_ms = (
        ask(query.format(of=of, minutes=minutes)) for query in (_REQUESTS, _ERRORS, _P95_MS)
    )
    is_number = p95_ms is not None and p95_ms == p95_ms  # noqa: PLR0124 - NaN of no request
    return Figures(
        requests=requests or 0.0,
        errors=errors or 0.0,
        p95_s=p95_ms / _MS_PER_S if p95_ms is not None and is_number else None,
    )


def objections(new: Figures, old: Figures | None, limits: Limits) -> list[str]:
    """Why the revision must not have more traffic; empty if it may.

    A share of errors that the old revision has too is no reason to keep it.

    Raises:
        CannotTellError: there were too few requests.
    """
    if new.requests < limits.least_requests:
        raise CannotTellError(
            f"{new.requests:.0f} requests are too few to judge by, "
            f"{limits.least_requests} are needed: wait, or give it more of the traffic"
        )
    found = []
    share, usual = new.errors / new.requests, _share(old)
    if share > max(limits.most_errors, usual):
        found.append(
            f"{_percent(share)} of its requests fail: "
            f"at most {_percent(max(limits.most_errors, usual))} may"
        )
    if old is not None and old.p95_s and new.p95_s and new.p95_s > old.p95_s * limits.most_slower:
        found.append(
            f"its 95th percentile is {new.p95_s:.2f} s, that of the one before {old.p95_s:.2f} s: "
            f"at most {limits.most_slower:g} times as much may be"
        )
    return found


def _percent(share: float) -> str:
    return f"{share * 100:.1f} %"


def _share(old: Figures | None) -> float:
    return old.errors / old.requests if old is not None and old.requests else 0.0
