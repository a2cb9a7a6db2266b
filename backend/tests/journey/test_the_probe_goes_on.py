"""The process that walks again and again: one walk at a time, until it is told to stop."""

import random
import signal
import time

import httpx
import pytest
from journey.conftest import assert_discreet, requests_of
from real.programs import free_port

from app.journey.probe import JITTER, Probe, Rounds
from app.journey.settings import ProbeSettings
from tocsin.clock import SystemClock

pytestmark = [pytest.mark.servers, pytest.mark.xdist_group("journey")]

ENDS_WITHIN_S = 8.0


def wait_for(probe, beginning: str) -> None:
    """Read what it tells the person until a line begins so."""
    while not (line := probe.stderr.readline()).startswith(beginning):
        assert line, "it ended before"


def ended(probe) -> tuple[int, float]:
    """Told to stop: its exit status, and how long it took."""
    began = time.monotonic()
    probe.send_signal(signal.SIGTERM)
    return probe.wait(20), time.monotonic() - began


def test_again_and_again_until_it_is_told_to_stop(journey, service):
    """Several walks in one process, which answers for its own health; SIGTERM is a success."""
    port = free_port()
    with journey.going(service.base_url, "--every", "1", HEALTH_PORT=str(port)) as probe:
        for _ in range(2):
            wait_for(probe, "lesson   well")
        health = [
            httpx.get(f"http://127.0.0.1:{port}{path}").status_code
            for path in ("/health", "/health/ready")
        ]
        status, took_s = ended(probe)

    assert health == [200, 200]
    assert status == 0
    assert took_s < ENDS_WITHIN_S
    assert_discreet(journey.stdout())


def test_told_to_stop_in_the_middle_it_leaves_nothing_behind(journey, without_worker):
    """The walk is neither well nor ill, its question is taken back, its session is ended."""
    with journey.going(without_worker.base_url) as probe:
        wait_for(probe, "ask      well")
        status, took_s = ended(probe)

    assert status == 1  # it was to walk once, and nothing is known
    assert took_s < ENDS_WITHIN_S
    assert '"lesson"' not in journey.stdout()
    assert [one["status"] for one in requests_of(without_worker)] == ["cancelled"]
    assert any("/auth/logout" in str(one.get("httpRequest")) for one in without_worker.log_lines)


def test_a_port_that_is_taken_is_one_line(journey, service):
    """Which setting, and why."""
    done = journey.gone(service.base_url, HEALTH_PORT=str(service.port))

    assert done.returncode == 2
    assert done.stderr.startswith("vividly: HEALTH_PORT: cannot be listened on")


async def test_walks_of_many_probes_drift_apart(service):
    """Begun together, two do not knock together: the first pause and the others are drawn."""
    settings = ProbeSettings(
        environment="test", journey_email="p@vividly.example", journey_password="x"
    )
    rounds = Rounds(url=service.base_url, every_s=100.0)

    pauses = []
    for seed in (1, 2):
        probe = Probe(
            settings,
            rounds,
            clock=SystemClock(),
            chance=random.Random(seed),  # noqa: S311 - no secret
            say=lambda _taken: None,
        )
        pauses.append([probe.first_pause_s(), probe.pause_s(walked_s=20.0)])

    assert pauses[0] != pauses[1]
    for first_s, next_s in pauses:
        assert 0 <= first_s <= JITTER * 100
        assert 100 * (1 - JITTER) - 20 <= next_s <= 100 * (1 + JITTER) - 20
