"""Under each server that deployments use: what was asked is what arrives, to the last one."""

import signal
import time

import pytest
from cloud_desk import (
    ENDS_WITHIN_S,
    Arrived,
    ask,
    freeze,
    sent_to,
    until,
    workers_of,
)
from real.service import Service

from tocsin.rehearsal.cloud.running import RunningCloud

pytestmark = pytest.mark.servers

ASKED = 10
ROUTE = "/api/v1/auth/me"
MODES = [("uvicorn", 1), ("uvicorn", 2), ("gunicorn", 2), ("gunicorn --preload", 2)]
NAMES = [f"{how} {workers}" for how, workers in MODES]


@pytest.fixture
def cloud():
    """A Google Cloud of this test's own."""
    with RunningCloud() as running:
        yield running


@pytest.fixture
def arrived(cloud) -> Arrived:
    """What is there."""
    return Arrived(cloud)


def ends_in_time(service: Service) -> None:
    """SIGTERM, and the end within what Cloud Run grants."""
    began = time.monotonic()
    service.stop()
    assert time.monotonic() - began < ENDS_WITHIN_S


def all_is_there(arrived: Arrived, service: Service, asked: int) -> None:
    """So many requests in the metric's total, as spans, as lines; and no rule was broken."""
    written = [one for one in service.log_lines if one.get("route") == ROUTE]
    assert len(written) == asked
    assert arrived.counted() == arrived.counted(endpoint=ROUTE) == asked
    assert len(arrived.spans(ROUTE)) == len(arrived.lines(ROUTE)) == asked
    assert arrived.breaches() == {}


@pytest.mark.parametrize(("how", "workers"), MODES, ids=NAMES)
def test_what_was_asked_before_the_end_has_arrived_after_it(
    running_service, cloud, arrived, how, workers
):
    """Ten requests, SIGTERM: ten lines in both places, ten spans, ten counts (D07, behaviour 1)."""
    service = running_service(how, workers=workers, env=sent_to(cloud))
    ask(service, ASKED, ROUTE)

    ends_in_time(service)

    all_is_there(arrived, service, ASKED)
    assert 1 <= len(arrived.writers()) <= workers


@pytest.mark.parametrize(("how", "workers"), MODES[1:], ids=NAMES[1:])
def test_a_process_that_is_frozen_between_requests_loses_nothing(
    running_service, cloud, arrived, how, workers
):
    """Frozen in mid-export and thawed, nothing is lost or counted twice (D94, behaviour 7)."""
    service = running_service(how, workers=workers, env=sent_to(cloud, CPU_IDLE="true"))
    with cloud.faults.ask("slow", on="CreateTimeSeries", times=1, seconds=0.5) as slow:
        ask(service, ASKED, ROUTE)
        until(lambda: slow.happened)
        freeze(service, signal.SIGSTOP)
    time.sleep(2.0)  # the freeze itself: nothing can be waited for
    freeze(service, signal.SIGCONT)
    ask(service, ASKED, ROUTE)

    ends_in_time(service)

    all_is_there(arrived, service, 2 * ASKED)


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL], ids=["SIGTERM", "SIGKILL"])
def test_a_worker_that_is_replaced_hides_nobodys_counts(running_service, cloud, arrived, how):
    """Its heir writes under an identity of its own, so neither overwrites the other (D04)."""
    service = running_service("gunicorn", workers=1, env=sent_to(cloud, EXPORT_EVERY_S="6"))
    ask(service, ASKED, ROUTE)
    until(lambda: arrived.counted() == ASKED and len(arrived.spans(ROUTE)) == ASKED)
    (first,) = workers_of(service)

    first.send_signal(how)
    until(lambda: first.pid not in {one.pid for one in workers_of(service)})
    until(service.is_ready)
    ask(service, ASKED, ROUTE)
    ends_in_time(service)

    all_is_there(arrived, service, 2 * ASKED)
    assert len(arrived.writers()) == 2
