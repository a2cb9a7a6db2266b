"""All checks of a process, asked side by side, once at a time, and no oftener than needed.

However many ask, each dependency gets one question per ``keep_s``: an anonymous caller cannot
make us flood our own database (D39). A check that raises or takes too long is failing and
never an error page; one that still clings to its last call is not asked again (a driver may
wait for minutes for a server that is gone).

>>> import asyncio
>>> from tocsin.clock import SystemClock
>>> async def answers() -> None: ...
>>> checkup = Checkup([Check(name="database", ask=answers)], clock=SystemClock())
>>> overall(asyncio.run(checkup.results()))
<Status.PASS: 'pass'>
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from tocsin.clock import Clock
from tocsin.errors import DeclarationError
from tocsin.health.check import Check, Criticality, Finding, Status

CONFIRM_AFTER_S: Final = 0.1
"""Between an answer that is worse than the last and the question that confirms it."""
CLOSES_WITHIN_S: Final = 1.0
"""For an answer that is still owed when the process ends."""
_NS: Final = 1_000_000_000


@dataclass(frozen=True, kw_only=True)
class Result:
    """How one check stands. Moments are nanoseconds since the epoch, ``took_s`` is seconds."""

    check: Check
    status: Status = Status.UNKNOWN
    since_ns: int = 0
    asked_ns: int = 0
    took_s: float = 0.0
    reason: str = ""
    """the type of the error: for our log and for those who may know, never its text"""
    observed: float | None = None
    unit: str = ""


OnChange = Callable[[Result, Result], object]
"""Told the state before and the state after."""


def overall(results: Iterable[Result]) -> Status:
    """The state of the whole: what is required and not known to be well fails it."""
    worst = Status.PASS
    for one in results:
        if one.status is Status.PASS or one.check.criticality is Criticality.INFORMATIVE:
            continue
        if one.check.criticality is Criticality.REQUIRED and one.status is not Status.WARN:
            return Status.FAIL
        worst = Status.WARN
    return worst


class Checkup:
    """Asks the checks; belongs to one event loop.

    ``on_change`` is told each change of a state, and nothing else: probes come every few
    seconds. ``pause`` is asyncio's sleep unless a test has another.
    """

    def __init__(
        self,
        checks: Iterable[Check],
        *,
        clock: Clock,
        on_change: OnChange = lambda _before, _after: None,
        pause: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        """Take the checks.

        Raises:
            DeclarationError: two have one name.
        """
        self._asked = [_Asked(one, clock, on_change, pause) for one in checks]
        names = [one.check.name for one in self._asked]
        if len(set(names)) < len(names):
            raise DeclarationError(f"checks need names of their own: {', '.join(sorted(names))}")

    async def results(self, *criticalities: Criticality) -> list[Result]:
        """How each check of these kinds stands (all, if none is named), asked anew where due."""
        chosen = [
            one
            for one in self._asked
            if not criticalities or one.check.criticality in criticalities
        ]
        await asyncio.gather(*(one.refreshed() for one in chosen))
        return [one.result for one in chosen]

    async def close(self) -> None:
        """Let questions that are under way end, before what they ask is closed; never long."""
        await asyncio.gather(*(one.close() for one in self._asked))

    def held(self) -> Mapping[str, Result]:
        """What was last known, without asking; safe from any thread."""
        return {one.check.name: one.result for one in self._asked}


class _Asked:
    """One check with its last result."""

    def __init__(
        self,
        check: Check,
        clock: Clock,
        on_change: OnChange,
        pause: Callable[[float], Awaitable[object]],
    ) -> None:
        self.check = check
        self.result = Result(check=check)
        self._clock = clock
        self._on_change = on_change
        self._pause = pause
        self._fresh_until_ns = 0
        self._steady_from_ns = 0
        self._asking: asyncio.Task[None] | None = None
        self._call: asyncio.Future[Finding] | None = None
        self._clings = False

    async def refreshed(self) -> None:
        """Return when the result is fresh."""
        if self._fresh_until_ns and self._clock.monotonic_ns() < self._fresh_until_ns:
            return
        if self._asking is None:
            self._asking = asyncio.create_task(self._round())
            self._asking.add_done_callback(self._asked)
        # One asker may hang up; the others still wait for the same answer.
        await asyncio.shield(self._asking)

    async def close(self) -> None:
        """Wait a moment for the answer, then take the question back."""
        for _ in range(2):
            under_way = [one for one in (self._asking, self._call) if one and not one.done()]
            if not under_way:
                return
            await asyncio.wait(under_way, timeout=CLOSES_WITHIN_S / 2)
            for one in under_way:
                one.cancel()

    def _asked(self, _task: "asyncio.Task[None]") -> None:
        self._asking = None

    async def _round(self) -> None:
        """Ask, confirm what is worse than before, and hold the outcome."""
        found = await self._once()
        for _ in range(self.check.fails_after - 1):
            if found.status is not Status.FAIL or self.result.status in _BAD:
                break
            await self._pause(CONFIRM_AFTER_S)
            found = await self._once()
        now_ns = self._clock.monotonic_ns()
        if found.status is Status.FAIL:
            self._steady_from_ns = now_ns + round(self.check.steady_s * _NS)
        elif self.result.status is Status.FAIL and now_ns < self._steady_from_ns:
            found = replace(found, status=Status.FAIL, reason="NotSteadyYet")
        self._hold(found)
        self._fresh_until_ns = now_ns + round(self.check.keep_s * _NS)

    def _hold(self, found: Result) -> None:
        before = self.result
        changed = found.status is not before.status
        self.result = replace(found, since_ns=found.asked_ns if changed else before.since_ns)
        if changed:
            self._on_change(before, self.result)

    async def _once(self) -> Result:
        asked_ns, began_ns = self._clock.wall_ns(), self._clock.monotonic_ns()
        answer = await self._answer()
        took_s = (self._clock.monotonic_ns() - began_ns) / _NS
        result = Result(check=self.check, asked_ns=asked_ns, took_s=took_s)
        if isinstance(answer, str):
            return replace(result, status=Status.FAIL, reason=answer)
        return replace(result, status=answer.status, observed=answer.observed, unit=answer.unit)

    async def _answer(self) -> Finding | str:
        """What was found, or the name of the error that was met."""
        if self._clings:
            return "TimeoutError"
        call = self._call = asyncio.ensure_future(self._called())
        done, _ = await asyncio.wait({call}, timeout=self.check.timeout_s)
        if not done:
            # A driver may take long to give up (asyncpg's close waits for the server): nobody
            # waits for that here.
            call.cancel()
            self._clings = True
            call.add_done_callback(self._let_go)
            return "TimeoutError"
        if call.cancelled():
            return "CancelledError"
        error = call.exception()
        return type(error).__name__ if error is not None else call.result()

    async def _called(self) -> Finding:
        answer = await self.check.ask()
        return answer if isinstance(answer, Finding) else Finding()

    def _let_go(self, call: "asyncio.Future[Finding]") -> None:
        self._clings = False
        if not call.cancelled():
            call.exception()  # seen: it came too late to be told


_BAD: Final = frozenset({Status.FAIL, Status.UNKNOWN})
"""States that a bad answer need not be confirmed for."""
