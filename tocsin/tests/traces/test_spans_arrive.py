"""Spans of requests and jobs arrive in Cloud Trace's stand-in, by OTLP and a courier's queue."""

import pytest
from monitored import PROJECT, Shop, type_of
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from traces.traced import PARENT, SAMPLED, TRACE, Service, hex_id

from tocsin.clock import SystemClock
from tocsin.rehearsal.cloud.running import RunningCloud
from tocsin.telemetry.delivery.bounded_queue import BoundedQueue
from tocsin.telemetry.exporters.otlp import OtlpEndpoint
from tocsin.telemetry.exporters.otlp.spans import SpanCarrier
from tocsin.telemetry.traces import current_traceparent, span


@pytest.mark.servers
async def test_a_trace_across_request_queue_and_worker_arrives_whole():
    """Request, the job that it asked for, and the job's stages are one tree at the other end."""
    stored = []

    async def ask(request):
        stored.append(current_traceparent())
        return PlainTextResponse("ok")

    with RunningCloud() as cloud, Service([Route("/ask", ask)], google_project="shop") as service:
        queue = BoundedQueue(max_items=100, max_bytes=1 << 20)
        service.spans.tracing.put = queue.put
        endpoint = OtlpEndpoint.of(f"http://{cloud.grpc_address}")
        otlp = SpanCarrier(endpoint, lambda: {"gcp.project_id": "shop"})
        carrier = service.spans.tracing.carrier(otlp)

        await service.get("/ask", SAMPLED)
        with (
            service.captured.telemetry.job(
                correlation_id="lesson-42", name="lesson", parent=stored[0]
            ),
            span("pipeline.script", attempt=1),
        ):
            pass
        receipt = carrier.carry(queue.take(100, 1 << 20), timeout_s=30.0)
        otlp.close()
        with cloud.world.lock:
            kept = {one.name: one for one in cloud.traces.spans(TRACE)}
            breaches = dict(cloud.world.rules.breaches)

    assert receipt.delivered == 3
    assert set(kept) == {"GET /ask", "lesson", "pipeline.script"}
    assert kept["GET /ask"].parent_id == PARENT
    assert kept["lesson"].parent_id == kept["GET /ask"].span_id
    assert kept["pipeline.script"].parent_id == kept["lesson"].span_id
    assert kept["GET /ask"].attributes["http.response.status_code"] == 200
    assert breaches == {}


@pytest.mark.servers
async def test_a_failed_requests_event_and_status_arrive():
    """The exception's event is there once, with the status that marks the span as failed."""

    async def broken(request):
        raise RuntimeError("the engine of ada@school.example is broken")

    with RunningCloud() as cloud, Service([Route("/broken", broken)]) as service:
        otlp = SpanCarrier(
            OtlpEndpoint.of(f"http://{cloud.grpc_address}"), lambda: {"gcp.project_id": "shop"}
        )

        await service.get("/broken", SAMPLED)
        receipt = service.spans.tracing.carrier(otlp).carry(service.spans.raw, timeout_s=30.0)
        otlp.close()
        with cloud.world.lock:
            (kept,) = cloud.traces.spans(TRACE)

    assert receipt.delivered == 1
    assert kept.span_id == hex_id(service.spans.only().context.span_id, 16)
    assert len(kept.events) == 1
    assert "ada@" not in repr(kept)


@pytest.mark.servers
def test_an_exemplar_arrives_with_the_span_it_was_measured_in():
    """Google's rules for exemplars hold, and the distribution leads to the job's span."""
    clock = SystemClock()
    with RunningCloud(clock=clock) as cloud, Service([]) as service:
        shop = Shop(cloud, clock=clock)
        wait = shop.client.histogram("wait_seconds", "Waits.", buckets=(0.1, 0.5))

        with service.captured.telemetry.job(
            correlation_id="lesson-42", name="lesson", parent=SAMPLED["traceparent"]
        ):
            for seconds in (0.7, 0.3, 0.05):
                wait.observe(seconds)
        shop.round()
        shop.courier.stop()
        with cloud.world.lock:
            (series,) = cloud.monitoring.series(type_of("wait_seconds"))
            breaches = dict(cloud.world.rules.breaches)

    exemplars = series.points[-1].value.exemplars
    span_name = f"projects/{PROJECT}/traces/{TRACE}/spans/" + hex_id(
        service.spans.only().context.span_id, 16
    )
    assert [one.value for one in exemplars] == [0.05, 0.3, 0.7]
    assert all(span_name.encode() in one.attachments[0].value for one in exemplars)
    assert breaches == {}
