"""Google's own clients against the cloud's Error Reporting."""

import grpc
import pytest
import requests
from google.api_core.exceptions import InvalidArgument, NotFound
from google.auth.credentials import AnonymousCredentials
from google.cloud import error_reporting
from google.cloud import errorreporting_v1beta1 as api
from google.cloud.error_reporting._gapic import _ErrorReportingGapicApi
from google.cloud.errorreporting_v1beta1.services.error_group_service.transports import (
    ErrorGroupServiceGrpcTransport,
)
from google.cloud.errorreporting_v1beta1.services.error_stats_service.transports import (
    ErrorStatsServiceGrpcTransport,
)
from google.cloud.errorreporting_v1beta1.services.report_errors_service.transports import (
    ReportErrorsServiceGrpcTransport,
)

pytestmark = pytest.mark.servers

PROJECT = "projects/school"


@pytest.fixture
def channel(cloud):
    """The way to the cloud."""
    with grpc.insecure_channel(cloud.grpc_address) as opened:
        yield opened


@pytest.fixture
def client(channel):
    """The client that people use."""
    made = error_reporting.Client(
        project="school", credentials=AnonymousCredentials(), service="api", version="3"
    )
    reports = api.ReportErrorsServiceClient(
        transport=ReportErrorsServiceGrpcTransport(channel=channel)
    )
    made._report_errors_api = _ErrorReportingGapicApi(reports, "school")
    return made


@pytest.fixture
def stats(channel):
    """Reads what was reported."""
    return api.ErrorStatsServiceClient(transport=ErrorStatsServiceGrpcTransport(channel=channel))


@pytest.fixture
def group_service(channel):
    """Marks what was reported."""
    return api.ErrorGroupServiceClient(transport=ErrorGroupServiceGrpcTransport(channel=channel))


def report_failure(client, title="fractions", **told):
    try:
        return {}[title]
    except KeyError:
        client.report_exception(**told)
    return None


def test_a_reported_exception_is_one_event_of_one_group(client, cloud):
    """What Google's client reports of an exception arrives once, with all that it tells (D26)."""
    request = error_reporting.HTTPContext(method="GET", url="/lessons", response_status_code=500)
    report_failure(client, http_context=request, user="u-7")
    report_failure(client, "decimals")

    [group] = cloud.errors.groups("school")

    assert (group.kind, group.message) == ("KeyError", "KeyError: 'fractions'")
    assert (group.count, group.services, group.users) == (2, ("api",), ("u-7",))
    assert group.events[0].http["responseStatusCode"] == 500
    assert cloud.world.rules.breaches == {}


def test_a_report_is_a_log_entry_too(client, cloud):
    """Reports are written to the project's log of reported errors."""
    client.report("the paper ran out")

    [entry] = cloud.logs.entries("clouderrorreporting.googleapis.com/reported_errors")
    assert entry.json_payload["message"] == "the paper ran out"
    assert [group.kind for group in cloud.errors.groups()] == [""]


def test_messages_without_a_trace_are_one_by_their_first_words(client, cloud):
    """Errors without a stack trace are grouped by function and the first three literal words."""
    for message in ("lesson 7 was not found", "lesson 9 was not drawn", "no lesson at all"):
        client.report(message)

    counts = {group.message: group.count for group in cloud.errors.groups()}

    assert counts == {"lesson 7 was not found": 2, "no lesson at all": 1}


def test_groups_can_be_read_and_marked(client, stats, group_service):
    """Groups are listed with their counts, can be resolved, and open again when it recurs."""
    report_failure(client)
    [told] = stats.list_group_stats(project_name=PROJECT)
    name = told.group.name
    resolved = group_service.update_group(
        group={"name": name, "resolution_status": api.ResolutionStatus.RESOLVED}
    )
    report_failure(client)

    [again] = stats.list_group_stats(project_name=PROJECT)

    assert (told.count, again.count, again.representative.service_context.service) == (1, 2, "api")
    assert resolved.resolution_status == api.ResolutionStatus.RESOLVED
    assert again.group.resolution_status == api.ResolutionStatus.OPEN
    assert group_service.get_group(group_name=name).group_id == again.group.group_id


def test_events_can_be_read_and_deleted(client, stats, group_service, cloud):
    """A group's events are listed newest first, until they are deleted."""
    report_failure(client, "first")
    report_failure(client, "second")
    [group] = cloud.errors.groups()
    events = list(stats.list_events(request={"project_name": PROJECT, "group_id": group.group_id}))
    stats.delete_events(project_name=PROJECT)

    with pytest.raises(NotFound):
        group_service.get_group(group_name=f"{PROJECT}/groups/{group.group_id}")

    assert [event.message.splitlines()[-1] for event in events] == [
        "KeyError: 'second'",
        "KeyError: 'first'",
    ]
    assert list(stats.list_group_stats(project_name=PROJECT)) == []


def test_an_incomplete_report_is_refused(channel, cloud):
    """A report without a stack trace and without a place is refused, and no event of any group."""
    reports = api.ReportErrorsServiceClient(
        transport=ReportErrorsServiceGrpcTransport(channel=channel)
    )

    with pytest.raises(InvalidArgument, match="stack trace"):
        reports.report_error_event(
            project_name=PROJECT,
            event={"message": "the paper ran out", "service_context": {"service": "api"}},
        )

    assert cloud.errors.groups() == []


def test_a_report_over_rest_is_taken(cloud):
    """The REST form that gcloud uses reports an event too."""
    event = {
        "message": "the paper ran out",
        "serviceContext": {"service": "press"},
        "context": {"reportLocation": {"functionName": "print_page"}},
    }

    answer = requests.post(
        f"{cloud.http_url}/v1beta1/projects/school/events:report", json=event, timeout=30
    )

    assert (answer.status_code, answer.json()) == (200, {})
    assert [group.services for group in cloud.errors.groups()] == [("press",)]
