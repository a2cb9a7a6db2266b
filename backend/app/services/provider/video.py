"""Makes the lesson's MP4: starts the child that draws, and passes its progress on."""

import asyncio
import sys
from collections.abc import Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path

import imageio_ffmpeg

from app.core.vocabulary import ErrorType
from app.services.provider.contract import Narration, OnProgress, ProviderError, Script
from app.services.provider.film import Reel
from app.services.provider.processes import failed, run_program, started

_FILM = (sys.executable, "-m", "app.services.provider.film")
_READING_CHARACTERS_PER_S = 18
_SENTENCE_S_AT_LEAST = 1.6
_TITLE_S = 2.0


@cache
def ffmpeg_program() -> str:
    """Where ffmpeg is: `imageio-ffmpeg` brings one along.

    Raises:
        ProviderError: there is none for this machine (provider_unavailable).
    """
    try:
        return str(imageio_ffmpeg.get_ffmpeg_exe())
    except RuntimeError:
        raise ProviderError(
            ErrorType.PROVIDER_UNAVAILABLE,
            "no ffmpeg: install it, or the wheel of imageio-ffmpeg for this machine",
        ) from None


def reading_seconds(script: Script) -> tuple[tuple[float, ...], ...]:
    """How long each caption stays when nobody speaks: as long as it takes to read."""
    return tuple(
        tuple(
            _TITLE_S
            if scene.kind == "title"
            else max(_SENTENCE_S_AT_LEAST, 0.8 + len(sentence) / _READING_CHARACTERS_PER_S)
            for sentence in scene.sentences
        )
        for scene in script.scenes
    )


async def film(
    script: Script, narration: Narration | None, target: Path, on_progress: OnProgress
) -> float:
    """Write the film to ``target``; the answer is its length in seconds.

    Raises:
        ProviderError: drawing or encoding failed (provider_unavailable).
    """
    seconds = narration.seconds if narration else reading_seconds(script)
    reel = Reel(
        ffmpeg=ffmpeg_program(),
        script=script.as_json(),
        seconds=[list(scene) for scene in seconds],
        wav=str(narration.wav) if narration else None,
        target=str(target),
    )
    async with started(_FILM) as process:
        await _follow(process, reel.line(), on_progress, _FILM)
    return sum(map(sum, seconds))


async def record(narration: Narration, target: Path) -> float:
    """Write the voice alone to ``target``; the answer is its length in seconds.

    Raises:
        ProviderError: encoding failed (provider_unavailable).
    """
    command = (
        ffmpeg_program(), "-hide_banner", "-loglevel", "error", "-nostdin", "-y",
        "-i", str(narration.wav), "-c:a", "aac", "-b:a", "64k",
        "-movflags", "+faststart", "-map_metadata", "-1", "-f", "mp4", str(target),
    )  # fmt: skip
    await run_program(command)
    return sum(map(sum, narration.seconds))


async def _follow(
    process: asyncio.subprocess.Process,
    line: bytes,
    on_progress: OnProgress,
    command: Sequence[str],
) -> None:
    assert process.stdin and process.stdout and process.stderr  # noqa: S101, PT018 - for the type checker
    complaints = asyncio.create_task(process.stderr.read())
    try:
        # The input stays open: to the child a closed one means that we are gone.
        with suppress(ConnectionError):
            process.stdin.write(line)
            await process.stdin.drain()
        async for told in process.stdout:
            with suppress(ValueError):
                await on_progress(min(1.0, float(told)))
        code = await process.wait()
        if code:
            raise failed(command[:1], code, await complaints)
    finally:
        complaints.cancel()
