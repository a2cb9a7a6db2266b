"""A worker's lines carry the identifiers of the HTTP request that asked (D24)."""

from lesson_desk import QUESTION, LessonDesk
from scripted_provider import ScriptedProvider, unavailable

from app.core.vocabulary import Outcome, Stage
from app.services.pipeline.records import Records
from tocsin.telemetry.context import RequestContext, request_context
from tocsin.telemetry.guard import Guard

TRACE = "c" * 32


async def finished(desk: LessonDesk) -> dict[str, object]:
    """Ask within an HTTP request, work it off, and return the line of its end."""
    with request_context(RequestContext("req-12345678", "class-7b", trace_id=TRACE)):
        request = await desk.ask()
    async with desk.at_work():
        await desk.ended(request.id)
    return desk.captured.line("content_request_finished")


async def test_the_line_of_the_end_is_found_by_the_requests_ids(desk: LessonDesk):
    """Correlation, trace, the student by pseudonym, and the request's own id."""
    line = await finished(desk)

    assert line["correlation_id"] == "class-7b"
    assert line["logging.googleapis.com/trace"].endswith(TRACE)
    assert len(line["user"]) == 12
    assert line["outcome"] == "completed"
    assert {"content_request_id", "attempt", "total_s"} <= line.keys()


async def test_a_failed_request_keeps_its_debug_lines(desk: LessonDesk):
    """Each stage that went well before is told, and the error has its place but no words."""
    desk.provider = ScriptedProvider({Stage.VIDEO: [unavailable()] * 3})

    line = await finished(desk)

    assert (line["severity"], line["error_kind"]) == ("ERROR", "provider_unavailable")
    told = [(one["stage"], one["correlation_id"]) for one in desk.captured.lines("stage_ended")]
    assert told == [(stage.value, "class-7b") for stage in list(Stage)[:4]]
    attempts = desk.captured.lines("stage_attempt_failed")
    assert [one["attempt"] for one in attempts] == [1, 2, 3]
    assert "scripted_provider.py" in str(attempts[0])
    assert QUESTION not in str(desk.captured.lines())


async def test_broken_telemetry_fails_no_lesson(desk: LessonDesk):
    """A log that cannot be written is the guard's business; the lesson is made (D29)."""

    class FullDisk:
        """A log that no line can be written to."""

        def __getattr__(self, name):
            raise OSError("no space left on device")

    guard = Guard(strict=False)

    row = await desk.run(records=Records(guard, log=FullDisk()))

    assert row.outcome is Outcome.COMPLETED
    assert guard.caught == {"pipeline.stage_ended": 6, "pipeline.finished": 1}
