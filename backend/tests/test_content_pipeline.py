"""From a question to its end: every way out has its row, its notification and its metric."""

import pytest
from lesson_desk import ContentMoves, LessonDesk
from scripted_provider import ScriptedProvider, hang, unavailable

from app.core.vocabulary import ErrorType, Modality, Outcome, Stage, StageStatus, Status
from app.services.artefacts import check_artefact
from app.services.provider.contract import ProviderError

DONE, FAILED, SKIPPED = StageStatus.COMPLETED, StageStatus.FAILED, StageStatus.SKIPPED
WITHOUT_FAULT = [(stage, DONE) for stage in Stage]
ALL_QUICK = dict.fromkeys(Stage, 0.3)


async def test_a_question_becomes_a_lesson_and_everything_moves_once(any_desk: LessonDesk):
    """One row per stage, one notification, a playable film, and each metric by one (D14, D89)."""
    moves = ContentMoves()

    row = await any_desk.run()

    assert (row.status, row.outcome, row.progress) == (Status.COMPLETED, Outcome.COMPLETED, 1.0)
    assert (row.lease_owner, row.error_type) == (None, None)
    assert await any_desk.stages(row.id) == WITHOUT_FAULT
    assert await any_desk.notifications(row.id) == 1
    assert any_desk.artefacts.path(row.artefact).stat().st_size == row.artefact_bytes
    assert moves() == {
        "requests pending": 1,
        "requests completed": 1,
        "outcome completed": 1,
        "timed total": 1,
        **{f"timed {stage}": 1 for stage in Stage},
        **{f"{stage} completed": 1 for stage in Stage},
    }


async def test_a_lesson_without_a_voice_says_so(desk: LessonDesk):
    """Captions in place of a voice are a degraded lesson, never a silent success (D90)."""
    desk.provider = ScriptedProvider(voice=False)
    moves = ContentMoves()

    row = await desk.run()

    assert (row.status, row.outcome) == (Status.COMPLETED, Outcome.DEGRADED)
    assert (Stage.NARRATION, StageStatus.DEGRADED) in await desk.stages(row.id)
    film = desk.artefacts.path(row.artefact)
    await check_artefact(film, pictures=True, sound=False, seconds=1.0)
    assert {"outcome degraded", "requests completed", "narration degraded"} <= moves().keys()
    assert "outcome completed" not in moves()


async def test_a_voice_that_keeps_failing_is_left_out(desk: LessonDesk):
    """After its attempts the narration is given up, and the student still gets a lesson."""
    desk.provider = ScriptedProvider({Stage.NARRATION: [unavailable()] * 3})

    row = await desk.run()

    assert (row.status, row.outcome) == (Status.COMPLETED, Outcome.DEGRADED)
    narration = [status for stage, status in await desk.stages(row.id) if stage is Stage.NARRATION]
    assert narration == [FAILED, FAILED, FAILED, StageStatus.DEGRADED]


async def test_a_vague_question_is_asked_back(desk: LessonDesk):
    """The request ends with questions; that is no failure of ours."""
    moves = ContentMoves()

    row = await desk.run(await desk.claimed(query="Can you help me with physics?"))

    assert (row.status, row.outcome) == (Status.CLARIFICATION_NEEDED, Outcome.CLARIFICATION_NEEDED)
    assert row.questions[0].startswith("Which part of physics")
    assert await desk.notifications(row.id) == 1
    assert moves() == {
        "requests pending": 1,
        "outcome clarification_needed": 1,
        "validation completed": 1,
        "timed validation": 1,
        "timed total": 1,
    }


async def test_a_question_without_an_answer_is_out_of_scope(desk: LessonDesk):
    """What no passage covers is said to be out of scope, not answered with something else."""
    moves = ContentMoves()

    row = await desk.run(await desk.claimed(query="Who won the football world cup?"))

    assert (row.status, row.outcome) == (Status.OUT_OF_SCOPE, Outcome.OUT_OF_SCOPE)
    assert await desk.stages(row.id) == [(Stage.VALIDATION, DONE), (Stage.RETRIEVAL, DONE)]
    assert moves()["outcome out_of_scope"] == 1
    assert "requests failed" not in moves()


async def test_words_alone_need_neither_voice_nor_film(desk: LessonDesk):
    """The stages that make them are skipped, counted so and not timed."""
    moves = ContentMoves()

    row = await desk.run(await desk.claimed(modalities=(Modality.TEXT,)))

    assert (row.outcome, row.artefact) == (Outcome.COMPLETED, None)
    assert len(row.script["scenes"]) == 5
    assert (await desk.stages(row.id))[3:5] == [(Stage.NARRATION, SKIPPED), (Stage.VIDEO, SKIPPED)]
    assert not {"timed narration", "timed video"} & moves().keys()


async def test_a_voice_alone_can_be_asked_for(desk: LessonDesk):
    """The file has sound and no picture."""
    row = await desk.run(await desk.claimed(modalities=(Modality.AUDIO,)))

    path = desk.artefacts.path(row.artefact)
    assert (row.outcome, (await desk.stages(row.id))[4]) == (
        Outcome.COMPLETED,
        (Stage.VIDEO, SKIPPED),
    )
    await check_artefact(path, pictures=False, sound=True, seconds=1.0)


@pytest.mark.parametrize("stage", [Stage.RETRIEVAL, Stage.SCRIPT, Stage.NARRATION, Stage.VIDEO])
async def test_a_passing_fault_is_met_with_another_attempt(desk: LessonDesk, stage: Stage):
    """Two failures, growing pauses, then success; each attempt has its row and its count."""
    desk.provider = ScriptedProvider({stage: [unavailable(), unavailable()]})
    moves = ContentMoves()

    row = await desk.run()

    assert (row.status, row.outcome, row.error_type) == (
        Status.COMPLETED,
        Outcome.COMPLETED,
        None,
    )
    assert desk.slept_s == [0.5, 1.0]
    assert [status for one, status in await desk.stages(row.id) if one is stage] == [
        FAILED,
        FAILED,
        DONE,
    ]
    assert moves()[f"{stage} error provider_unavailable"] == 2
    assert moves()[f"timed {stage}"] == 3


async def test_a_lasting_fault_fails_the_request_once(desk: LessonDesk):
    """After the last attempt the request fails, with the kind of error and one count."""
    desk.provider = ScriptedProvider({Stage.VIDEO: [unavailable()] * 3})
    moves = ContentMoves()

    row = await desk.run()

    assert (row.status, row.error_type) == (Status.FAILED, ErrorType.PROVIDER_UNAVAILABLE)
    assert await desk.notifications(row.id) == 1
    assert moves()["requests failed"] == moves()["outcome failed"] == 1
    assert moves()["video failed"] == 3


async def test_a_mistake_of_our_own_is_not_repeated(desk: LessonDesk):
    """What is no known kind of fault is internal and fails at the first attempt."""
    desk.provider = ScriptedProvider({Stage.SCRIPT: [KeyError("shape")] * 3})

    row = await desk.run()

    assert (row.status, row.error_type) == (Status.FAILED, ErrorType.INTERNAL)
    assert desk.provider.calls[Stage.SCRIPT] == 1


async def test_a_stage_that_hangs_is_stopped_in_time(desk: LessonDesk):
    """A timeout is a kind of error of its own and is tried again."""
    desk.provider = ScriptedProvider({Stage.RETRIEVAL: [hang]})
    moves = ContentMoves()

    row = await desk.run(timeouts_s={**dict.fromkeys(Stage, 20.0), Stage.RETRIEVAL: 0.2})

    assert row.outcome is Outcome.COMPLETED
    assert moves()["retrieval error timeout"] == 1


@pytest.mark.parametrize(
    ("fault", "error_type"),
    [
        (OSError("no space left"), ErrorType.STORAGE),
        (ProviderError(ErrorType.TIMEOUT, "too slow"), ErrorType.TIMEOUT),
    ],
)
async def test_the_kind_of_a_fault_decides_who_is_told(
    desk: LessonDesk, fault: Exception, error_type: ErrorType
):
    """A full disk is not a provider's failure."""
    desk.provider = ScriptedProvider({Stage.VIDEO: [fault] * 3})

    row = await desk.run()

    assert row.error_type is error_type


async def test_a_film_that_cannot_be_played_is_never_completed(desk: LessonDesk):
    """The artefact is looked at before anybody is told of it (D90)."""

    class Broken(ScriptedProvider):
        async def film(self, script, narration, target, on_progress):
            seconds = await super().film(script, narration, target, on_progress)
            target.write_bytes(target.read_bytes()[:-900])
            return seconds

    desk.provider = Broken()

    row = await desk.run()

    assert (row.status, row.error_type) == (Status.FAILED, ErrorType.INVALID_ARTEFACT)
    assert row.artefact is None
    assert not list(desk.settings.artefact_dir.rglob("*.mp4"))


async def test_progress_never_goes_back(desk: LessonDesk):
    """Whoever polls sees it grow, also over failed attempts."""
    seen = []

    class Watching(ScriptedProvider):
        async def _meet(self, stage):
            seen.append((await desk.row(request.id)).progress)
            await super()._meet(stage)

    desk.provider = Watching({Stage.NARRATION: [unavailable()], Stage.VIDEO: [unavailable()]})
    request = await desk.ask()

    row = await desk.run(await desk.queue.claim())

    assert len(seen) == 6
    assert seen == sorted(seen)
    assert 0 < seen[0] < seen[-1] < row.progress == 1.0


async def test_nothing_half_made_stays_behind(desk: LessonDesk):
    """After a failed request the store holds neither workspace nor film."""
    desk.provider = ScriptedProvider({Stage.VIDEO: [unavailable()] * 3})

    await desk.run()

    assert [path for path in desk.settings.artefact_dir.rglob("*") if path.is_file()] == []
    assert list((desk.settings.artefact_dir / ".work").iterdir()) == []


async def test_a_disk_that_is_gone_is_a_failure_of_the_stage_that_needs_it(desk: LessonDesk):
    """Without a place for lessons the request ends as `storage`; no worker crashes (D90)."""
    desk.settings.artefact_dir.write_text("a file where the folder should be")

    row = await desk.run()

    assert (row.status, row.error_type) == (Status.FAILED, ErrorType.STORAGE)
    assert row.attempts == 1
