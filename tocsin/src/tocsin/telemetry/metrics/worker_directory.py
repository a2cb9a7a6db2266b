"""The directory in which worker processes meet: who lives, what they counted, who is gone.

Every reader and writer takes the directory's lock (``flock``): shared to look or to join,
exclusive to fold. The files of dead workers are folded into one archive, so that they do
not pile up (prometheus/client_python issue 367: 6,800 files, 40 s a scrape). Folding is
exact even if it is killed half-way: the archive names the files that are in it, and a file
so named is not read again.

The directory must be on a local file system and belong to one service; ``/dev/shm`` or
another ``tmpfs`` is best. It may be kept over restarts; counters then go on.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import orjson

from tocsin.telemetry.metrics.catalogue import Shape
from tocsin.telemetry.metrics.snapshot import Snapshot
from tocsin.telemetry.metrics.worker_file import WorkerFile, read_worker_file

_SUFFIX: Final = ".worker"


class WorkerDirectory:
    """The worker files of one namespace.

    ``displaced`` is the counter that is told how many events went with series for which the
    archive has no room (labels: the metric's name).
    """

    def __init__(self, path: Path, namespace: str, *, displaced: Shape | None = None) -> None:
        self.path = path
        self._displaced = displaced
        self._prefix = f"tocsin-{namespace}-"
        self._archive = path / f"tocsin-{namespace}.archive.json"
        self._lock = path / f"tocsin-{namespace}.lock"

    def join(self, room: int, started_ns: int) -> WorkerFile:
        """Make this process's file; ``room`` in bytes.

        Raises:
            OSError: the directory cannot be used, or the disk is full.
        """
        self.path.mkdir(parents=True, exist_ok=True)
        with self._locked(fcntl.LOCK_SH):
            # By time first, so that names sort by age; the last part makes them unlike for good.
            name = f"{self._prefix}{started_ns:020}-{os.getpid()}-{os.urandom(4).hex()}{_SUFFIX}"
            return WorkerFile(self.path / name, room=room, started_ns=started_ns)

    def snapshot(self) -> Snapshot:
        """All that was counted, by the living and the dead; gauges as their modes say."""
        with self._locked(fcntl.LOCK_SH):
            folded, archived = self._read_archive()
            total = Snapshot()
            for path in self._files():
                if path.name not in folded:
                    total.merge(_read(path), alive=_is_alive(path))
            total.merge(archived, alive=False)
            return total

    def fold_the_dead(self) -> int:
        """Move what dead workers counted into the archive; how many files that were.

        Does nothing while another process looks or folds: the next call will do.
        """
        try:
            with self._locked(fcntl.LOCK_EX | fcntl.LOCK_NB):
                return self._fold()
        except BlockingIOError:
            return 0

    def _fold(self) -> int:
        dead = [path for path in self._files() if not _is_alive(path)]
        if not dead:
            return 0
        folded, archived = self._read_archive()
        fresh = [path for path in dead if path.name not in folded]
        if fresh:
            total = Snapshot()
            for path in fresh:
                total.merge(_read(path), alive=False)
            total.merge(archived, alive=False)
            self._write_archive(folded | {path.name for path in fresh}, total)
        for path in dead:
            path.unlink()
        return len(fresh)

    def _files(self) -> list[Path]:
        """The youngest first: where there is no room for all, the oldest are let go."""
        return sorted(self.path.glob(f"{self._prefix}*{_SUFFIX}"), reverse=True)

    def _read_archive(self) -> tuple[set[str], Snapshot]:
        try:
            data: dict[str, Any] = orjson.loads(self._archive.read_bytes())
        except FileNotFoundError:
            return set(), Snapshot()
        return set(data["folded"]), Snapshot.from_json(data["instruments"])

    def _write_archive(self, folded: set[str], total: Snapshot) -> None:
        kept, left_out = total.within_bounds()
        if self._displaced is not None:
            kept.declare(self._displaced)
            for name, events in left_out.items():
                cells = kept.series[self._displaced.name].setdefault((name,), [0.0])
                cells[0] += events
        here = {path.name for path in self._files()}
        data = {"folded": sorted(folded & here), "instruments": kept.as_json()}
        fresh = self._archive.with_suffix(".new")
        with fresh.open("wb") as file:
            file.write(orjson.dumps(data))
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(self._archive)

    @contextmanager
    def _locked(self, how: int) -> Iterator[None]:
        handle = os.open(self._lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, how)
            yield
        finally:
            os.close(handle)


def _read(path: Path) -> Snapshot:
    return read_worker_file(path.read_bytes())


def _is_alive(path: Path) -> bool:
    """Whether some process holds the file's lock."""
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    else:
        return False
    finally:
        os.close(handle)
