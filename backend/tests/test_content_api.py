"""Questions and lessons over HTTP: the contract that clients build on."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
from fastapi import FastAPI
from people import Person, signed_in
from sqlalchemy import select
from waiting import until

from app.composition import Services
from app.core.vocabulary import Modality, Role
from app.models.tables import AuditEvent, ContentRequest

API = "/api/v1/content"
QUESTION = {"student_query": "How does gravity keep the Moon in orbit?", "interest": "chess"}
WORDS_ALONE = QUESTION | {"requested_modalities": ["text"]}
SCHOOL = "a" * 36


@pytest.fixture
def services(app: FastAPI) -> Services:
    """The parts of the service."""
    return app.state.services


@pytest.fixture
async def student(services: Services) -> Person:
    """A student of grade 10, signed in."""
    return await signed_in(services, Role.STUDENT, organization_id=SCHOOL)


@asynccontextmanager
async def at_work(services: Services) -> AsyncIterator[None]:
    """The service's own worker runs inside the block."""
    stop = asyncio.Event()
    working = asyncio.create_task(services.lessons.worker.run_forever(stop))
    try:
        yield
    finally:
        stop.set()
        await working


async def worked_off(services: Services, client: httpx.AsyncClient, who: Person, body: dict):
    """Ask, have it worked off, and return the request as its student sees it."""
    asked = await client.post(f"{API}/generate", json=body, headers=who.headers)
    asker = await principal(services, who)

    async def has_ended() -> bool:
        row = await services.content.see(asker, asked.json()["request_id"])
        return row.status.is_final

    async with at_work(services):
        await until(has_ended)
    return (await client.get(asked.headers["location"], headers=who.headers)).json()


async def principal(services: Services, who: Person):
    """Whom the person's token belongs to."""
    token = who.headers["authorization"].removeprefix("Bearer ")
    return await services.auth.identify(services.tokens.read(token))


async def test_asking_is_answered_at_once_with_a_place_to_look(
    client: httpx.AsyncClient, student: Person
):
    """202, an address, and a request that waits; the lesson comes later."""
    answer = await client.post(f"{API}/generate", json=QUESTION, headers=student.headers)

    body = answer.json()
    assert answer.status_code == 202
    assert answer.headers["location"] == f"{API}/requests/{body['request_id']}"
    assert (body["status"], body["stage"], body["progress"]) == ("pending", None, 0.0)
    assert (body["grade_level"], body["requested_modalities"]) == (10, ["video"])
    seen = await client.get(answer.headers["location"], headers=student.headers)
    assert seen.json() == body | {"script": None}


async def test_a_lesson_can_be_downloaded_whole_and_in_parts(
    client: httpx.AsyncClient, services: Services, student: Person
):
    """MP4, for the student alone, not to be kept by shared computers; ranges as players ask."""
    seen = await worked_off(services, client, student, QUESTION)

    whole = await client.get(seen["artefact"], headers=student.headers)
    part = await client.get(seen["artefact"], headers=student.headers | {"range": "bytes=4-7"})
    beyond = await client.get(
        seen["artefact"], headers=student.headers | {"range": "bytes=999999999-"}
    )

    assert (seen["status"], seen["progress"]) == ("completed", 1.0)
    assert len(seen["script"]["scenes"]) == 5
    assert (whole.status_code, whole.headers["content-type"]) == (200, "video/mp4")
    assert len(whole.content) == seen["artefact_bytes"]
    assert "no-store" in whole.headers["cache-control"]
    assert (part.status_code, part.content) == (206, b"ftyp")
    assert part.headers["content-range"] == f"bytes 4-7/{len(whole.content)}"
    assert beyond.status_code == 416


async def test_a_token_in_the_address_opens_nothing(
    client: httpx.AsyncClient, services: Services, student: Person
):
    """Only the header counts, for addresses end up in logs and histories (D78)."""
    seen = await worked_off(services, client, student, QUESTION)
    token = student.headers["authorization"].removeprefix("Bearer ")

    answers = [
        await client.get(f"{seen['artefact']}?{name}={token}")
        for name in ("token", "access_token", "authorization")
    ]

    assert {answer.status_code for answer in answers} == {401}
    assert token not in str(seen)


async def test_words_alone_have_no_file(
    client: httpx.AsyncClient, services: Services, student: Person
):
    """The lesson is the script; a download says that there is none."""
    seen = await worked_off(services, client, student, WORDS_ALONE)

    answer = await client.get(
        f"{API}/requests/{seen['request_id']}/artefact", headers=student.headers
    )

    assert (seen["outcome"], seen["artefact"]) == ("completed", None)
    assert seen["script"]["title"] == "Gravity"
    assert (answer.status_code, answer.json()["type"]) == (404, "urn:vividly:problem:no-lesson")


async def test_a_vague_question_comes_back_with_questions(
    client: httpx.AsyncClient, services: Services, student: Person
):
    """Clarification is an outcome with its own status, and says what to add."""
    seen = await worked_off(services, client, student, {"student_query": "help with maths"})

    assert (seen["status"], seen["outcome"]) == ("clarification_needed", "clarification_needed")
    assert len(seen["questions"]) == 3


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"student_query": "hi"},
        {"student_query": "     \n\t    "},
        {"student_query": "\x00\x01\x02\x03\x04\x05"},
        {"student_query": "x" * 501},
        QUESTION | {"grade_level": 8},
        QUESTION | {"grade_level": 13},
        QUESTION | {"interest": "x" * 101},
        QUESTION | {"requested_modalities": []},
        QUESTION | {"requested_modalities": ["images"]},
        QUESTION | {"requested_modalities": ["video", "video"]},
        QUESTION | {"student_id": "somebody else"},
    ],
)
async def test_a_question_that_does_not_fit_is_refused(
    client: httpx.AsyncClient, services: Services, student: Person, body: dict
):
    """422, and nothing is stored."""
    answer = await client.post(f"{API}/generate", json=body, headers=student.headers)

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["location"][0] == "body"
    async with services.database.sessions() as session:
        assert (await session.scalars(select(ContentRequest))).all() == []


async def test_half_a_character_is_refused_and_not_stored(
    client: httpx.AsyncClient, student: Person
):
    """A lone surrogate is no text that a database could hold."""
    raw = b'{"student_query": "what is \\ud83d gravity"}'
    headers = student.headers | {"content-type": "application/json"}

    answer = await client.post(f"{API}/generate", content=raw, headers=headers)

    assert answer.status_code in {400, 422}


async def test_control_characters_become_spaces(client: httpx.AsyncClient, student: Person):
    """NUL, which PostgreSQL refuses, and line breaks, which would forge lines."""
    body = {"student_query": "What is\x00\r\n gravity?", "interest": "my\tdog"}

    answer = await client.post(f"{API}/generate", json=body, headers=student.headers)

    seen = answer.json()
    assert (seen["student_query"], seen["interest"]) == ("What is gravity?", "my dog")


async def test_a_grade_is_needed_from_those_who_have_none(
    client: httpx.AsyncClient, services: Services
):
    """A teacher says which; the problem tells how."""
    teacher = await signed_in(services, Role.TEACHER)

    without = await client.post(f"{API}/generate", json=QUESTION, headers=teacher.headers)
    with_grade = await client.post(
        f"{API}/generate", json=QUESTION | {"grade_level": 11}, headers=teacher.headers
    )

    assert (without.status_code, without.json()["type"]) == (
        422,
        "urn:vividly:problem:grade-level-unknown",
    )
    assert with_grade.json()["grade_level"] == 11


async def test_asking_again_with_the_same_key_counts_once(
    client: httpx.AsyncClient, student: Person
):
    """A broken connection is no reason for a second lesson; another question is a conflict."""
    headers = student.headers | {"idempotency-key": "3f1c-click-17"}

    first, again = [
        await client.post(f"{API}/generate", json=QUESTION, headers=headers) for _ in range(2)
    ]
    other = await client.post(f"{API}/generate", json=WORDS_ALONE, headers=headers)

    assert first.json()["request_id"] == again.json()["request_id"]
    assert (again.status_code, other.status_code) == (202, 409)
    listed = await client.get(f"{API}/requests", headers=student.headers)
    assert len(listed.json()["requests"]) == 1


@pytest.mark.parametrize("key", ["", "k" * 129, "two words"])
async def test_a_key_that_cannot_be_one_is_refused(
    client: httpx.AsyncClient, student: Person, key: str
):
    """Bounded and printable, so that nothing hides in it."""
    headers = student.headers | {"idempotency-key": key}

    answer = await client.post(f"{API}/generate", json=QUESTION, headers=headers)

    assert answer.status_code == 422


async def test_to_a_stranger_a_request_does_not_exist(
    client: httpx.AsyncClient, services: Services, student: Person
):
    """404 everywhere, as for an id that was never given; never 403."""
    asked = await client.post(f"{API}/generate", json=QUESTION, headers=student.headers)
    place = asked.headers["location"]
    strangers = [
        await signed_in(services, Role.STUDENT, organization_id=SCHOOL),
        await signed_in(services, Role.TEACHER, organization_id="b" * 36),
    ]

    for stranger in strangers:
        answers = [
            await client.get(place, headers=stranger.headers),
            await client.get(f"{place}/artefact", headers=stranger.headers),
            await client.post(f"{place}/cancel", headers=stranger.headers),
            await client.get(f"{API}/requests/{'0' * 36}", headers=stranger.headers),
        ]
        assert {answer.status_code for answer in answers} == {404}
        assert {answer.json()["type"] for answer in answers} == {
            "urn:vividly:problem:no-such-request"
        }


async def test_a_teacher_of_the_school_may_look_and_is_written_down(
    client: httpx.AsyncClient, services: Services, student: Person
):
    """A look is not a touch: cancelling is refused with 403."""
    teacher = await signed_in(services, Role.TEACHER, organization_id=SCHOOL)
    place = (await client.post(f"{API}/generate", json=QUESTION, headers=student.headers)).headers[
        "location"
    ]

    look = await client.get(place, headers=teacher.headers)
    touch = await client.post(f"{place}/cancel", headers=teacher.headers)

    assert (look.status_code, touch.status_code) == (200, 403)
    async with services.database.sessions() as session:
        events = (await session.scalars(select(AuditEvent))).all()
    assert [event.action for event in events] == ["content.see"]
    assert events[0].request_id == look.headers["x-request-id"]


async def test_a_request_can_be_cancelled(client: httpx.AsyncClient, student: Person):
    """At once while it waits; a second time is the same; it stays listed."""
    asked = await client.post(f"{API}/generate", json=QUESTION, headers=student.headers)
    place = asked.headers["location"]

    first = await client.post(f"{place}/cancel", headers=student.headers)
    again = await client.post(f"{place}/cancel", headers=student.headers)

    assert (first.status_code, again.status_code) == (202, 202)
    assert first.json()["status"] == again.json()["status"] == "cancelled"


async def test_a_finished_request_cannot_be_cancelled(
    client: httpx.AsyncClient, services: Services, student: Person
):
    """409, and the lesson stays."""
    seen = await worked_off(services, client, student, WORDS_ALONE)

    answer = await client.post(
        f"{API}/requests/{seen['request_id']}/cancel", headers=student.headers
    )

    assert answer.status_code == 409


async def test_the_list_goes_on_where_the_page_ends(client: httpx.AsyncClient, student: Person):
    """Newest first, each once, and an end."""
    asked = [
        (await client.post(f"{API}/generate", json=QUESTION, headers=student.headers)).json()[
            "request_id"
        ]
        for _ in range(5)
    ]
    seen, before = [], ""

    while before is not None:
        query = {"limit": 2} | ({"before": before} if before else {})
        page = (await client.get(f"{API}/requests", params=query, headers=student.headers)).json()
        seen += [one["request_id"] for one in page["requests"]]
        before = page["next_before"]

    assert seen == asked[::-1]


async def test_the_end_of_a_request_is_told_once(
    client: httpx.AsyncClient, services: Services, student: Person
):
    """One notification, unread until it is marked; nobody else can see or mark it."""
    seen = await worked_off(services, client, student, WORDS_ALONE)
    other = await signed_in(services, Role.STUDENT)

    told = (await client.get(f"{API}/notifications", headers=student.headers)).json()
    [one] = told["notifications"]
    place = f"{API}/notifications/{one['notification_id']}/read"
    by_other = await client.post(place, headers=other.headers)
    by_owner = [(await client.post(place, headers=student.headers)).status_code for _ in range(2)]
    unread = await client.get(f"{API}/notifications?unread=true", headers=student.headers)
    read = await client.get(f"{API}/notifications", headers=student.headers)

    assert (one["request_id"], one["outcome"]) == (seen["request_id"], "completed")
    assert one["read_at"] is None
    assert (by_other.status_code, by_owner) == (404, [204, 204])
    assert unread.json() == {"notifications": []}
    assert read.json()["notifications"][0]["read_at"] is not None


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/generate"),
        ("GET", "/requests"),
        ("GET", f"/requests/{'0' * 36}"),
        ("POST", f"/requests/{'0' * 36}/cancel"),
        ("GET", f"/requests/{'0' * 36}/artefact"),
        ("GET", "/notifications"),
        ("POST", f"/notifications/{'0' * 36}/read"),
    ],
)
async def test_nothing_is_shown_to_those_who_are_not_signed_in(
    client: httpx.AsyncClient, method: str, path: str
):
    """401 with the way to sign in."""
    answer = await client.request(method, f"{API}{path}", json=QUESTION)

    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")


async def test_every_word_of_the_api_is_one_of_the_vocabulary(client: httpx.AsyncClient, app):
    """Modalities, stages and outcomes in the description are the enums themselves (D91)."""
    schemas = app.openapi()["components"]["schemas"]

    assert schemas["Modality"]["enum"] == [modality.value for modality in Modality]
    assert {"Status", "Stage", "Outcome", "ErrorType"} <= schemas.keys()
