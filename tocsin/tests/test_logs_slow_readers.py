"""Whoever logs never waits for a reader, be it slow, stuck or gone."""

import asyncio
import fcntl
import gc
import os
import socket
import sys
import termios
import threading
import time
from collections.abc import Iterator

import pytest
from slow_pipe import Pipe, sink_to

from tocsin.telemetry.logs.backlog import BACKLOG_BYTES
from tocsin.telemetry.logs.encoding import MAX_LINE_BYTES

STUCK_AT_MOST_S = 2.0
"""Far below what waiting for a stuck reader would take, far above a busy machine's pauses."""


@pytest.fixture
def pipe() -> Iterator[Pipe]:
    pipe = Pipe()
    yield pipe
    pipe.close_writer()
    gc.collect()


async def test_a_stuck_reader_does_not_stop_the_loop(pipe):
    """A pipe that nobody reads takes 64 KiB; the loop goes on saying 4 MB (D01)."""
    sink, dropped = sink_to(pipe.writer)
    slowest_s = 0.0

    for number in range(1000):
        before = time.perf_counter()
        for _ in range(10):
            sink.put(b"%06d %s\n" % (number, b"x" * 400))
        await asyncio.sleep(0)
        slowest_s = max(slowest_s, time.perf_counter() - before)

    assert slowest_s < STUCK_AT_MOST_S
    assert dropped == []
    reading = pipe.start_reading()
    assert await asyncio.to_thread(sink.close, 20.0)
    pipe.close_writer()
    await asyncio.to_thread(reading.join)
    numbers = [int(line[:6]) for line in pipe.received.splitlines()]
    assert numbers == [number for number in range(1000) for _ in range(10)]


async def test_what_a_stuck_reader_costs_is_bounded_counted_and_said(pipe):
    """Over the backlog's limit new lines are dropped; the reader learns how many."""
    sink, dropped = sink_to(pipe.writer, backlog_bytes=100_000)

    for number in range(1000):
        sink.put(b"%06d %s\n" % (number, b"x" * 400))
        await asyncio.sleep(0)
    reading = pipe.start_reading()
    assert await asyncio.to_thread(sink.close, 20.0)
    pipe.close_writer()
    await asyncio.to_thread(reading.join)

    lines = pipe.received.splitlines()
    assert set(dropped) == {"backlog_full"}
    assert lines[-1] == b"dropped %d" % len(dropped)
    assert len(lines) - 1 + len(dropped) == 1000
    numbers = [int(line[:6]) for line in lines[:-1]]
    assert numbers == sorted(set(numbers))
    assert numbers[:200] == list(range(200))


def test_a_long_line_waits_until_it_fits_as_a_whole(pipe):
    """So that no other process writes into the middle of it (pipe(7))."""
    sink, _ = sink_to(pipe.writer)
    filled = os.write(pipe.writer.fileno(), b"x" * 57_343 + b"\n")

    sink.put(b"y" * 20_000 + b"\n")
    stuck = sink.flush(0.1)
    queued = int.from_bytes(fcntl.ioctl(pipe.reader, termios.FIONREAD, b"\0" * 4), sys.byteorder)
    reading = pipe.start_reading()
    drained = sink.close(10.0)
    pipe.close_writer()
    reading.join()

    assert (stuck, drained, queued) == (False, True, filled)
    assert pipe.received.splitlines() == [b"x" * 57_343, b"y" * 20_000]


def test_where_no_thread_can_be_started_long_lines_still_leave(pipe, monkeypatch):
    """An interpreter that is going down starts none (python-logging issue 850)."""
    monkeypatch.setattr(threading.Thread, "start", _no_more_threads)
    sink, dropped = sink_to(pipe.writer)

    sink.put(b"y" * 20_000 + b"\n")
    flushed = sink.flush(1.0)
    monkeypatch.undo()
    reading = pipe.start_reading()
    sink.close(1.0)
    pipe.close_writer()
    reading.join()

    assert (flushed, dropped) == (True, [])
    assert pipe.received == b"y" * 20_000 + b"\n"


def _no_more_threads(_thread):
    raise RuntimeError("can't create new thread at interpreter shutdown")


def test_the_backlog_is_small():
    """8 MiB: some twenty thousand access lines."""
    assert BACKLOG_BYTES == 8 * 2**20


def test_a_socket_whose_peer_does_not_read_stops_nobody():
    """Standard output is a socket under systemd; there we ask before we write."""
    near, far = socket.socketpair()
    with near, far, os.fdopen(os.dup(near.fileno()), "wb") as stream:
        sink, dropped = sink_to(stream)

        before = time.perf_counter()
        for _ in range(2000):
            sink.put(b"x" * 400 + b"\n")
        took_s = time.perf_counter() - before
        far.close()
        sink.close(5.0)

    assert took_s < STUCK_AT_MOST_S
    assert set(dropped) == {"closed"}


def test_a_reader_that_has_gone_is_survived(pipe):
    """A broken pipe costs the lines and is counted; nobody is told by an exception."""
    sink, dropped = sink_to(pipe.writer)
    sink.put(b"heard\n")
    os.close(pipe.reader)

    for _ in range(3):
        sink.put(b"unheard\n")
    sink.put(b"x" * MAX_LINE_BYTES + b"\n")
    sink.flush(5.0)

    assert dropped == ["closed"] * 4


def test_flush_says_whether_everything_is_out(pipe):
    """With a stuck reader it gives up in time and says no; once read, yes."""
    sink, _ = sink_to(pipe.writer)
    for _ in range(500):
        sink.put(b"x" * 400 + b"\n")

    before = time.perf_counter()
    stuck = sink.flush(0.1)
    took_s = time.perf_counter() - before
    reading = pipe.start_reading()
    drained = sink.close(10.0)
    pipe.close_writer()
    reading.join()

    assert (stuck, drained) == (False, True)
    assert took_s < STUCK_AT_MOST_S
    assert len(pipe.received.splitlines()) == 500


def test_the_pipe_of_others_stays_as_it_was(pipe):
    """Our writes never wait, yet the shared description does not become non-blocking."""
    sink, _ = sink_to(pipe.writer)
    sink.put(b"a line\n")

    flags = fcntl.fcntl(pipe.writer.fileno(), fcntl.F_GETFL)

    assert not flags & os.O_NONBLOCK


def test_a_pipe_that_cannot_be_opened_anew_is_asked_first(pipe, monkeypatch):
    """Without /proc there is poll: still nobody waits, still nothing is lost."""
    monkeypatch.setattr(os, "open", _refuse)
    sink, _ = sink_to(pipe.writer)
    monkeypatch.undo()

    before = time.perf_counter()
    for _ in range(500):
        sink.put(b"x" * 400 + b"\n")
    took_s = time.perf_counter() - before
    reading = pipe.start_reading()
    drained = sink.close(10.0)
    pipe.close_writer()
    reading.join()

    assert took_s < STUCK_AT_MOST_S
    assert drained
    assert len(pipe.received.splitlines()) == 500


def _refuse(*_args, **_more):
    raise PermissionError("no /proc here")
