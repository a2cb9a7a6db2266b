"""Every line reaches Cloud Logging's API once, in the shape that the agent would give it."""

import os
import time

import pytest
from exporters_of_lines import PROJECT, Leaving, captured, endpoint_of, quickly, writer
from fastapi import FastAPI
from google.cloud.logging_v2.services.logging_service_v2 import LoggingServiceV2Client
from google.cloud.logging_v2.services.logging_service_v2.transports import (
    LoggingServiceV2GrpcTransport,
)
from google.protobuf.json_format import MessageToDict
from wire import ask

from tocsin.clock import SystemClock
from tocsin.rehearsal.cloud.logs import Logs
from tocsin.rehearsal.cloud.running import RunningCloud
from tocsin.rehearsal.cloud.world import World
from tocsin.telemetry.delivery import BoundedQueue
from tocsin.telemetry.exporters.cloud_logging import LogLines, log_courier
from tocsin.telemetry.exporters.cloud_logging.carrier import resource_of
from tocsin.telemetry.exporters.cloud_logging.entries import ENTRY_BYTES, entry_of
from tocsin.telemetry.logs import get_logger
from tocsin.telemetry.testing import parse_lines

NAME = "log_lines"
log = get_logger("shop.cart")


@pytest.fixture
def cloud():
    with RunningCloud() as running:
        yield running


def _app() -> FastAPI:
    app = FastAPI(openapi_url=None)

    @app.get("/carts/{number}")
    async def cart(number: int) -> int:
        log.info("cart_opened", number=number)
        return number

    @app.get("/raises")
    async def raises() -> None:
        raise LookupError("the cart is empty")

    return app


def _courier(cloud, **options):
    options.setdefault("backoff", quickly())
    return log_courier(endpoint_of(cloud), writer(), log_id="shop", environ={}, **options)


def _as_the_agent_would(telemetry) -> list:
    logs = Logs(World())
    for line in telemetry.stream.getvalue().splitlines(keepends=True):
        logs.take_line(line, project=PROJECT)
    return logs.entries()


def _shown(entry) -> dict:
    request = entry.http_request
    return {
        "time": entry.timestamp.ToNanoseconds(),
        "severity": entry.severity,
        "payload": sorted(MessageToDict(entry.json_payload).items()),
        "labels": sorted(entry.labels.items()),
        "trace": (entry.trace, entry.span_id, entry.trace_sampled),
        "request": request,
        "source": entry.source_location,
    }


def _numbers(entries) -> list[int]:
    """Of the application's own lines; that an export failed is a line as well."""
    own = [one for one in entries if one.json_payload["message"] == "cart_opened"]
    return [int(one.json_payload["number"]) for one in own]


def _listed(cloud) -> list:
    transport = endpoint_of(cloud).transport(LoggingServiceV2GrpcTransport)
    client = LoggingServiceV2Client(transport=transport)
    request = {"resource_names": [f"projects/{PROJECT}"], "page_size": 1000}
    return list(client.list_log_entries(request=request))


@pytest.mark.servers
async def test_every_line_arrives_as_the_agent_would_have_made_it(cloud):
    """Access lines, lines of the application, tracebacks: the same entries, in order."""
    app = _app()
    with captured(app) as telemetry:
        courier, lines = _courier(cloud)
        telemetry.telemetry.logs.send_also(lines)
        with Leaving(telemetry, [courier]) as leaving:
            for number in range(40):
                await ask(app, "GET", f"/carts/{number}", headers={"User-Agent": "curl/8"})
            await ask(app, "GET", "/raises")

    theirs, ours = _as_the_agent_would(telemetry), cloud.logs.entries()
    assert len(ours) == 82
    assert sorted(map(str, map(_shown, ours))) == sorted(map(str, map(_shown, theirs)))
    assert [one.timestamp.ToNanoseconds() for one in ours if one.json_payload["message"]] == [
        one.timestamp.ToNanoseconds() for one in theirs
    ]
    assert len({entry.insert_id for entry in ours}) == 82
    assert ours[0].log_name == f"projects/{PROJECT}/logs/shop"
    assert ours[0].resource.type == "generic_task"
    assert ours[0].resource.labels["job"] == "shop"
    assert leaving.items(NAME, "delivered") == 82
    assert cloud.errors.groups()[0].count == 1
    assert cloud.world.rules.breaches == {}


@pytest.mark.servers
@pytest.mark.parametrize("kind", ["unavailable", "deadline_exceeded", "internal", "reset"])
def test_a_call_that_goes_wrong_is_made_again(cloud, kind):
    """Retried by the cause, in order, until it is taken (behaviour 5)."""
    with captured() as telemetry:
        courier, lines = _courier(cloud)
        telemetry.telemetry.logs.send_also(lines)
        with (
            Leaving(telemetry, [courier]) as leaving,
            cloud.faults.ask(kind, on="WriteLogEntries", times=2) as fault,
        ):
            for number in range(10):
                log.info("cart_opened", number=number)
            leaving.flush()

    assert fault.happened == 2
    numbers = _numbers(cloud.logs.entries())
    assert numbers == list(range(10))


@pytest.mark.servers
def test_a_write_that_is_made_twice_duplicates_no_line(cloud):
    """The answer is lost, the batch is sent again with the same insert ids (behaviour 5)."""
    with captured() as telemetry:
        courier, lines = _courier(cloud)
        telemetry.telemetry.logs.send_also(lines)
        with (
            Leaving(telemetry, [courier]) as leaving,
            cloud.faults.ask("lost_answer", on="WriteLogEntries", times=1),
        ):
            for number in range(10):
                log.info("cart_opened", number=number)
            leaving.flush()

    numbers = sorted(_numbers(_listed(cloud)))
    assert numbers == list(range(10))


@pytest.mark.servers
def test_entries_that_are_refused_stop_no_other_and_are_counted_by_reason(cloud):
    """A partial failure is read: what was kept is delivered, the rest refused (behaviour 5)."""
    with captured() as telemetry:
        courier, lines = _courier(cloud)
        telemetry.telemetry.logs.send_also(lines)
        with (
            Leaving(telemetry, [courier]) as leaving,
            cloud.faults.ask("partial_failure", on="WriteLogEntries", times=1),
        ):
            lines([b'{"message":"one"}\n', b'{"message":"two"}\n', b'{"message":"three"}\n'])
            leaving.flush()

    told = [one.json_payload["message"] for one in cloud.logs.entries("shop")]
    kept = len({"one", "two", "three"} & set(told))
    assert 0 < kept < 3
    assert leaving.items(NAME, "delivered") >= kept
    assert leaving.dropped(NAME, "PERMISSION_DENIED") == 3 - kept


@pytest.mark.servers
def test_a_refused_batch_is_counted_and_not_sent_again(cloud):
    """RESOURCE_EXHAUSTED is an answer; the loss is a number with a cause (behaviour 5)."""
    with captured() as telemetry:
        courier, lines = _courier(cloud)
        with (
            Leaving(telemetry, [courier]) as leaving,
            cloud.faults.ask("resource_exhausted", on="WriteLogEntries", times=1) as fault,
        ):
            lines([b'{"message":"one"}\n', b'{"message":"two"}\n'])
            leaving.flush()

    assert fault.happened == 1
    assert leaving.dropped(NAME, "RESOURCE_EXHAUSTED") == 2


@pytest.mark.servers
def test_a_hanging_api_costs_the_logger_nothing_and_bounded_memory(cloud):
    """Lines are recorded, the oldest give way, every loss is counted (behaviour 6)."""
    with captured() as telemetry:
        courier, lines = _courier(cloud, max_lines=100, timeout_s=0.3)
        telemetry.telemetry.logs.send_also(lines)
        leaving = Leaving(telemetry, [courier])
        with leaving, cloud.faults.ask("hang", on="WriteLogEntries") as fault:
            for number in range(1_500):
                log.info("cart_opened", number=number)
            assert leaving.flush(within_s=1.0) is False
            waiting = len(courier.queue)
            fault.lift()

    recorded = len(telemetry.lines("cart_opened"))
    assert recorded == 1_500
    assert waiting <= 100
    assert leaving.dropped(NAME, "queue_full") >= 1_500 - 100 - 100 - 100
    assert max(_numbers(_listed(cloud))) == 1_499


@pytest.mark.servers
def test_lines_may_leave_by_the_api_instead_of_the_stream(cloud):
    """Where nobody reads standard output nothing is written there."""
    with captured() as telemetry:
        courier, lines = _courier(cloud)
        telemetry.telemetry.logs.send_also(lines, instead=True)
        with Leaving(telemetry, [courier]):
            log.info("cart_opened")

    assert telemetry.stream.getvalue() == b""
    assert [one.json_payload["message"] for one in cloud.logs.entries()] == ["cart_opened"]


@pytest.mark.servers
async def test_lines_that_wait_for_company_at_the_end_still_arrive(cloud):
    """The last access lines go where lines went when they were recorded (behaviour 1)."""
    app = _app()
    with captured(app) as telemetry:
        courier, lines = _courier(cloud)
        telemetry.telemetry.logs.send_also(lines)
        with Leaving(telemetry, [courier]):
            for number in range(10):
                await ask(app, "GET", f"/carts/{number}")
            telemetry.telemetry.logs.send_also(None)

    assert len([one for one in cloud.logs.entries() if one.HasField("http_request")]) == 10


@pytest.mark.parametrize(
    "line",
    [
        b'{"severity":"INFO","message":"' + b"a" * 60_000 + b'"}\n',
        b'{"severity":"INFO","message":"m","many":[' + b"1," * 32_000 + b"1]}\n",
        b'{"severity":"INFO","message":"m","deep":' + b"[" * 900 + b"]" * 900 + b"}\n",
        b"no json at all \xff\xfe\n",
        b"[1, 2]\n",
        b'{"severity":"LOUD","time":"yesterday","httpRequest":{"status":"many"}}\n',
        b'{"logging.googleapis.com/labels":7,"logging.googleapis.com/sourceLocation":"x"}\n',
    ],
    ids=["long", "many numbers", "deep", "bytes", "list", "wrong values", "wrong labels"],
)
def test_any_line_is_an_entry_that_google_takes(line):
    """Never over 256 KiB, never refused, whatever was printed (behaviour 5)."""
    logs = Logs(World(clock=SystemClock()))

    entry = entry_of("life-1", line)

    entry.log_name, entry.resource.type = f"projects/{PROJECT}/logs/shop", "global"
    assert entry.ByteSize() <= ENTRY_BYTES
    assert entry.insert_id == "life-1"
    assert logs.store(entry) is None
    assert logs.world.rules.breaches == {}


def test_a_line_keeps_its_own_insert_id():
    """Lines of the pipeline bring one that orders them; access lines are given one."""
    own = entry_of("given", b'{"message":"a","logging.googleapis.com/insertId":"own"}\n')
    given = entry_of("given", b'{"message":"a"}\n')

    assert (own.insert_id, given.insert_id) == ("own", "given")


def test_on_cloud_run_the_resource_is_the_revision():
    """So that the lines stand beside those which Google itself files."""
    task = writer().task()
    environ = {"K_SERVICE": "shop-api", "K_REVISION": "shop-api-00007"}

    kind, labels = resource_of(task, environ)

    assert kind == "cloud_run_revision"
    assert labels == {
        "project_id": PROJECT,
        "location": "europe-west1",
        "service_name": "shop-api",
        "revision_name": "shop-api-00007",
        "configuration_name": "shop-api",
    }


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_workers_lines_have_ids_of_their_own():
    """Parent and child number their lines alike, and never the same."""
    queue = BoundedQueue(max_items=10, max_bytes=1_000)
    lines = LogLines(queue, life="1a-7")

    lines([b"{}\n"])
    (parents,) = queue.take(1, 100)
    lines.renew_in_child()
    lines([b"{}\n"])
    (childs,) = queue.take(1, 100)

    assert parents[0] == "1a-7-0000000001l"
    assert childs[0] == f"1a-7-{os.getpid():x}-0000000001l"


def test_a_full_queue_costs_the_recorder_no_more_than_microseconds():
    """Whoever logs while the exporter hangs pays for an append and a count (behaviour 6)."""
    lost = []
    queue = BoundedQueue(max_items=1_000, max_bytes=100_000, drop="oldest")
    queue.on_dropped = lambda _cause, items: lost.append(items)
    lines = LogLines(queue, life="1a")
    batch = [b'{"message":"cart_opened"}\n'] * 1_000

    rounds_ns = []
    for _ in range(10):
        began_ns = time.thread_time_ns()
        lines(batch)
        rounds_ns.append(time.thread_time_ns() - began_ns)

    assert sum(lost) == 9_000
    assert min(rounds_ns[1:]) / 1_000 < 50_000


def test_lines_that_an_exporter_cannot_take_still_reach_the_stream():
    """Its fault is counted as lost lines and costs the stream none (behaviour 6)."""

    def breaks(_lines) -> None:
        raise MemoryError("no room")

    with captured() as telemetry:
        telemetry.telemetry.logs.send_also(breaks)
        log.info("cart_opened")

    lost = telemetry.metrics.self_metrics.log_lines_dropped
    written = [line["message"] for line in parse_lines(telemetry.stream.getvalue())]
    assert "cart_opened" in written
    assert lost.value(cause="failed") == len(written)
