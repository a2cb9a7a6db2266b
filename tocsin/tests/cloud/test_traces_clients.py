"""Google's own clients against the cloud's Cloud Trace."""

from datetime import UTC, datetime, timedelta

import grpc
import pytest
import requests
from google.api_core.exceptions import InvalidArgument
from google.cloud.trace_v2 import TraceServiceClient
from google.cloud.trace_v2.services.trace_service.transports import TraceServiceGrpcTransport
from google.cloud.trace_v2.types import Span, TruncatableString
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.trace import Link, SpanKind, Status, StatusCode

pytestmark = pytest.mark.servers

TRACE_ID = "ab" * 16
DEPRECATED = "ignore:CloudTraceSpanExporter is deprecated:DeprecationWarning"


@pytest.fixture
def client(cloud):
    """The generated client, pointed at the cloud."""
    with grpc.insecure_channel(cloud.grpc_address) as channel:
        yield TraceServiceClient(transport=TraceServiceGrpcTransport(channel=channel))


def span(number, *, parent="", name="GET /lessons"):
    begin = datetime.now(UTC)
    return Span(
        name=f"projects/school/traces/{TRACE_ID}/spans/{number:016x}",
        span_id=f"{number:016x}",
        parent_span_id=parent,
        display_name=TruncatableString(value=name),
        start_time=begin,
        end_time=begin + timedelta(milliseconds=5),
        span_kind=Span.SpanKind.SERVER,
    )


def test_a_batch_of_spans_is_kept(client, cloud):
    """Spans that Google's client writes are read back as they were (D05)."""
    client.batch_write_spans(
        name="projects/school", spans=[span(1), span(2, parent=f"{1:016x}", name="script")]
    )

    root, child = cloud.traces.spans(TRACE_ID)

    assert (root.name, root.kind, root.parent_id, root.project) == (
        "GET /lessons",
        "SERVER",
        "",
        "school",
    )
    assert (child.parent_id, child.end_ns - child.start_ns) == (root.span_id, 5_000_000)
    assert cloud.world.rules.breaches == {}


def test_a_single_span_can_be_made(client, cloud):
    """A span can be created by itself, and is answered with itself."""
    made = client.create_span(span(3))

    assert made.span_id == f"{3:016x}"
    assert [one.span_id for one in cloud.traces.spans()] == [f"{3:016x}"]


def test_a_retry_after_a_lost_answer_keeps_each_span_once(client, cloud):
    """A batch whose answer was lost is sent again by the client, and kept once (D05)."""
    with cloud.faults.ask("lost_answer", on="BatchWriteSpans", times=1) as fault:
        client.batch_write_spans(name="projects/school", spans=[span(1), span(2)])

    kept = cloud.traces.spans()

    assert fault.happened == 1
    assert [one.span_id for one in kept] == [f"{1:016x}", f"{2:016x}"]
    assert cloud.world.rules.breaches == {"traces.span.duplicate": 2}


def test_a_batch_over_rest_is_kept(cloud):
    """The REST form of a batch is taken too."""
    begin = datetime.now(UTC).isoformat()
    told = {
        "name": f"projects/school/traces/{TRACE_ID}/spans/{7:016x}",
        "spanId": f"{7:016x}",
        "displayName": {"value": "script"},
        "startTime": begin,
        "endTime": begin,
        "attributes": {"attributeMap": {"words": {"intValue": "7"}}},
    }

    answer = requests.post(
        f"{cloud.http_url}/v2/projects/school/traces:batchWrite", json={"spans": [told]}, timeout=30
    )

    assert (answer.status_code, answer.json()) == (200, {})
    assert [(one.name, one.attributes) for one in cloud.traces.spans()] == [
        ("script", {"words": 7})
    ]


def test_one_malformed_span_keeps_its_batch_out(client, cloud):
    """A batch with a span whose id is all zeros is refused, and nothing of it is kept."""
    with pytest.raises(InvalidArgument, match=r"spans\[1\]"):
        client.batch_write_spans(name="projects/school", spans=[span(1), span(0)])

    assert cloud.traces.spans() == []


@pytest.mark.filterwarnings(DEPRECATED)
@pytest.mark.filterwarnings("ignore:Deprecated since version 1.4.0:DeprecationWarning")
def test_googles_opentelemetry_exporter_can_write_here(client, cloud):
    """Google's own exporter of OpenTelemetry's spans is served, with all they hold (D30)."""
    from opentelemetry.exporter.cloud_trace import CloudTraceSpanExporter  # noqa: PLC0415

    resource = Resource.create({"service.name": "api", "service.instance.id": "1"})
    provider = TracerProvider(resource=resource, shutdown_on_exit=False)
    exporter = CloudTraceSpanExporter(project_id="school", client=client, resource_regex=".*")
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    tracer = provider.get_tracer("test")

    with tracer.start_as_current_span("GET /lessons", kind=SpanKind.SERVER) as root:
        links = [Link(root.get_span_context())]
        with tracer.start_as_current_span("script", links=links) as inner:
            inner.set_attribute("lesson.words", 7)
            inner.add_event("paused", {"why": "rain"})
            inner.set_status(Status(StatusCode.ERROR, "no ink"))
    provider.shutdown()

    script, request = cloud.traces.spans(f"{root.get_span_context().trace_id:032x}")
    assert (request.name, request.kind, script.parent_id) == (
        "GET /lessons",
        "SERVER",
        request.span_id,
    )
    assert (script.attributes["lesson.words"], script.status, script.status_message) == (
        7,
        "ERROR",
        "no ink",
    )
    assert (script.service, script.events[0].name, script.events[0].attributes) == (
        "api",
        "paused",
        {"why": "rain"},
    )
    assert script.links[0].span_id == request.span_id
