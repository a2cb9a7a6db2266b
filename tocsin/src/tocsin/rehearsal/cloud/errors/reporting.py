"""``events:report``: what a report must hold, and the log entry that it becomes.

Google writes a report to the project's log ``clouderrorreporting.googleapis.com/
reported_errors``, from which it is captured like any entry; so does this cloud.
"""

import re
from typing import Any, Final

from google.protobuf.json_format import MessageToDict

from tocsin.rehearsal.cloud.errors import rules as r
from tocsin.rehearsal.cloud.errors.capture import REPORTED_TYPE
from tocsin.rehearsal.cloud.errors.stacks import stacks
from tocsin.rehearsal.cloud.logs.messages import LogEntry, ns_of
from tocsin.rehearsal.cloud.logs.vetting import AHEAD_NS, RETENTION_NS, refused
from tocsin.rehearsal.cloud.rulebook import Rulebook

LOG: Final = "clouderrorreporting.googleapis.com%2Freported_errors"
_PROJECT: Final = re.compile(r"projects/[^/]+")
_ERROR: Final = 500


def entry_of_report(request: Any, rules: Rulebook, *, now_ns: int) -> Any:
    """The log entry of one report.

    Raises:
        Refusal: a rule forbids it.
    """
    if rules.broken(r.PROJECT, when=not _PROJECT.fullmatch(request.project_name)):
        raise refused(r.PROJECT, "project_name", request.project_name)
    event = request.event
    _refuse_incomplete(event, rules)
    _refuse_out_of_time(event, rules, now_ns)
    entry = LogEntry(log_name=f"{request.project_name}/logs/{LOG}", severity=_ERROR)
    entry.resource.type = "global"
    if event.HasField("event_time"):
        entry.timestamp.CopyFrom(event.event_time)
    entry.json_payload.update({**MessageToDict(event), "@type": REPORTED_TYPE})
    return entry


def _refuse_incomplete(event: Any, rules: Rulebook) -> None:
    if rules.broken(r.MESSAGE, when=not event.message):
        raise refused(r.MESSAGE, "event.message", "")
    whose = event.service_context
    if rules.broken(r.SERVICE, when=not whose.service):
        raise refused(r.SERVICE, "event.service_context.service", "")
    if rules.broken(r.RESOURCE_TYPE, when=bool(whose.resource_type)):
        raise refused(r.RESOURCE_TYPE, "event.service_context.resource_type", whose.resource_type)
    traced, placed = bool(stacks(event.message)), event.context.HasField("report_location")
    if rules.broken(r.STACK, when=not traced and not placed):
        raise refused(r.STACK, "event.message", "")
    nameless = placed and not event.context.report_location.function_name
    if rules.broken(r.FUNCTION, when=not traced and nameless):
        raise refused(r.FUNCTION, "event.context.report_location.function_name", "")


def _refuse_out_of_time(event: Any, rules: Rulebook, now_ns: int) -> None:
    if not event.HasField("event_time"):
        return
    time_ns, told = ns_of(event.event_time), event.event_time.ToJsonString()
    if rules.broken(r.PAST, when=time_ns < now_ns - RETENTION_NS):
        raise refused(r.PAST, "event.event_time", told)
    if rules.broken(r.FUTURE, when=time_ns > now_ns + AHEAD_NS):
        raise refused(r.FUTURE, "event.event_time", told)
