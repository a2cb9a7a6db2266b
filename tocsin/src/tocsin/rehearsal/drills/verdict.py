"""What a whole drill proved: each alarm's way, and that nothing else happened.

>>> verdict = Verdict(speed=60, timelines=[], quiet_s=5, told_while_healthy=0)
>>> verdict.is_good
False
"""

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from tocsin.monitoring.escalation import CHANNELS, Channel
from tocsin.rehearsal.drills.declared import Cause
from tocsin.rehearsal.drills.timeline import Timeline
from tocsin.rehearsal.drills.watch import Episode
from tocsin.rehearsal.receivers.deliveries import Delivery
from tocsin.rehearsal.receivers.privacy import leaks

AFTERMATH_S: Final = 30.0
"""How long after its mending an incident may still raise what it may raise."""
_NS_PER_S: Final = 1_000_000_000


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """``strays`` are what happened and was not asked for, a sentence each."""

    speed: float
    timelines: Sequence[Timeline]
    quiet_s: float
    told_while_healthy: int
    strays: Sequence[str] = ()
    deliveries: Mapping[str, int] = field(default_factory=dict)
    took_s: float = 0.0

    @property
    def is_good(self) -> bool:
        """Whether every promise held; of nothing there is none."""
        return bool(self.timelines) and not any(self.problems())

    def problems(self) -> Iterator[str]:
        """Everything that was promised and did not happen, or the other way round."""
        if self.told_while_healthy:
            yield f"{self.told_while_healthy} notifications while the service was healthy"
        for timeline in self.timelines:
            yield from (f"{timeline.alert}: {problem}" for problem in timeline.problems())
        yield from self.strays

    def as_json(self) -> Mapping[str, Any]:
        """Plain data."""
        return {
            "speed": self.speed,
            "took_s": round(self.took_s, 1),
            "healthy_s": self.quiet_s,
            "notifications_while_healthy": self.told_while_healthy,
            "deliveries": dict(self.deliveries),
            "alerts": [dict(one.as_json()) for one in self.timelines],
            "problems": list(self.problems()),
            "good": self.is_good,
        }


def strays(
    *,
    episodes: Iterable[Episode],
    spans: Sequence[tuple[Cause, int, int]],
    inbox: Iterable[Delivery],
    severities: Mapping[str, str],
    channels: Mapping[str, Sequence[Channel]],
    people: Iterable[str],
    ours: Iterable[str],
    summing: Container[str] = (),
) -> Iterator[str]:
    """What rang without a cause, went to the wrong people, was refused or told too much.

    An alarm that is ``summing`` needs no cause of its own, but an incident before it.
    """
    for one in episodes:
        if not (_is_excused(one, spans) or (one.alert in summing and _is_after(one, spans))):
            yield f"{one.alert}: rang without a cause"
    words, boxes = tuple(people), tuple(ours)
    for delivery in inbox:
        yield from (f"{delivery.channel}: refused: {fault}" for fault in delivery.faults)
        for leak in leaks(delivery.text, people=words, ours=boxes):
            yield f"{delivery.channel}: holds {leak}"
        for alert, severity in severities.items():
            if delivery.channel not in channels[severity] and delivery.tells(alert):
                yield f"{alert}: a {severity} went to {delivery.channel}"


def counted(inbox: Iterable[Delivery]) -> dict[str, int]:
    """How many notifications each channel got."""
    found = dict.fromkeys(map(str, CHANNELS), 0)
    for one in inbox:
        found[one.channel] += 1
    return found


def _is_excused(episode: Episode, spans: Sequence[tuple[Cause, int, int]]) -> bool:
    aftermath_ns = round(AFTERMATH_S * _NS_PER_S)
    return any(
        began_ns <= episode.began_ns <= mended_ns + aftermath_ns
        and episode.alert in {*cause.alerts, *cause.may}
        for cause, began_ns, mended_ns in spans
    )


def _is_after(episode: Episode, spans: Sequence[tuple[Cause, int, int]]) -> bool:
    return any(began_ns <= episode.began_ns for _, began_ns, _ in spans)
