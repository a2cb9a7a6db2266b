"""Asking and looking: what is stored, who may see it, and what is written down."""

import pytest
from lesson_desk import ContentMoves, LessonDesk
from sqlalchemy import func, select, text
from sqlalchemy.exc import IntegrityError

from app.core.vocabulary import ErrorType, Modality, Outcome, Role, Status
from app.models.tables import AuditEvent, ContentRequest
from app.services.content import GradeUnknownError, KeyUsedOtherwiseError, NoSuchRequestError
from tocsin.telemetry.context import RequestContext, request_context

SCHOOL, OTHER_SCHOOL = "a" * 36, "b" * 36
SECRET_WORDS = "Why does my brother cough so much?"


async def count(desk: LessonDesk, table: type) -> int:
    """How many rows a table has."""
    async with desk.database.sessions() as session:
        return int(await session.scalar(select(func.count()).select_from(table)) or 0)


async def test_a_question_is_taken_on_and_a_worker_woken(any_desk: LessonDesk):
    """One row, one count, one ring of the bell; the grade is the account's."""
    moves = ContentMoves()

    row = await any_desk.ask(await any_desk.student(grade_level=11))

    stored = await any_desk.row(row.id)
    assert (stored.grade_level, stored.modalities, stored.attempts) == (11, ["video"], 0)
    assert moves() == {"requests pending": 1}
    assert any_desk.woken == 1


async def test_the_grade_can_be_chosen(desk: LessonDesk):
    """A teacher, who has none, has to say it."""
    teacher = await desk.student(role=Role.TEACHER, grade_level=None)

    row = await desk.ask(teacher, grade_level=9)

    assert row.grade_level == 9
    with pytest.raises(GradeUnknownError):
        await desk.ask(teacher)


async def test_the_identifiers_of_the_http_request_go_into_the_row(desk: LessonDesk):
    """By them the worker's lines will be found (D24)."""
    with request_context(RequestContext("req-12345678", "class-7b", trace_id="c" * 32)):
        row = await desk.ask()

    stored = await desk.row(row.id)
    assert (stored.correlation_id, stored.trace_id) == ("class-7b", "c" * 32)
    assert stored.traceparent.split("-")[1] == "c" * 32


async def test_the_same_key_brings_the_same_request(any_desk: LessonDesk):
    """However often it is sent, the question counts once."""
    student = await any_desk.student()
    moves = ContentMoves()

    rows = [await any_desk.ask(student, idempotency_key="click-1") for _ in range(3)]

    assert len({row.id for row in rows}) == 1
    assert await count(any_desk, ContentRequest) == 1
    assert moves() == {"requests pending": 1}


async def test_a_key_is_its_owners_own(desk: LessonDesk):
    """Two students may use the same key."""
    first = await desk.ask(await desk.student(), idempotency_key="click-1")
    second = await desk.ask(await desk.student(), idempotency_key="click-1")

    assert first.id != second.id


@pytest.mark.parametrize(
    "change",
    [
        {"query": "What is an enzyme, please?"},
        {"grade_level": 12},
        {"interest": "chess"},
        {"modalities": (Modality.TEXT,)},
    ],
)
async def test_a_key_cannot_be_used_for_another_question(desk: LessonDesk, change):
    """The second question is refused: it would get the first one's lesson."""
    student = await desk.student()
    await desk.ask(student, idempotency_key="click-1")

    with pytest.raises(KeyUsedOtherwiseError):
        await desk.ask(student, idempotency_key="click-1", **change)


async def test_who_may_see_a_request(desk: LessonDesk):
    """The student, an admin, a teacher of the same organisation; nobody else."""
    student = await desk.student(organization_id=SCHOOL)
    row = await desk.ask(student)
    may = [
        student,
        await desk.student(role=Role.TEACHER, organization_id=SCHOOL),
        await desk.student(role=Role.ADMIN),
        await desk.student(role=Role.SUPER_ADMIN),
    ]
    may_not = [
        await desk.student(organization_id=SCHOOL),
        await desk.student(role=Role.TEACHER, organization_id=OTHER_SCHOOL),
        await desk.student(role=Role.TEACHER),
    ]

    seen = [(await desk.service.see(viewer, row.id)).id for viewer in may]

    assert seen == [row.id] * len(may)
    for viewer in may_not:
        with pytest.raises(NoSuchRequestError):
            await desk.service.see(viewer, row.id)


async def test_a_teacher_without_a_school_sees_no_student_without_one(desk: LessonDesk):
    """Two empty organisations are not the same organisation."""
    row = await desk.ask(await desk.student())
    teacher = await desk.student(role=Role.TEACHER)

    with pytest.raises(NoSuchRequestError):
        await desk.service.see(teacher, row.id)


async def test_a_look_at_a_childs_request_is_written_down(desk: LessonDesk):
    """By pseudonym, who looked at whose; the student's own looks are not."""
    student = await desk.student()
    admin = await desk.student(role=Role.ADMIN)
    row = await desk.ask(student)

    await desk.service.see(student, row.id)
    await desk.service.see(admin, row.id)

    async with desk.database.sessions() as session:
        events = list(await session.scalars(select(AuditEvent)))
    assert [(e.actor, e.action, e.subject) for e in events] == [
        (admin.pseudonym, "content.see", student.pseudonym)
    ]


async def test_ones_own_requests_come_in_pages(desk: LessonDesk):
    """Newest first, none twice, none of anybody else's."""
    student = await desk.student()
    asked = [(await desk.ask(student)).id for _ in range(5)]
    await desk.ask(await desk.student())

    first = await desk.service.own(student, limit=3, before=None)
    rest = await desk.service.own(student, limit=3, before=first[-1].id)

    assert [row.id for row in (*first, *rest)] == asked[::-1]
    with pytest.raises(NoSuchRequestError):
        await desk.service.own(await desk.student(), limit=3, before=first[-1].id)


async def test_no_line_repeats_what_a_child_wrote(desk: LessonDesk):
    """Neither question nor interest nor name is logged, not even when a stage fails on them."""

    class Repeating(type(desk.provider)):
        async def retrieve(self, question):
            raise ValueError(f"cannot understand {question.text} and {question.interest}")

    row = await desk.ask(query=SECRET_WORDS, interest="my dog Rex")
    claim = await desk.queue.claim()
    with desk.telemetry.job(correlation_id="class-7b", name="content_request"):
        await desk.run(claim, provider=Repeating())

    written = str(desk.captured.lines())
    assert "stage_attempt_failed" in written
    assert row.id in written
    for secret in (SECRET_WORDS, "cough", "Rex", "Given", "Family"):
        assert secret not in written


async def test_every_word_of_the_vocabulary_can_be_stored_and_no_other(any_desk: LessonDesk):
    """What the pipeline may say the database takes, on either engine (D91)."""
    row = await any_desk.ask()

    for name, vocabulary in (("status", Status), ("outcome", Outcome), ("error_type", ErrorType)):
        for word in vocabulary:
            await any_desk.change(row.id, **{name: word})
            assert getattr(await any_desk.row(row.id), name) is word
        with pytest.raises(IntegrityError):
            async with any_desk.database.transaction() as session:
                await session.execute(text(f"UPDATE content_requests SET {name} = 'generating'"))  # noqa: S608 - our own names
