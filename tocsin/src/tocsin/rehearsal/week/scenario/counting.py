"""How many events of a counter there are in each beat, by their labels.

>>> from tocsin.rehearsal.week.scenario.declared import Counter, Leaf
>>> paid = (Leaf({"paid": "yes"}, 0.9), Leaf({"paid": "no"}, 0.1))
>>> orders = Counter("orders", 60.0, (paid,), False, {}, "week.yaml:1")
>>> counts = counted_of(orders, np.ones(1000), (), np.random.default_rng(1), 60)
>>> {labels: int(one.sum()) // 1000 for labels, one in counts.items()}
{(('paid', 'yes'),): 53, (('paid', 'no'),): 6}
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tocsin.rehearsal.week.scenario.declared import Counter, Effect
from tocsin.rehearsal.week.scenario.drawn import DrawnEvent

Labels = tuple[tuple[str, str], ...]
Counted = dict[Labels, NDArray[np.int64]]


def counted_of(
    counter: Counter,
    load: NDArray[np.float64],
    events: Sequence[DrawnEvent],
    chance: np.random.Generator,
    step_s: int,
) -> Counted:
    """The events of a week: ordinary ones, what incidents turn them into, and what they add."""
    seconds = np.arange(len(load)) * step_s
    shares = _shares(counter, len(load))
    for event in events:
        during = (seconds >= event.start_s) & (seconds < event.end_s)
        for effect, strength in event.effects():
            if effect.kind == "turn" and effect.metric == counter.metric:
                _turn(shares, effect, strength, during)
    rate = counter.per_minute * step_s / 60 * load
    counted = {labels: chance.poisson(rate * share) for labels, share in shares.items()}
    for event in events:
        for effect, strength in event.effects():
            if effect.kind == "add" and effect.metric == counter.metric:
                beats = _beats_of(event, strength, len(load), step_s)
                _add(counted, effect, beats, len(load), chance)
    return counted


def _shares(counter: Counter, beats: int) -> dict[Labels, NDArray[np.float64]]:
    found: list[tuple[dict[str, str], float]] = [({}, 1.0)] if counter.splits else []
    for split in counter.splits:
        whole = sum(leaf.share for leaf in split)
        found = [
            ({**labels, **leaf.labels}, share * leaf.share / whole)
            for labels, share in found
            for leaf in split
        ]
    return {tuple(labels.items()): np.full(beats, share) for labels, share in found}


def _turn(
    shares: dict[Labels, NDArray[np.float64]],
    effect: Effect,
    strength: float,
    during: NDArray[np.bool_],
) -> None:
    """A part of all events, whatever they were, has these labels instead."""
    before = dict(shares)
    for labels, share in before.items():
        shares[labels] = np.where(during, share * (1 - strength), share)
    for labels, share in before.items():
        turned = tuple((name, effect.labels.get(name, value)) for name, value in labels)
        old = shares.get(turned, np.zeros_like(share))
        shares[turned] = np.where(during, old + share * strength, old)


def _beats_of(event: DrawnEvent, per_minute: float, beats: int, step_s: int) -> NDArray[np.int64]:
    """In which beat each of the added events falls, evenly over the time."""
    first, end = event.start_s // step_s, event.end_s // step_s
    total = max(1, round(per_minute * (end - first) * step_s / 60))
    at = first + (np.arange(total) + 0.5) * (end - first) / total
    return np.minimum(at.astype(np.int64), beats - 1)


def _add(
    counted: Counted,
    effect: Effect,
    beat_of: NDArray[np.int64],
    beats: int,
    chance: np.random.Generator,
) -> None:
    """More events; ``each`` has a pseudonym of its own for every one, ``new`` one for all."""
    shared = {k: _pseudonym(chance) if v == "new" else v for k, v in effect.labels.items()}
    if "each" not in effect.labels.values():
        _count(counted, shared, np.bincount(beat_of, minlength=beats))
        return
    for beat in beat_of:
        own = {k: _pseudonym(chance) if v == "each" else v for k, v in shared.items()}
        one = np.zeros(beats, dtype=np.int64)
        one[beat] = 1
        _count(counted, own, one)


def _count(counted: Counted, labels: dict[str, str], counts: NDArray[np.int64]) -> None:
    key = tuple(labels.items())
    for known in counted:
        if dict(known) == labels:
            key = known
    counted[key] = counted.get(key, np.zeros_like(counts)) + counts


def _pseudonym(chance: np.random.Generator) -> str:
    return bytes(chance.integers(0, 256, 6, dtype=np.uint8)).hex()
