"""Error Reporting's messages as plain protobuf, and how a group is told in them."""

from typing import Any, Final

from google.cloud.errorreporting_v1beta1 import types
from google.protobuf.json_format import ParseDict

from tocsin.rehearsal.cloud.errors.groups import ErrorGroup, SeenError
from tocsin.rehearsal.cloud.logs.messages import set_ns

ReportErrorEventRequest: Final[Any] = types.ReportErrorEventRequest.pb()
ReportErrorEventResponse: Final[Any] = types.ReportErrorEventResponse.pb()
GetGroupRequest: Final[Any] = types.GetGroupRequest.pb()
UpdateGroupRequest: Final[Any] = types.UpdateGroupRequest.pb()
GroupMessage: Final[Any] = types.ErrorGroup.pb()
ListGroupStatsRequest: Final[Any] = types.ListGroupStatsRequest.pb()
ListGroupStatsResponse: Final[Any] = types.ListGroupStatsResponse.pb()
ListEventsRequest: Final[Any] = types.ListEventsRequest.pb()
ListEventsResponse: Final[Any] = types.ListEventsResponse.pb()
DeleteEventsRequest: Final[Any] = types.DeleteEventsRequest.pb()
DeleteEventsResponse: Final[Any] = types.DeleteEventsResponse.pb()
_GroupStats: Final[Any] = types.ErrorGroupStats.pb()
_Event: Final[Any] = types.ErrorEvent.pb()


def group_message(group: ErrorGroup) -> Any:
    """The group itself."""
    told = GroupMessage(
        name=f"projects/{group.project}/groups/{group.group_id}",
        group_id=group.group_id,
        resolution_status=group.status,
    )
    for url in group.tracking_urls:
        told.tracking_issues.add().url = url
    return told


def stats_message(group: ErrorGroup) -> Any:
    """The group with its counts and its newest event."""
    told = _GroupStats(
        group=group_message(group),
        count=group.count,
        affected_users_count=len(group.users),
        num_affected_services=len(group.services),
    )
    set_ns(told.first_seen_time, group.first_ns)
    set_ns(told.last_seen_time, group.last_ns)
    for service in group.services:
        told.affected_services.add().service = service
    if group.events:
        told.representative.CopyFrom(event_message(group.events[-1]))
    return told


def event_message(event: SeenError) -> Any:
    """One event."""
    told = _Event(message=event.message)
    set_ns(told.event_time, event.time_ns)
    told.service_context.service = event.service
    told.service_context.version = event.version
    told.context.user = event.user
    ParseDict(
        {"httpRequest": dict(event.http), "reportLocation": dict(event.location)},
        told.context,
        ignore_unknown_fields=True,
    )
    return told
