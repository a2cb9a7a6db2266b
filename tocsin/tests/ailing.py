"""A dependency that is well, ill or silent, as a test wishes."""

import asyncio

from tocsin.health import Check, Checkup
from tocsin.telemetry.testing import HandClock


class Dependency:
    """Counts how often it is asked; ``error`` is raised, ``answers`` is waited for."""

    def __init__(self, *, is_silent: bool = False) -> None:
        self.asked = 0
        self.error: Exception | None = None
        self.answers = asyncio.Event()
        if not is_silent:
            self.answers.set()

    async def ask(self) -> None:
        """Answer as wished."""
        self.asked += 1
        await self.answers.wait()
        if self.error is not None:
            raise self.error

    def check(self, name: str = "database", **changes: object) -> Check:
        """A check that asks this."""
        ordinary = {"timeout_s": 0.05, "keep_s": 1.0, "fails_after": 1, "steady_s": 0.0}
        return Check(name=name, ask=self.ask, **{**ordinary, **changes})


async def no_pause(_seconds: float) -> None:
    """Confirm at once."""


def checkup_of(*checks: Check, clock: HandClock, told: list | None = None) -> Checkup:
    """A checkup by hand; ``told`` gets each change as its two states."""
    changes = told if told is not None else []
    return Checkup(
        checks,
        clock=clock,
        on_change=lambda before, after: changes.append((before.status, after.status)),
        pause=no_pause,
    )
