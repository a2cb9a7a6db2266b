r"""Where lines go: a file descriptor, or any other binary stream.

An outlet is offered whole lines and answers with those that it could not take without
waiting. To a pipe, a terminal or a socket it writes at most ``PIPE_BUF`` bytes at a time,
and whole lines: POSIX writes so many to a pipe at one go, unmixed with the lines of other
processes (write(2), pipe(7)). A pipe is opened anew where the system allows it, so that
our writes never wait and its other users see no difference; elsewhere ``poll`` is asked.

>>> import io
>>> stream = io.BytesIO()
>>> outlet_of(stream).offer([b"{}\n"]), stream.getvalue()
([], b'{}\n')
"""

import fcntl
import io
import os
import select
import stat
import sys
import termios
from collections.abc import Sequence
from contextlib import suppress
from typing import BinaryIO, Final, Protocol

CHUNK_BYTES: Final = getattr(select, "PIPE_BUF", 512)
"""``PIPE_BUF`` of this system; POSIX promises at least 512."""
_ROOM_STEP_MS: Final = 5


class Outlet(Protocol):
    """Takes lines; raises OSError or ValueError when the far end is gone."""

    def offer(self, lines: Sequence[bytes]) -> list[bytes]:
        """Write what can be written without waiting; answer with the rest."""
        ...

    def push(self, line: bytes, timeout_s: float) -> bool:
        """Write one line of any length, waiting for room; whether it was written.

        May wait longer than ``timeout_s`` when the far end stops in the middle of it.
        """
        ...

    def close(self) -> None:
        """Let go of the system's resources; the stream itself stays open."""
        ...


def outlet_of(stream: BinaryIO) -> Outlet:
    """The outlet that suits a stream."""
    if not isinstance(stream, (io.BufferedWriter, io.BufferedRandom, io.FileIO)):
        return StreamOutlet(stream)  # a wrapper's descriptor is not what it writes to
    with suppress(OSError, ValueError):
        stream.flush()
        descriptor = stream.fileno()
        if stat.S_ISREG(os.fstat(descriptor).st_mode):
            return FileOutlet(os.dup(descriptor))
        return PipeOutlet(*_own_descriptor(descriptor))
    return StreamOutlet(stream)


def _own_descriptor(descriptor: int) -> tuple[int, bool]:
    """A descriptor of our own for the same pipe, and whether its writes never wait.

    Setting O_NONBLOCK on the given one would reach every process that shares it.
    """
    if stat.S_ISFIFO(os.fstat(descriptor).st_mode):
        with suppress(OSError):
            path = f"/proc/self/fd/{descriptor}"
            return os.open(path, os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC), True
    # A duplicate: the number of a closed one would soon belong to somebody else's file.
    return os.dup(descriptor), False


class StreamOutlet:
    """Any object with ``write``: memory, a wrapper, a test's buffer."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream

    def offer(self, lines: Sequence[bytes]) -> list[bytes]:
        """Write all."""
        self._stream.write(b"".join(lines))
        self._stream.flush()
        return []

    def push(self, line: bytes, timeout_s: float) -> bool:  # noqa: ARG002 - never waits
        """Write the line."""
        self.offer((line,))
        return True

    def close(self) -> None:
        """Nothing is held."""


class ClosedOutlet:
    """Where lines go after the end: nowhere, and their senders hear of it."""

    def offer(self, lines: Sequence[bytes]) -> list[bytes]:  # noqa: ARG002 - refuses all
        """Refuse."""
        raise ValueError("the log sink is closed")

    def push(self, line: bytes, timeout_s: float) -> bool:  # noqa: ARG002 - refuses all
        """Refuse."""
        raise ValueError("the log sink is closed")

    def close(self) -> None:
        """Nothing is held."""


class _OwnDescriptor:
    """Holds a descriptor that nobody else has, and closes it once."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def close(self) -> None:
        """Close our descriptor."""
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            os.close(descriptor)

    def __del__(self) -> None:
        self.close()


class FileOutlet(_OwnDescriptor):
    """A regular file: takes any length, one write for all lines."""

    def __init__(self, descriptor: int) -> None:
        super().__init__(descriptor)
        self._torn = False

    def offer(self, lines: Sequence[bytes]) -> list[bytes]:
        """Write all."""
        data = b"".join(lines)
        if self._torn:  # a full disk cut the last line: the next must not continue it
            data = b"\n" + data
        while data:
            written = os.write(self._descriptor, data)
            data = data[written:]
            self._torn = bool(data)
        return []

    def push(self, line: bytes, timeout_s: float) -> bool:  # noqa: ARG002 - never waits
        """Write the line."""
        self.offer((line,))
        return True


class PipeOutlet(_OwnDescriptor):
    """A pipe, terminal or socket, whose reader may be slow, stuck or gone."""

    def __init__(self, descriptor: int, never_waits: bool) -> None:  # noqa: FBT001 - from _own_descriptor
        super().__init__(descriptor)
        self._never_waits = never_waits

    def offer(self, lines: Sequence[bytes]) -> list[bytes]:
        """Write whole lines, up to the first that is too long or finds no room."""
        start = 0
        while start < len(lines):
            end, size = start, 0
            while end < len(lines) and size + len(lines[end]) <= CHUNK_BYTES:
                size += len(lines[end])
                end += 1
            if end == start or not self._write(b"".join(lines[start:end])):
                break
            start = end
        return list(lines[start:])

    def push(self, line: bytes, timeout_s: float) -> bool:
        """Write one line, waiting for room."""
        if not self._ready(timeout_s):
            return False
        if len(line) <= CHUNK_BYTES:
            return self._write(line)
        self._await_room(len(line), timeout_s)
        while line:
            try:
                line = line[os.write(self._descriptor, line) :]
            except BlockingIOError:
                self._ready(timeout_s)
        return True

    def _write(self, chunk: bytes) -> bool:
        if not self._never_waits and not self._ready(0):
            return False
        try:
            # A pipe takes up to PIPE_BUF bytes whole or not at all.
            written = os.write(self._descriptor, chunk)
        except BlockingIOError:
            return False
        while written < len(chunk):  # a terminal or socket that a signal interrupted
            written += os.write(self._descriptor, chunk[written:])
        return True

    def _ready(self, timeout_s: float) -> bool:
        if not hasattr(select, "poll"):
            return True
        poll = select.poll()
        poll.register(self._descriptor, select.POLLOUT)
        # An error counts as ready: the write will tell which one.
        return bool(poll.poll(timeout_s * 1000))

    def _await_room(self, size: int, timeout_s: float) -> None:
        """Wait until a pipe has room for the whole of a long line, within reason.

        Linux copies such a write without letting another process in between. Half-filled
        pages count as full: the kernel joins two writes only where one page holds both.
        """
        for _ in range(max(1, int(timeout_s * 1000 / _ROOM_STEP_MS))):
            try:
                capacity = fcntl.fcntl(self._descriptor, fcntl.F_GETPIPE_SZ)
                queued = fcntl.ioctl(self._descriptor, termios.FIONREAD, b"\0" * 4)
            except (OSError, AttributeError):  # no pipe, or no Linux
                return
            if int.from_bytes(queued, sys.byteorder) * 2 + size <= capacity:
                return
            select.poll().poll(_ROOM_STEP_MS)
