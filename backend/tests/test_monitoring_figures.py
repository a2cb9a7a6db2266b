"""The pipeline's figures are counted from the rows that every process shares (D85, D86, D89)."""

from datetime import timedelta

import httpx
import pytest
from fastapi import FastAPI
from school_records import School, asked, completed, two_schools

from app.core.moments import now
from app.core.vocabulary import ErrorType, Outcome, Stage, StageStatus, Status
from app.models.tables import StageRun

MONITORING = "/api/v1/monitoring"


@pytest.fixture
async def school(app: FastAPI) -> School:
    """Everybody is signed in."""
    return await two_schools(app.state.services)


async def test_the_figures_are_counted_from_the_rows(client: httpx.AsyncClient, school: School):
    """Nineteen lessons of 1 to 19 s, one failure, one still waiting."""
    for seconds in range(1, 20):
        await completed(school, school.north_student, float(seconds))
    failed = {"status": Status.FAILED, "outcome": Outcome.FAILED}
    await asked(school, school.north_student, took_s=500.0, **failed)
    await asked(school, school.north_student)

    response = await client.get(f"{MONITORING}/metrics", headers=school.admin.headers)

    figures = response.json()
    assert (figures["total"], figures["active"]) == (21, 1)
    assert figures["by_status"]["completed"] == 19
    assert figures["by_status"]["cancelled"] == 0
    assert figures["by_outcome"]["failed"] == 1
    assert figures["success_rate"] == pytest.approx(0.95)
    assert figures["duration"]["count"] == 19
    assert figures["duration"]["p50_s"] == pytest.approx(10.0, abs=0.01)
    assert figures["duration"]["p95_s"] == pytest.approx(19.0, abs=0.01)


async def test_figures_of_nothing_are_nothing_and_not_perfection(
    client: httpx.AsyncClient, school: School
):
    """Without a finished request there is no rate and no percentile (D86, D89)."""
    await asked(school, school.north_student, ago=timedelta(hours=30))

    response = await client.get(f"{MONITORING}/metrics?hours=24", headers=school.admin.headers)

    figures = response.json()
    assert figures["total"] == 0
    assert figures["success_rate"] is None
    assert figures["duration"] is None
    assert figures["stage_durations"] == {}


async def test_stages_have_durations_and_errors_of_their_own(
    client: httpx.AsyncClient, school: School
):
    """A failed attempt counts among the errors and not in the durations."""
    request_id = await completed(school, school.north_student, 3.0)
    began = now(school.services.clock)
    runs = [
        (Stage.SCRIPT, StageStatus.COMPLETED, None, 0.2),
        (Stage.SCRIPT, StageStatus.DEGRADED, None, 0.4),
        (Stage.VIDEO, StageStatus.FAILED, ErrorType.STORAGE, 9.0),
        (Stage.VIDEO, StageStatus.COMPLETED, None, 1.5),
    ]
    async with school.services.database.transaction() as session:
        for stage, status, error, seconds in runs:
            run = {"stage": stage, "status": status, "error_type": error, "duration_s": seconds}
            session.add(StageRun(request_id=request_id, started_at=began, **run))

    response = await client.get(f"{MONITORING}/metrics", headers=school.admin.headers)

    figures = response.json()
    assert figures["stage_durations"] == {
        "script": {"count": 2, "p50_s": 0.2, "p95_s": 0.4},
        "video": {"count": 1, "p50_s": 1.5, "p95_s": 1.5},
    }
    assert figures["stage_errors"] == {"video": {"storage": 1}}


class TestOnPostgres:
    """The same figures by the other database's arithmetic."""

    @pytest.fixture
    def settings(self, settings_with, postgres_url: str):
        """Settings whose database is a real PostgreSQL."""
        return settings_with(database_url=postgres_url)

    async def test_percentiles_are_the_same_as_on_sqlite(
        self, client: httpx.AsyncClient, school: School
    ):
        """Integer division and differences of times are each database's own affair."""
        for seconds in range(1, 20):
            await completed(school, school.north_student, float(seconds))

        response = await client.get(f"{MONITORING}/metrics", headers=school.admin.headers)

        duration = response.json()["duration"]
        assert (duration["count"], duration["p50_s"]) == (19, pytest.approx(10.0, abs=0.01))
        assert duration["p95_s"] == pytest.approx(19.0, abs=0.01)
