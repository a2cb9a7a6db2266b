"""A development run has a small Google Cloud beside it, and survives the loss of it."""

import re
import signal

import httpx
import psutil
import pytest
from cloud_desk import ask, until
from real.service import Service, StartService

pytestmark = pytest.mark.servers

ROUTE = "/api/v1/auth/me"
IN_DEVELOPMENT = {
    "ENVIRONMENT": "development",
    "REHEARSAL_CLOUD": "on",
    "EMBEDDED_WORKER": "false",
}


@pytest.fixture
def run(running_service: StartService):
    """Start the service as a newcomer does, and wait for its banner."""

    def start(**env: str) -> Service:
        service = running_service("run", env=IN_DEVELOPMENT | env, wait=False)
        service.wait_until(lambda: "Ctrl-C" in service.notices)
        return service

    return start


def page_of(service: Service) -> str:
    """The address that the banner tells."""
    (address,) = re.findall(r"Cloud +(http://[^ ]+/) ", service.notices)
    return address


def cloud_of(service: Service) -> psutil.Process:
    """The cloud's process."""
    (child,) = [
        one
        for one in psutil.Process(service.pid).children()
        if "tocsin.cli" in " ".join(one.cmdline())
    ]
    return child


def answers(address: str) -> bool:
    """Whether somebody serves a page there."""
    try:
        return httpx.get(address, timeout=5.0).is_success
    except httpx.TransportError:
        return False


def test_two_runs_side_by_side_have_a_cloud_each(run):
    """The banner names the page, each run its own, and both end with their service."""
    services = [run(), run()]
    pages = [page_of(one) for one in services]
    clouds = [cloud_of(one) for one in services]
    until(lambda: all(answers(page) for page in pages))
    ask(services[0], 3, ROUTE)

    codes = [one.stop() for one in services]

    assert len(set(pages)) == 2
    assert codes == [0, 0]
    assert not any(one.is_running() for one in clouds)


def test_a_cloud_that_dies_is_one_line_and_the_service_goes_on(run):
    """Its death is told with a way to have it back; requests are answered as before."""
    service = run()
    page = page_of(service)
    until(lambda: answers(page))

    cloud_of(service).send_signal(signal.SIGKILL)
    until(lambda: "the rehearsal cloud has ended" in service.notices)

    assert ask(service, 3, ROUTE) == [401] * 3
    told = [line for line in service.notices.splitlines() if "rehearsal cloud" in line]
    assert len(told) == 1
    assert "REHEARSAL_CLOUD=off" in told[0]


def test_a_killed_run_leaves_no_cloud_behind(run):
    """Even after kill -9 of the service nobody has to look for a process."""
    service = run()
    cloud = cloud_of(service)

    service.send(signal.SIGKILL)
    service.wait()

    until(lambda: not cloud.is_running() or cloud.status() == psutil.STATUS_ZOMBIE)
    assert service.process.returncode == -signal.SIGKILL


def test_a_run_that_is_told_where_to_send_starts_no_cloud(run):
    """A collector of one's own, or REHEARSAL_CLOUD=off, is respected."""
    told = run(EXPORT_METRICS="otlp", OTLP_ENDPOINT="http://127.0.0.1:9")
    without = run(REHEARSAL_CLOUD="off")

    assert "Cloud " not in told.notices + without.notices
    assert psutil.Process(told.pid).children() == psutil.Process(without.pid).children() == []
