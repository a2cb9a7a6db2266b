"""Causes one incident after the other on one stack, and follows each alarm to its end.

An alarm may take long to clear (a window of an hour is a minute at factor 60): the next
incident does not wait for it, unless it is to raise the same alarm.
"""

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from tocsin.monitoring.escalation import Channel
from tocsin.rehearsal.drills.declared import Cause
from tocsin.rehearsal.drills.movement import Movement
from tocsin.rehearsal.drills.stack import Stack
from tocsin.rehearsal.drills.timeline import Timeline

_POLL_S: Final = 0.1
_NS_PER_S: Final = 1_000_000_000


class Conductor:
    """Of one drill; ``rules`` are the scaled ones by alarm."""

    def __init__(
        self,
        stack: Stack,
        *,
        rules: Mapping[str, Mapping[str, Any]],
        channels: Mapping[str, Sequence[Channel]],
        say: Callable[[str], None],
    ) -> None:
        self._stack = stack
        self._rules = rules
        self._channels = channels
        self._say = say
        self._pause = threading.Event()
        self.timelines: list[Timeline] = []
        self.spans: list[tuple[Cause, int, int]] = []
        """Each cause with the moments of its beginning and its mending."""

    def stay_healthy(self, seconds: float) -> int:
        """Let nothing happen for a while; how many notifications came all the same."""
        self._say(f"healthy for {seconds:.0f} s")
        self._pause.wait(seconds)
        return len(self._stack.desk.inbox)

    def perform(self, cause: Cause) -> None:
        """Cause it, wait until everybody was told of all its alarms, mend it."""
        watch = self._stack.watch
        self._until(lambda: watch.firing().isdisjoint(cause.alerts), cause.within_s)
        movements = {alert: self._movement(alert) for alert in cause.alerts}
        timelines = [self._timeline(cause, alert) for alert in cause.alerts]
        self.timelines += timelines
        self._say(f"{', '.join(cause.alerts)}: {cause.deed}")
        try:
            cause.cause(self._stack.stage)
            self._until(lambda: self._are_told(timelines, movements), cause.within_s)
        except Exception as error:  # noqa: BLE001 - the other alarms are still to be drilled
            _fail(timelines, f"{type(error).__name__}: {error}")
        finally:
            self._mend(cause, timelines)

    def _movement(self, alert: str) -> Movement:
        return Movement(self._stack.cloud, str(self._rules[alert]["expr"]))

    def _timeline(self, cause: Cause, alert: str) -> Timeline:
        severity = str(self._rules[alert]["labels"]["severity"])
        channels = tuple(self._channels[severity])
        return Timeline(alert, severity, channels, caused_ns=self._now_ns(), deed=cause.deed)

    def wait_for_ends(self, within_s: float) -> None:
        """Wait until every alarm that rang has told its end too."""
        self._say("waiting for the last all-clears")
        self._until(self._all_over, within_s)

    def _mend(self, cause: Cause, timelines: Sequence[Timeline]) -> None:
        for timeline in timelines:
            timeline.mended_ns = self._now_ns()
        try:
            cause.mend(self._stack.stage)
        except Exception as error:  # noqa: BLE001 - told with the verdict
            _fail(timelines, f"not mended: {type(error).__name__}: {error}")
        self.spans.append((cause, timelines[0].caused_ns, self._now_ns()))

    def _are_told(self, timelines: Sequence[Timeline], movements: Mapping[str, Movement]) -> bool:
        for timeline in timelines:
            if timeline.exported_ns is None and movements[timeline.alert].has_begun():
                timeline.exported_ns = self._now_ns()
            self._follow(timeline)
        return all(timeline.is_told for timeline in timelines)

    def _all_over(self) -> bool:
        for timeline in self.timelines:
            self._follow(timeline)
        return all(line.is_over for line in self.timelines if line.firing_ns is not None)

    def _follow(self, timeline: Timeline) -> None:
        """Note whatever has happened to this alarm since the last look."""
        episode = self._stack.watch.since(timeline.alert, timeline.caused_ns)
        if episode is not None:
            timeline.firing_ns = episode.began_ns
            self._note(timeline, timeline.notified_ns, episode.began_ns, is_resolved=False)
        if episode is None or timeline.mended_ns is None or episode.ended_ns is None:
            return
        timeline.cleared_ns = episode.ended_ns
        self._note(timeline, timeline.resolved_ns, episode.began_ns, is_resolved=True)

    def _note(
        self,
        timeline: Timeline,
        told_ns: dict[Channel, int],
        since_ns: int,
        *,
        is_resolved: bool,
    ) -> None:
        for channel in timeline.channels:
            found = self._stack.desk.inbox.first(
                timeline.alert,
                channel,
                is_resolved=is_resolved,
                # Alertmanager may be quicker than our look at Prometheus.
                since_ns=max(timeline.caused_ns, since_ns - _NS_PER_S),
            )
            if found is not None:
                told_ns.setdefault(channel, found.at_ns)

    def _until(self, holds: Callable[[], bool], within_s: float) -> None:
        end_ns = self._now_ns() + round(within_s * _NS_PER_S)
        while not holds() and self._now_ns() < end_ns:
            self._pause.wait(_POLL_S)

    def _now_ns(self) -> int:
        return self._stack.clock.monotonic_ns()


def _fail(timelines: Sequence[Timeline], failure: str) -> None:
    for timeline in timelines:
        timeline.failure = timeline.failure or failure
