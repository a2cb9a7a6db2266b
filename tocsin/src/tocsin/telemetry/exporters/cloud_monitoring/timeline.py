"""The hours that points are dated with: never back, and never far from the clock.

Google refuses a point that is not later than the last one of its series, and one that lies
over five minutes ahead (google-cloud.md 1.1). A machine's clock may step back, so dates go
by the monotonic clock where the wall clock fails them: after a step back they advance at
half speed until the clock has caught up. A clock that steps forward is followed, for that is
how a machine looks that was asleep.

Which clock was right in a step back nobody can tell but Google: if it refuses a whole batch
while we are ahead, :meth:`Timeline.follow_wall` goes back to the clock.

>>> from tocsin.telemetry.testing import HandClock
>>> clock = HandClock()
>>> timeline = Timeline(clock)
>>> before = timeline.now_ns()
>>> clock.set_wall(before - 60 * 10**9); clock.advance(10)
>>> (timeline.now_ns() - before) / 1e9
5.0
"""

from typing import Final

from tocsin.clock import Clock

FAR_AHEAD_NS: Final = 240_000_000_000


class Timeline:
    """Dates for points; used by one thread."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._told_ns = clock.wall_ns()
        self._at_ns = clock.monotonic_ns()

    def now_ns(self) -> int:
        """The hour, later than the last time unless no time has passed."""
        wall_ns, at_ns = self._clock.wall_ns(), self._clock.monotonic_ns()
        passed_ns = max(0, at_ns - self._at_ns)
        self._told_ns = max(wall_ns, self._told_ns + passed_ns // 2)
        self._at_ns = at_ns
        return self._told_ns

    @property
    def is_far_ahead(self) -> bool:
        """Whether dates are so far ahead of the clock that Google may refuse them for it."""
        return self._told_ns - self._clock.wall_ns() > FAR_AHEAD_NS

    def follow_wall(self) -> None:
        """Go back to the clock."""
        self._told_ns = self._clock.wall_ns()
