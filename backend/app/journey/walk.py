"""The way itself, step by step, each within its time; it knows the API from outside alone.

The lesson is a real one and is counted as one. The session is ended at the end, so that none
piles up; nothing that an answer holds is told, only of which kind a failure is.

>>> Kind.of_status(503), Kind.of_status(403)
(<Kind.FAILED: 'failed'>, <Kind.REFUSED: 'refused'>)
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import httpx

from tocsin.clock import Clock

_API: Final = "/api/v1"
_QUESTION: Final = "How does photosynthesis turn sunlight into sugar inside a leaf?"
_PLAYED_BYTES: Final = 1024
_MP4: Final = b"ftyp"
_MP4_AT: Final = slice(4, 8)
_NS_PER_MS: Final = 1_000_000
_SERVER_ERROR: Final = 500


class Step(StrEnum):
    """What a pupil does, in this order."""

    SIGN_IN = "sign_in"
    ASK = "ask"
    LESSON = "lesson"


class Kind(StrEnum):
    """Of which kind a failure is."""

    UNREACHABLE = "unreachable"
    REFUSED = "refused"
    FAILED = "failed"
    TOO_SLOW = "too_slow"
    NO_LESSON = "no_lesson"
    NOT_PLAYABLE = "not_playable"

    @classmethod
    def of_status(cls, status: int) -> "Kind":
        """What a status that was not hoped for means."""
        return cls.FAILED if status >= _SERVER_ERROR else cls.REFUSED


class IllError(Exception):
    """A step did not come to what a pupil hopes for."""

    def __init__(self, kind: Kind) -> None:
        super().__init__(kind.value)
        self.kind = kind


@dataclass(frozen=True)
class Account:
    """The pupil who is none; made once, by hand."""

    email: str
    password: str

    def __repr__(self) -> str:
        return "Account(…)"


@dataclass(frozen=True, kw_only=True)
class Limits:
    """How long each may take, in seconds."""

    answer_s: float = 10.0
    lesson_s: float = 120.0
    look_every_s: float = 2.0


@dataclass(frozen=True)
class Taken:
    """One step that was tried; ``kind`` is None if it was well."""

    step: Step
    took_ms: float
    kind: Kind | None = None

    @property
    def is_well(self) -> bool:
        """Whether it came to what a pupil hopes for."""
        return self.kind is None


async def walked(
    http: httpx.AsyncClient, account: Account, *, clock: Clock, limits: Limits
) -> AsyncIterator[Taken]:
    """Each step that was tried; the first that is ill is the last."""
    way = _Way(http, account, limits)
    steps: dict[Step, Callable[[], Awaitable[None]]] = {
        Step.SIGN_IN: way.sign_in,
        Step.ASK: way.ask,
        Step.LESSON: way.lesson,
    }
    try:
        for step, go in steps.items():
            began_ns = clock.monotonic_ns()
            kind = await _gone(go)
            taken = Taken(step, (clock.monotonic_ns() - began_ns) / _NS_PER_MS, kind)
            yield taken
            if not taken.is_well:
                return
    finally:
        await _gone(way.sign_out)


async def _gone(go: Callable[[], Awaitable[None]]) -> Kind | None:
    try:
        await go()
    except IllError as error:
        return error.kind
    except (httpx.TimeoutException, TimeoutError):
        return Kind.TOO_SLOW
    except httpx.TransportError:
        return Kind.UNREACHABLE
    except (httpx.HTTPError, ValueError, KeyError):
        return Kind.FAILED  # an answer, and not one of this API
    return None


class _Way:
    """One walk: what the next step needs of the one before."""

    def __init__(self, http: httpx.AsyncClient, account: Account, limits: Limits) -> None:
        self._http = http
        self._account = account
        self._limits = limits
        self._tokens: dict[str, str] = {}
        self._place = ""

    async def sign_in(self) -> None:
        login = {"email": self._account.email, "password": self._account.password}
        told = (await self._sent("POST", f"{_API}/auth/login", json=login)).json()
        self._tokens = {"access": told["access_token"], "refresh": told["refresh_token"]}

    async def ask(self) -> None:
        asked = {"student_query": _QUESTION}
        self._place = (await self._sent("POST", f"{_API}/content/generate", json=asked)).headers[
            "location"
        ]

    async def lesson(self) -> None:
        async with asyncio.timeout(self._limits.lesson_s):
            outcome = await self._outcome()
        if outcome not in {"completed", "degraded"}:
            raise IllError(Kind.NO_LESSON)
        part = {"range": f"bytes=0-{_PLAYED_BYTES - 1}"}
        played = await self._sent("GET", f"{self._place}/artefact", headers=part)
        if played.content[_MP4_AT] != _MP4:
            raise IllError(Kind.NOT_PLAYABLE)

    async def _outcome(self) -> str:
        while True:
            told = (await self._sent("GET", self._place)).json()
            if told["outcome"] is not None:
                return str(told["outcome"])
            await asyncio.sleep(self._limits.look_every_s)

    async def sign_out(self) -> None:
        if self._tokens:
            await self._sent("POST", f"{_API}/auth/logout")

    async def _sent(
        self, method: str, path: str, json: object = None, headers: dict[str, str] | None = None
    ) -> httpx.Response:
        shown = {"authorization": f"Bearer {self._tokens['access']}"} if self._tokens else {}
        answer = await self._http.request(
            method,
            path,
            json=json,
            headers={**shown, **(headers or {})},
            timeout=self._limits.answer_s,
        )
        if not answer.is_success:
            raise IllError(Kind.of_status(answer.status_code))
        return answer
