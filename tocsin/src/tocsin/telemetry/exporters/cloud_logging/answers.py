"""What Cloud Logging's answer to a write means for each of its entries.

With ``partial_success`` the good entries are kept though others fail; the error's details
hold ``WriteLogEntriesPartialErrors``, the bad ones by index (logging.proto). Google's own
client retries INTERNAL here as well (logging_grpc_service_config.json), and may: the
insert id makes a second write of an entry the same entry.
"""

from collections import Counter
from typing import Any, Final

from google.api_core.exceptions import GoogleAPICallError
from google.cloud.logging_v2.types import WriteLogEntriesPartialErrors
from google.rpc.code_pb2 import Code

from tocsin.telemetry.delivery.carrier import Receipt, Undelivered
from tocsin.telemetry.exporters.cloud_monitoring.answers import undelivered as undelivered_of

_RAW: Final[Any] = WriteLogEntriesPartialErrors.pb(WriteLogEntriesPartialErrors()).__class__
_NAME: Final = "/google.logging.v2.WriteLogEntriesPartialErrors"
_AGAIN: Final = "INTERNAL"


def receipt_of(error: Exception, items: int) -> Receipt | None:
    """What was kept and what was not, by reason; ``None`` where the error tells of no entry."""
    if not isinstance(error, GoogleAPICallError):
        return None
    for detail in error.details:
        partial = _partial(detail)
        if partial is not None and partial.log_entry_errors:
            refused = Counter(_reason(one.code) for one in partial.log_entry_errors.values())
            return Receipt(delivered=items - refused.total(), refused=dict(refused))
    return None


def undelivered(error: Exception) -> Undelivered:
    """A whole batch that was not taken."""
    told = undelivered_of(error)
    return Undelivered(told.cause, again=told.again or told.cause == _AGAIN, detail=told.detail)


def _partial(detail: Any) -> Any:
    if isinstance(detail, _RAW):
        return detail
    if getattr(detail, "type_url", "").endswith(_NAME):
        partial = _RAW()
        detail.Unpack(partial)
        return partial
    return None


def _reason(code: int) -> str:
    try:
        return str(Code.Name(code))
    except ValueError:
        return "UNKNOWN"
