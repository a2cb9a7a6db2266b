"""Every error is a problem document that tells no more than it may (RFC 9457, D18, D79)."""

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text

from app.api.body_limit import BODY_AT_MOST_BYTES
from app.api.problem_schema import MEDIA_TYPE
from app.api.problems import Problem, invalid_fields
from app.core.database import Database

LOGIN = "/api/v1/auth/login"
REGISTER = "/api/v1/auth/register"
A_SECRET = "hunter2-was-my-dog"


def the_problem(response: httpx.Response, status: int) -> dict[str, object]:
    """What the response says, after it has been seen to be a whole problem document."""
    document = response.json()
    assert response.status_code == status, document
    assert response.headers["content-type"] == MEDIA_TYPE
    assert document["status"] == status
    assert document["type"].startswith("urn:vividly:problem:")
    assert document["title"]
    assert document["request_id"] == response.headers["x-request-id"]
    return document


async def test_an_address_without_anything_is_a_problem_document(client: httpx.AsyncClient):
    """Nobody but the router knows of this error, and it too speaks our form."""
    response = await client.get("/api/v1/nothing-here")

    assert the_problem(response, 404)["type"] == "urn:vividly:problem:not-found"


async def test_a_wrong_method_says_which_are_right(client: httpx.AsyncClient):
    """405 keeps the Allow header that RFC 9110 asks for."""
    response = await client.get(LOGIN)

    the_problem(response, 405)
    assert response.headers["allow"] == "POST"


@pytest.mark.parametrize(
    "body",
    [b"{", b"", b"\xff\xfe", b"[" * 60_000, b'{"email": "a@b.example",}'],
    ids=["cut off", "empty", "no UTF-8", "nested without end", "trailing comma"],
)
async def test_a_body_that_is_no_json_is_refused_politely(client: httpx.AsyncClient, body: bytes):
    """Malformed, not unprocessable; and never a 500 for what a stranger sent."""
    headers = {"content-type": "application/json"}

    response = await client.post(LOGIN, content=body, headers=headers)

    document = the_problem(response, 422 if body == b"" else 400)
    assert "JSON" not in str(document.get("detail", ""))


async def test_an_invalid_field_is_named_and_its_value_is_not(client: httpx.AsyncClient):
    """A password that is too short must not come back in the answer (D18)."""
    pupil = {"email": f"{A_SECRET}@", "password": A_SECRET[:5], "role": A_SECRET}

    response = await client.post(REGISTER, json=pupil)

    document = the_problem(response, 422)
    assert A_SECRET[:5] not in response.text
    assert {"email", "password", "role"} <= {error["location"][-1] for error in document["errors"]}
    assert all(error.keys() == {"location", "type"} for error in document["errors"])


def test_a_field_that_the_caller_invented_is_not_named():
    """The name may be the secret: somebody pastes a password where a key belongs."""
    errors = [
        {"loc": ("body", A_SECRET), "type": "extra_forbidden", "input": 1},
        {"loc": ("body", "notes", "a b@c.example", 3), "type": "string_type", "msg": A_SECRET},
    ]

    told = invalid_fields(errors)

    assert told == [
        {"location": ["body", "[unknown]"], "type": "extra_forbidden"},
        {"location": ["body", "notes", "[unknown]", 3], "type": "string_type"},
    ]


async def test_a_thousand_invalid_fields_make_no_endless_answer():
    """What we answer does not grow with what a stranger sends."""
    errors = [{"loc": ("body", number), "type": "string_type"} for number in range(1000)]

    told = invalid_fields(errors)

    assert len(told) == 20


async def test_a_body_that_declares_too_much_is_refused_unread(client: httpx.AsyncClient):
    """413 by Content-Length alone."""
    too_much = b" " * (BODY_AT_MOST_BYTES + 1)

    response = await client.post(LOGIN, content=too_much)

    assert the_problem(response, 413)["type"] == "urn:vividly:problem:body-too-large"


async def test_a_body_without_a_length_is_counted_as_it_comes(client: httpx.AsyncClient):
    """A chunked body declares nothing, so it is measured."""

    async def endless():
        for _ in range(200):
            yield b" " * 1024

    response = await client.post(
        LOGIN, content=endless(), headers={"content-type": "application/json"}
    )

    the_problem(response, 413)


async def test_the_largest_body_is_still_read(client: httpx.AsyncClient):
    """The limit refuses what is above it, not what is at it."""
    exactly = b"{}".ljust(BODY_AT_MOST_BYTES)

    response = await client.post(
        LOGIN, content=exactly, headers={"content-type": "application/json"}
    )

    the_problem(response, 422)


async def test_an_unforeseen_error_tells_its_request_id_and_nothing_else(
    client: httpx.AsyncClient, database: Database
):
    """The database's own words name tables and columns: they are for the log (D79)."""
    async with database.transaction() as session:
        await session.execute(text("DROP TABLE refresh_tokens"))
        await session.execute(text("DROP TABLE password_resets"))
        await session.execute(text("ALTER TABLE users RENAME TO pupils"))

    response = await client.post(LOGIN, json={"email": "a@b.example", "password": A_SECRET})

    document = the_problem(response, 500)
    assert document.keys() == {"type", "title", "status", "request_id"}
    assert "users" not in response.text


async def test_a_refusal_is_never_kept_by_a_cache(client: httpx.AsyncClient):
    """One pupil's 404 must not be shown to the next one behind the same proxy."""
    response = await client.get("/api/v1/nothing-here")

    assert response.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("kind", ["Not-Found", "not_found", "", "not found"])
def test_a_kind_that_programs_cannot_rely_on_is_refused(kind: str):
    """Kinds are part of the API: kebab case, once and for all."""
    with pytest.raises(ValueError, match="kebab-case"):
        Problem(404, kind, "There is nothing here")


async def test_every_operation_documents_its_problems(app: FastAPI):
    """The OpenAPI document names the media type and the schema of our errors, not FastAPI's."""
    document = app.openapi()

    operations = [operation for path in document["paths"].values() for operation in path.values()]
    for operation in operations:
        refusals = [told for status, told in operation["responses"].items() if status >= "4"]
        assert refusals, operation["operationId"]
        for refusal in refusals:
            schema = refusal["content"][MEDIA_TYPE]["schema"]
            assert schema == {"$ref": "#/components/schemas/Problem"}
    assert "HTTPValidationError" not in document["components"]["schemas"]
    assert document["components"]["schemas"]["Problem"]["required"] == ["type", "title", "status"]
