"""Keeps finished lessons on disk, and looks at each before anybody is told of it (D90).

A lesson is written in a workspace, checked, and moved into the store in one step, so a
half-written file never bears an artefact's name. Names carry the request and the attempt:
a worker that lost its lease cannot overwrite what its successor made.

>>> artefact_name("3f2b8a52-7d0c-4a63-9a51-0c6a3b1f0d11", 2)
'3f2b8a52-7d0c-4a63-9a51-0c6a3b1f0d11.2.mp4'
"""

import asyncio
import os
import re
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from app.core.logging import get_logger
from app.services.provider.contract import ProviderError
from app.services.provider.processes import run_program
from app.services.provider.video import ffmpeg_program

_log = get_logger(__name__)

_NAME = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\.[0-9]{1,6}\.mp4\Z")
_WORKSPACES = ".work"
_OWNER_ONLY = 0o700
_SMALLEST_BYTES = 256
_LARGEST_BYTES = 200 * 1024 * 1024
_TOLERANCE_S = 0.5
_MICROSECONDS = 1_000_000


class ArtefactError(Exception):
    """A file is not the lesson that it should be; the text says in what."""


def artefact_name(request_id: str, attempt: int) -> str:
    """The name of the lesson that this taking of the request makes."""
    return f"{request_id}.{attempt}.mp4"


class Workspace:
    """A folder for one taking's unfinished work, made when a stage first asks for it.

    A disk that is full or gone is then that stage's failure, with its attempts and its
    place in the metrics, and not a crash of the worker.
    """

    def __init__(self, parent: Path) -> None:
        self._parent = parent
        self._made: Path | None = None

    async def folder(self) -> Path:
        """The folder.

        Raises:
            OSError: the disk does not take it.
        """
        if self._made is None:
            self._made = await asyncio.to_thread(self._make)
        return self._made

    async def clear(self) -> None:
        """Delete the folder with all that is in it, if there is one."""
        if self._made is not None:
            await asyncio.to_thread(shutil.rmtree, self._made, ignore_errors=True)

    def _make(self) -> Path:
        self._parent.mkdir(parents=True, exist_ok=True, mode=_OWNER_ONLY)
        return Path(tempfile.mkdtemp(dir=self._parent))


class ArtefactStore:
    """Finished lessons under one folder, which is made when it is first needed."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def path(self, name: str) -> Path:
        """Where an artefact lies.

        Raises:
            ArtefactError: that is no artefact's name.
        """
        if not _NAME.match(name):
            raise ArtefactError("that is no artefact's name")
        # 256 folders: a single one with a million files is slow to list and to back up.
        return self._root / name[:2] / name

    @asynccontextmanager
    async def workspace(self) -> AsyncIterator[Workspace]:
        """A place of one's own for unfinished work; it is gone after the block."""
        workspace = Workspace(self._root / _WORKSPACES)
        try:
            yield workspace
        finally:
            # Shielded: a cancelled job must not leave its half-made files behind.
            await asyncio.shield(workspace.clear())

    async def keep(self, made: Path, name: str) -> int:
        """Move a finished file into the store in one step; the answer is its size in bytes."""
        return await asyncio.to_thread(self._keep, made, name)

    async def holds(self, name: str) -> bool:
        """Whether the artefact is there."""
        return await asyncio.to_thread(self.path(name).is_file)

    async def remove(self, name: str) -> None:
        """Delete one artefact, if it is there."""
        await asyncio.to_thread(self._unlink, self.path(name))

    async def discard(self, request_id: str, *, but: str | None) -> None:
        """Delete the artefacts of a request, except for one."""
        await asyncio.to_thread(self._discard, request_id, but)

    async def sweep(self, *, older_than_s: float, wall_s: float) -> int:
        """Delete workspaces that killed processes left behind; the answer is their number."""
        return await asyncio.to_thread(self._sweep, wall_s - older_than_s)

    def _keep(self, made: Path, name: str) -> int:
        target = self.path(name)
        target.parent.mkdir(parents=True, exist_ok=True, mode=_OWNER_ONLY)
        with made.open("rb") as file:
            os.fsync(file.fileno())
            size = os.fstat(file.fileno()).st_size
        made.replace(target)
        return size

    def _discard(self, request_id: str, but: str | None) -> None:
        for path in (self._root / request_id[:2]).glob(f"{request_id}.*.mp4"):
            if path.name != but:
                self._unlink(path)

    def _unlink(self, path: Path) -> None:
        # A file that stays behind costs room on the disk; a lesson is not failed for it.
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            _log.warning("artefact_not_deleted", error=type(error).__name__)

    def _sweep(self, before_s: float) -> int:
        swept = 0
        for folder in (self._root / _WORKSPACES).glob("*"):
            if folder.stat().st_mtime < before_s:
                shutil.rmtree(folder, ignore_errors=True)
                swept += 1
        return swept


async def check_artefact(path: Path, *, pictures: bool, sound: bool, seconds: float) -> None:
    """Read a lesson from beginning to end, as a player would.

    It has to be an MP4 of plausible size whose streams are there, can be decoded without
    an error, and last as long as they should.

    Raises:
        ArtefactError: it is not so; the text says in what.
        ProviderError: there is no ffmpeg to look with.
    """
    await asyncio.to_thread(_check_outside, path)
    decoded_s = await _decoded_seconds(path, pictures=pictures, sound=sound)
    if abs(decoded_s - seconds) > _TOLERANCE_S:
        raise ArtefactError(f"lasts {decoded_s:.1f} s and should last {seconds:.1f} s")


def _check_outside(path: Path) -> None:
    if not path.is_file():
        raise ArtefactError("is not there")
    size = path.stat().st_size
    if not _SMALLEST_BYTES <= size <= _LARGEST_BYTES:
        raise ArtefactError(
            f"has {size} bytes, {_SMALLEST_BYTES} to {_LARGEST_BYTES} are plausible"
        )
    with path.open("rb") as file:
        # ISO/IEC 14496-12, 4.3: a file of the MP4 family begins with a box of type `ftyp`.
        if file.read(8)[4:] != b"ftyp":
            raise ArtefactError("is no MP4")


async def _decoded_seconds(path: Path, *, pictures: bool, sound: bool) -> float:
    wanted = [*(("-map", "0:v:0") if pictures else ()), *(("-map", "0:a:0") if sound else ())]
    codec = ("-c:v", "h264") if pictures else ()
    # `-progress` writes lines for programs: https://ffmpeg.org/ffmpeg.html, «Main options».
    command = (
        ffmpeg_program(), "-hide_banner", "-loglevel", "error", "-xerror", "-nostdin",
        "-threads", "1", *codec, "-i", str(path), *wanted,
        "-progress", "pipe:1", "-f", "null", "-",
    )  # fmt: skip
    try:
        told = await run_program(command)
    except ProviderError as error:
        raise ArtefactError(f"cannot be played: {error}") from None
    times = re.findall(rb"^out_time_us=(\d+)", told, re.MULTILINE)
    if not times:
        raise ArtefactError("plays nothing")
    return int(times[-1]) / _MICROSECONDS
