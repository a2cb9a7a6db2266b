"""Whatever answers, no token goes elsewhere, and nothing that it says is told."""

import asyncio
from collections.abc import Callable

import httpx
import pytest
from pydantic import SecretStr
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from app.journey.walk import Account, Kind, Limits, Step, Taken, walked
from tocsin.clock import SystemClock

API = "/api/v1"
PLACE = f"{API}/content/requests/3f2b8a52-7d0c-4a63-9a51-0c6a3b1f0d11"
FILM = b"\x00\x00\x00\x18ftypisom" + bytes(500)
LIMITS = Limits(answer_s=0.5, lesson_s=0.5, walk_s=1.0, look_every_s=0.05)

Answer = Callable[[Request], Response]


def signed_in(_request: Request) -> Response:
    return JSONResponse({"access_token": "eyJ-of-nobody"})


def taken_on(_request: Request) -> Response:
    return JSONResponse({}, 202, headers={"location": PLACE})


def ready(_request: Request) -> Response:
    return JSONResponse({"outcome": "completed", "artefact_bytes": len(FILM)})


def film(_request: Request) -> Response:
    return Response(FILM, media_type="video/mp4")


def dripping(_request: Request) -> Response:
    """An answer that never ends, and whose every byte is in time."""

    async def drops():
        while True:
            await asyncio.sleep(0.02)
            yield b"."

    return StreamingResponse(drops(), media_type="video/mp4")


class Stranger:
    """Answers as it likes, and remembers who asked what."""

    def __init__(self, **answers: Answer) -> None:
        self.asked: list[tuple[str, str]] = []
        chosen = {"login": signed_in, "generate": taken_on, "look": ready, "film": film} | answers
        paths = {
            "login": f"{API}/auth/login",
            "generate": f"{API}/content/generate",
            "look": PLACE,
            "film": f"{PLACE}/artefact",
        }
        self.app = Starlette(
            routes=[
                Route(path, self._noting(chosen[name]), methods=["GET", "POST"])
                for name, path in paths.items()
            ]
        )

    def _noting(self, answer: Answer) -> Answer:
        def note(request: Request) -> Response:
            self.asked.append((request.url.path, request.headers.get("authorization", "")))
            return answer(request)

        return note

    async def walked(self) -> list[Taken]:
        transport = httpx.ASGITransport(app=self.app)
        account = Account("p@vividly.example", SecretStr("secret"))
        async with httpx.AsyncClient(transport=transport, base_url="http://stranger") as http:
            return [one async for one in walked(http, account, clock=SystemClock(), limits=LIMITS)]


def page(status: int, body: str = "<h1>A page of somebody else's</h1>", **headers: str) -> Answer:
    return lambda _request: PlainTextResponse(body, status, headers=headers)


ELSEWHERE = {"location": "https://evil.example/api/v1/content/requests/1"}
# who answers what                                                            step         of kind
ANSWERS = [
    ({"login": page(200)}, Step.SIGN_IN, Kind.FAILED),
    ({"login": page(200, "[1]")}, Step.SIGN_IN, Kind.FAILED),
    ({"login": page(302, **ELSEWHERE)}, Step.SIGN_IN, Kind.REFUSED),
    ({"login": page(429)}, Step.SIGN_IN, Kind.REFUSED),
    ({"generate": page(202)}, Step.ASK, Kind.FAILED),
    ({"generate": page(202, **ELSEWHERE)}, Step.ASK, Kind.FAILED),
    ({"generate": page(503)}, Step.ASK, Kind.FAILED),
    ({"look": page(200, '{"outcome": null}')}, Step.LESSON, Kind.TOO_SLOW),
    ({"look": page(200, '{"outcome": "failed"}')}, Step.LESSON, Kind.NO_LESSON),
    ({"film": page(200)}, Step.LESSON, Kind.NOT_PLAYABLE),
    (
        {"film": lambda _request: Response(FILM[:-9], media_type="video/mp4")},
        Step.LESSON,
        Kind.NOT_PLAYABLE,
    ),
    ({"film": dripping}, Step.LESSON, Kind.TOO_SLOW),
    ({"film": page(404)}, Step.LESSON, Kind.REFUSED),
]


@pytest.mark.parametrize(("answers", "step", "kind"), ANSWERS)
async def test_each_answer_is_of_a_kind(answers, step, kind):
    """An answer that is none of this API's is ill, in time, and is never an error of ours."""
    stranger = Stranger(**answers)

    taken = await stranger.walked()

    assert (taken[-1].step, taken[-1].kind) == (step, kind)
    assert all(one.is_well for one in taken[:-1])


async def test_a_whole_film_is_well():
    """The stranger who answers as our API does is taken for it: the table can be answered yes."""
    taken = await Stranger().walked()

    assert [one.kind for one in taken] == [None, None, None]


@pytest.mark.parametrize("number", ["eyJhbGciOiJIUzI1NiJ9", "me@school.example", "4" * 200])
async def test_a_number_that_is_none_is_not_told(number):
    """The header of a stranger could hold anything."""
    stranger = Stranger(login=page(500, **{"x-request-id": number}))

    (taken,) = await stranger.walked()

    assert taken.request_id == ""


def test_an_account_does_not_show_itself():
    """Not in a trace, and not in a debugger's list of locals."""
    shown = repr(Account("p@vividly.example", SecretStr("secret")))

    assert "secret" not in shown
    assert "vividly.example" not in shown
