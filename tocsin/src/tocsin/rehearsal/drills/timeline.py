"""What happened to one alarm, moment by moment, and what was promised and did not happen.

>>> line = Timeline("ServiceDown", "critical", ("slack",), caused_ns=0)
>>> line.firing_ns = 3_500_000_000
>>> line.seconds_to(line.firing_ns), line.problems()[0]
(3.5, 'slack was not told within the time')
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from tocsin.monitoring.escalation import Channel

_NS_PER_S: Final = 1e9


@dataclass(slots=True)
class Timeline:
    """One drill of one alarm; times of the drill's monotonic clock."""

    alert: str
    severity: str
    channels: tuple[Channel, ...]
    caused_ns: int
    deed: str = ""
    exported_ns: int | None = None
    """when a changed number of the rule's own series arrived in the cloud"""
    firing_ns: int | None = None
    notified_ns: dict[Channel, int] = field(default_factory=dict)
    mended_ns: int | None = None
    cleared_ns: int | None = None
    resolved_ns: dict[Channel, int] = field(default_factory=dict)
    failure: str = ""
    """why the cause itself could not be brought about"""

    @property
    def is_told(self) -> bool:
        """Whether it rang on every channel of its severity."""
        return self.firing_ns is not None and set(self.channels) <= self.notified_ns.keys()

    @property
    def is_over(self) -> bool:
        """Whether the end was told on every channel too."""
        return self.cleared_ns is not None and set(self.channels) <= self.resolved_ns.keys()

    def seconds_to(self, moment_ns: int | None) -> float | None:
        """From the cause."""
        return None if moment_ns is None else round((moment_ns - self.caused_ns) / _NS_PER_S, 1)

    def seconds_since_mended(self, moment_ns: int | None) -> float | None:
        """From the end of the incident."""
        if moment_ns is None or self.mended_ns is None:
            return None
        return round((moment_ns - self.mended_ns) / _NS_PER_S, 1)

    def problems(self) -> list[str]:
        """What was promised and did not happen."""
        if self.failure:
            return [f"could not be caused: {self.failure}"]
        found = [] if self.firing_ns is not None else ["it did not ring within the time"]
        found += [
            f"{one} was not told within the time"
            for one in self.channels
            if one not in self.notified_ns
        ]
        if self.firing_ns is not None and self.cleared_ns is None:
            found.append("it did not clear within the time")
        found += [
            f"{one} was not told of its end"
            for one in self.channels
            if one in self.notified_ns and one not in self.resolved_ns
        ]
        return found

    def as_json(self) -> Mapping[str, Any]:
        """Plain data; all seconds."""
        return {
            "alert": self.alert,
            "severity": self.severity,
            "deed": self.deed,
            "exported_s": self.seconds_to(self.exported_ns),
            "firing_s": self.seconds_to(self.firing_ns),
            "notified_s": {
                channel: self.seconds_to(self.notified_ns.get(channel)) for channel in self.channels
            },
            "mended_s": self.seconds_to(self.mended_ns),
            "cleared_after_s": self.seconds_since_mended(self.cleared_ns),
            "resolved_after_s": {
                channel: self.seconds_since_mended(self.resolved_ns.get(channel))
                for channel in self.channels
            },
            "problems": self.problems(),
        }
