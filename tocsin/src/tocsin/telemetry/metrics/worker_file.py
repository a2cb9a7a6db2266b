"""One worker process's numbers in a mapped file, so that any other process can read them.

A mapped file outlives ``kill -9``: the kernel has what was added to the last cell. The
process holds an exclusive ``flock`` on its file for as long as it lives; the kernel gives
it up with the process, so «who is alive» needs no process ids (they are used again, and
differ between containers). Every byte is reserved when the file is made: a full disk is
an error then, and not a bus error later.

Layout, native byte order: a header, then records of a multiple of 64 bytes::

    header  8s magic | u64 bytes in use | u64 process id | u64 start, Unix ns
    record  u32 bytes | u32 state | u32 key bytes | u32 CRC of the key | u32 cells | u32 -
            key, JSON, padded to 8 | cells, doubles

A key is ``{"shape": …, "id": n}`` for an instrument and ``[n, label values…]`` for a series.
"""

import errno
import fcntl
import mmap
import os
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

import orjson

from tocsin.telemetry.metrics.catalogue import Shape
from tocsin.telemetry.metrics.snapshot import Snapshot
from tocsin.telemetry.metrics.store import Cells

_MAGIC: Final = b"TOCSIN1\n"
_HEADER: Final = struct.Struct("=8sQQQ")
_USED: Final = struct.Struct("=Q")
_RECORD: Final = struct.Struct("=IIIIII")
_STEP: Final = 64
_DOUBLE: Final = 8
_SEGMENT: Final = 1 << 20
_FREE: Final = 0
_LIVE: Final = 1
_KEY_GUESS: Final = 96
"""Bytes of a series' key, for reckoning; a longer one takes room from others."""


def bytes_for(shape: Shape) -> int:
    """The room to set aside for an instrument at its bound."""
    return shape.max_series * _record_bytes(_KEY_GUESS, shape.width) + 4 * _STEP


def _padded(length: int, step: int) -> int:
    return -(-length // step) * step


def _record_bytes(key_bytes: int, width: int) -> int:
    return _padded(_RECORD.size + _padded(key_bytes, _DOUBLE) + width * _DOUBLE, _STEP)


class _Segment(NamedTuple):
    """A mapped stretch of the file: as bytes, and as doubles."""

    begin: int
    mapped: mmap.mmap
    raw: "memoryview[int]"
    doubles: "memoryview[float]"


class WorkerFile:
    """This process's file: opened for itself, mapped, locked; not thread-safe."""

    def __init__(self, path: Path, *, room: int, started_ns: int) -> None:
        """Make the file.

        Raises:
            OSError: it cannot be made, or the disk has no room for it.
        """
        self.path = path
        self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        self._segments: list[_Segment] = []
        self._ids: dict[str, int] = {}
        self._free: dict[int, list[int]] = {}
        self._starts: dict[int, int] = {}  # where a series' record begins, by its first cell
        self._capacity = 0
        self._used = _padded(_HEADER.size, _STEP)
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self._grow(max(room + self._used, _SEGMENT))
        except OSError:
            self.abandon()
            path.unlink(missing_ok=True)
            raise
        header = _HEADER.pack(_MAGIC, self._used, os.getpid(), started_ns)
        self._write(0, header)

    def add(self, shape: Shape, labels: tuple[str, ...]) -> tuple[Cells, int]:
        """Make room for one series, all zero.

        Raises:
            OSError: the disk is full.
        """
        if shape.name not in self._ids:
            number = len(self._ids)
            self._append({"id": number, "shape": shape.as_json()}, 0)
            self._ids[shape.name] = number
        start = self._append([self._ids[shape.name], *labels], shape.width)
        segment = self._segment(start)
        key_bytes: int = _RECORD.unpack_from(segment.raw, start - segment.begin)[2]
        first = start + _RECORD.size + _padded(key_bytes, _DOUBLE)
        self._starts[first] = start
        return segment.doubles, (first - segment.begin) // _DOUBLE

    def remove(self, cells: Cells, at: int) -> None:
        """Mark the record of these cells free."""
        for segment in self._segments:
            if segment.doubles is cells:
                start = self._starts.pop(segment.begin + at * _DOUBLE)
                size: int = _RECORD.unpack_from(segment.raw, start - segment.begin)[0]
                self._write(start, _RECORD.pack(size, _FREE, 0, 0, 0, 0))
                self._free.setdefault(size, []).append(start)

    def abandon(self) -> None:
        """Let go of the mapping and the lock; the file stays."""
        for segment in self._segments:
            segment.doubles.release()
            segment.raw.release()
            segment.mapped.close()
        self._segments.clear()
        os.close(self._fd)

    def _append(self, key: Any, width: int) -> int:
        text = orjson.dumps(key)
        size = _record_bytes(len(text), width)
        freed = self._free.get(size)
        start = freed.pop() if freed else self._take(size)
        body = text.ljust(_padded(len(text), _DOUBLE)) + bytes(width * _DOUBLE)
        self._write(start + _RECORD.size, body)
        # The state comes last: a reader never meets a live record that is half written.
        self._write(start, _RECORD.pack(size, _LIVE, len(text), zlib.crc32(text), width, 0))
        if start + size > self._used:
            self._used = start + size
            self._write(_USED.size, _USED.pack(self._used))
        return start

    def _take(self, size: int) -> int:
        """Fresh room of ``size`` bytes, within one segment."""
        if self._used + size > self._capacity:
            left = self._capacity - self._used
            if left:
                self._write(self._used, _RECORD.pack(left, _FREE, 0, 0, 0, 0))
                self._used = self._capacity
            self._grow(max(size, _SEGMENT))
        return self._used

    def _grow(self, more: int) -> None:
        more = _padded(more, mmap.ALLOCATIONGRANULARITY)
        _reserve(self._fd, self._capacity, more)
        mapped = mmap.mmap(self._fd, more, offset=self._capacity)
        raw = memoryview(mapped)
        self._segments.append(_Segment(self._capacity, mapped, raw, raw.cast("d")))
        self._capacity += more

    def _segment(self, offset: int) -> _Segment:
        return next(one for one in reversed(self._segments) if one.begin <= offset)

    def _write(self, offset: int, data: bytes) -> None:
        segment = self._segment(offset)
        at = offset - segment.begin
        segment.raw[at : at + len(data)] = data


def _reserve(handle: int, begin: int, length: int) -> None:
    """Make the file longer, with blocks behind every byte where the file system can do it."""
    try:
        os.posix_fallocate(handle, begin, length)
    except AttributeError:  # macOS
        os.ftruncate(handle, begin + length)
    except OSError as error:
        if error.errno not in (errno.EOPNOTSUPP, errno.EINVAL):
            raise
        os.ftruncate(handle, begin + length)


def read_worker_file(data: bytes) -> Snapshot:
    """What a worker's file says; a record that is being written just now is left out."""
    snapshot = Snapshot()
    shapes: dict[int, Shape] = {}
    for key, cells in _records(data):
        if isinstance(key, dict):
            shapes[key["id"]] = Shape.from_json(key["shape"])
            snapshot.declare(shapes[key["id"]])
        elif key[0] in shapes:
            snapshot.series[shapes[key[0]].name][tuple(key[1:])] = cells
    return snapshot


def _records(data: bytes) -> Iterator[tuple[Any, list[float]]]:
    if len(data) < _HEADER.size or not data.startswith(_MAGIC):
        return
    used = min(_HEADER.unpack_from(data)[1], len(data))
    start = _padded(_HEADER.size, _STEP)
    while start + _RECORD.size <= used:
        size, state, key_bytes, crc, width, _ = _RECORD.unpack_from(data, start)
        if not size or start + size > used:
            return
        first = start + _RECORD.size
        text = data[first : first + key_bytes]
        if state == _LIVE and zlib.crc32(text) == crc:
            cells = struct.unpack_from(f"={width}d", data, first + _padded(key_bytes, _DOUBLE))
            yield orjson.loads(text), list(cells)
        start += size
