"""How many requests the queue hands out in a second, by number of workers and of old rows.

    cd benchmarks && PYTHONPATH=../backend:../tocsin/src ../.venv/bin/python queue_claims.py
    DATABASE_URL=postgresql://… adds a second table; the database is emptied first.

A claim is what a worker does to take up a request: one look and one UPDATE, committed.
Workers are tasks of this one process with a connection each, so the figure for many of
them is a lower bound: with processes of their own they have CPUs of their own.
"""

import asyncio
import os
import tempfile
import time
from datetime import timedelta

from sqlalchemy import delete, insert

from app.core.config import Settings
from app.core.database import Database
from app.core.moments import now
from app.core.vocabulary import Role, Status
from app.models.migrate import upgrade
from app.models.tables import ContentRequest, Notification, StageRun, User
from app.workers.queue import ContentQueue
from tocsin.clock import SystemClock

CLAIMS = 400
OLD_ROWS = (0, 20_000)
WORKERS = (1, 4, 8)
CLOCK = SystemClock()
STUDENT = "0" * 36


def settings_for(url: str) -> Settings:
    return Settings.load(
        environment="test", secret_key="k" * 32, telemetry_key="t" * 32, database_url=url
    )


async def fill(database: Database, status: Status, number: int) -> None:
    moment = now(CLOCK)
    row = {
        "user_id": STUDENT, "correlation_id": "c", "student_query": "What is gravity?",
        "grade_level": 9, "interest": "", "modalities": ["text"], "status": status,
        "finished_at": moment if status.is_final else None,
    }  # fmt: skip
    rows = [row | {"created_at": moment + timedelta(microseconds=i)} for i in range(number)]
    async with database.transaction() as session:
        for start in range(0, number, 500):
            await session.execute(insert(ContentRequest), rows[start : start + 500])


async def empty(database: Database) -> None:
    async with database.transaction() as session:
        for table in (Notification, StageRun, ContentRequest, User):
            await session.execute(delete(table))
        session.add(
            User(
                id=STUDENT, email="a@school.example", password_hash="-", first_name="-",
                last_name="-", role=Role.STUDENT, created_at=now(CLOCK),
            )
        )  # fmt: skip


async def rate(database: Database, workers: int) -> float:
    """Claims in a second until the queue is empty."""
    await fill(database, Status.PENDING, CLAIMS)
    queue = ContentQueue(database, CLOCK, lease_s=600.0)
    taken: list[str] = []

    async def take_all() -> None:
        while claim := await queue.claim():
            taken.append(claim.request_id)

    began_s = time.perf_counter()
    await asyncio.gather(*(take_all() for _ in range(workers)))
    took_s = time.perf_counter() - began_s
    assert len(taken) == len(set(taken)), "a request was handed out twice"
    return len(taken) / took_s


async def measure(name: str, url: str) -> None:
    await upgrade(url)
    database = Database(settings_for(url))
    print(f"\n{name}\nold rows  " + "  ".join(f"{n:>2} workers" for n in WORKERS))
    for old in OLD_ROWS:
        await empty(database)
        await fill(database, Status.COMPLETED, old)
        rates = [await rate(database, workers) for workers in WORKERS]
        print(f"{old:>8}  " + "  ".join(f"{one:>8.0f}/s" for one in rates))
    await database.close()


async def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        await measure("SQLite", f"sqlite:///{folder}/claims.db")
    if url := os.environ.get("DATABASE_URL"):
        await measure("PostgreSQL", url)


if __name__ == "__main__":
    asyncio.run(main())
