"""The store that all processes share (Redis), and what happens when it is gone.

A request never waits for a store that does not answer: a call has ``TIMEOUT_S``, the
first failure opens a circuit, and while it is open nobody asks the store but one PING a
second, sent beside the requests and not in their way. Each judgement that this process
had to make by its own memory is counted (LIMIT_STORE_ERRORS); see decision 0004.

Every key begins with ``vividly:`` and carries pseudonyms only.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Any, Final, TypeVar

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from app.core.config import ConfigurationError
from app.core.metrics import LIMIT_STORE_ERRORS
from app.services.protection.purposes import Purpose
from tocsin.clock import Clock
from tocsin.telemetry.logs import get_logger

TIMEOUT_S: Final = 0.1
PROBE_EVERY_S: Final = 1.0
_CONNECTIONS_AT_MOST: Final = 8  # a question takes 0.2 ms, and a burst must not open dozens
_NS: Final = 1_000_000_000


T = TypeVar("T")

log = get_logger(__name__)


class SharedStore:
    """One process's way to the shared store; ``url`` as Redis has it (redis://, rediss://)."""

    def __init__(self, url: str, *, clock: Clock, timeout_s: float = TIMEOUT_S) -> None:
        """Connect to nothing yet.

        Raises:
            ConfigurationError: the address cannot be read.
        """
        self._clock = clock
        self._timeout_s = timeout_s
        self._pool = _pool(url, timeout_s)
        self._redis = Redis(connection_pool=self._pool)
        self._probe_at_ns: int | None = None
        self._probe: asyncio.Task[None] | None = None
        self._on_return: list[Callable[[], Awaitable[None]]] = []

    @property
    def is_up(self) -> bool:
        """Whether the store is asked at all."""
        return self._probe_at_ns is None

    @property
    def client(self) -> Redis:
        """The client below, for whoever watches it; questions go through :meth:`ask`."""
        return self._redis

    def script(self, text: str) -> Callable[..., Awaitable[Any]]:
        """A Lua script, run atomically by the store: ``await it(keys=…, args=…)``."""
        return self._redis.register_script(text)

    def on_return(self, action: Callable[[], Awaitable[None]]) -> None:
        """Do ``action`` each time the store has come back."""
        self._on_return.append(action)

    async def ask(self, purpose: Purpose, question: Callable[[Redis], Awaitable[T]]) -> T | None:
        """The store's answer, or None when it has none: then judge by your own memory."""
        if self._probe_at_ns is not None:
            self._probe_if_due()
            LIMIT_STORE_ERRORS.inc(purpose=purpose)
            return None
        try:
            async with asyncio.timeout(2 * self._timeout_s):
                return await question(self._redis)
        except (RedisError, OSError, TimeoutError) as error:
            self._lost(purpose, error)
            return None

    async def close(self) -> None:
        """Give the connections back."""
        if self._probe is not None:
            self._probe.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._probe
        await self._redis.aclose()
        await self._pool.aclose()

    def _lost(self, purpose: Purpose, error: Exception) -> None:
        LIMIT_STORE_ERRORS.inc(purpose=purpose)
        if self._probe_at_ns is None:
            # The type alone: a client library's message names hosts and ports.
            log.error("limit_store_lost", purpose=purpose, error_kind=type(error).__name__)
        self._probe_at_ns = self._clock.monotonic_ns() + round(PROBE_EVERY_S * _NS)

    def _probe_if_due(self) -> None:
        now = self._clock.monotonic_ns()
        probing = self._probe is not None and not self._probe.done()
        if probing or self._probe_at_ns is None or now < self._probe_at_ns:
            return
        self._probe_at_ns = now + round(PROBE_EVERY_S * _NS)
        self._probe = asyncio.create_task(self._try_again())

    async def _try_again(self) -> None:
        try:
            async with asyncio.timeout(2 * self._timeout_s):
                await self._redis.ping()
        except (RedisError, OSError, TimeoutError):
            return
        self._probe_at_ns = None
        log.info("limit_store_returned")
        for action in self._on_return:
            await action()


def _pool(url: str, timeout_s: float) -> BlockingConnectionPool:
    try:
        return BlockingConnectionPool.from_url(
            url,
            max_connections=_CONNECTIONS_AT_MOST,
            timeout=timeout_s,
            socket_timeout=timeout_s,
            socket_connect_timeout=timeout_s,
            # A second try would double the wait of a request; the circuit is our retry.
            retry=Retry(NoBackoff(), 0),
        )
    except ValueError:
        raise ConfigurationError(
            ["REDIS_URL: is no address of a Redis: write redis://host:6379/0 (rediss:// for TLS)"]
        ) from None
