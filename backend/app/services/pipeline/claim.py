"""A worker's hold on one request, and what makes a request free to be taken.

The hold is a lease: it lapses unless it is renewed, so a worker that dies gives its
requests back without a word. Its token is new with each taking, even by the same worker;
every write of the pipeline asks for it, so whoever has lost the lease can change nothing.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, or_

from app.models.tables import ContentRequest


class LeaseLostError(Exception):
    """Another worker may have the request by now: stop, and touch nothing."""


@dataclass(frozen=True, kw_only=True)
class Claim:
    """One taking of one request."""

    request_id: str
    user_id: str
    token: str
    """Who holds the lease: `lease_owner` in the row."""
    attempt: int
    """How often the request has been taken up, this time included."""
    correlation_id: str
    trace_id: str
    traceparent: str = ""
    """The span that asked."""


def is_open() -> ColumnElement[bool]:
    """The condition that a request has not ended, in the words of the queue's index."""
    return ContentRequest.finished_at.is_(None)


def is_free(moment: datetime) -> ColumnElement[bool]:
    """The condition that a request has not ended and nobody works on it."""
    lapsed = or_(ContentRequest.lease_until.is_(None), ContentRequest.lease_until < moment)
    return and_(is_open(), lapsed)
