"""Speaks a script with espeak-ng, where that program is installed.

Each sentence is spoken by itself, so that its length is known and its caption stays
exactly as long. The text goes in through standard input: a child's interest never
becomes part of a command line. Without the program there is no voice, and the lesson
says so (outcome `degraded`, defect D90).

Options of espeak-ng: https://github.com/espeak-ng/espeak-ng/blob/master/src/espeak-ng.1.ronn

>>> spoken("√(9 + 16) = 5, so a² fits.")
'the square root of (9 + 16) = 5, so a squared fits.'
"""

import asyncio
import re
import shutil
import wave
from collections.abc import Sequence
from pathlib import Path

from app.core.vocabulary import ErrorType
from app.services.provider.contract import Narration, ProviderError, Script
from app.services.provider.processes import run_program

PROGRAM = "espeak-ng"

_WORDS_PER_MINUTE = 170
_SENTENCE_CHARACTERS_AT_MOST = 600
_PAUSE_AFTER_SENTENCE_S = 0.25
_PAUSE_AFTER_SCENE_S = 0.6
_TIME_TO_THINK_S = 1.5
_UNSPEAKABLE = re.compile(r"[\x00-\x1f\x7f]+")
_SPOKEN = {
    "10²³": "10 to the power of 23",
    "bˣ": "b to the power of x",
    "xⁿ": "x to the power of n",
    "log₂ 8": "the logarithm of 8 to base 2",
    "²": " squared",
    "√": "the square root of ",
    "÷": " divided by ",
    "\u00d7": " times ",
    "\u2212": " minus ",
    "±": " plus or minus ",
    "°": " degrees ",
    "→": " becomes ",
    "₂": " 2 ",
    "tan ": "tangent of ",
}


def installed_voice() -> str | None:
    """Where espeak-ng is, if it is installed."""
    return shutil.which(PROGRAM)


def spoken(text: str) -> str:
    """The text as a voice should read it: signs become words."""
    for sign, words in _SPOKEN.items():
        text = text.replace(sign, words)
    return re.sub(r" {2,}", " ", _UNSPEAKABLE.sub(" ", text)).strip()


class Narrator:
    """One voice; ``program`` None: there is none."""

    def __init__(self, program: str | None) -> None:
        self._program = program

    async def narrate(self, script: Script, folder: Path) -> Narration | None:
        """Speak the script into ``folder``.

        Raises:
            ProviderError: the voice failed (provider_unavailable).
        """
        if self._program is None:
            return None
        parts: list[list[Path]] = []
        for scene in script.scenes:
            parts.append(
                [await self._speak(text, folder, f"{len(parts)}-{i}.wav")
                 for i, text in enumerate(scene.sentences)]
            )  # fmt: skip
        wav = folder / "voice.wav"
        seconds = await asyncio.to_thread(_join, parts, wav)
        return Narration(wav=wav, seconds=seconds)

    async def _speak(self, text: str, folder: Path, name: str) -> Path:
        assert self._program is not None  # noqa: S101 - for the type checker
        target = folder / name
        command = (self._program, "--stdin", "-b", "1", "-v", "en",
                   "-s", str(_WORDS_PER_MINUTE), "-w", str(target))  # fmt: skip
        said = spoken(text)[:_SENTENCE_CHARACTERS_AT_MOST]
        await run_program(command, said.encode("utf-8", "replace"))
        if not target.is_file():
            raise ProviderError(ErrorType.PROVIDER_UNAVAILABLE, "the voice wrote no sound")
        return target


def _join(parts: Sequence[Sequence[Path]], target: Path) -> tuple[tuple[float, ...], ...]:
    """One WAV of all sentences with pauses between; how long each takes, its pause included.

    Raises:
        ProviderError: a part is not sound (provider_unavailable).
    """
    try:
        with wave.open(str(parts[0][0]), "rb") as first, wave.open(str(target), "wb") as whole:
            whole.setparams(first.getparams())
            return tuple(
                tuple(
                    _append(whole, part, _pause_s(parts, scene, index))
                    for index, part in enumerate(sentences)
                )
                for scene, sentences in enumerate(parts)
            )
    except (wave.Error, EOFError) as error:
        raise ProviderError(
            ErrorType.PROVIDER_UNAVAILABLE, f"the voice wrote no sound ({type(error).__name__})"
        ) from None


def _pause_s(parts: Sequence[Sequence[Path]], scene: int, index: int) -> float:
    if index < len(parts[scene]) - 1:
        return _PAUSE_AFTER_SENTENCE_S
    return _PAUSE_AFTER_SCENE_S + (_TIME_TO_THINK_S if scene == len(parts) - 1 else 0.0)


def _append(whole: wave.Wave_write, part: Path, pause_s: float) -> float:
    with wave.open(str(part), "rb") as sound:
        frames = sound.readframes(sound.getnframes())
        frame_bytes = sound.getsampwidth() * sound.getnchannels()
        silence = bytes(int(sound.getframerate() * pause_s) * frame_bytes)
        whole.writeframes(frames + silence)
        return (len(frames) + len(silence)) / frame_bytes / sound.getframerate()
