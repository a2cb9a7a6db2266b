"""Whether the service can take requests: asked of what it stands on, not remembered.

One question at a time goes to the dependencies, whoever and however many ask us, and its
answer is good for a second: an anonymous caller cannot make us flood our own database
(D39). A check that hangs is a check that fails. What failed is for our log alone.

>>> import asyncio
>>> from tocsin.clock import SystemClock
>>> async def answers() -> None: ...
>>> readiness = Readiness({"database": answers}, clock=SystemClock())
>>> asyncio.run(readiness.is_ready())
True
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from functools import partial

from app.core.logging import get_logger
from tocsin.clock import Clock

Check = Callable[[], Awaitable[object]]
"""Asks one dependency; raises when it does not answer as it should."""

_log = get_logger(__name__)
_NS = 1_000_000_000


class Readiness:
    """The answer to «may requests be sent here?»; times in seconds.

    Without what is ``required`` no request can be served. What is ``tolerated`` has a
    stand-in (limits fall back to this process's memory without Redis, decision 0004): its
    loss is told, but to stop all traffic for it would make a small fault a great one.

    ``timeout_s`` bounds each check, all of which run side by side; ``keep_s`` is how long
    an answer is good for.
    """

    def __init__(
        self,
        required: Mapping[str, Check],
        *,
        clock: Clock,
        tolerated: Mapping[str, Check] | None = None,
        timeout_s: float = 2.0,
        keep_s: float = 1.0,
    ) -> None:
        self._required = frozenset(required)
        self._checks = {**required, **(tolerated or {})}
        self._clock = clock
        self._timeout_s = timeout_s
        self._keep_ns = int(keep_s * _NS)
        self._asked_ns: int | None = None
        self._failing: frozenset[str] = frozenset()
        self._asking: asyncio.Task[None] | None = None
        self._hanging: set[str] = set()
        self._draining = False

    def drain(self) -> None:
        """Answer no from here on: the process is about to end."""
        self._draining = True

    async def is_ready(self) -> bool:
        """Whether all that is required answered within its time, and we are not ending."""
        if self._draining:
            return False
        if not self._is_fresh():
            if self._asking is None:
                self._asking = asyncio.create_task(self._ask_all())
                self._asking.add_done_callback(self._asked)
            # One asker may hang up; the others still wait for the same answer.
            await asyncio.shield(self._asking)
        return not (self._failing & self._required) and not self._draining

    def _is_fresh(self) -> bool:
        asked_ns = self._asked_ns
        return asked_ns is not None and self._clock.monotonic_ns() - asked_ns < self._keep_ns

    def _asked(self, _task: "asyncio.Task[None]") -> None:
        self._asking = None

    async def _ask_all(self) -> None:
        names = list(self._checks)
        errors = await asyncio.gather(*(self._error_of(name) for name in names))
        found = {name: error for name, error in zip(names, errors, strict=True) if error}
        if found.keys() != self._failing:
            self._tell(found)
        self._failing = frozenset(found)
        self._asked_ns = self._clock.monotonic_ns()

    async def _error_of(self, name: str) -> str:
        """What the check met, as the type of an error, or nothing."""
        if name in self._hanging:
            return "TimeoutError"  # not asked again while it has not let go of the last time
        check = asyncio.ensure_future(self._checks[name]())
        done, _ = await asyncio.wait({check}, timeout=self._timeout_s)
        if not done:
            # A driver may take seconds to give up (asyncpg's close waits for the server):
            # nobody waits for that here.
            check.cancel()
            self._hanging.add(name)
            check.add_done_callback(partial(self._let_go, name))
            return "TimeoutError"
        if check.cancelled():
            return "CancelledError"
        error = check.exception()
        return type(error).__name__ if error else ""

    def _let_go(self, name: str, check: "asyncio.Future[object]") -> None:
        self._hanging.discard(name)
        if not check.cancelled():
            check.exception()  # seen: it came too late to be told

    def _tell(self, failing: Mapping[str, str]) -> None:
        """Log a change, and changes alone: probes come every few seconds."""
        if failing.keys() & self._required:
            _log.warning("readiness_lost", failing=dict(failing))
        elif failing:
            _log.warning("dependency_lost", failing=dict(failing))
        else:
            _log.info("dependencies_regained")
