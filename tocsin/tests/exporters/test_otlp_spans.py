"""Finished spans by OTLP: all of them, as children of their parents, under our own name."""

import pytest
from by_otlp import PROJECT, WHO, endpoint_of, finished_spans

from tocsin.rehearsal.cloud.running import RunningCloud
from tocsin.telemetry.delivery import BoundedQueue, Courier
from tocsin.telemetry.exporters.otlp import SpanCarrier

pytestmark = pytest.mark.servers


@pytest.fixture
def cloud():
    with RunningCloud() as running:
        yield running


@pytest.fixture
def carrier(cloud):
    made = SpanCarrier(endpoint_of(cloud), WHO)
    yield made
    made.close()


def test_every_span_arrives_with_its_parent(cloud, carrier):
    """A trace of six hundred spans goes in three requests and is whole on the other side."""
    spans = finished_spans(600)

    receipt = carrier.carry(spans, timeout_s=60)

    kept = cloud.traces.spans()
    (root,) = [span for span in kept if not span.parent_id]
    assert receipt.delivered == 600
    assert len(kept) == 600
    assert {span.trace_id for span in kept} == {f"{spans[0].context.trace_id:032x}"}
    assert {span.parent_id for span in kept if span is not root} == {root.span_id}
    assert {span.attributes["number"] for span in kept if span is not root} == set(range(599))
    assert cloud.world.rules.breaches == {}


def test_the_writer_is_ours_whatever_the_provider_says(cloud, carrier):
    """Project, service and instance are those of our settings, in the trace and for Google."""
    carrier.carry(finished_spans(1), timeout_s=60)

    (span,) = cloud.traces.spans()

    assert (span.service, span.project) == ("shop", PROJECT)


def test_a_request_without_a_project_is_refused_for_good(cloud):
    """Google's INVALID_ARGUMENT is no reason to try again (behaviour 5)."""
    carrier = SpanCarrier(endpoint_of(cloud), lambda: {"service.name": "shop"})
    queue = BoundedQueue(max_items=100, max_bytes=100_000)
    courier = Courier("spans", carrier, every_s=60, queue=queue)
    for span in finished_spans(3):
        queue.put(span, 100)

    courier.ask_flush(within_s=60)
    courier.turn()

    assert courier.is_flushed
    assert not courier.flush_went_well
    assert cloud.traces.spans() == []
    assert cloud.world.rules.breaches == {"otlp.resource.project": 1}
    carrier.close()


def test_spans_that_wait_are_sent_when_the_collector_is_back(cloud, carrier):
    """What a queue holds during an outage is there once afterwards (behaviour 6)."""
    queue = BoundedQueue(max_items=100, max_bytes=100_000)
    courier = Courier("spans", carrier, every_s=60, queue=queue)
    for span in finished_spans(20):
        queue.put(span, 100)
    with cloud.faults.ask("unavailable", on="Export", times=2) as fault:
        courier.ask_flush(within_s=100)
        while not courier.is_flushed:
            courier.turn()

    kept = cloud.traces.spans()

    assert fault.happened == 2
    assert len(kept) == len({span.span_id for span in kept}) == 20


def test_spans_refused_among_others_are_counted(cloud, carrier):
    """A partial success tells how many were not taken, and they are no success (behaviour 5)."""
    with cloud.faults.ask("partial_failure", on="TraceService/Export", times=1):
        receipt = carrier.carry(finished_spans(9), timeout_s=60)

    assert receipt.delivered == len(cloud.traces.spans()) == 4
    assert receipt.refused == {"partial_success": 5}


def test_a_fault_on_metrics_leaves_spans_alone(cloud, carrier):
    """The three methods that are called Export are told apart by their services."""
    fault = cloud.faults.ask("unavailable", on="MetricsService/Export")

    receipt = carrier.carry(finished_spans(2), timeout_s=60)

    assert receipt.delivered == 2
    assert fault.happened == 0
