"""The page of numbers: true with several processes, and closed to strangers (behaviour 19)."""

import os
import signal
import time

import httpx
import psutil
import pytest
from fastapi import FastAPI
from prometheus_client.parser import text_string_to_metric_families
from real.service import Service, StartService

PAGE = "/metrics"
TOKEN = "a token for those who scrape"


def sum_of(page: str, name: str, **labels: str) -> float:
    """The sum of a metric's samples that carry these labels."""
    return sum(
        sample.value
        for family in text_string_to_metric_families(page)
        for sample in family.samples
        if sample.name == name and labels.items() <= sample.labels.items()
    )


def page_of(service: Service) -> str:
    """The page as this machine sees it."""
    response = httpx.get(f"{service.base_url}{PAGE}", timeout=10.0)
    assert response.status_code == 200
    return response.text


def ask(service: Service, times: int) -> set[str]:
    """So many requests on connections of their own; returns who served them."""
    for _ in range(times):
        # A connection of its own, so that the kernel deals them among the processes.
        assert httpx.get(f"{service.base_url}/api/v1/auth/me").status_code == 401
    lines = [one for one in service.log_lines if "httpRequest" in one]
    return {one["logging.googleapis.com/labels"].get("process", "") for one in lines}


@pytest.mark.parametrize("how", ["run", "gunicorn"])
def test_the_page_of_several_processes_equals_the_requests_sent(
    running_service: StartService, tmp_path, how
):
    """Whichever process answers the scrape, it speaks for all (behaviour 19)."""
    folder = tmp_path / "numbers"
    folder.mkdir()
    service = running_service(how, workers=2, env={"PROMETHEUS_MULTIPROC_DIR": str(folder)})

    ask(service, 60)
    pages = [page_of(service) for _ in range(5)]

    served = {"endpoint": "/api/v1/auth/me", "status_code": "401"}
    assert [sum_of(page, "vividly_http_request_total", **served) for page in pages] == [60] * 5
    counted = [
        sum_of(page, "vividly_http_request_duration_seconds_count", endpoint="/api/v1/auth/me")
        for page in pages
    ]
    assert counted == [60] * 5


def test_a_process_that_died_keeps_its_counts_and_is_not_live(running_service: StartService):
    """What it counted has happened; what it was doing, it does no more (behaviour 19)."""
    service = running_service("run", workers=2)
    ask(service, 40)
    before = page_of(service)
    (victim, _) = children_of(service.pid)

    os.kill(victim, signal.SIGKILL)
    service.wait_until(lambda: victim not in children_of(service.pid))
    service.wait_until(lambda: len(children_of(service.pid)) == 2 and service.is_ready())
    time.sleep(1.0)
    after = page_of(service)

    served = {"endpoint": "/api/v1/auth/me"}
    assert sum_of(before, "vividly_http_request_total", **served) == 40
    assert sum_of(after, "vividly_http_request_total", **served) == 40
    assert sum_of(after, "vividly_http_requests_in_flight") <= 1


def children_of(pid: int) -> list[int]:
    """The API processes below a supervisor."""
    found = psutil.Process(pid).children()
    return [one.pid for one in found if one.status() != psutil.STATUS_ZOMBIE and _serves(one)]


def _serves(process: psutil.Process) -> bool:
    return "spawn_main" in " ".join(process.cmdline())


async def scrape(app: FastAPI, peer: str | None = "127.0.0.1", **headers: str) -> httpx.Response:
    """Ask for the page as somebody at ``peer``."""
    address = (peer, 40000) if peer else None
    transport = httpx.ASGITransport(app=app, client=address)  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport, base_url="http://vividly") as client:
        sent = {name.replace("_", "-"): value.encode("latin-1") for name, value in headers.items()}
        return await client.get(PAGE, headers=sent)


@pytest.mark.parametrize("peer", ["127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1"])
async def test_this_machine_may_read_the_page(app: FastAPI, peer: str):
    """A scraper beside the process needs no token."""
    response = await scrape(app, peer)

    assert response.status_code == 200
    assert response.headers["content-type"].startswith("text/plain; version=")
    assert "vividly_http_request_total" in response.text


@pytest.mark.parametrize(
    "peer", ["192.0.2.7", "10.0.0.1", "2001:db8::1", "::ffff:192.0.2.7", "localhost", None]
)
async def test_another_machine_may_not(app: FastAPI, peer: str | None):
    """Without a token the page is for this machine alone (D72)."""
    response = await scrape(app, peer)

    assert response.status_code == 403
    assert response.json()["type"] == "urn:vividly:problem:metrics-closed"


@pytest.mark.parametrize("header", ["x_forwarded_for", "forwarded", "x_real_ip"])
async def test_what_came_through_a_proxy_is_not_of_this_machine(app: FastAPI, header: str):
    """A proxy on this machine brings the whole world in from 127.0.0.1."""
    response = await scrape(app, **{header: "127.0.0.1"})

    assert response.status_code == 403


class TestBehindProxies:
    """With trusted proxies every caller comes from an address of ours."""

    @pytest.fixture
    def settings(self, settings_with):
        """One proxy in front, no token."""
        return settings_with(trusted_proxies=1)

    async def test_the_page_is_closed_to_all_without_a_token(self, app: FastAPI):
        """«From this machine» would mean «from anywhere»."""
        response = await scrape(app)

        assert response.status_code == 403


class TestWithAToken:
    """METRICS_TOKEN is set: the token opens, and nothing else does."""

    @pytest.fixture
    def settings(self, settings_with):
        """A token and a proxy."""
        return settings_with(metrics_token=TOKEN, trusted_proxies=1)

    @pytest.mark.parametrize("scheme", ["Bearer", "bearer"])
    async def test_whoever_shows_it_may_read_from_anywhere(self, app: FastAPI, scheme: str):
        """The scraper of a cloud has no address of ours."""
        response = await scrape(app, "192.0.2.7", authorization=f"{scheme} {TOKEN}")

        assert response.status_code == 200

    @pytest.mark.parametrize(
        "shown",
        ["", "Bearer", "Bearer wrong", f"Basic {TOKEN}", f"Bearer {TOKEN}x", "Bearer t\xf6ken"],
    )
    async def test_whoever_does_not_is_asked_for_it(self, app: FastAPI, shown: str):
        """Not even this machine is excepted: one rule at a time."""
        response = await scrape(app, authorization=shown)

        assert response.status_code == 401
        assert response.headers["www-authenticate"] == 'Bearer realm="metrics"'
        assert TOKEN not in response.text
