"""The pipeline's figures over a window of time, counted by the database itself.

Percentiles are by nearest rank: the smallest duration that at least p % of the rows do
not exceed. Window functions do it in one pass on SQLite and PostgreSQL alike; SQLite has
no ``percentile_cont``.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Float,
    Row,
    Select,
    and_,
    cast,
    extract,
    func,
    literal,
    or_,
    select,
)
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.vocabulary import ErrorType, Outcome, Stage, StageStatus, Status
from app.models.tables import ContentRequest, StageRun, User
from app.schemas.monitoring import Percentiles, PipelineFigures

_SECONDS_PER_DAY = 86_400
_LESSON_GIVEN = (Outcome.COMPLETED, Outcome.DEGRADED)


async def figures(
    session: AsyncSession, may_see: ColumnElement[bool], *, since: datetime, window_h: int
) -> PipelineFigures:
    """The figures of the requests made at or after ``since`` whose student ``may_see`` allows."""
    window = and_(ContentRequest.user_id == User.id, may_see, ContentRequest.created_at >= since)
    by_status = await _counted(session, ContentRequest.status, window)
    by_outcome = await _counted(session, ContentRequest.outcome, window)
    return PipelineFigures(
        window_h=window_h,
        total=sum(by_status.values()),
        active=sum(n for status, n in by_status.items() if not status.is_final),
        by_status={status: by_status.get(status, 0) for status in Status},
        by_outcome={outcome: by_outcome.get(outcome, 0) for outcome in Outcome},
        success_rate=_success_rate(by_outcome),
        duration=await _whole_duration(session, window),
        stage_durations=await _stage_durations(session, window),
        stage_errors=await _stage_errors(session, window),
    )


def _success_rate(by_outcome: dict[Any, int]) -> float | None:
    """Lessons among lessons and failures: a question out of scope is nobody's failure."""
    given = sum(by_outcome.get(outcome, 0) for outcome in _LESSON_GIVEN)
    judged = given + by_outcome.get(Outcome.FAILED, 0)
    return given / judged if judged else None


async def _counted(
    session: AsyncSession, column: Any, window: ColumnElement[bool]
) -> dict[Any, int]:
    query = select(column, func.count()).where(window, column.is_not(None)).group_by(column)
    return {row[0]: row[1] for row in await session.execute(query)}


async def _whole_duration(session: AsyncSession, window: ColumnElement[bool]) -> Percentiles | None:
    lasted = _seconds_between(session, ContentRequest.created_at, ContentRequest.finished_at)
    durations = select(literal("all").label("of"), lasted.label("seconds")).where(
        window, ContentRequest.outcome.in_(_LESSON_GIVEN)
    )
    return (await _percentiles(session, durations)).get("all")


async def _stage_durations(
    session: AsyncSession, window: ColumnElement[bool]
) -> dict[Stage, Percentiles]:
    durations = select(StageRun.stage.label("of"), StageRun.duration_s.label("seconds")).where(
        window,
        StageRun.request_id == ContentRequest.id,
        # What failed or was skipped says nothing of how long the work takes.
        StageRun.status.in_((StageStatus.COMPLETED, StageStatus.DEGRADED)),
    )
    found = await _percentiles(session, durations)
    return {stage: found[stage] for stage in Stage if stage in found}


async def _stage_errors(
    session: AsyncSession, window: ColumnElement[bool]
) -> dict[Stage, dict[ErrorType, int]]:
    query = (
        select(StageRun.stage, StageRun.error_type, func.count())
        .where(window, StageRun.request_id == ContentRequest.id)
        .group_by(StageRun.stage, StageRun.error_type)
    )
    errors: dict[Stage, dict[ErrorType, int]] = {}
    for stage, error_type, count in (await session.execute(query)).all():
        if error_type is not None:
            errors.setdefault(stage, {})[error_type] = count
    return errors


async def _percentiles(
    session: AsyncSession, durations: Select[Any, Any]
) -> dict[Any, Percentiles]:
    """Count, median and 95th percentile of ``seconds`` by ``of``."""
    each = durations.subquery()
    count = func.count().over(partition_by=each.c.of)
    rank = func.row_number().over(partition_by=each.c.of, order_by=each.c.seconds)
    ranked = select(each.c.of, each.c.seconds, count.label("rows"), rank.label("rank")).subquery()
    chosen = or_(*(ranked.c.rank == _nearest_rank(ranked.c.rows, p) for p in (50, 95)))
    rows = (await session.execute(select(ranked).where(chosen).order_by(ranked.c.rank))).all()
    grouped: dict[Any, list[Row[Any]]] = {}
    for row in rows:
        grouped.setdefault(row.of, []).append(row)
    return {of: _of_rows(found) for of, found in grouped.items()}


def _nearest_rank(count: Any, percent: int) -> Any:
    # The ceiling of count * percent / 100 in whole numbers, as both databases divide.
    return (count * percent + 99) // 100


def _of_rows(rows: Sequence[Row[Any]]) -> Percentiles:
    """Of few rows the median and the 95th percentile may be one and the same."""
    # SQLite's days are good for a millisecond and no more.
    p50_s, p95_s = (round(float(row.seconds), 3) for row in (rows[0], rows[-1]))
    return Percentiles(count=rows[0].rows, p50_s=p50_s, p95_s=p95_s)


def _seconds_between(session: AsyncSession, start: Any, end: Any) -> ColumnElement[float]:
    if session.get_bind().dialect.name == "sqlite":
        days = func.julianday(end) - func.julianday(start)
        return cast(days * _SECONDS_PER_DAY, Float)
    return cast(extract("epoch", end - start), Float)
