r"""Reads Python's stack traces out of text, as ``traceback.format_exc()`` writes them.

Chains (causes, contexts) come as several stacks, the innermost first; of an exception group
the members' types are told. A text whose middle was left out is read as far as it goes; one
that ends before the exception's own line is no stack trace.

Format: https://docs.python.org/3/library/traceback.html and, for groups, PEP 654.

>>> text = 'Traceback (most recent call last):\n  File "a.py", line 1, in main\nKeyError: 1\n'
>>> [(stack.kind, stack.frames) for stack in stacks(text)]
[('KeyError', (Frame(file='a.py', function='main'),))]
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final, NamedTuple

_MARK: Final = "Traceback (most recent call last):"
_GROUP_MARK: Final = f"Exception Group {_MARK}"
_UNKNOWN: Final = -1
_FRAME: Final = re.compile(r'\s+File "(?P<file>[^"]+)", line \d+, in (?P<function>.+)')
_TOLD: Final = re.compile(r"(?P<kind>[^\W\d][\w.]*(?:\.?<locals>[\w.]*)*)(?::(?:\s.*)?)?")
_RULE: Final = re.compile(r"\s*\+(?:-\+)?-{4,} (?:\d+|\.\.\.) -{4,}|\s*\+-{10,}")
_MARGIN: Final = re.compile(r"(?P<indent>\s*)[|+] ?")
_GAP: Final = "…"
_LINES_AT_MOST: Final = 20_000
_FRAMES_AT_MOST: Final = 400


class Frame(NamedTuple):
    """A place in the code; its line number says little of whether two errors are one."""

    file: str
    function: str


@dataclass
class Stack:
    """One exception with its frames, oldest first; ``told`` is its own line."""

    kind: str = ""
    told: str = ""
    frames: tuple[Frame, ...] = ()
    members: tuple[str, ...] = ()
    """The types in an exception group."""


@dataclass
class _Block:
    depth: int
    grouped: bool = False
    frames: list[Frame] = field(default_factory=list)
    cut: bool = False


class _Line(NamedTuple):
    depth: int
    text: str


def stacks(text: str) -> list[Stack]:
    """The stacks in ``text``, in its order; none if it holds no whole stack trace."""
    if _MARK not in text:
        return []
    found: list[Stack] = []
    group: tuple[int, Stack] | None = None
    for block, stack in _read(_lines(text)):
        if group is not None and block.depth > group[0]:
            group[1].members += (stack.kind,)
            continue
        found.append(stack)
        group = (block.depth, stack) if block.grouped else None
    return found


def _lines(text: str) -> Iterator[_Line]:
    """Lines with the margin of exception groups taken off and measured."""
    grouped = _GROUP_MARK in text
    for line in text.splitlines()[:_LINES_AT_MOST]:
        margin = _MARGIN.match(line) if grouped else None
        if margin is None or _RULE.fullmatch(line):
            yield _Line(0, line)
        else:
            yield _Line(len(margin["indent"]), line[margin.end() :])


def _read(lines: Iterable[_Line]) -> Iterator[tuple[_Block, Stack]]:
    block: _Block | None = None
    for depth, line in lines:
        if _RULE.fullmatch(line):
            # A member of a group may have no frames: its own line follows at once.
            block = _Block(_UNKNOWN)
        elif line.strip() in (_MARK, _GROUP_MARK):
            block = _Block(depth, grouped=line.strip() == _GROUP_MARK)
        elif block is not None and (stack := _told(block, line)) is not None:
            block.depth = depth if block.depth == _UNKNOWN else block.depth
            yield block, stack
            block = None


def _told(block: _Block, line: str) -> Stack | None:
    """The block's exception, if this is its line; else the line is taken in."""
    if (frame := _FRAME.fullmatch(line)) is not None:
        block.frames.append(Frame(frame["file"], frame["function"]))
        return None
    if line.startswith(_GAP):
        block.cut = True
        return None
    if block.cut:
        block.cut = False  # the rest of a line whose beginning was left out
        return None
    if not line or line[0].isspace() or (told := _TOLD.fullmatch(line)) is None:
        return None
    return Stack(told["kind"], line, tuple(block.frames[-_FRAMES_AT_MOST:]))
