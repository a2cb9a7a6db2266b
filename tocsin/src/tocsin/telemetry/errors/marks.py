"""Which exception has been an event already, so that no layer above makes it one again.

The mark hangs on the exception and names the request, as those of
:mod:`tocsin.telemetry.logs.exceptions` do. An exception raised *from* one that was told
(``raise … from error``) is the same failure under another name; one that merely happened
while another was handled is a failure of its own.

>>> told, wrapped, other = ValueError("seen"), LookupError("again"), LookupError("new")
>>> mark_event(told, "life-1")
>>> wrapped.__cause__, other.__context__ = told, told
>>> event_of(told), event_of(wrapped), event_of(other)
('life-1', 'life-1', None)
"""

from typing import Final

from tocsin.telemetry.context import current

_EVENT: Final = "_tocsin_event"
_CAUSES: Final = 16
_NESTED_GROUPS: Final = 32


def mark_event(error: BaseException, insert_id: str) -> None:
    """Say that the line ``insert_id`` has told of ``error``."""
    error.__dict__[_EVENT] = (_request(), insert_id)


def event_of(error: BaseException) -> str | None:
    """The line that told of ``error``, of its cause, or of each member of the group."""
    request_id = _request()
    cause: BaseException | None = error
    for _ in range(_CAUSES):
        if cause is None:
            return None
        found = _told(cause, request_id, 0)
        if found is not None:
            return found
        cause = cause.__cause__
    return None


def _told(error: BaseException, request_id: str, depth: int) -> str | None:
    mark = error.__dict__.get(_EVENT)
    if mark is not None and (not mark[0] or not request_id or mark[0] == request_id):
        return str(mark[1])
    if not isinstance(error, BaseExceptionGroup) or depth >= _NESTED_GROUPS:
        return None
    members = [_told(one, request_id, depth + 1) for one in error.exceptions]
    return members[0] if None not in members else None


def _request() -> str:
    context = current()
    return "" if context is None else context.request_id
