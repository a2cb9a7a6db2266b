"""Real processes, frozen, forked and ended: what they counted arrives, to the last one."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from monitored import type_of

from tocsin.rehearsal.cloud.running import RunningCloud

pytestmark = pytest.mark.servers

PROGRAM = Path(__file__).parents[1] / "monitored_program.py"
SOON_S = 60.0


@pytest.fixture
def cloud():
    with RunningCloud() as running:
        yield running


class Process:
    """The program in a process of its own."""

    def __init__(self, cloud, mode):
        self.running = subprocess.Popen(
            [sys.executable, str(PROGRAM), cloud.grpc_address, mode],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
            stdout=subprocess.PIPE,
            text=True,
        )

    def said(self):
        return json.loads(self.running.stdout.readline())

    def tell(self, what):
        self.running.send_signal(what)

    def ended(self):
        with self.running:
            told = self.said()
            return told, self.running.wait(SOON_S)


def until(true):
    deadline = time.monotonic() + SOON_S
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def counted(cloud, name="orders_total"):
    return cloud.monitoring.total(type_of(name))


def refusals(cloud):
    with cloud.world.lock:
        return dict(cloud.world.rules.breaches)


def writers(cloud):
    return {
        dict(series.resource_labels)["task_id"]
        for series in cloud.monitoring.series(type_of("orders_total"))
    }


def test_a_process_that_is_told_to_end_has_told_all(cloud):
    """SIGTERM between two exports: as many arrive as were counted (D07, behaviours 1 and 4)."""
    process = Process(cloud, "serve")
    assert process.said() == "up"
    until(lambda: counted(cloud) > 10)

    process.tell(signal.SIGTERM)
    told, code = process.ended()

    assert code == 0
    assert told["went_well"]
    assert counted(cloud) == told["counted"] > 10
    assert refusals(cloud) == {}


def test_two_processes_with_one_host_name_never_meet(cloud):
    """Workers of one Cloud Run instance write series of their own (D04, behaviour 3)."""
    processes = [Process(cloud, "serve"), Process(cloud, "serve")]
    for process in processes:
        assert process.said() == "up"
    until(lambda: len(writers(cloud)) == 2)

    for process in processes:
        process.tell(signal.SIGTERM)
    told = [process.ended()[0] for process in processes]

    assert counted(cloud) == sum(one["counted"] for one in told)
    assert len(writers(cloud)) == 2
    assert refusals(cloud) == {}


def test_what_was_counted_before_a_fork_arrives_once(cloud):
    """Seven events before the workers are forked are seven events, whoever tells (behaviour 2)."""
    process = Process(cloud, "preload")

    told, code = process.ended()

    assert code == 0
    assert told["ended"] == [0, 0, 0, 0]
    assert counted(cloud) == 7 + 1 + 4 * 10
    assert counted(cloud, "wait_seconds") == 7 + 4 * 10
    assert counted(cloud, "cache_hits_total") == 7 + 4 * 10
    assert counted(cloud, "cache_size_bytes") == 7 + 4 * 10
    assert len(writers(cloud)) == 4
    assert refusals(cloud) == {}


def test_a_parent_that_delivers_keeps_its_counts(cloud):
    """A helper that is forked and ends takes nothing along (behaviour 2)."""
    told, code = Process(cloud, "fork-late").ended()

    assert code == 0
    assert told["went_well"]
    assert counted(cloud) == 7
    assert len(writers(cloud)) == 1
    assert refusals(cloud) == {}


def test_a_process_that_was_frozen_in_a_call_goes_on_as_if_nothing_had_been(cloud):
    """Stopped beyond its time limit: no false alarm, no double, no loss (behaviour 7)."""
    process = Process(cloud, "serve")
    assert process.said() == "up"
    until(lambda: counted(cloud) > 10)
    with cloud.faults.ask("hang", on="CreateTimeSeries", times=1) as fault:
        until(lambda: fault.happened)
        process.tell(signal.SIGSTOP)
        time.sleep(7.5)  # beyond the call's time limit: only time can show it
        process.tell(signal.SIGCONT)
    before = counted(cloud)
    until(lambda: counted(cloud) > before)

    process.tell(signal.SIGTERM)
    told, code = process.ended()

    assert code == 0
    assert told["went_well"]
    assert counted(cloud) == told["counted"]
    assert refusals(cloud) == {}
    calls = type_of("telemetry_export_calls_total")
    assert cloud.monitoring.total(calls, outcome="frozen") == 1
    assert cloud.monitoring.total(calls, outcome="failed") == 0
