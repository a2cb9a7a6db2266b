"""What chance makes of a scenario: when each event begins, how long it lasts, how strong it is.

>>> from tocsin.rehearsal.week.scenario.declared import Draw
>>> chance = np.random.default_rng(1)
>>> 2 <= between(chance, Draw(2, 4)) <= 4
True
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from tocsin.errors import DeclarationError
from tocsin.rehearsal.week.scenario.declared import Draw, Effect, Event, Scenario
from tocsin.rehearsal.week.series import Incident
from tocsin.rehearsal.week.verdict import SETTLES_S


@dataclass(frozen=True)
class DrawnEvent:
    """An event of this week; ``amounts`` are those of its effects, in their order."""

    event: Event
    start_s: int
    end_s: int
    amounts: tuple[float, ...]

    def effects(self) -> Sequence[tuple[Effect, float]]:
        """Each effect with its strength."""
        return tuple(zip(self.event.effects, self.amounts, strict=True))


def drawn_events(scenario: Scenario, chance: np.random.Generator) -> tuple[DrawnEvent, ...]:
    """All events with their times, in the order of the file.

    Raises:
        DeclarationError: two incidents may meet, so that nobody could tell whose alarm it was.
    """
    _refuse_meetings([one for one in scenario.events if one.must])
    found = []
    for event in scenario.events:
        start_s = int(between(chance, event.at)) // 60 * 60
        lasts_s = max(60, round(between(chance, event.lasts) / 60) * 60)
        amounts = tuple(between(chance, one.amount) for one in event.effects)
        found.append(DrawnEvent(event, start_s, start_s + lasts_s, amounts))
    return tuple(found)


def incidents_of(
    drawn: Sequence[DrawnEvent],
    waits_s: Mapping[str, float],
    load: NDArray[np.float64],
    step_s: int,
) -> tuple[Incident, ...]:
    """The incidents among them; ``waits_s`` is each rule's ``for``, ``load`` that of each beat."""
    seconds = np.interp(np.arange(len(load) * step_s) / step_s, np.arange(len(load)), load)
    return tuple(
        Incident(
            name=one.event.name,
            start_s=one.start_s,
            end_s=one.end_s,
            must=one.event.must,
            may=one.event.may,
            least_s={
                alert: _least_s(one, condition, seconds) + waits_s.get(alert, 0.0)
                for alert, condition in one.event.least.items()
            },
        )
        for one in drawn
        if one.event.must
    )


def between(chance: np.random.Generator, draw: Draw) -> float:
    """A number within these bounds."""
    return float(chance.uniform(draw.least, draw.most))


def _least_s(one: DrawnEvent, condition: Mapping[str, float], load: NDArray[np.float64]) -> float:
    """What a condition needs at this strength, seen without a break: the slowest of its parts.

    Events come at the rate that was drawn. A share of a window is reached when the incident's
    share of the traffic since its start outweighs the traffic of the window.
    """
    first = one.amounts[0] if one.amounts else 0.0
    parts = [condition.get("wait", 0.0)]
    if "events" in condition:
        parts.append(condition["events"] / first * 60)
    if "share" in condition:
        window_s = int(condition.get("window", 0.0))
        parts.append(_until_share(one, condition["share"] / first, window_s, load))
    return max(parts)


def _until_share(one: DrawnEvent, part: float, window_s: int, load: NDArray[np.float64]) -> float:
    """Until the traffic since the start is more than ``part`` of the window's."""
    traffic = np.concatenate([[0.0], np.cumsum(load)])
    ends = np.arange(one.start_s, min(one.start_s + window_s, len(load)))
    since = traffic[ends] - traffic[one.start_s]
    whole = traffic[ends] - traffic[np.maximum(ends - window_s, 0)]
    return float(np.argmax(since > part * whole))


def _refuse_meetings(incidents: Sequence[Event]) -> None:
    ordered = sorted(incidents, key=lambda one: one.at.least)
    for before, after in pairwise(ordered):
        if before.at.most + before.lasts.most + SETTLES_S > after.at.least:
            raise DeclarationError(
                f"{after.place}: {after.name!r} may begin before {before.name!r} has settled: "
                f"leave {SETTLES_S // 60} minutes between them"
            )
