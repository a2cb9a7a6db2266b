"""A provider of lessons for tests: quick, and with the faults that a test asks for.

Retrieval and script are the embedded provider's own; the voice is a second of silence
and the film a second of a test picture, both real files. Faults are asked for by stage,
are met in their order, and are counted.
"""

import asyncio
import subprocess
import tempfile
import wave
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from shutil import copyfile

from app.core.vocabulary import ErrorType, Stage
from app.services.provider.contract import (
    Narration,
    OnProgress,
    Passage,
    ProviderError,
    Question,
    Script,
)
from app.services.provider.embedded import EmbeddedProvider
from app.services.provider.video import ffmpeg_program

Fault = Exception | Callable[[], Awaitable[object]]
_RATE = 8000


def unavailable() -> ProviderError:
    """The fault that another attempt may mend."""
    return ProviderError(ErrorType.PROVIDER_UNAVAILABLE, "not now")


async def hang() -> None:
    """The fault that only a timeout, a cancel or a kill ends."""
    await asyncio.Event().wait()


class ScriptedProvider:
    """See the module; ``voice`` False: there is none."""

    def __init__(
        self, faults: Mapping[Stage, Iterable[Fault]] | None = None, *, voice: bool = True
    ) -> None:
        self._embedded = EmbeddedProvider()
        self._faults = {stage: deque(found) for stage, found in (faults or {}).items()}
        self._voice = voice
        self.calls: Counter[Stage] = Counter()
        self.reached = {stage: asyncio.Event() for stage in Stage}

    async def retrieve(self, question: Question) -> Sequence[Passage]:
        await self._meet(Stage.RETRIEVAL)
        return await self._embedded.retrieve(question)

    async def write_script(self, question: Question, passages: Sequence[Passage]) -> Script:
        await self._meet(Stage.SCRIPT)
        return await self._embedded.write_script(question, passages)

    async def narrate(self, script: Script, folder: Path) -> Narration | None:
        await self._meet(Stage.NARRATION)
        if not self._voice:
            return None
        with wave.open(str(folder / "voice.wav"), "wb") as sound:
            sound.setparams((1, 2, _RATE, 0, "NONE", ""))
            sound.writeframes(bytes(2 * _RATE))
        return Narration(wav=folder / "voice.wav", seconds=((1.0,),))

    async def film(
        self, script: Script, narration: Narration | None, target: Path, on_progress: OnProgress
    ) -> float:
        await self._meet(Stage.VIDEO)
        await on_progress(0.5)
        copyfile(small_film(sound=narration is not None), target)
        return 1.0

    async def record(self, narration: Narration, target: Path) -> float:
        return await self._embedded.record(narration, target)

    async def _meet(self, stage: Stage) -> None:
        self.calls[stage] += 1
        self.reached[stage].set()
        waiting = self._faults.get(stage)
        if not waiting:
            return
        fault = waiting.popleft()
        if isinstance(fault, Exception):
            raise fault
        await fault()


@cache
def small_film(*, sound: bool) -> Path:
    """A real MP4 of one second."""
    path = Path(tempfile.mkdtemp(prefix="vividly-film-")) / "small.mp4"
    tone = ["-f", "lavfi", "-i", "sine=duration=1"] if sound else []
    command = [
        ffmpeg_program(), "-loglevel", "error",
        "-f", "lavfi", "-i", "testsrc=duration=1:size=64x64:rate=12", *tone,
        "-c:v", "libx264", "-pix_fmt", "yuv420p", "-f", "mp4", str(path),
    ]  # fmt: skip
    subprocess.run(command, check=True, timeout=30, stdin=subprocess.DEVNULL)
    return path
