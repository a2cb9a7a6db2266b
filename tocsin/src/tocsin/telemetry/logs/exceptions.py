"""What an exception says in a log line, and who has said it already.

The text is what ``traceback.format_exc()`` returns, which is the form that Error
Reporting parses (``ReportedErrorEvent.message`` in error_reporting's report service
proto): causes, contexts, groups and notes included, local variables never.

>>> try:
...     {}["lesson"]
... except KeyError as error:
...     stack_text(error).whole().splitlines()[-1]
"KeyError: 'lesson'"
"""

import traceback
from typing import Any, Final, NamedTuple

from tocsin.telemetry.context import current
from tocsin.telemetry.logs.plain import MARGIN_CHARS, plain_text

STACK_HEAD_CHARS: Final = 8_192
STACK_TAIL_CHARS: Final = 20_480
_FRAMES: Final = 200
_RECORDED: Final = "_tocsin_recorded"
_NESTED_GROUPS: Final = 32


class StackText(NamedTuple):
    """An exception's text.

    A long one keeps its two ends, since the root cause stands first and the exception
    itself last. ``tail`` is empty unless ``left_out`` characters are missing.
    """

    head: str
    tail: str = ""
    left_out: int = 0

    def whole(self) -> str:
        """The text, with the gap named."""
        if not self.left_out:
            return self.head
        return f"{self.head}\n… {self.left_out} characters left out …\n{self.tail}"

    def redacted(self, mask: Any) -> "StackText":
        """The same after ``mask``, without the margins in which half a secret may stand."""
        if not self.left_out:
            return StackText(mask(self.head))
        head, tail = mask(self.head), mask(self.tail)
        head = head[: max(0, min(STACK_HEAD_CHARS, len(head) - MARGIN_CHARS))]
        tail = tail[MARGIN_CHARS:][-STACK_TAIL_CHARS:]
        return StackText(head, tail, self.left_out)


def stack_text(error: BaseException) -> StackText:
    """The traceback's text; a class that cannot even be printed leaves its name."""
    try:
        told = traceback.TracebackException.from_exception(error, limit=-_FRAMES)
        text = "".join(told.format())
    except Exception as failure:  # noqa: BLE001 - an exception's own code may raise anything
        text = f"{type(error).__name__}: <could not be shown: {type(failure).__name__}>"
    return bounded_stack(text)


def bounded_stack(text: str) -> StackText:
    """A traceback's text cut in the middle when it is long; fit for UTF-8."""
    text = plain_text("stack_trace", text, len(text), [])
    left_out = len(text) - STACK_HEAD_CHARS - STACK_TAIL_CHARS
    if left_out <= 0:
        return StackText(text)
    head, tail = STACK_HEAD_CHARS + MARGIN_CHARS, STACK_TAIL_CHARS + MARGIN_CHARS
    return StackText(text[:head], text[-tail:], left_out)


def error_of(exc_info: Any) -> BaseException | None:
    """The exception in any form that logging accepts for ``exc_info``."""
    if isinstance(exc_info, BaseException):
        return exc_info
    if isinstance(exc_info, tuple) and len(exc_info) > 1:
        return exc_info[1] if isinstance(exc_info[1], BaseException) else None
    return None


def mark_recorded(error: BaseException) -> None:
    """Say that ``error`` has its log line, so that the server's own report is left out.

    The mark hangs on the exception and names the request: an exception object that is
    raised again (a shared future's, a prepared one) is news in another request.

    >>> error = ValueError("seen")
    >>> mark_recorded(error)
    >>> was_recorded(error), was_recorded(ExceptionGroup("all", [error]))
    (True, True)
    """
    context = current()
    error.__dict__[_RECORDED] = "" if context is None else context.request_id


def was_recorded(error: BaseException | None) -> bool:
    """Whether ``error`` (of a group: each member) has its log line, of this request.

    Outside of a request, where servers report, any request's line will do.
    """
    context = current()
    return error is not None and _recorded(error, "" if context is None else context.request_id, 0)


def _recorded(error: BaseException, request_id: str, depth: int) -> bool:
    mark = error.__dict__.get(_RECORDED)
    if mark is not None and (not mark or not request_id or mark == request_id):
        return True
    if isinstance(error, BaseExceptionGroup) and depth < _NESTED_GROUPS:
        return all(_recorded(one, request_id, depth + 1) for one in error.exceptions)
    return False
