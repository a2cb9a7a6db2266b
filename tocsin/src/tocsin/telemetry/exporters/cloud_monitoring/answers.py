"""What Google's answers mean: taken, refused for good, or worth another try.

Only UNAVAILABLE and DEADLINE_EXCEEDED are retried (google-cloud.md 1.4). A partial failure
comes as an error whose details hold a ``CreateTimeSeriesSummary``; the rest was written.

>>> from google.api_core.exceptions import PermissionDenied, ServiceUnavailable
>>> undelivered(ServiceUnavailable("down")).again
True
>>> undelivered(PermissionDenied("no")).cause
'PERMISSION_DENIED'
"""

from collections import Counter
from collections.abc import Iterator
from typing import Any, Final

from google.api_core.exceptions import GoogleAPICallError, RetryError
from google.auth.exceptions import GoogleAuthError
from google.cloud.monitoring_v3.types import CreateTimeSeriesSummary
from google.rpc.code_pb2 import Code

from tocsin.telemetry.delivery.carrier import Receipt, Undelivered

RETRIED: Final = frozenset({"UNAVAILABLE", "DEADLINE_EXCEEDED"})
TOO_FREQUENT: Final = "more frequently than the maximum sampling period"
OUT_OF_ORDER: Final = "points must be written in order"

_SUMMARY: Final = "/google.monitoring.v3.CreateTimeSeriesSummary"
_RAW_SUMMARY: Final = CreateTimeSeriesSummary.pb(CreateTimeSeriesSummary()).__class__


def cause_of(error: Exception) -> str:
    """One word for metric and log."""
    if isinstance(error, GoogleAPICallError):
        code = error.grpc_status_code
        return str(code.name) if code is not None else type(error).__name__
    if isinstance(error, RetryError):
        return "DEADLINE_EXCEEDED"
    return "UNAUTHENTICATED" if isinstance(error, GoogleAuthError) else type(error).__name__


def undelivered(error: Exception) -> Undelivered:
    """The same in the courier's terms."""
    cause = cause_of(error)
    # Credentials come from a server on the way, which may be away for a while.
    again = cause in RETRIED or (isinstance(error, GoogleAuthError) and bool(error.retryable))
    return Undelivered(cause, again=again, detail=str(getattr(error, "message", "") or error))


def receipt_of(error: GoogleAPICallError, items: int) -> Receipt | None:
    """What was written and refused according to the error's summary; ``None`` without one."""
    summary = next(_summaries(error), None)
    if summary is None:
        return None
    refused: Counter[str] = Counter()
    for part in summary.errors:
        refused[_reason(part.status)] += part.point_count
    delivered = min(items, summary.success_point_count)
    untold = items - delivered - refused.total()
    if untold > 0:
        refused[cause_of(error)] += untold
    return Receipt(delivered=delivered, refused=dict(refused))


def _reason(status: Any) -> str:
    text = str(status.message).lower()
    if TOO_FREQUENT in text:
        return "too_frequent"
    if OUT_OF_ORDER in text:
        return "out_of_order"
    try:
        return str(Code.Name(status.code))
    except ValueError:
        return "UNKNOWN"


def _summaries(error: GoogleAPICallError) -> Iterator[Any]:
    # An `Any` that the client could not unpack by itself, as it does with Google's own
    # error details.
    for detail in error.details:
        if isinstance(detail, _RAW_SUMMARY):
            yield detail
        elif getattr(detail, "type_url", "").endswith(_SUMMARY):
            summary = _RAW_SUMMARY()
            detail.Unpack(summary)
            yield summary
