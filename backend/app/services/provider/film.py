"""The child process that draws a lesson's pictures and has ffmpeg make them a film.

A process of its own, so that drawing takes nothing from the loop that answers requests,
and so that it can be stopped at once. It reads one line of JSON (a ``Reel``) from its
standard input and draws; a closed input means that whoever asked is gone, killed
perhaps: then it stops too, with ffmpeg. On its output it tells the share that is done,
one number a line.

Started as ``python -m app.services.provider.film``; see :mod:`app.services.provider.video`.
"""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import Any, BinaryIO

from PIL import Image

from app.services.provider.contract import Script
from app.services.provider.slides import HEIGHT, WIDTH, Slide

FRAMES_PER_SECOND = 12

_FADE_FRAMES = 4
_TOLD_EVERY_FRAMES = 12


@dataclass(frozen=True, kw_only=True)
class Reel:
    """All that the child is told: the script as JSON, and the seconds of each sentence."""

    ffmpeg: str
    script: dict[str, Any]
    seconds: list[list[float]]
    wav: str | None
    target: str

    def line(self) -> bytes:
        """The reel as the line that the child reads."""
        return json.dumps(asdict(self)).encode() + b"\n"


def frame_counts(seconds: list[list[float]]) -> list[list[int]]:
    """Frames for each sentence, rounded so that no error adds up.

    >>> frame_counts([[0.04, 0.04], [0.04]])
    [[0, 1], [0]]
    """
    counts: list[list[int]] = []
    elapsed_s, frames = 0.0, 0
    for scene in seconds:
        counts.append([])
        for length_s in scene:
            elapsed_s += length_s
            until = round(elapsed_s * FRAMES_PER_SECOND)
            counts[-1].append(until - frames)
            frames = until
    return counts


def pictures(script: Script, seconds: list[list[float]]) -> Iterator[Image.Image]:
    """Every frame of the film, one after the other."""
    counts = frame_counts(seconds)
    total = sum(map(sum, counts))
    number = 0
    last: Image.Image | None = None
    for scene, frames_of in zip(script.scenes, counts, strict=True):
        slide = Slide(script, scene)
        before, in_scene = last, 0
        for caption, frames in zip(scene.sentences, frames_of, strict=True):
            for _ in range(frames):
                number += 1
                last = slide.frame(in_scene / FRAMES_PER_SECOND, caption, number / total)
                if before is not None and in_scene < _FADE_FRAMES:
                    last = Image.blend(before, last, (in_scene + 1) / (_FADE_FRAMES + 1))
                in_scene += 1
                yield last


def command(reel: Reel) -> list[str]:
    """What ffmpeg is told: H.264 that plays everywhere, and AAC where there is a voice.

    Options: https://ffmpeg.org/ffmpeg.html and https://trac.ffmpeg.org/wiki/Encode/H.264
    """
    sound = ["-i", reel.wav] if reel.wav else []
    voice = ["-map", "1:a:0", "-c:a", "aac", "-b:a", "64k"] if reel.wav else []
    return [
        reel.ffmpeg, "-hide_banner", "-loglevel", "error", "-y", "-threads", "1",
        "-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{WIDTH}x{HEIGHT}",
        "-r", str(FRAMES_PER_SECOND), "-i", "pipe:0", *sound,
        "-map", "0:v:0", "-c:v", "libx264", "-preset", "veryfast", "-crf", "23",
        "-threads", "1", "-pix_fmt", "yuv420p", *voice,
        "-movflags", "+faststart", "-map_metadata", "-1", "-f", "mp4", reel.target,
    ]  # fmt: skip


def main() -> int:
    """Read the reel, make the film; the exit code is ffmpeg's."""
    reel = Reel(**json.loads(sys.stdin.buffer.readline()))
    script = Script.from_json(reel.script)
    total = sum(map(sum, frame_counts(reel.seconds)))
    with subprocess.Popen(command(reel), stdin=subprocess.PIPE) as encoder:  # noqa: S603 - our own ffmpeg
        threading.Thread(target=_stop_when_alone, args=(encoder,), daemon=True).start()
        assert encoder.stdin is not None  # noqa: S101 - for the type checker
        with suppress(BrokenPipeError):  # ffmpeg gave up; its exit code and its words say why
            _feed(encoder.stdin, pictures(script, reel.seconds), total)
    return encoder.returncode


def _feed(encoder: BinaryIO | Any, frames: Iterator[Image.Image], total: int) -> None:
    for number, frame in enumerate(frames, 1):
        encoder.write(frame.tobytes())
        if number % _TOLD_EVERY_FRAMES == 0:
            print(f"{number / total:.3f}", flush=True)  # noqa: T201 - this is the protocol
    encoder.close()


def _stop_when_alone(encoder: subprocess.Popen[bytes]) -> None:
    # Read below Python's buffer: its lock, held by this thread, would abort a normal end.
    while os.read(sys.stdin.fileno(), 1):
        pass
    encoder.kill()
    os._exit(1)


if __name__ == "__main__":
    sys.exit(main())
