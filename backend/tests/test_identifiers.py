"""Nothing that a caller puts in the place of an identifier is an error of ours."""

import httpx
import pytest
from fastapi import FastAPI
from people import signed_in

from app.core.config import Settings
from app.core.vocabulary import Role

REQUESTS = "/api/v1/content/requests"
NOTIFICATIONS = "/api/v1/content/notifications"
MONITORING = "/api/v1/monitoring"
NUL, UNKNOWN = "%00", "no-such-thing"

ADDRESSES = [
    ("GET", REQUESTS + "/{}"),
    ("POST", REQUESTS + "/{}/cancel"),
    ("GET", REQUESTS + "/{}/artefact"),
    ("GET", REQUESTS + "?before={}"),
    ("POST", NOTIFICATIONS + "/{}/read"),
    ("GET", MONITORING + "/requests/{}"),
    ("GET", MONITORING + "/requests?before={}"),
]


@pytest.fixture
def settings(settings_with, any_database_url) -> Settings:
    """Settings for each kind of database in turn."""
    return settings_with(database_url=any_database_url)


@pytest.mark.parametrize("named", [NUL, "a%00b", "%0d%0aforged", "x" * 37, "%C3%A9"])
async def test_what_no_identifier_of_ours_looks_like_is_refused(
    app: FastAPI, client: httpx.AsyncClient, named: str
):
    """PostgreSQL cannot even be asked for a NUL: the form refuses it on every way in."""
    admin = await signed_in(app.state.services, Role.ADMIN)

    answers = [
        (await client.request(method, address.format(named), headers=admin.headers)).status_code
        for method, address in ADDRESSES
    ]

    assert answers == [422] * len(ADDRESSES)


async def test_what_might_be_one_and_is_none_is_not_found(app: FastAPI, client: httpx.AsyncClient):
    """An identifier of another form than ours is unknown like any other."""
    admin = await signed_in(app.state.services, Role.ADMIN)

    answers = [
        (await client.request(method, address.format(UNKNOWN), headers=admin.headers)).status_code
        for method, address in ADDRESSES
    ]

    assert answers == [404] * len(ADDRESSES)


async def test_a_student_is_searched_for_by_what_an_identifier_looks_like(
    app: FastAPI, client: httpx.AsyncClient
):
    """The same holds in a body."""
    admin = await signed_in(app.state.services, Role.ADMIN)

    answer = await client.post(
        f"{MONITORING}/search", json={"student_id": "a\0b"}, headers=admin.headers
    )

    assert answer.status_code == 422
    assert answer.json()["errors"] == [
        {"location": ["body", "student_id"], "type": "string_pattern_mismatch"}
    ]
