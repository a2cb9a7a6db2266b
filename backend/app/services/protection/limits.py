"""How often a person, or an address, may ask: judged by the rules, counted in the windows.

A request is judged in one step or two. The first looks at what is known before its body
is read: the verified account, else the address under a ceiling fit for a school. Where
the body says who asks (a sign-in), the endpoint has the second step done::

    await limits.check_account("auth.login", client, email)

which raises :class:`RateLimited` if that account has been tried too often from there.
"""

from collections.abc import Awaitable
from contextvars import ContextVar
from math import ceil
from typing import Final

from app.services.protection.failures import failing_open
from app.services.protection.rules import Rule, RuleBook
from app.services.protection.windows import Verdict, Windows
from tocsin.clock import Clock
from tocsin.telemetry.identity import Pseudonyms, is_pseudonym


class RateLimited(Exception):  # noqa: N818 - a refusal, not a fault
    """A limit is used up; coming back after ``retry_after_s`` succeeds."""

    def __init__(self, rule: str, verdict: Verdict) -> None:
        super().__init__(f"{rule}: {verdict.limit} used up")
        self.rule = rule
        self.verdict = verdict
        self.retry_after_s = max(1, ceil(verdict.reset_s))


class RequestTally:
    """What the limiter found out about one request, for its answer and its metrics."""

    __slots__ = ("client", "endpoint", "spent_ns", "status", "verdict")

    def __init__(self, endpoint: str, client: str) -> None:
        self.endpoint = endpoint
        self.client = client
        self.verdict: Verdict | None = None
        self.spent_ns = 0
        self.status = 0

    def note(self, verdict: Verdict, spent_ns: int) -> None:
        """Keep the tighter verdict: it is the one that the caller has to heed."""
        self.spent_ns += spent_ns
        known = self.verdict
        if known is None or not verdict.admitted or verdict.remaining < known.remaining:
            self.verdict = verdict


CURRENT_TALLY: Final[ContextVar[RequestTally | None]] = ContextVar("vividly_tally", default=None)


class Limits:
    """The judge; ``client`` is always a pseudonym in what it keeps."""

    def __init__(
        self, rules: RuleBook, windows: Windows, pseudonyms: Pseudonyms, clock: Clock
    ) -> None:
        self.rules = rules
        self._take = windows.take
        self._pseudonyms = pseudonyms
        self._now_ns = clock.monotonic_ns

    def check_request(self, rule: Rule, client: str, user_id: str = "") -> Awaitable[Verdict]:
        """Count one request of ``user_id`` (verified), or of ``client`` if nobody is.

        Where the rule ``says_who_in_body`` no ``user_id`` may be given: a token would lift
        the ceiling.
        """
        # The store's own awaitable: one coroutine fewer on the way of every request.
        if user_id:
            user = self._pseudonyms.user(user_id)
            return self._take((f"{rule.name}:user:{user}", rule.limit))
        return self._take((f"{rule.name}:{{{client}}}", rule.ceiling))

    async def check_account(self, rule_name: str, client: str, account: str) -> None:
        """Count one request that names ``account`` (an e-mail, a session) in its body.

        Raises:
            RateLimited: the account was named too often from this client.
        """
        rule, started_ns = self.rules[rule_name], self._now_ns()
        refusal: RateLimited | None = None
        with failing_open("limits"):
            who = client if is_pseudonym(client) else self._pseudonyms.client(client)
            whom = self._pseudonyms.email(account)
            verdict = await self._take((f"{rule.name}:{{{who}}}:{whom}", rule.limit))
            tally = CURRENT_TALLY.get()
            if tally is not None:
                tally.note(verdict, self._now_ns() - started_ns)
            if not verdict.admitted:
                refusal = RateLimited(rule.name, verdict)
        if refusal is not None:
            raise refusal
