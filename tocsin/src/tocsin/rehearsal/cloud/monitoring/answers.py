"""What the service answers when series were refused: the text, the codes, the summary.

The form, seen from the live service: ``One or more TimeSeries could not be written:
<reason>: timeSeries[0-3,5]; <other reason>: timeSeries[4]``. Since about 2023 it has also
been seen to name resource and metric beside the index; this holds the shorter form.
https://github.com/GoogleCloudPlatform/opentelemetry-operations-java/issues/247

>>> spans([0, 1, 2, 3, 5])
'0-3,5'
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from google.cloud.monitoring_v3.types import CreateTimeSeriesSummary

from tocsin.rehearsal.cloud.refusals import Refusal

INVALID_ARGUMENT: Final = 3
FAILED_PRECONDITION: Final = 9
RESOURCE_EXHAUSTED: Final = 8
INTERNAL: Final = 13

# https://github.com/Stackdriver/stackdriver-prometheus-sidecar/issues/255
INTERNAL_REASON: Final = (
    "Internal error encountered. Please retry after a few seconds. If internal errors "
    "persist, contact support at https://cloud.google.com/support/docs."
)


class UnwritableError(Exception):
    """One series cannot be written, for this reason."""

    def __init__(self, reason: str, code: int = INVALID_ARGUMENT) -> None:
        super().__init__(reason)
        self.reason = reason
        self.code = code


@dataclass(frozen=True, slots=True)
class Problem:
    """Which series of the request was refused, and why."""

    index: int
    reason: str
    code: int


def invalid(index: int, field: str, value: str, reason: str) -> UnwritableError:
    """Google's form for a field of a series; no ``value`` leaves the quotation out."""
    of = f' of "{value}"' if value else ""
    where = f"timeSeries[{index}]" + (f".{field}" if field else "")
    return UnwritableError(f"Field {where} had an invalid value{of}: {reason}")


def refusal(problems: Sequence[Problem], total: int) -> Refusal:
    """The answer to a write of ``total`` series of which these were refused."""
    by_reason: dict[str, list[int]] = {}
    for problem in problems:
        by_reason.setdefault(problem.reason, []).append(problem.index)
    reasons = [f"{reason}: timeSeries[{spans(which)}]" for reason, which in by_reason.items()]
    codes = Counter(problem.code for problem in problems)
    summary = CreateTimeSeriesSummary(
        total_point_count=total,
        success_point_count=total - len(problems),
        errors=[
            CreateTimeSeriesSummary.Error(status={"code": code}, point_count=count)
            for code, count in sorted(codes.items())
        ],
    )
    return Refusal(
        _outer(codes),
        "One or more TimeSeries could not be written: " + "; ".join(reasons),
        [CreateTimeSeriesSummary.pb(summary)],
    )


def _outer(codes: Counter[int]) -> int:
    """INTERNAL was seen to stand above the others; else it is INVALID_ARGUMENT."""
    if INTERNAL in codes:
        return INTERNAL
    return RESOURCE_EXHAUSTED if set(codes) == {RESOURCE_EXHAUSTED} else INVALID_ARGUMENT


def spans(indexes: Iterable[int]) -> str:
    """Numbers as Google lists them: three neighbours and more are joined by a dash, two are not.

    >>> spans([7]), spans([0, 2, 3])
    ('7', '0,2,3')
    """
    runs: list[list[int]] = []
    for index in sorted(indexes):
        if runs and index == runs[-1][1] + 1:
            runs[-1][1] = index
        else:
            runs.append([index, index])
    return ",".join(
        f"{first}-{last}" if last - first > 1 else ",".join(map(str, range(first, last + 1)))
        for first, last in runs
    )
