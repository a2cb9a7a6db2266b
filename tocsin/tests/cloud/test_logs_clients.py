"""Google's own clients against the cloud's Cloud Logging, over gRPC and over REST."""

from datetime import UTC, datetime, timedelta

import grpc
import pytest
import requests
from google.api_core.exceptions import InvalidArgument, NotFound, PermissionDenied
from google.auth.credentials import AnonymousCredentials
from google.cloud.logging_v2 import Client, Resource
from google.cloud.logging_v2._gapic import _LoggingAPI
from google.cloud.logging_v2.services.logging_service_v2 import LoggingServiceV2Client
from google.cloud.logging_v2.services.logging_service_v2.transports import (
    LoggingServiceV2GrpcTransport,
)
from google.cloud.logging_v2.types import (
    LogEntry,
    WriteLogEntriesPartialErrors,
    WriteLogEntriesRequest,
)
from opentelemetry._logs import SeverityNumber
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import SimpleLogRecordProcessor

pytestmark = pytest.mark.servers

TASK = Resource(type="generic_task", labels={"job": "api"})
NAME = "projects/school/logs/app"
DEPRECATED = "ignore:CloudLoggingExporter is deprecated:DeprecationWarning"


@pytest.fixture
def gapic(cloud):
    """The generated client, pointed at the cloud."""
    with grpc.insecure_channel(cloud.grpc_address) as channel:
        yield LoggingServiceV2Client(transport=LoggingServiceV2GrpcTransport(channel=channel))


@pytest.fixture
def over_grpc(gapic):
    """The client that people use, on gRPC."""
    client = Client(project="school", credentials=AnonymousCredentials())
    client._logging_api = _LoggingAPI(gapic, client)
    return client


@pytest.fixture
def over_rest(cloud):
    """The same on JSON and HTTP."""
    return Client(
        project="school",
        credentials=AnonymousCredentials(),
        client_options={"api_endpoint": cloud.http_url},
        _use_grpc=False,
    )


@pytest.fixture(params=["over_grpc", "over_rest"])
def client(request):
    """Either."""
    return request.getfixturevalue(request.param)


def plain(text="a line", **fields):
    return LogEntry(text_payload=text, log_name=NAME, resource={"type": "global"}, **fields)


def test_what_the_client_writes_it_finds_again(client, cloud):
    """Entries that Google's client writes are kept, and found by a filter (D05)."""
    logger = client.logger("app", resource=TASK)
    logger.log_struct({"message": "lesson_finished", "seconds": 3.5}, severity="NOTICE")
    logger.log_text("nothing happened", severity="DEBUG")

    found = list(client.list_entries(filter_="severity>=INFO AND jsonPayload.seconds>3"))

    assert [entry.payload["message"] for entry in found] == ["lesson_finished"]
    assert "nothing happened" in {one.text_payload for one in cloud.logs.entries("app", "school")}
    assert cloud.world.rules.breaches == {}


def test_pages_follow_one_another(client):
    """A result longer than a page is read to its end, newest first."""
    logger = client.logger("app", resource=TASK)
    begin = datetime.now(UTC)
    for number in range(7):
        logger.log_text(f"line {number}", timestamp=begin + timedelta(seconds=number))

    found = client.list_entries(filter_="textPayload:line", order_by="timestamp desc", page_size=3)

    assert [entry.payload for entry in found] == [f"line {number}" for number in range(6, -1, -1)]


def test_a_log_can_be_deleted_once(client, cloud):
    """A deleted log is empty, and what is not there cannot be deleted."""
    logger = client.logger("run.googleapis.com%2Fstdout", resource=TASK)
    logger.log_text("soon gone")
    logger.delete()

    with pytest.raises(NotFound):
        logger.delete()

    assert cloud.logs.entries() == []


def test_a_retry_after_a_lost_answer_is_found_once(gapic, cloud):
    """A write whose answer was lost is sent again by the client, and kept once (D05)."""
    entry = plain(insert_id="one", timestamp=datetime.now(UTC))

    with cloud.faults.ask("lost_answer", on="WriteLogEntries", times=1) as fault:
        gapic.write_log_entries(WriteLogEntriesRequest(entries=[entry]))

    assert fault.happened == 1
    assert [one.insert_id for one in cloud.logs.entries()] == ["one"]
    assert cloud.world.rules.breaches == {"logs.entry.duplicate": 1}


def test_the_good_entries_of_a_partial_write_are_kept(gapic, cloud):
    """With partial success one bad entry costs no other, and the error names it (D05)."""
    entries = [plain("good"), LogEntry(text_payload="bad", log_name=NAME), plain("good too")]

    with pytest.raises(InvalidArgument) as refused:
        gapic.write_log_entries(WriteLogEntriesRequest(entries=entries, partial_success=True))

    errors = WriteLogEntriesPartialErrors.pb()()
    assert refused.value.grpc_status_code is grpc.StatusCode.INVALID_ARGUMENT
    assert [detail.Unpack(errors) for detail in refused.value.details] == [True]
    assert {index: one.code for index, one in errors.log_entry_errors.items()} == {1: 3}
    assert [one.text_payload for one in cloud.logs.entries()] == ["good", "good too"]


def test_a_fault_can_refuse_a_part(gapic, cloud):
    """The fault of a partial failure refuses some entries for good, and keeps the others (D05)."""
    request = WriteLogEntriesRequest(
        entries=[plain("first"), plain("second")], partial_success=True
    )

    with cloud.faults.ask("partial_failure", on="WriteLogEntries", times=1):  # noqa: SIM117
        with pytest.raises(PermissionDenied):
            gapic.write_log_entries(request)

    assert [one.text_payload for one in cloud.logs.entries()] == ["second"]


def test_a_partial_failure_is_told_over_rest_too(cloud):
    """The REST form of a partial failure names the bad entries in its details."""
    entry = {"logName": NAME, "resource": {"type": "global"}, "textPayload": "good"}

    answer = requests.post(
        f"{cloud.http_url}/v2/entries:write",
        json={"partialSuccess": True, "entries": [entry, {**entry, "logName": "app"}]},
        timeout=30,
    )

    [detail] = answer.json()["error"]["details"]
    assert answer.status_code == 400
    assert {index: one["code"] for index, one in detail["logEntryErrors"].items()} == {"1": 3}
    assert len(cloud.logs.entries()) == 1


def test_two_payloads_in_one_entry_are_refused(cloud):
    """An entry has one payload: text beside JSON is no valid request."""
    entry = {"logName": NAME, "resource": {"type": "global"}, "textPayload": "a", "jsonPayload": {}}

    answer = requests.post(
        f"{cloud.http_url}/v2/entries:write", json={"entries": [entry]}, timeout=30
    )

    assert (answer.status_code, answer.json()["error"]["status"]) == (400, "INVALID_ARGUMENT")
    assert cloud.logs.entries() == []


def test_a_dry_run_keeps_nothing(gapic, cloud):
    """A dry run answers as a write would, also with a refusal, and leaves nothing behind."""
    gapic.write_log_entries(WriteLogEntriesRequest(entries=[plain()], dry_run=True))

    with pytest.raises(InvalidArgument):
        gapic.write_log_entries(
            WriteLogEntriesRequest(entries=[LogEntry(log_name=NAME)], dry_run=True)
        )

    assert cloud.logs.entries() == []


def test_the_request_lends_what_an_entry_lacks(gapic, cloud):
    """Log name, resource and labels of the request fill an entry up, whose own labels win."""
    entries = [LogEntry(text_payload="a line", labels={"own": "1", "both": "entry"})]

    gapic.write_log_entries(
        log_name=NAME,
        resource={"type": "generic_task"},
        labels={"lent": "2", "both": "request"},
        entries=entries,
    )

    [kept] = cloud.logs.entries()
    assert dict(kept.labels) == {"own": "1", "both": "entry", "lent": "2"}
    assert (kept.log_name, kept.resource.type) == (NAME, "generic_task")
    assert kept.insert_id
    assert kept.timestamp == kept.receive_timestamp


def test_logs_are_listed_by_their_names(gapic):
    """The names of logs with entries can be asked for."""
    gapic.write_log_entries(WriteLogEntriesRequest(entries=[plain()]))

    listed = list(gapic.list_logs(parent="projects/school"))

    assert listed == [NAME]
    assert list(gapic.list_logs(parent="projects/elsewhere")) == []


def test_the_kinds_of_resources_are_listed(gapic):
    """The monitored resources that services of ours are can be asked for, with their labels."""
    known = {one.type: one for one in gapic.list_monitored_resource_descriptors(request={})}

    assert {"generic_task", "cloud_run_revision", "global"} <= known.keys()
    assert {"job", "task_id"} <= {label.key for label in known["generic_task"].labels}


@pytest.mark.filterwarnings(DEPRECATED)
def test_googles_opentelemetry_exporter_can_write_here(gapic, cloud):
    """Google's own exporter of OpenTelemetry's log records is served too (D30)."""
    from opentelemetry.exporter.cloud_logging import CloudLoggingExporter  # noqa: PLC0415

    provider = LoggerProvider()
    exporter = CloudLoggingExporter(project_id="school", default_log_name="otel", client=gapic)
    provider.add_log_record_processor(SimpleLogRecordProcessor(exporter))

    provider.get_logger("test").emit(body="lesson_lost", severity_number=SeverityNumber.WARN)
    provider.shutdown()

    [kept] = cloud.logs.entries("otel", "school")
    assert (kept.severity, kept.text_payload) == (400, "lesson_lost")
