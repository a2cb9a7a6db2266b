"""Which errors are one: from the exception's type and frames, or from a message's words.

Google's page says: of nested exceptions the innermost counts; its type and the five frames
next to the failure; frames of public libraries do not count, a sequence of frames that
repeats counts once; without a stack trace, the function's name and the first three literal
words of the message. Of exception groups it says nothing; here the types of the members
count beside the group's own.

Source: https://cloud.google.com/error-reporting/docs/grouping-errors

>>> identity((), "lesson 7 was not found", "") == identity((), "lesson 9 was not drawn", "")
True
"""

import re
from collections.abc import Sequence
from typing import Final

from tocsin.rehearsal.cloud.errors.stacks import Frame, Stack

FRAMES: Final = 5
WORDS: Final = 3
_WORD: Final = re.compile(r"[^\W\d_]+")
_LIBRARY: Final = re.compile(r"(?:site|dist)-packages[/\\]|[/\\]lib[/\\]python3|^<")


def identity(read: Sequence[Stack], text: str, function: str) -> tuple[str, ...]:
    """What two errors of one group have in common."""
    if not read:
        return ("", function, *_WORD.findall(text)[:WORDS])
    innermost = read[0]
    places = (f"{frame.file}:{frame.function}" for frame in counted(innermost.frames))
    return (innermost.kind, *sorted(set(innermost.members)), *places)


def counted(frames: tuple[Frame, ...]) -> tuple[Frame, ...]:
    """The frames that count, the failure's own last."""
    own = tuple(frame for frame in frames if not _LIBRARY.search(frame.file))
    return without_repeats(own or frames)[-FRAMES:]


def without_repeats(frames: tuple[Frame, ...]) -> tuple[Frame, ...]:
    """Each run of a repeating sequence as one."""
    kept = list(frames)
    at = 0
    while at < len(kept):
        for size in range(1, (len(kept) - at) // 2 + 1):
            while kept[at : at + size] == kept[at + size : at + 2 * size]:
                del kept[at + size : at + 2 * size]
        at += 1
    return tuple(kept)
