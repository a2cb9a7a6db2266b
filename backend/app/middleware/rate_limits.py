"""No caller may ask more often than the rules allow (``services/protection/rules.py``).

Runs before routing, so that a refused request costs next to nothing, and inside CORS, so
that a refusal can be read by the page that caused it. Every refusal says when to return;
every answer says how much is left: the trio of draft-ietf-httpapi-ratelimit-headers-06,
whose Reset means the same moment as Retry-After, as the draft asks.

What it sees is counted once per request: a check (``rate_limit_hits_total``), the time
that it took, and each 429 that leaves, whoever decided on it. A request that it cannot
judge is served. The inner application runs at most once (D81).

Must stand below :class:`SecurityHeadersMiddleware`, which hands every answer back to it.
"""

from collections.abc import Callable, Iterable
from functools import partial
from math import ceil
from typing import Final

from starlette.types import ASGIApp, Receive, Scope, Send

from app.core.metrics import RATE_LIMIT_EXCEEDED, RATE_LIMIT_HITS, RATE_LIMIT_LATENCY
from app.middleware.headers import ON_ANSWER, RawHeader
from app.services.protection.clients import Clients
from app.services.protection.entries import ExpiringEntries
from app.services.protection.failures import passed_over
from app.services.protection.limits import CURRENT_TALLY, Limits, RateLimited, RequestTally
from tocsin.clock import Clock
from tocsin.telemetry.context import current
from tocsin.telemetry.logs import get_logger
from tocsin.telemetry.metrics.children import BoundHistogram
from tocsin.telemetry.routes import UNMATCHED

_NS_PER_MS: Final = 1_000_000
_TOO_MANY: Final = 429
_TOLD_AGAIN_AFTER_S: Final = 60
_TOLD_AT_MOST: Final = 10_000

log = get_logger(__name__)


class RateLimitMiddleware:
    """Judges each request before it is served.

    ``template`` tells a request's route before routing; ``owner`` the verified account
    behind it or ``""``; ``refuse`` makes the 429 of a refusal. ``unlimited`` are whole paths
    that are never refused.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        limits: Limits,
        clients: Clients,
        template: Callable[[Scope], str],
        owner: Callable[[Scope], str],
        refuse: Callable[[RateLimited], ASGIApp],
        clock: Clock,
        unlimited: frozenset[str] = frozenset(),
    ) -> None:
        self._app = app
        self._unlimited = unlimited
        self._limits = limits
        self._client = clients.of
        self._template = template
        self._owner = owner
        self._refuse = refuse
        self._now_ns = clock.monotonic_ns
        self._latency: dict[str, BoundHistogram] = {}
        self._told = ExpiringEntries[bool](clock, at_most=_TOLD_AT_MOST)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve the request, or refuse it."""
        if scope["type"] != "http" or scope["path"] in self._unlimited:
            await self._app(scope, receive, send)
            return
        tally = RequestTally(UNMATCHED, "")
        scope[ON_ANSWER] = partial(self._on_answer, tally)
        refusal = await self._judge(scope, tally)
        try:
            if refusal is None:
                refusal = await self._serve(scope, receive, send, tally)
            if refusal is not None:
                await self._refuse(refusal)(scope, receive, send)
        finally:
            self._close(tally, refusal)

    async def _judge(self, scope: Scope, tally: RequestTally) -> RateLimited | None:
        started_ns = self._now_ns()
        try:
            tally.endpoint = self._template(scope)
            client = tally.client = self._client(scope)
            scope.setdefault("state", {})["client"] = client
            context = current()
            if context is not None:
                # Log lines and metrics name one client alike, an IPv6 network included.
                context.client = client
            rule = self._limits.rules.rule_for(scope["method"], tally.endpoint)
            owner = "" if rule.says_who_in_body else self._owner(scope)
            verdict = await self._limits.check_request(rule, client, owner)
            RATE_LIMIT_HITS.inc(endpoint=tally.endpoint, ip_address=client)
            tally.note(verdict, self._now_ns() - started_ns)
        except Exception as error:  # noqa: BLE001 - a broken limiter must not refuse anybody
            passed_over("limits", error)
            return None
        return None if verdict.admitted else RateLimited(rule.name, verdict)

    async def _serve(
        self, scope: Scope, receive: Receive, send: Send, tally: RequestTally
    ) -> RateLimited | None:
        """Run the application once; an endpoint may still find its caller too frequent."""
        token = CURRENT_TALLY.set(tally)
        try:
            await self._app(scope, receive, send)
        except RateLimited as refusal:
            if tally.status:  # the answer has begun: nothing can be taken back
                raise
            return refusal
        finally:
            CURRENT_TALLY.reset(token)
        return None

    def _on_answer(
        self, tally: RequestTally, status: int, headers: Iterable[RawHeader]
    ) -> list[RawHeader]:
        """Note the answer's status; say how much is left."""
        tally.status = status
        verdict = tally.verdict
        if verdict is None:
            return []
        remaining, reset_s = verdict.remaining, ceil(verdict.reset_s)
        if status == _TOO_MANY:
            remaining, reset_s = 0, _stated_wait_s(headers, reset_s)
        return [
            (b"ratelimit-limit", b"%d" % verdict.limit),
            (b"ratelimit-remaining", b"%d" % remaining),
            (b"ratelimit-reset", b"%d" % reset_s),
        ]

    def _close(self, tally: RequestTally, refusal: RateLimited | None) -> None:
        try:
            self._latency_of(tally.endpoint).observe(tally.spent_ns / _NS_PER_MS)
            if tally.status == _TOO_MANY:
                RATE_LIMIT_EXCEEDED.inc(endpoint=tally.endpoint, ip_address=tally.client)
            if refusal is not None:
                self._tell(tally, refusal)
        except Exception as error:  # noqa: BLE001 - the answer is given, whatever we noted of it
            passed_over("limits", error)

    def _latency_of(self, endpoint: str) -> BoundHistogram:
        """The histogram under this template, of which there are finitely many."""
        bound = self._latency.get(endpoint)
        if bound is None:
            bound = self._latency[endpoint] = RATE_LIMIT_LATENCY.bind(endpoint=endpoint)
        return bound

    def _tell(self, tally: RequestTally, refusal: RateLimited) -> None:
        """Log a client's first refusal at an endpoint; the rest of the minute is counted."""
        occasion = f"{tally.client}:{tally.endpoint}:{refusal.rule}"
        if self._told.get(occasion):
            return
        self._told.put(occasion, True, for_s=_TOLD_AGAIN_AFTER_S)  # noqa: FBT003 - a mark
        log.warning(
            "rate_limit_exceeded",
            offender=tally.client,
            endpoint=tally.endpoint,
            rule=refusal.rule,
            limit=refusal.verdict.limit,
            retry_after_s=refusal.retry_after_s,
        )


def _stated_wait_s(headers: Iterable[RawHeader], otherwise: int) -> int:
    """The answer's own Retry-After, for a 429 that somebody else decided on (a lockout)."""
    for name, value in headers:
        if name.lower() == b"retry-after" and value.isdigit():
            return int(value)
    return otherwise
