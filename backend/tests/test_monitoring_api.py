"""Staff see how requests fare, their own children's alone, and leave a trace of looking."""

from datetime import timedelta

import httpx
import pytest
from fastapi import FastAPI
from people import signed_in
from school_records import QUESTION, School, asked, two_schools
from sqlalchemy import select, text

from app.core.database import Database
from app.core.moments import now
from app.core.vocabulary import ErrorType, Role, Stage, StageStatus, Status
from app.models.tables import AuditEvent, StageRun

MONITORING = "/api/v1/monitoring"


@pytest.fixture
async def school(app: FastAPI) -> School:
    """Everybody is signed in."""
    return await two_schools(app.state.services)


async def audited(database: Database) -> list[tuple[str, str, str]]:
    """Who did what to whose records, in order."""
    async with database.sessions() as session:
        events = await session.scalars(select(AuditEvent).order_by(AuditEvent.id))
        return [(event.actor, event.action, event.subject) for event in events]


async def test_an_admin_sees_every_request_newest_first(client: httpx.AsyncClient, school: School):
    """Both organisations', with stage and elapsed time."""
    old = await asked(school, school.north_student, ago=timedelta(hours=2), status=Status.VIDEO)
    new = await asked(school, school.south_student)

    response = await client.get(f"{MONITORING}/requests", headers=school.admin.headers)

    first, second = response.json()["requests"]
    assert [first["request_id"], second["request_id"]] == [new, old]
    assert (first["status"], first["stage"]) == ("pending", None)
    assert (second["status"], second["stage"]) == ("video", "video")
    assert 7200 <= second["elapsed_s"] < 7260


async def test_a_teacher_sees_the_own_organisation_alone(client: httpx.AsyncClient, school: School):
    """In the list, by id, by search and in the figures (D77)."""
    ours = await asked(school, school.north_student)
    theirs = await asked(school, school.south_student)
    teacher = school.north_teacher.headers

    listed = await client.get(f"{MONITORING}/requests", headers=teacher)
    own = await client.get(f"{MONITORING}/requests/{ours}", headers=teacher)
    foreign = await client.get(f"{MONITORING}/requests/{theirs}", headers=teacher)
    search = {"student_id": school.south_student.user_id}
    searched = await client.post(f"{MONITORING}/search", json=search, headers=teacher)
    figures = await client.get(f"{MONITORING}/metrics", headers=teacher)

    assert [one["request_id"] for one in listed.json()["requests"]] == [ours]
    assert own.status_code == 200
    assert foreign.status_code == 404
    assert searched.json()["requests"] == []
    assert figures.json()["total"] == 1


async def test_a_teacher_without_an_organisation_sees_nothing(
    client: httpx.AsyncClient, school: School
):
    """No organisation is not the same as every account that has none."""
    stray = await signed_in(school.services, Role.STUDENT)
    request_id = await asked(school, stray)
    teacher = school.lone_teacher.headers

    listed = await client.get(f"{MONITORING}/requests", headers=teacher)
    one = await client.get(f"{MONITORING}/requests/{request_id}", headers=teacher)
    figures = await client.get(f"{MONITORING}/metrics", headers=teacher)

    assert listed.json()["requests"] == []
    assert one.status_code == 404
    assert figures.json()["total"] == 0


async def test_another_schools_request_looks_like_no_request_at_all(
    client: httpx.AsyncClient, school: School
):
    """The answer does not tell whether the id exists."""
    theirs = await asked(school, school.south_student)
    teacher = school.north_teacher.headers

    foreign = (await client.get(f"{MONITORING}/requests/{theirs}", headers=teacher)).json()
    nothing = (await client.get(f"{MONITORING}/requests/{'0' * 36}", headers=teacher)).json()

    foreign.pop("request_id")
    nothing.pop("request_id")
    assert foreign == nothing


async def test_a_request_is_shown_with_each_attempt_at_each_stage(
    client: httpx.AsyncClient, school: School
):
    """In their order, failures with their kind."""
    request_id = await asked(school, school.north_student, status=Status.SCRIPT, progress=0.4)
    began = now(school.services.clock)
    attempts = [
        (Stage.VALIDATION, StageStatus.COMPLETED, None),
        (Stage.RETRIEVAL, StageStatus.FAILED, ErrorType.TIMEOUT),
        (Stage.RETRIEVAL, StageStatus.COMPLETED, None),
    ]
    async with school.services.database.transaction() as session:
        for stage, status, error in attempts:
            run = {"stage": stage, "status": status, "error_type": error}
            session.add(StageRun(request_id=request_id, started_at=began, duration_s=0.5, **run))

    response = await client.get(f"{MONITORING}/requests/{request_id}", headers=school.admin.headers)

    told = [(run["stage"], run["status"], run["error_type"]) for run in response.json()["stages"]]
    assert told == attempts


async def test_the_question_the_name_and_the_address_are_not_shown(
    client: httpx.AsyncClient, school: School
):
    """How a request fares can be seen without reading over a child's shoulder."""
    request_id = await asked(school, school.north_student)
    admin = school.admin.headers

    listed = await client.get(f"{MONITORING}/requests", headers=admin)
    detail = await client.get(f"{MONITORING}/requests/{request_id}", headers=admin)

    for shown in (listed.text, detail.text):
        assert QUESTION not in shown
        assert school.north_student.email not in shown
        assert "Family" not in shown


async def test_a_list_is_read_on_from_where_it_ended(client: httpx.AsyncClient, school: School):
    """Pages neither repeat nor lose a request, though all were made in one instant."""
    made = {await asked(school, school.north_student) for _ in range(5)}
    seen: list[str] = []
    query = "limit=2"

    while query:
        page = await client.get(f"{MONITORING}/requests?{query}", headers=school.admin.headers)
        seen += [one["request_id"] for one in page.json()["requests"]]
        following = page.json()["next_before"]
        query = f"limit=2&before={following}" if following else ""

    assert len(seen) == 5
    assert set(seen) == made


async def test_a_student_is_found_by_an_address_that_never_enters_a_url(
    client: httpx.AsyncClient, school: School
):
    """The e-mail travels in the body, in whatever spelling; a URL ends up in logs (D76)."""
    request_id = await asked(school, school.north_student)
    body = {"student_email": school.north_student.email.upper()}

    found = await client.post(f"{MONITORING}/search", json=body, headers=school.admin.headers)
    in_url = await client.get(
        f"{MONITORING}/search?student_email=a@b.example", headers=school.admin.headers
    )

    assert [one["request_id"] for one in found.json()["requests"]] == [request_id]
    assert in_url.status_code == 405


@pytest.mark.parametrize("body", [{}, {"student_id": "1", "student_email": "a@b.example"}])
async def test_a_search_names_one_student_in_one_way(
    client: httpx.AsyncClient, school: School, body: dict[str, str]
):
    """Neither and both are refused."""
    response = await client.post(f"{MONITORING}/search", json=body, headers=school.admin.headers)

    assert response.status_code == 422


async def test_every_look_at_a_childs_records_is_written_down(
    client: httpx.AsyncClient, school: School, database: Database
):
    """Who looked at whom, by pseudonym: a list counts as a look at each child in it."""
    pseudonym = school.services.telemetry.pseudonyms.user
    request_id = await asked(school, school.north_student)
    await asked(school, school.north_student)
    admin = school.admin.headers

    await client.get(f"{MONITORING}/requests", headers=admin)
    await client.get(f"{MONITORING}/requests/{request_id}", headers=admin)
    body = {"student_id": school.south_student.user_id}
    await client.post(f"{MONITORING}/search", json=body, headers=admin)

    who = pseudonym(school.admin.user_id)
    north, south = (pseudonym(one.user_id) for one in (school.north_student, school.south_student))
    assert await audited(database) == [
        (who, "monitoring.list", north),
        (who, "monitoring.request", north),
        (who, "monitoring.search", south),
    ]


async def test_what_cannot_be_written_down_is_not_shown(
    client: httpx.AsyncClient, school: School, database: Database
):
    """No look without its trace: the record goes with the answer or neither does."""
    request_id = await asked(school, school.north_student)
    async with database.transaction() as session:
        await session.execute(text("DROP TABLE audit_events"))

    response = await client.get(f"{MONITORING}/requests/{request_id}", headers=school.admin.headers)

    assert response.status_code == 500
    assert school.north_student.user_id not in response.text


async def test_a_student_is_refused_and_nothing_is_written_down(
    client: httpx.AsyncClient, school: School, database: Database
):
    """Not even one's own request: this view is the staff's."""
    request_id = await asked(school, school.north_student)

    response = await client.get(
        f"{MONITORING}/requests/{request_id}", headers=school.north_student.headers
    )

    assert response.status_code == 403
    assert await audited(database) == []


class TestOnPostgres:
    """The same figures by the other database's arithmetic."""

    @pytest.fixture
    def settings(self, settings_with, postgres_url: str):
        """Settings whose database is a real PostgreSQL."""
        return settings_with(database_url=postgres_url)

    async def test_pages_and_audit_work_there_too(
        self, client: httpx.AsyncClient, school: School, database: Database
    ):
        """One page, one look at one child."""
        made = {await asked(school, school.north_student) for _ in range(3)}

        page = await client.get(f"{MONITORING}/requests", headers=school.admin.headers)

        assert {one["request_id"] for one in page.json()["requests"]} == made
        assert len(await audited(database)) == 1
