"""Everything that a process says of its health, for whoever asks and however.

The answers are worked out here once; :mod:`tocsin.health.routes` gives them over the
application's own port, :mod:`tocsin.health.port` over one that a stuck loop cannot silence.

>>> import asyncio
>>> from tocsin.clock import SystemClock
>>> health = Health.build([], clock=SystemClock())
>>> asyncio.run(health.readiness()).status
503
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from tocsin.clock import Clock
from tocsin.health.answers import Answer, alive, detailed, not_alive, readiness
from tocsin.health.check import Check, Criticality, Status
from tocsin.health.checkup import Checkup, OnChange, overall
from tocsin.health.life import Life, Phase
from tocsin.health.loop_watch import LoopWatch
from tocsin.health.recent import RecentRequests

Section = Callable[[], Mapping[str, Any]]
"""One more part of the detailed answer: plain data by name."""


@dataclass(kw_only=True)
class Health:
    """The parts, and the three answers.

    ``release`` describes what runs (version, commit, revision), ``sections`` are what else
    the detailed answer holds; both are for those who may know.
    """

    checkup: Checkup
    life: Life
    loop: LoopWatch
    release: Mapping[str, str] = field(default_factory=dict)
    sections: Mapping[str, Section] = field(default_factory=dict)
    recent: RecentRequests | None = None
    """to be told every few seconds to take ``note``"""

    @classmethod
    def build(
        cls,
        checks: Iterable[Check],
        *,
        clock: Clock,
        on_change: OnChange = lambda _before, _after: None,
        release: Mapping[str, str] | None = None,
    ) -> Self:
        """The parts with their ordinary settings.

        Raises:
            DeclarationError: two checks have one name.
        """
        return cls(
            checkup=Checkup(checks, clock=clock, on_change=on_change),
            life=Life(clock),
            loop=LoopWatch(clock=clock),
            release=release or {},
        )

    def liveness(self) -> Answer:
        """This process and its loop, and nothing that it depends on (R118, R124)."""
        return alive() if self.loop.is_alive() else not_alive()

    async def readiness(self, *, with_names: bool = False) -> Answer:
        """Whether requests may be sent here (R119, R125)."""
        if self.life.phase is not Phase.READY:
            return readiness(Status.FAIL, (), phase=self.life.phase, with_names=with_names)
        results = await self.checkup.results(Criticality.REQUIRED, Criticality.DEGRADING)
        # Asking takes time: whoever began to drain meanwhile is not ready any more.
        phase = self.life.phase
        status = overall(results) if phase is Phase.READY else Status.FAIL
        return readiness(status, results, phase=phase, with_names=with_names)

    async def details(self) -> Answer:
        """All that is known, for those who may know (R129 to R134)."""
        results = await self.checkup.results()
        parts: dict[str, Any] = {}
        for name, section in self.sections.items():
            try:
                parts[name] = dict(section())
            except Exception as error:  # noqa: BLE001 - one part's fault must not hide the others
                parts[name] = {"unknown": type(error).__name__}
        return detailed(results, life=self.life, release=self.release, parts=parts)
