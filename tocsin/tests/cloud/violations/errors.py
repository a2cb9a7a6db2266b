"""Violations of Error Reporting's rules."""

from cloud.violations.kind import Gives, Refused, Violation
from google.protobuf.json_format import ParseDict

from tocsin.rehearsal.cloud.errors.messages import ReportErrorEventRequest

INVALID = "INVALID_ARGUMENT"
DAY_S = 86_400
TRACE = 'Traceback (most recent call last):\n  File "a.py", line 1, in f\nKeyError: 1\n'


def report(project="projects/demo", *, age_s=None, **changes):
    """A right report of an exception, but for ``changes``; one that is None is left out."""
    event = {"message": TRACE, "serviceContext": {"service": "api"}, **changes}

    def does(desk):
        request = ReportErrorEventRequest(project_name=project)
        given = {name: value for name, value in event.items() if value is not None}
        ParseDict(given, request.event)
        if age_s is not None:
            request.event.event_time.FromNanoseconds(desk.clock.wall_ns() - age_s * 10**9)
        return desk.call("ReportErrorEvent", request)

    return does


def groups_of_an_unreadable_line(desk):
    """An exception as a list of lines, in a field that is meant for text."""
    desk.logs.take_line(
        b'{"severity": "ERROR", "message": "boom", "exception": ["Traceback", "KeyError: 1"]}',
        project="demo",
    )
    return len(desk.errors.groups())


VIOLATIONS = [
    Violation("errors.report.project", report(project="demo"), Refused(INVALID, "project_name")),
    Violation(
        "errors.event.message",
        report(message=None, context={"reportLocation": {"functionName": "f"}}),
        Refused(INVALID, "message"),
    ),
    Violation("errors.event.service", report(serviceContext=None), Refused(INVALID, "service")),
    Violation(
        "errors.event.resource_type",
        report(serviceContext={"service": "api", "resourceType": "gae_app"}),
        Refused(INVALID, "resourceType"),
    ),
    Violation("errors.event.stack", report(message="out of paper"), Refused(INVALID, "stack")),
    Violation(
        "errors.event.function",
        report(message="out of paper", context={"reportLocation": {"filePath": "a.py"}}),
        Refused(INVALID, "functionName"),
    ),
    Violation("errors.event.past", report(age_s=31 * DAY_S), Refused(INVALID, "eventTime")),
    Violation("errors.event.future", report(age_s=-DAY_S - 1), Refused(INVALID, "eventTime")),
    Violation("errors.entry.unreadable", groups_of_an_unreadable_line, Gives(0)),
]
