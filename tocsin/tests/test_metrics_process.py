"""What the process uses is read from the system, on call."""

import os
import threading
import time

import pytest

from tocsin.telemetry.metrics import MetricsClient
from tocsin.telemetry.process_metrics import ProcessMetrics
from tocsin.telemetry.testing import HandClock


@pytest.fixture
def clock():
    return HandClock()


@pytest.fixture
def cpu_ns():
    return [0]


@pytest.fixture
def process(clock, cpu_ns):
    return ProcessMetrics(MetricsClient("shop", clock=clock), cpu_ns=lambda: cpu_ns[0])


def test_processor_time_is_a_counter(process, cpu_ns):
    """Each look adds what was used since the last."""
    for used_ns in (1_000_000_000, 1_500_000_000, 1_500_000_000):
        cpu_ns[0] = used_ns
        process.sample()

    assert process.cpu.value() == 1.5


def test_utilisation_is_the_share_of_the_processors_between_two_looks(process, clock, cpu_ns):
    """Half a processor's time in ten seconds, over the processors one may use."""
    process.sample()
    clock.advance(10)
    cpu_ns[0] += 1_000_000_000
    process.sample()
    clock.advance(10)
    cpu_ns[0] += 5_000_000_000

    process.sample()

    assert process.cpu_utilisation.value() == pytest.approx(0.5 / len(os.sched_getaffinity(0)))


def test_two_looks_at_one_moment_break_nothing(process):
    """No time passed, so nothing is divided by it."""
    process.sample()

    process.sample()

    assert process.cpu_utilisation.value() == 0


def test_memory_is_what_the_kernel_says(process):
    """Sixty megabytes more are seen."""
    process.sample()
    before = process.resident_memory.value()
    held = bytearray(b"x") * 60_000_000

    process.sample()

    assert process.resident_memory.value() - before > 50_000_000
    assert held


def test_open_files_and_threads_are_counted(process, tmp_path):
    """Three more files and a thread show, with how many one may open."""
    process.sample()
    files, threads = process.open_files.value(), process.threads.value()
    opened = [(tmp_path / str(number)).open("w") for number in range(3)]
    release = threading.Event()
    thread = threading.Thread(target=release.wait)
    thread.start()

    process.sample()
    release.set()
    thread.join()
    for file in opened:
        file.close()

    assert process.open_files.value() == files + 3
    assert process.threads.value() == threads + 1
    assert process.open_files_at_most.value() >= files


def test_the_start_is_that_of_the_process(process):
    """Uptime can be told from the start time."""
    process.sample()

    assert 0 < time.time() - process.started.value() < 3600


def test_without_proc_the_standard_library_tells(clock, tmp_path):
    """On systems without /proc there is still memory, processor time and a start."""
    process = ProcessMetrics(MetricsClient("shop", clock=clock), proc=tmp_path / "none")

    process.sample()

    assert process.resident_memory.value() > 1_000_000
    assert process.cpu.value() > 0
    assert process.started.value() == pytest.approx(clock.wall_ns() / 1e9)
    assert process.open_files.value() > 0
    assert process._client.self_metrics.failures.total_events() == 0
