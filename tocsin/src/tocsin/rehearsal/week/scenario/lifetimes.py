"""The service's processes: each has a ``task_id`` of its own, and counts from 0.

>>> [(one.first, one.end) for one in lifetimes(2, [10], 100, np.random.default_rng(1))]
[(0, 10), (0, 10), (10, 100), (10, 100)]
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Lifetime:
    """One process, from its ``first`` beat to the one before ``end``; ``slot`` is its share."""

    slot: int
    first: int
    end: int
    task_id: str


def lifetimes(
    count: int, restarts: Iterable[int], beats: int, chance: np.random.Generator
) -> list[Lifetime]:
    """All processes of the week, replaced together at each restart."""
    ends = [one for one in sorted({*restarts, beats}) if 0 < one <= beats]
    found = []
    first = 0
    for end in ends:
        found += [
            Lifetime(slot, first, end, bytes(chance.integers(0, 256, 8, dtype=np.uint8)).hex())
            for slot in range(count)
        ]
        first = end
    return found


def shared(
    counts: "np.ndarray[tuple[int], np.dtype[np.int64]]", slots: int, chance: np.random.Generator
) -> "list[np.ndarray[tuple[int], np.dtype[np.int64]]]":
    """Counts dealt out to processes, each event to one of them."""
    left, dealt = counts, []
    for slot in range(slots, 1, -1):
        mine = chance.binomial(left, 1 / slot)
        dealt.append(mine)
        left = left - mine
    return [*dealt, left]
