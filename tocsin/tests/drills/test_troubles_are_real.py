"""The proxy's troubles, the callers and the uptime check, against a small server."""

import itertools
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tocsin.errors import DeclarationError
from tocsin.rehearsal.cloud.running import RunningCloud
from tocsin.rehearsal.drills.callers import Crowd, request
from tocsin.rehearsal.drills.proxy import TroubledProxy
from tocsin.rehearsal.uptime.check import UptimeCheck
from tocsin.rehearsal.uptime.prober import Prober
from tocsin.rehearsal.uptime.written import CHECK_PASSED, Written

CHECK = UptimeCheck(check_id="health-1", path="/health", contains='"alive"', timeout_s=1.0)


class Answering(ThreadingHTTPServer):
    """Answers what it is told to, and remembers who asked."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.body, self.status, self.after_s = b'{"status":"alive"}', 200, 0.0
        self.callers: set[str] = set()

    def handle_error(self, *_: object) -> None:
        """A caller who hung up is part of the test."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.server.callers.add(self.client_address[0])
        time.sleep(self.server.after_s)
        self.send_response(self.server.status)
        self.send_header("content-length", str(len(self.server.body)))
        self.end_headers()
        self.wfile.write(self.server.body)

    def log_message(self, *_: object) -> None:
        return


@pytest.fixture
def server() -> Iterator[Answering]:
    """It answers well until it is told otherwise."""
    with Answering() as answering:
        thread = threading.Thread(target=answering.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        yield answering
        answering.shutdown()
        thread.join()


def until(holds) -> None:
    """Look often until it holds."""
    end = time.monotonic() + 10
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_callers_come_from_addresses_of_their_own(server):
    """A limit per client sees as many clients as there are."""
    with Crowd(server.url) as crowd:
        for number in (1, 2):
            asked = itertools.repeat(request("GET", "/health"), 3)
            crowd.come(f"127.9.0.{number}", asked)
        until(lambda: crowd.statuses[200] == 6)

    assert server.callers == {"127.9.0.1", "127.9.0.2"}


def test_a_troubled_network_delays_refuses_and_recovers(server):
    """What the proxy does to a connection is what a network does to it."""
    asked = request("GET", "/health")
    with (
        TroubledProxy("127.0.0.1", server.server_port) as proxy,
        Crowd(f"http://127.0.0.1:{proxy.port}") as crowd,
    ):
        well = crowd.ask("127.0.0.1", asked)[0]
        proxy.delay(0.3)
        began = time.monotonic()
        late = crowd.ask("127.0.0.1", asked)[0]
        took_s = time.monotonic() - began
        proxy.refuse()
        with pytest.raises((ConnectionError, EOFError)):
            crowd.ask("127.0.0.1", asked)
        proxy.pass_on()
        again = crowd.ask("127.0.0.1", asked)[0]

    assert (well, late, again) == (200, 200, 200)
    assert took_s >= 0.3


@pytest.mark.parametrize(
    ("change", "passed"),
    [
        ({}, True),
        ({"body": b'{"status":"dead"}'}, False),
        ({"status": 503}, False),
        ({"status": 302}, False),
        ({"after_s": 1.5}, False),
    ],
)
def test_an_uptime_check_passes_for_a_good_answer_only(server, change, passed):
    """Status, content and time are looked at, as Google's checks do (R093)."""
    for name, value in change.items():
        setattr(server, name, value)

    probed = Prober(CHECK, url=server.url, tell=print).ask("usa-iowa")

    assert probed.passed is passed


def test_every_location_writes_its_own_series(server):
    """One location that lost its way is one series of several, and does not speak for all."""
    check = UptimeCheck(check_id="health-1", path="/health", contains="alive", every_s=0.1)
    cloud = RunningCloud()
    written = Written(
        cloud.world, cloud.monitoring, project="demo", check_id="health-1", host="demo.example"
    )
    with Prober(check, url=server.url, tell=written) as prober:
        prober.cut.add("eur-belgium")
        until(lambda: len(cloud.monitoring.series(CHECK_PASSED)) == len(check.locations))

    found = {
        one.metric_labels["checker_location"]: one.points[-1].value
        for one in cloud.monitoring.series(CHECK_PASSED)
    }
    assert found.pop("eur-belgium") is False
    assert set(found.values()) == {True}


def test_a_check_from_too_few_places_cannot_be_declared():
    """Google takes no check from fewer than three locations."""
    with pytest.raises(DeclarationError, match="at least"):
        UptimeCheck(check_id="health-1", locations=("usa-iowa", "eur-belgium"))
