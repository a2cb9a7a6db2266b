"""What Vividly's health stands on: each dependency asked, each answer limited and kept.

Without the database no request can be served. What has a stand-in, or serves some requests
only, is told and turns nobody away: limits fall back to this process's memory without Redis
(decision 0004), and a lesson can wait. Texts of errors stay out of every answer (D39, D40).

>>> QUEUE_LATE_S
600.0
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from redis.asyncio import Redis
from sqlalchemy import text

from app.core.config import Settings
from app.core.database import Database
from app.core.exporting import Exporting
from app.core.logging import get_logger
from app.core.metrics import (
    CONTENT_ERRORS,
    CONTENT_STAGES,
    DATABASE_POOL_IN_USE,
    DATABASE_POOL_SIZE,
    EXPORTS,
    HTTP,
    PROCESS,
    QUEUE_AGE,
    QUEUE_DEPTH,
)
from tocsin.clock import Clock
from tocsin.health import (
    Check,
    Criticality,
    Finding,
    Health,
    Life,
    LoopWatch,
    Phase,
    Result,
    Status,
)
from tocsin.health.checkup import Checkup
from tocsin.health.dependencies import clock_skew, folder, outcomes
from tocsin.health.recent import RecentRequests
from tocsin.telemetry.metrics.instruments import Counter

QUEUE_LATE_S: Final = 600.0
"""The same as of the alarm LessonQueueSlow."""
STUCK_AFTER_S: Final = 5.0
_EXPORT_LATE_ROUNDS: Final = 3
_DISK_EVERY_S: Final = 15.0
_CLOCK_EVERY_S: Final = 60.0
_NS: Final = 1_000_000_000
_DATABASE_CLOCK = text("SELECT extract(epoch FROM clock_timestamp())")

_log = get_logger(__name__)


def build_health(
    settings: Settings,
    *,
    database: Database,
    redis: Redis | None,
    exporting: Exporting,
    worker_runs: Callable[[], bool],
    clock: Clock,
) -> Health:
    """The health of one process; ``worker_runs`` says whether its worker takes up requests."""
    checks = [
        *_of_database(database, clock),
        *_of_redis(redis),
        *_of_lessons(settings, worker_runs),
        *_of_exports(exporting, clock),
    ]
    recent = RecentRequests(HTTP, clock=clock)
    return Health(
        checkup=Checkup(checks, clock=clock, on_change=_tell_change),
        life=Life(clock, tell=_tell_phase),
        loop=LoopWatch(stuck_after_s=STUCK_AFTER_S, clock=clock, on_stall=_tell_stall),
        recent=recent,
        release={
            "version": settings.version,
            "releaseId": settings.commit,
            "serviceId": "vividly-api",
            "revision": settings.revision,
            "environment": settings.environment.value,
        },
        sections={
            "resources": _resources,
            "recent_requests": recent.figures,
            "exporters": lambda: _exporters(exporting),
        },
    )


def _of_database(database: Database, clock: Clock) -> Iterator[Check]:
    async def ask() -> None:
        async with database.engine.connect() as connection:
            await connection.execute(text("SELECT 1"))

    async def its_clock_ns() -> int:
        async with database.engine.connect() as connection:
            return round(float(await connection.scalar(_DATABASE_CLOCK)) * _NS)

    yield Check(name="database", ask=ask, owner="engineering")
    if database.engine.dialect.name == "postgresql":  # SQLite's clock is our own
        yield Check(
            name="clock",
            ask=clock_skew(its_clock_ns, clock=clock),
            criticality=Criticality.INFORMATIVE,
            keep_s=_CLOCK_EVERY_S,
            owner="engineering",
        )


def _of_redis(redis: Redis | None) -> Iterator[Check]:
    if redis is not None:
        yield Check(
            name="redis", ask=redis.ping, criticality=Criticality.DEGRADING, owner="engineering"
        )


def _of_lessons(settings: Settings, worker_runs: Callable[[], bool]) -> Iterator[Check]:
    async def ask_worker() -> Finding:
        return Finding(Status.PASS if worker_runs() else Status.FAIL)

    degrading = Criticality.DEGRADING
    disk = folder(settings.artefact_dir, make=True)
    yield Check(
        name="artefacts", ask=disk, criticality=degrading, keep_s=_DISK_EVERY_S, owner="learning"
    )
    yield Check(name="queue", ask=_ask_queue, criticality=degrading, owner="learning")
    if settings.embedded_worker:
        yield Check(name="worker", ask=ask_worker, criticality=degrading, owner="learning")
    provider = outcomes(_provider_calls)
    yield Check(
        name="provider", ask=provider, criticality=Criticality.INFORMATIVE, owner="learning"
    )


def _of_exports(exporting: Exporting, clock: Clock) -> Iterator[Check]:
    if exporting.delivery.couriers:
        yield Check(
            name="exporters",
            ask=_exports_in_time(exporting, clock),
            criticality=Criticality.INFORMATIVE,
            owner="engineering",
        )


async def _ask_queue() -> Finding:
    """As the sampler last saw it: a probe asks the table for nothing."""
    age_s = QUEUE_AGE.value()
    return Finding(Status.FAIL if age_s > QUEUE_LATE_S else Status.PASS, round(age_s, 1), "s")


def _provider_calls() -> tuple[float, float]:
    failed = _sum(CONTENT_ERRORS, error_type={"provider_unavailable", "timeout"})
    return _sum(CONTENT_STAGES), failed


def _sum(counter: Counter, **wanted: set[str]) -> float:
    return sum(
        sample.value
        for metric in counter.collect()
        for sample in metric.samples
        if sample.name.endswith("_total")
        and all(sample.labels[name] in values for name, values in wanted.items())
    )


def _exports_in_time(exporting: Exporting, clock: Clock) -> Any:
    began_ns = clock.wall_ns()

    async def ask() -> Finding:
        oldest_s = 0.0
        for courier in exporting.delivery.couriers:
            if courier.queue is not None and not EXPORTS.waiting.value(exporter=courier.name):
                continue  # with nothing to carry there is no success to be late
            last_ns = EXPORTS.last_success.value(exporter=courier.name) * _NS or began_ns
            late_s = (clock.wall_ns() - last_ns) / _NS - _EXPORT_LATE_ROUNDS * courier.every_s
            oldest_s = max(oldest_s, late_s)
        return Finding(Status.FAIL if oldest_s > 0 else Status.PASS, round(oldest_s, 1), "s")

    return ask


def _resources() -> Mapping[str, Any]:
    return {
        "cpu_ratio": round(PROCESS.cpu_utilisation.value(), 4),
        "memory_bytes": round(PROCESS.resident_memory.value()),
        "open_files": round(PROCESS.open_files.value()),
        "database_connections_in_use": round(DATABASE_POOL_IN_USE.value()),
        "database_connections_max": round(DATABASE_POOL_SIZE.value()),
        "queue_depth": round(QUEUE_DEPTH.value()),
        "queue_oldest_age_s": round(QUEUE_AGE.value(), 1),
    }


def _exporters(exporting: Exporting) -> Mapping[str, Any]:
    return {
        courier.name: {
            "last_success_unix_s": EXPORTS.last_success.value(exporter=courier.name) or None,
            "waiting_items": round(EXPORTS.waiting.value(exporter=courier.name)),
            "every_s": courier.every_s,
        }
        for courier in exporting.delivery.couriers
    }


def _tell_change(before: Result, after: Result) -> None:
    """Log a change, and changes alone: probes come every few seconds."""
    check = after.check
    told = {"check": check.name, "status": after.status.value, "owner": check.owner}
    if after.status is Status.FAIL and check.criticality is Criticality.REQUIRED:
        _log.warning("readiness_lost", reason=after.reason, **told)
    elif after.status is not Status.PASS:
        _log.warning("dependency_lost", reason=after.reason, **told)
    elif before.status is not Status.UNKNOWN:
        _log.info("dependency_regained", **told)


def _tell_phase(before: Phase, phase: Phase, took_s: float) -> None:
    _log.info("phase_entered", phase=phase.value, before=before.value, seconds=round(took_s, 6))


def _tell_stall(age_s: float, frames: list[str]) -> None:
    _log.error("event_loop_stuck", seconds=round(age_s, 3), at=frames)
