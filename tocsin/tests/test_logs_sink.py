"""Lines go out whole, in order and soon."""

import asyncio
import gc
import io
import resource
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from slow_pipe import Pipe, sink_to


@pytest.fixture
def pipe() -> Iterator[Pipe]:
    pipe = Pipe()
    yield pipe
    pipe.close_writer()
    gc.collect()


class CountingStream(io.BytesIO):
    def __init__(self) -> None:
        super().__init__()
        self.writes = 0

    def write(self, data) -> int:
        self.writes += 1
        return super().write(data)


async def test_lines_of_one_loop_iteration_leave_together_at_its_end():
    """One write for all of them: less work, and a hard kill loses no more than these."""
    stream = CountingStream()
    sink, _ = sink_to(stream)

    for number in range(5):
        sink.put(b"%d\n" % number)
    before = stream.writes
    await asyncio.sleep(0)

    assert (before, stream.writes) == (0, 1)
    assert stream.getvalue() == b"0\n1\n2\n3\n4\n"


def test_without_a_loop_a_line_leaves_at_once():
    """A script may end at any moment."""
    stream = CountingStream()
    sink, _ = sink_to(stream)

    sink.put(b"1\n")

    assert stream.getvalue() == b"1\n"


async def test_a_line_of_another_thread_takes_the_waiting_ones_along():
    """It leaves at once, behind those that were said before it."""
    stream = CountingStream()
    sink, _ = sink_to(stream)

    sink.put(b"from the loop\n")
    thread = threading.Thread(target=sink.put, args=(b"from a thread\n",))
    thread.start()
    thread.join()

    assert stream.getvalue() == b"from the loop\nfrom a thread\n"


def test_lines_of_a_loop_that_has_ended_are_not_forgotten():
    """A loop that ended before its turn came leaves them to the next, or to the end."""
    stream = CountingStream()
    sink, _ = sink_to(stream)

    async def say_last() -> None:
        asyncio.get_running_loop().call_soon(sink.put, b"first\n")
        await asyncio.sleep(0)

    async def say_next() -> None:
        sink.put(b"second\n")
        await asyncio.sleep(0)

    loop = asyncio.new_event_loop()
    loop.run_until_complete(say_last())
    loop.close()
    asyncio.run(say_next())

    assert stream.getvalue() == b"first\nsecond\n"
    assert sink.flush(1.0)


@pytest.mark.parametrize("kind", ["file", "pipe"])
def test_threads_do_not_mix_their_lines(kind, pipe, tmp_path):
    """Eight threads, short and long lines: each comes out whole, and each thread's in order."""
    path = tmp_path / "log"
    stream = pipe.writer if kind == "pipe" else path.open("wb")
    sink, _ = sink_to(stream)
    reading = pipe.start_reading()

    def write(name: int) -> None:
        for number in range(200):
            sink.put(b"%d %d %s.\n" % (name, number, b"x" * (number * 97 % 9000)))

    threads = [threading.Thread(target=write, args=(name,)) for name in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sink.close(10.0)
    stream.close()
    pipe.close_writer()
    reading.join()

    text = pipe.received if kind == "pipe" else path.read_bytes()
    _assert_whole(text, names=8, numbers=200)


def _assert_whole(text: bytes, names: int, numbers: int) -> None:
    seen = Counter()
    for line in text.splitlines():
        name, number, filling = line.split(b" ", 2)
        assert int(number) == seen[name], line[:80]
        assert filling == b"x" * (int(number) * 97 % 9000) + b"."
        seen[name] += 1
    assert seen == {b"%d" % name: numbers for name in range(names)}


def test_a_stream_that_is_closed_is_survived():
    """Somebody may close standard output; our lines are counted as lost."""
    stream = io.BytesIO()
    sink, dropped = sink_to(stream)

    stream.close()
    sink.put(b"unheard\n")

    assert dropped == ["closed"]


def test_a_closed_descriptor_is_not_mistaken_for_its_successor(tmp_path):
    """The number of a closed file is given to the next one; our lines must not go there."""
    stream = (tmp_path / "log").open("wb")
    sink, _ = sink_to(stream)
    number = stream.fileno()
    stream.close()

    with (tmp_path / "other").open("wb") as other:
        assert other.fileno() == number
        sink.put(b"a line\n")

    assert (tmp_path / "log").read_bytes() == b"a line\n"
    assert (tmp_path / "other").read_bytes() == b""


def test_a_full_disk_is_counted():
    """The kernel's device that is always full refuses each write."""
    with Path("/dev/full").open("wb", buffering=0) as stream:
        sink, dropped = sink_to(stream)
        sink.put(b"unheard\n")

    assert dropped == ["failed"]


def test_a_line_that_a_full_disk_cut_does_not_spoil_the_next(tmp_path):
    """The limit on a file's size stands for a disk that fills up in mid-line."""
    with (tmp_path / "log").open("wb") as stream:
        sink, dropped = sink_to(stream)
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (4, hard))
        try:
            sink.put(b"first\n")
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        sink.put(b"second\n")

    assert dropped == ["failed"]
    assert (tmp_path / "log").read_bytes() == b"firs\nsecond\ndropped 1\n"


def test_after_a_loss_the_stream_itself_says_so():
    """The first line that gets through again is followed by a count."""

    class Flaky(io.BytesIO):
        broken = True

        def write(self, data) -> int:
            if self.broken:
                raise OSError(28, "No space left on device")
            return super().write(data)

    stream = Flaky()
    sink, dropped = sink_to(stream)

    sink.put(b"lost\n")
    sink.put(b"lost\n")
    stream.broken = False
    sink.put(b"heard\n")

    assert dropped == ["failed", "failed"]
    assert stream.getvalue() == b"heard\ndropped 2\n"


def test_lines_put_while_one_is_being_written_are_written_next():
    """A finaliser or a signal handler may log at any moment, also within our own write."""

    class Talking(io.BytesIO):
        def write(self, data) -> int:
            if data == b"first\n":
                sink.put(b"from within\n")
            return super().write(data)

    stream = Talking()
    sink, _ = sink_to(stream)

    sink.put(b"first\n")

    assert stream.getvalue() == b"first\nfrom within\n"


def test_after_the_end_lines_are_dropped_and_counted(tmp_path):
    """A closed sink writes nowhere, least of all to a reused descriptor."""
    with (tmp_path / "log").open("wb") as stream:
        sink, dropped = sink_to(stream)
        sink.close(1.0)
        sink.put(b"late\n")

    assert dropped == ["closed"]
    assert (tmp_path / "log").read_bytes() == b""


def test_nothing_is_left_open(tmp_path):
    """A pipeline that goes out of use gives its descriptor back."""
    gc.collect()
    before = len(list(Path("/proc/self/fd").iterdir()))

    for number in range(10):
        with (tmp_path / str(number)).open("wb") as stream:
            sink_to(stream)[0].put(b"a line\n")
    gc.collect()

    assert len(list(Path("/proc/self/fd").iterdir())) == before
