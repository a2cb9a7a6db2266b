"""The drill's result for a person.

>>> tell(Verdict(speed=60, timelines=[], quiet_s=5, told_while_healthy=0, took_s=9)).splitlines()[0]
'Times pass 60 times faster; counts are as they are. Seconds from the cause, and from its end.'
"""

from collections.abc import Iterator

from tocsin.monitoring.escalation import CHANNELS
from tocsin.rehearsal.drills.timeline import Timeline
from tocsin.rehearsal.drills.verdict import Verdict

_NEVER = "-"
_COLUMNS = ("exported", "firing", *CHANNELS, "clears", *CHANNELS)


def tell(verdict: Verdict) -> str:
    """A table, the problems, and the sentence at the end."""
    return "\n".join(_lines(verdict)) + "\n"


def _lines(verdict: Verdict) -> Iterator[str]:
    yield (
        f"Times pass {verdict.speed:g} times faster; counts are as they are. "
        "Seconds from the cause, and from its end."
    )
    yield (
        f"Healthy for {verdict.quiet_s:g} s: {verdict.told_while_healthy} notifications, "
        f"{len(verdict.timelines)} alarms drilled."
    )
    yield ""
    width = max((len(one.alert) for one in verdict.timelines), default=5)
    yield f"{'alarm':{width}}  {'severity':8}  " + "  ".join(f"{one:>9}" for one in _COLUMNS)
    for timeline in verdict.timelines:
        cells = "  ".join(f"{cell:>9}" for cell in _cells(timeline))
        yield f"{timeline.alert:{width}}  {timeline.severity:8}  {cells}"
    yield ""
    told = ", ".join(f"{count} to {channel}" for channel, count in verdict.deliveries.items())
    yield f"Notifications: {told or 'none'}. It took {verdict.took_s:.0f} s."
    problems = list(verdict.problems())
    yield from (f"  {problem}" for problem in problems)
    yield (
        "Every alarm rang, reached its people and cleared."
        if verdict.is_good
        else (f"{len(problems)} promises were broken." if problems else "Nothing was drilled.")
    )


def _cells(timeline: Timeline) -> Iterator[str]:
    yield _second(timeline.seconds_to(timeline.exported_ns))
    yield _second(timeline.seconds_to(timeline.firing_ns))
    for channel in CHANNELS:
        yield _second(timeline.seconds_to(timeline.notified_ns.get(channel)))
    yield _second(timeline.seconds_since_mended(timeline.cleared_ns))
    for channel in CHANNELS:
        yield _second(timeline.seconds_since_mended(timeline.resolved_ns.get(channel)))


def _second(value: float | None) -> str:
    return _NEVER if value is None else f"{value:.1f}"
