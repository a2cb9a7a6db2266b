"""The way itself, step by step, each within its time; it knows the API from outside alone.

Nothing that an answer holds is told, only of which kind a failure is, and the service's own
number of the request, by which its lines are found. An answer may come from anybody: one that
sends us elsewhere is a failure, and no token goes there.

>>> Kind.of_status(503), Kind.of_status(403)
(<Kind.FAILED: 'failed'>, <Kind.REFUSED: 'refused'>)
"""

import asyncio
import re
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

import httpx
from pydantic import SecretStr

from tocsin.clock import Clock

_API: Final = "/api/v1"
_QUESTION: Final = "How does photosynthesis turn sunlight into sugar inside a leaf?"
_PLACE: Final = re.compile(rf"{_API}/content/requests/[0-9a-f-]{{36}}")
_REQUEST_ID: Final = re.compile(r"[0-9a-f-]{16,64}")
_FILM: Final = "video/mp4"
_MP4: Final = b"ftyp"
_MP4_AT: Final = slice(4, 8)
_LESSON_GIVEN: Final = frozenset({"completed", "degraded"})
_LEAVES_WITHIN_S: Final = 2.0
"""Cloud Run kills 10 s after SIGTERM, and the exports take 4 of them."""
_NS_PER_MS: Final = 1_000_000
_NS_PER_S: Final = 1_000_000_000
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

    def __init__(self, kind: Kind, request_id: str = "") -> None:
        super().__init__(kind.value)
        self.kind = kind
        self.request_id = request_id


@dataclass(frozen=True)
class Account:
    """The pupil who is none; made once, by hand."""

    email: str
    password: SecretStr

    def __repr__(self) -> str:
        return "Account(…)"


@dataclass(frozen=True, kw_only=True)
class Limits:
    """How long each may take, in seconds; ``walk_s`` bounds them all together."""

    answer_s: float = 10.0
    lesson_s: float = 120.0
    walk_s: float = 150.0
    look_every_s: float = 2.0


@dataclass(frozen=True)
class Taken:
    """One step that was tried; ``kind`` is None if it was well."""

    step: Step
    took_ms: float
    kind: Kind | None = None
    request_id: str = ""
    """the service's own number of the request that it answered ill"""

    @property
    def is_well(self) -> bool:
        """Whether it came to what a pupil hopes for."""
        return self.kind is None


async def walked(
    http: httpx.AsyncClient, account: Account, *, clock: Clock, limits: Limits
) -> AsyncGenerator[Taken, None]:
    """Each step that was tried; the first that is ill is the last."""
    way = _Way(http, account, look_every_s=limits.look_every_s)
    steps: list[tuple[Step, Callable[[], Awaitable[None]], float]] = [
        (Step.SIGN_IN, way.sign_in, limits.answer_s),
        (Step.ASK, way.ask, limits.answer_s),
        (Step.LESSON, way.lesson, limits.lesson_s),
    ]
    end_ns = clock.monotonic_ns() + round(limits.walk_s * _NS_PER_S)
    try:
        for step, go, within_s in steps:
            began_ns = clock.monotonic_ns()
            ill = await _gone(go, min(within_s, (end_ns - began_ns) / _NS_PER_S))
            took_ms = (clock.monotonic_ns() - began_ns) / _NS_PER_MS
            if ill is not None:
                yield Taken(step, took_ms, ill.kind, ill.request_id)
                return
            yield Taken(step, took_ms)
    finally:
        await _gone(way.leave, _LEAVES_WITHIN_S)


async def _gone(go: Callable[[], Awaitable[None]], within_s: float) -> IllError | None:
    try:
        async with asyncio.timeout(within_s):
            await go()
    except IllError as error:
        return error
    except (httpx.TimeoutException, TimeoutError):
        return IllError(Kind.TOO_SLOW)
    except httpx.TransportError:
        return IllError(Kind.UNREACHABLE)
    except (httpx.HTTPError, ValueError, KeyError, TypeError):
        return IllError(Kind.FAILED)  # an answer, and not one of this API
    return None


class _Way:
    """One walk: what the next step needs of the one before."""

    def __init__(self, http: httpx.AsyncClient, account: Account, *, look_every_s: float) -> None:
        self._http = http
        self._account = account
        self._look_every_s = look_every_s
        self._token = ""
        self._place = ""
        """of a lesson that was asked for and has not come"""

    async def sign_in(self) -> None:
        password = self._account.password.get_secret_value()
        login = {"email": self._account.email, "password": password}
        told = await self._told("POST", f"{_API}/auth/login", json=login)
        self._token = str(told["access_token"])

    async def ask(self) -> None:
        asked = await self._sent(
            "POST", f"{_API}/content/generate", json={"student_query": _QUESTION}
        )
        if not _PLACE.fullmatch(asked.headers["location"]):
            raise IllError(Kind.FAILED, _number_of(asked))
        self._place = asked.headers["location"]

    async def lesson(self) -> None:
        told = await self._ended()
        place, self._place = self._place, ""
        if told["outcome"] not in _LESSON_GIVEN:
            raise IllError(Kind.NO_LESSON)
        await self._play(f"{place}/artefact", size_bytes=int(told["artefact_bytes"]))

    async def _ended(self) -> Mapping[str, Any]:
        while True:
            told = await self._told("GET", self._place)
            if told["outcome"] is not None:
                return told
            await asyncio.sleep(self._look_every_s)

    async def leave(self) -> None:
        """Want nothing more: no lesson that nobody waits for, no session that stays open."""
        try:
            if self._place:
                await self._sent("POST", f"{self._place}/cancel")
        finally:
            if self._token:
                await self._sent("POST", f"{_API}/auth/logout")

    async def _play(self, path: str, *, size_bytes: int) -> None:
        """Take the whole film in, as a player would, and keep none of it."""
        begins, came_bytes = b"", 0
        async with self._http.stream("GET", path, headers=self._shown()) as answer:
            _look(answer)
            async for chunk in answer.aiter_raw():
                begins = begins or bytes(chunk[: _MP4_AT.stop])
                came_bytes += len(chunk)
        is_film = answer.headers.get("content-type") == _FILM and begins[_MP4_AT] == _MP4
        if not is_film or came_bytes != size_bytes:
            raise IllError(Kind.NOT_PLAYABLE, _number_of(answer))

    async def _told(self, method: str, path: str, json: object = None) -> Mapping[str, Any]:
        told: Mapping[str, Any] = (await self._sent(method, path, json)).json()
        return told

    async def _sent(self, method: str, path: str, json: object = None) -> httpx.Response:
        return _look(await self._http.request(method, path, json=json, headers=self._shown()))

    def _shown(self) -> dict[str, str]:
        return {"authorization": f"Bearer {self._token}"} if self._token else {}


def _look(answer: httpx.Response) -> httpx.Response:
    if not answer.is_success:
        raise IllError(Kind.of_status(answer.status_code), _number_of(answer))
    return answer


def _number_of(answer: httpx.Response) -> str:
    """The service's number of the request; whatever else stands there is not for a log."""
    number = answer.headers.get("x-request-id", "")
    return number if _REQUEST_ID.fullmatch(number) else ""
