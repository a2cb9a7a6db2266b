"""Time as a parameter: whoever needs the hour is handed a clock.

Two readings, because they answer two questions: ``wall_ns`` says when something
happened (it may step back when the machine's clock is set), ``monotonic_ns`` says how
long it took (it never does).

>>> SystemClock().monotonic_ns() <= SystemClock().monotonic_ns()
True
"""

import time
from typing import Protocol


class Clock(Protocol):
    """The two readings, both in nanoseconds."""

    def wall_ns(self) -> int:
        """Nanoseconds since the Unix epoch."""
        ...

    def monotonic_ns(self) -> int:
        """Nanoseconds since an arbitrary moment; never goes back."""
        ...


class SystemClock:
    """The machine's own clocks."""

    # Bound once: a plain call of the C function, no Python frame on the request path.
    wall_ns = staticmethod(time.time_ns)
    monotonic_ns = staticmethod(time.perf_counter_ns)
