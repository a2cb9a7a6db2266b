"""From a slow bucket to a trace: the last measurement of each, of sampled requests alone."""

import os

import pytest
from google.cloud.monitoring_v3.types.span_context import SpanContext
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from traces.traced import PARENT, SAMPLED, TRACE, UNSAMPLED, Service, hex_id

from tocsin.telemetry.delivery.readings import Readings
from tocsin.telemetry.exporters.cloud_monitoring.lines import Line
from tocsin.telemetry.exporters.otlp.points import Stamped, metrics_of
from tocsin.telemetry.http_metrics import DURATION_BUCKETS_S

ROUTES = [Route("/", lambda request: PlainTextResponse("ok"))]
RESOURCE = {"project_id": "shop-project", "location": "global"}


@pytest.fixture
def service():
    with Service(ROUTES, trace_ratio=0.0) as made:
        yield made


def _in_child(holds):
    child = os.fork()
    if child == 0:
        os._exit(0 if holds() else 1)
    return os.waitpid(child, 0)[1]


def _duration(service, readings):
    name = service.captured.http.duration.name
    found = [one for one in readings.take() if one.name == name and sum(one.cells)]
    return found[0] if found else None


async def test_a_sampled_request_is_an_example_of_its_bucket(service):
    """The histogram's reading names the request's span and what it measured."""
    await service.get("/", SAMPLED)

    (exemplar,) = _duration(service, Readings(service.captured.metrics)).exemplars
    span = service.spans.only()
    assert exemplar.trace_id == TRACE
    assert exemplar.span_id == hex_id(span.context.span_id, 16)
    assert exemplar.value == pytest.approx((span.end_time - span.start_time) / 1e9)


async def test_an_unsampled_request_is_no_example(service):
    """It is counted like any other, and keeps nothing."""
    await service.get("/", UNSAMPLED)

    reading = _duration(service, Readings(service.captured.metrics))
    assert sum(reading.cells[1:]) == 1
    assert reading.exemplars == ()


async def test_exemplars_are_bounded_by_the_buckets(service):
    """Two hundred sampled requests leave at most one exemplar per bucket, by rising value."""
    for _ in range(200):
        await service.get("/", SAMPLED)

    exemplars = _duration(service, Readings(service.captured.metrics)).exemplars
    values = [one.value for one in exemplars]
    assert 1 <= len(exemplars) <= len(DURATION_BUCKETS_S) + 1
    assert values == sorted(values)


async def test_each_exporter_is_told_once(service):
    """An exemplar goes out with the next reading of each exporter, and not with later ones."""
    first, second = (Readings(service.captured.metrics) for _ in range(2))
    await service.get("/", SAMPLED)

    told = [len(_duration(service, one).exemplars) for one in (first, first, second, second)]

    assert told == [1, 0, 1, 0]


def test_what_a_job_measures_is_an_example_too(service):
    """A histogram of the service's own, observed within a sampled job, names the job's span."""
    histogram = service.captured.metrics.histogram(
        "stage_duration_seconds", "Time in a stage.", buckets=(1.0, 10.0)
    )
    with service.captured.telemetry.job(
        correlation_id="lesson-42", name="render", parent=f"00-{TRACE}-{PARENT}-01"
    ):
        histogram.observe(3.0)

    readings = Readings(service.captured.metrics).take()
    (exemplar,) = next(one for one in readings if one.name == histogram.name).exemplars
    job = service.spans.named("render")
    assert (exemplar.value, exemplar.span_id) == (3.0, hex_id(job.context.span_id, 16))


async def test_cloud_monitoring_is_given_the_spans_name(service):
    """The exemplar of a distribution bears the span as an attachment that Google can follow."""
    await service.get("/", SAMPLED)
    reading = _duration(service, Readings(service.captured.metrics))
    line = Line(reading, "custom.googleapis.com/shop/x", RESOURCE)

    line.take(reading, now_ns=2_000_000_000_000)
    message = line.dated(2_000_000_000_000)

    (exemplar,) = message.points[0].value.distribution_value.exemplars
    span = SpanContext.pb(SpanContext())
    assert exemplar.attachments[0].Unpack(span)
    span_id = hex_id(service.spans.only().context.span_id, 16)
    assert span.span_name == f"projects/shop-project/traces/{TRACE}/spans/{span_id}"
    assert exemplar.value == reading.exemplars[0].value


async def test_otlp_is_given_the_ids(service):
    """The histogram's point has the exemplar with both ids as bytes."""
    await service.get("/", SAMPLED)
    reading = _duration(service, Readings(service.captured.metrics))

    (metric,) = metrics_of([Stamped(reading, 1, 2)])

    (exemplar,) = metric.histogram.data_points[0].exemplars
    assert exemplar.trace_id.hex() == TRACE
    assert exemplar.span_id.hex() == hex_id(service.spans.only().context.span_id, 16)


@pytest.mark.fresh_process
@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is nothing to fork")
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")
async def test_a_forked_child_does_not_repeat_its_parents_exemplars(service):
    """What was measured before the fork is the parent's to tell (behaviour 2)."""
    await service.get("/", SAMPLED)
    histogram = service.captured.http.duration.series_of(("GET", "/"))

    status = _in_child(lambda: histogram.exemplars is None)

    assert os.waitstatus_to_exitcode(status) == 0
    assert _duration(service, Readings(service.captured.metrics)).exemplars
