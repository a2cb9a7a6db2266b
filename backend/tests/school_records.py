"""Two schools and what their students asked, as the pipeline leaves it in the database."""

from dataclasses import dataclass
from datetime import timedelta

from people import Person, signed_in

from app.composition import Services
from app.core.moments import now
from app.core.vocabulary import Outcome, Role, Status
from app.models.tables import ContentRequest

NORTH, SOUTH = "a" * 36, "b" * 36
QUESTION = "Why is my sister's skin so pale in winter?"


@dataclass
class School:
    """Two organisations with a student and a teacher each, and those who look at both."""

    services: Services
    north_student: Person
    south_student: Person
    north_teacher: Person
    lone_teacher: Person
    admin: Person


async def two_schools(services: Services) -> School:
    """Make everybody and sign them in."""
    return School(
        services,
        north_student=await signed_in(services, Role.STUDENT, organization_id=NORTH),
        south_student=await signed_in(services, Role.STUDENT, organization_id=SOUTH),
        north_teacher=await signed_in(services, Role.TEACHER, organization_id=NORTH),
        lone_teacher=await signed_in(services, Role.TEACHER),
        admin=await signed_in(services, Role.ADMIN),
    )


async def asked(
    school: School,
    student: Person,
    *,
    took_s: float | None = None,
    ago: timedelta = timedelta(minutes=1),
    **fields: object,
) -> str:
    """Store a request as the pipeline leaves it, and return its id."""
    made = now(school.services.clock) - ago
    finished = {} if took_s is None else {"finished_at": made + timedelta(seconds=took_s)}
    ordinary = {
        "user_id": student.user_id,
        "correlation_id": "req-12345678",
        "student_query": QUESTION,
        "grade_level": 10,
        "interest": "football",
        "modalities": ["video"],
        "created_at": made,
    }
    row = ContentRequest(**ordinary | finished | fields)
    async with school.services.database.transaction() as session:
        session.add(row)
        await session.flush()
        return row.id


async def completed(school: School, student: Person, took_s: float) -> str:
    """A request that ended with a lesson after so many seconds."""
    return await asked(
        school, student, took_s=took_s, status=Status.COMPLETED, outcome=Outcome.COMPLETED
    )
