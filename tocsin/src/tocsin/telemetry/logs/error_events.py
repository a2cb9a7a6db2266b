r"""What makes a line an event of Error Reporting, and what keeps it from being one.

Error Reporting looks into every line for `stack_trace`, `exception` and `message`, in
this order, and makes an event of the one that it finds a traceback in; a payload whose
`@type` says ReportedErrorEvent is one without any traceback
(docs.cloud.google.com/error-reporting/docs/formatting-error-messages; conditions on the
severity are not documented, so none is relied upon). A traceback that must not count once
more therefore stands as a list of lines under ``error_lines``, none of which is one.

Who decides is an :class:`ErrorJudge` (:class:`tocsin.telemetry.errors.ErrorReports`); a
pipeline without one shows every exception as an event, as it is told.

>>> quiet_lines("Traceback (most recent call last):\nKeyError: 1\n")
['Traceback (most recent call last):', 'KeyError: 1']
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol

from tocsin.telemetry.context import RequestContext

if TYPE_CHECKING:
    from tocsin.telemetry.logs.draft import Draft, Happening

REPORTED_EVENT: Final = (
    "type.googleapis.com/google.devtools.clouderrorreporting.v1beta1.ReportedErrorEvent"
)
TYPE: Final = "@type"
STACK: Final = "stack_trace"
CONTEXT: Final = "context"
LINES: Final = "error_lines"
STANDING: Final = "error_event"
REPORTED_AS: Final = "reported_as"
SUPPRESSED_BEFORE: Final = "suppressed_errors"

_AGENT_CHARS: Final = 256


class ErrorRequest(NamedTuple):
    """The request in which something failed; ``route`` is a template, never a URL."""

    method: str
    route: str
    status: int
    user_agent: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What an error is to whoever is told of errors.

    ``standing`` is empty for an event; otherwise it says why it is none: ``handled``,
    ``repeated`` (then ``reported_as`` is the insert id of the line that was the event) or
    ``suppressed`` (a later event will give the number).
    """

    kind: str
    fingerprint: str = ""
    standing: str = ""
    reported_as: str = ""
    suppressed_before: int = 0
    in_line: bool = True
    """Whether the line itself is the event; else it reaches Error Reporting by API."""

    @property
    def is_event(self) -> bool:
        """Whether somebody is told of it."""
        return not self.standing


class ErrorJudge(Protocol):
    """Decides which errors are events, and tells reporters of those."""

    def judge(self, told: "Happening", draft: "Draft", insert_id: str) -> Verdict | None:
        """The verdict on an error; ``None`` where the line speaks of none."""
        ...

    def report(self, verdict: Verdict, entry: Mapping[str, Any], told: "Happening") -> None:
        """Tell of an event, whose entry is finished and redacted."""
        ...


def add_error(
    entry: dict[str, Any],
    draft: "Draft",
    *,
    stack: str,
    verdict: Verdict | None,
    service_context: Mapping[str, str],
    mask: Callable[[str, str], str],
) -> None:
    """Add to ``entry`` what its error is to Error Reporting; ``mask`` redacts a text."""
    if draft.error_type:
        entry["error_type"] = draft.error_type
    if verdict is None:
        entry[STACK] = stack
        entry["serviceContext"] = service_context
        return
    if stack:
        in_line = verdict.is_event and verdict.in_line
        entry[STACK if in_line else LINES] = stack if in_line else quiet_lines(stack)
    if not verdict.is_event:
        entry[STANDING] = verdict.standing
        if verdict.reported_as:
            entry[REPORTED_AS] = verdict.reported_as
        return
    if verdict.suppressed_before:
        entry[SUPPRESSED_BEFORE] = verdict.suppressed_before
    if not verdict.in_line:
        return
    entry["serviceContext"] = service_context
    if not stack:
        entry[TYPE] = REPORTED_EVENT
    location = None if stack else draft.location
    context = error_context(draft.request, draft.context, location, mask)
    if context:
        entry[CONTEXT] = context


def error_context(
    request: ErrorRequest | None,
    served: RequestContext | None,
    location: tuple[str, int, str] | None,
    mask: Callable[[str, str], str],
) -> dict[str, Any]:
    """``ErrorContext`` of clouderrorreporting's common.proto in its JSON form.

    ``location`` is for what has no traceback; ``mask(name, text)`` redacts.
    """
    context: dict[str, Any] = {}
    if request is not None:
        context["httpRequest"] = shown = {
            "method": request.method,
            "url": request.route,
            "responseStatusCode": request.status,
        }
        if request.user_agent:
            shown["userAgent"] = mask("userAgent", request.user_agent[:_AGENT_CHARS])
    if served is not None and served.user:
        context["user"] = served.user
    if location is not None:
        file, line, function = location
        context["reportLocation"] = {
            "filePath": file,
            "lineNumber": line,
            "functionName": function,
        }
    return context


def quiet_lines(stack: str) -> list[str]:
    """A traceback as a list of its lines, which no reader takes for one."""
    return stack.splitlines()
