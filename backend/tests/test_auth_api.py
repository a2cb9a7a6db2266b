"""Promises about the sign-in endpoints: the whole service, over HTTP."""

import pytest
from front_door import EMAIL, PASSWORD
from sqlalchemy import event, text, update

from app.core.config import Settings
from app.core.vocabulary import AccountStatus, Role
from app.models.tables import User

AUTH = "/api/v1/auth"
STUDENT = {
    "email": EMAIL,
    "password": PASSWORD,
    "first_name": "Ada",
    "last_name": "Lovelace",
    "role": "student",
    "grade_level": 10,
}
LOGIN = {"email": EMAIL, "password": PASSWORD}


@pytest.fixture
def settings(request, settings_with) -> Settings:
    """SQLite; a test that asks for ``any_database_url`` runs on PostgreSQL as well."""
    if "any_database_url" not in request.fixturenames:
        return settings_with()
    return settings_with(database_url=request.getfixturevalue("any_database_url"))


def bearer(tokens: dict[str, str]) -> dict[str, str]:
    return {"Authorization": f"Bearer {tokens['access_token']}"}


@pytest.fixture
async def tokens(client) -> dict[str, str]:
    """What a new student holds who has just signed in."""
    await client.post(f"{AUTH}/register", json=STUDENT)
    return (await client.post(f"{AUTH}/login", json=LOGIN)).json()


def kind(response) -> tuple[int, str]:
    """Status and kind of a problem document."""
    assert response.headers["content-type"] == "application/problem+json"
    return response.status_code, response.json()["type"].removeprefix("urn:vividly:problem:")


async def test_a_student_registers_signs_in_and_is_known(client, any_database_url):
    """201 with the account, 200 with tokens, 200 with the same account."""
    registered = await client.post(f"{AUTH}/register", json=STUDENT)
    signed_in = await client.post(f"{AUTH}/login", json=LOGIN)
    me = await client.get(f"{AUTH}/me", headers=bearer(signed_in.json()))

    assert (registered.status_code, signed_in.status_code, me.status_code) == (201, 200, 200)
    assert registered.json() == me.json()
    assert me.json() | {"id": "", "created_at": ""} == {
        "id": "",
        "email": EMAIL,
        "first_name": "Ada",
        "last_name": "Lovelace",
        "role": "student",
        "grade_level": 10,
        "organization_id": None,
        "created_at": "",
    }
    assert signed_in.json().keys() == {
        "access_token",
        "refresh_token",
        "token_type",
        "expires_in",
    }
    assert (signed_in.json()["token_type"], signed_in.json()["expires_in"]) == ("bearer", 900)


async def test_tokens_and_accounts_are_for_nobodys_cache(client, tokens):
    """A proxy of the school keeps neither (RFC 6749, 5.1)."""
    answers = [
        await client.post(f"{AUTH}/register", json=STUDENT | {"email": "b@school.example"}),
        await client.post(f"{AUTH}/login", json=LOGIN),
        await client.post(f"{AUTH}/refresh", json={"refresh_token": tokens["refresh_token"]}),
        await client.get(f"{AUTH}/me", headers=bearer(tokens)),
    ]

    assert [answer.status_code for answer in answers] == [201, 200, 200, 200]
    assert all("no-store" in answer.headers["cache-control"] for answer in answers)


async def test_a_taken_address_is_a_conflict(client, tokens, any_database_url):
    """In whatever spelling."""
    response = await client.post(f"{AUTH}/register", json=STUDENT | {"email": EMAIL.title()})

    assert kind(response) == (409, "email-taken")


async def test_a_wrong_sign_in_says_nothing_about_the_account(client, tokens):
    """Wrong password and unknown address give the same answer, but for the request's id."""
    wrong = await client.post(f"{AUTH}/login", json=LOGIN | {"password": "Wrong-1234"})
    unknown = await client.post(f"{AUTH}/login", json=LOGIN | {"email": "nobody@school.example"})

    assert kind(wrong) == (401, "wrong-credentials")
    assert wrong.json() | {"request_id": ""} == unknown.json() | {"request_id": ""}
    assert wrong.headers.keys() == unknown.headers.keys()


async def test_a_locked_out_sign_in_says_when_to_return(client, tokens):
    """429 with Retry-After, right password or not (D80)."""
    for _ in range(5):
        await client.post(f"{AUTH}/login", json=LOGIN | {"password": "Wrong-1234"})

    response = await client.post(f"{AUTH}/login", json=LOGIN)

    assert kind(response) == (429, "locked-out")
    assert 295 <= int(response.headers["retry-after"]) <= 300
    assert response.json()["retry_after_s"] == int(response.headers["retry-after"])


async def test_a_suspended_account_is_told_so_and_its_tokens_are_dead(
    client, app, tokens, any_database_url
):
    """403 for its owner at the door, 401 inside, at once (D74)."""
    async with app.state.services.database.transaction() as transaction:
        await transaction.execute(update(User).values(status=AccountStatus.SUSPENDED))

    at_the_door = await client.post(f"{AUTH}/login", json=LOGIN)
    inside = await client.get(f"{AUTH}/me", headers=bearer(tokens))
    renewed = await client.post(f"{AUTH}/refresh", json={"refresh_token": tokens["refresh_token"]})

    assert kind(at_the_door) == (403, "account-inactive")
    assert kind(inside) == (401, "not-signed-in")
    assert kind(renewed) == (401, "sign-in-again")


@pytest.mark.parametrize("path", ["logout", "logout-all"])
async def test_a_signed_out_token_stops_at_once(client, tokens, path, any_database_url):
    """The next request with it is a stranger's (D74)."""
    elsewhere = (await client.post(f"{AUTH}/login", json=LOGIN)).json()

    signed_out = await client.post(f"{AUTH}/{path}", headers=bearer(tokens))

    assert (signed_out.status_code, signed_out.content) == (204, b"")
    assert kind(await client.get(f"{AUTH}/me", headers=bearer(tokens))) == (401, "not-signed-in")
    other = await client.get(f"{AUTH}/me", headers=bearer(elsewhere))
    assert other.status_code == (200 if path == "logout" else 401)


async def test_tokens_do_not_stand_in_for_each_other(client, tokens):
    """A refresh token opens no endpoint, an access token refreshes nothing (D74)."""
    opened = await client.get(
        f"{AUTH}/me", headers={"Authorization": f"Bearer {tokens['refresh_token']}"}
    )
    refreshed = await client.post(f"{AUTH}/refresh", json={"refresh_token": tokens["access_token"]})

    assert kind(opened) == (401, "not-signed-in")
    assert kind(refreshed) == (401, "sign-in-again")


async def test_a_replayed_refresh_token_throws_both_holders_out(client, tokens, any_database_url):
    """The one who replays it and the one who holds the next."""
    shown = {"refresh_token": tokens["refresh_token"]}
    owners = (await client.post(f"{AUTH}/refresh", json=shown)).json()

    replay = await client.post(f"{AUTH}/refresh", json=shown)
    owner = await client.get(f"{AUTH}/me", headers=bearer(owners))

    assert kind(replay) == (401, "sign-in-again")
    assert kind(owner) == (401, "not-signed-in")


@pytest.mark.parametrize(
    ("header", "challenge"),
    [
        (None, "Bearer"),
        ("Basic YWRhOnNlY3JldA==", "Bearer"),
        ("Bearer ", 'Bearer error="invalid_token"'),
        ("Bearer invented", 'Bearer error="invalid_token"'),
        ("bearer " + "x" * 5000, 'Bearer error="invalid_token"'),
        ("Bearer \xe9\xff", 'Bearer error="invalid_token"'),
    ],
    ids=["none", "basic", "empty", "invented", "huge", "binary"],
)
async def test_a_stranger_is_told_how_to_sign_in(client, header, challenge):
    """401 with a challenge (RFC 6750), never an error of ours."""
    headers = {"Authorization": header.encode("latin-1")} if header is not None else {}

    response = await client.get(f"{AUTH}/me", headers=headers)

    assert kind(response) == (401, "not-signed-in")
    assert response.headers["www-authenticate"] == challenge


async def test_a_reset_request_is_answered_alike_for_everybody(client, tokens, settings):
    """The same 202 whether or not there is an account; only one letter goes out."""
    known = await client.post(f"{AUTH}/password-reset/request", json={"email": EMAIL})
    unknown = await client.post(
        f"{AUTH}/password-reset/request", json={"email": "nobody@school.example"}
    )

    assert known.status_code == unknown.status_code == 202
    assert known.content == unknown.content
    assert len(list(settings.mail_dir.glob("*.eml"))) == 1


async def test_a_reset_code_that_is_not_ours_is_refused(client):
    """400, and the rules on passwords are told before it is looked at."""
    shown = {"token": "x" * 43, "new_password": "Difference-Engine-2"}

    refused = await client.post(f"{AUTH}/password-reset/confirm", json=shown)
    weak = await client.post(
        f"{AUTH}/password-reset/confirm", json=shown | {"new_password": "short"}
    )

    assert kind(refused) == (400, "reset-refused")
    assert weak.status_code == 422
    assert weak.json()["errors"] == [
        {"location": ["body", "new_password"], "type": "password_too_short"}
    ]


async def test_a_refused_form_tells_the_field_and_never_the_value(client):
    """Location and kind of each fault; the password is not echoed (D18)."""
    form = STUDENT | {"password": "hunter2", "grade_level": 8, "role": "headmaster"}

    response = await client.post(f"{AUTH}/register", json=form)

    assert kind(response) == (422, "invalid-request")
    assert response.json()["errors"] == [
        {"location": ["body", "role"], "type": "literal_error"},
        {"location": ["body", "grade_level"], "type": "greater_than_equal"},
        {"location": ["body", "password"], "type": "password_too_short"},
    ]
    assert "hunter2" not in response.text
    assert "headmaster" not in response.text


@pytest.mark.parametrize(
    "body",
    [
        b'{"email": "a\\u0000@school.example", "password": "x"}',
        b'{"email": "\\ud800@school.example", "password": "x"}',
        b'{"email": "a@school.example", "password": "\\ud800"}',
        b'{"email": {"$gt": ""}, "password": "x"}',
        b'["a@school.example", "x"]',
        b"null",
        b"",
        b'{"email": "a@school.example", "password": "x"',
        b"\xff\xfe",
    ],
    ids=[
        "nul",
        "surrogate",
        "surrogate-password",
        "object",
        "list",
        "null",
        "empty",
        "cut",
        "bytes",
    ],
)
async def test_no_body_whatever_is_an_error_of_ours(client, body, any_database_url):
    """What no form sends is refused as such, on either database."""
    response = await client.post(
        f"{AUTH}/login", content=body, headers={"Content-Type": "application/json"}
    )

    assert response.status_code in (400, 401, 422)
    assert response.headers["content-type"] == "application/problem+json"


async def test_a_sign_in_that_fails_midway_ran_once(app, client, tokens, moves, any_database_url):
    """An error of ours is one 500: no second try, no session, nothing counted twice (D81)."""
    database = app.state.services.database
    async with database.transaction() as transaction:
        await transaction.execute(text("DROP TABLE refresh_tokens"))
        before = await transaction.scalar(text("SELECT count(*) FROM sessions"))
    moves.forget()
    asked: list[str] = []
    engine = database.engine.sync_engine

    @event.listens_for(engine, "before_cursor_execute")
    def note(_connection, _cursor, statement, *_rest) -> None:
        asked.append(statement)

    response = await client.post(f"{AUTH}/login", json=LOGIN)

    async with database.sessions() as connection:
        after = await connection.scalar(text("SELECT count(*) FROM sessions"))
    assert kind(response) == (500, "internal-error")
    assert "refresh_tokens" not in response.text
    assert sum("INSERT INTO sessions" in statement for statement in asked) == 1
    assert (after, moves()) == (before, {})


async def test_a_sign_in_is_counted_once(client, tokens, moves):
    """One request, one attempt, one session."""
    moves.forget()

    await client.post(f"{AUTH}/login", json=LOGIN)
    succeeded = moves()
    await client.post(f"{AUTH}/login", json=LOGIN | {"password": "Wrong-1234"})

    assert succeeded == {"attempt success student": 1}
    assert moves() == {
        "attempt success student": 1,
        "attempt failure student": 1,
        "failure invalid_password": 1,
    }


@pytest.mark.parametrize("role", list(Role))
async def test_a_role_may_do_all_that_lesser_roles_may(client, app, tokens, role):
    """A super administrator is refused nowhere (the earlier system refused it at admin's door)."""
    async with app.state.services.database.transaction() as transaction:
        await transaction.execute(update(User).values(role=role))

    response = await client.get("/api/v1/monitoring/requests", headers=bearer(tokens))

    assert response.status_code == (403 if role is Role.STUDENT else 200)
