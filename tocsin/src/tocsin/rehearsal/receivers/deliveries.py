"""What arrived at a receiver, when, and why it was refused if it was.

>>> one = Delivery("slack", 7, "#team", False, "[FIRING:1] ServiceDown", ())
>>> one.tells("ServiceDown"), one.tells("Service"), one.is_accepted
(True, False, True)
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from threading import Lock

from tocsin.monitoring.escalation import Channel


@dataclass(frozen=True, slots=True)
class Delivery:
    """One notification; ``at_ns`` is the drill's monotonic clock."""

    channel: Channel
    at_ns: int
    to: str
    """the integration, the room or the mailbox that it was meant for"""
    is_resolved: bool
    text: str
    """all that a person or a program could read of it"""
    faults: tuple[str, ...]
    """why the real one would refuse it; empty: taken"""

    @property
    def is_accepted(self) -> bool:
        """Whether the real one would have taken it."""
        return not self.faults

    def tells(self, alert: str) -> bool:
        """Whether it is about this alarm."""
        return re.search(rf"(?<!\w){re.escape(alert)}(?!\w)", self.text) is not None


class Inbox:
    """Everything that arrived, in order; written by servers' threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._deliveries: list[Delivery] = []

    def __iter__(self) -> Iterator[Delivery]:
        with self._lock:
            return iter(tuple(self._deliveries))

    def __len__(self) -> int:
        with self._lock:
            return len(self._deliveries)

    def put(self, delivery: Delivery) -> None:
        """Keep one."""
        with self._lock:
            self._deliveries.append(delivery)

    def first(
        self, alert: str, channel: Channel, *, is_resolved: bool, since_ns: int = 0
    ) -> Delivery | None:
        """The first that was taken and tells this alarm's beginning or end."""
        return next(
            (
                one
                for one in self
                if one.channel == channel
                and one.is_resolved is is_resolved
                and one.at_ns >= since_ns
                and one.is_accepted
                and one.tells(alert)
            ),
            None,
        )
