"""What each stage does; each adds its part to the work, and may end the request."""

from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

from app.core.vocabulary import Modality, Outcome, Stage, StageStatus
from app.services.artefacts import ArtefactStore, artefact_name, check_artefact
from app.services.pipeline import plan
from app.services.pipeline.claim import Claim
from app.services.pipeline.clarity import doubts
from app.services.pipeline.ending import Ending, StageResult, Work
from app.services.pipeline.ledger import Ledger
from app.services.provider.contract import Provider, Script
from tocsin.clock import Clock

_DONE = StageResult()
_SKIPPED = StageResult(status=StageStatus.SKIPPED)
_PROGRESS_EVERY_NS = 500_000_000

Deed = Callable[[Claim, Work], Awaitable[StageResult]]


class Stages:
    """The stages before the last; the last one, telling the student, is the ending itself."""

    def __init__(
        self, *, provider: Provider, artefacts: ArtefactStore, ledger: Ledger, clock: Clock
    ) -> None:
        self._provider = provider
        self._artefacts = artefacts
        self._ledger = ledger
        self._clock = clock
        self.deeds: Mapping[Stage, Deed] = {
            Stage.VALIDATION: self._validate,
            Stage.RETRIEVAL: self._retrieve,
            Stage.SCRIPT: self._write,
            Stage.NARRATION: self._narrate,
            Stage.VIDEO: self._film,
        }

    async def _validate(self, _claim: Claim, work: Work) -> StageResult:
        questions = doubts(work.job.question.text)
        if not questions:
            return _DONE
        unclear = Ending(outcome=Outcome.CLARIFICATION_NEEDED, questions=questions)
        return StageResult(ending=unclear)

    async def _retrieve(self, _claim: Claim, work: Work) -> StageResult:
        work.passages = tuple(await self._provider.retrieve(work.job.question))
        if work.passages:
            return _DONE
        return StageResult(ending=Ending(outcome=Outcome.OUT_OF_SCOPE))

    async def _write(self, _claim: Claim, work: Work) -> StageResult:
        work.script = await self._provider.write_script(work.job.question, work.passages)
        return _DONE

    async def _narrate(self, claim: Claim, work: Work) -> StageResult:
        if not work.job.wants_sound:
            return _SKIPPED
        folder = await work.workspace.folder()
        work.narration = await self._provider.narrate(_script(work), folder)
        if work.narration is None:
            work.degraded = True
            return StageResult(status=StageStatus.DEGRADED)
        if work.job.modalities.isdisjoint({Modality.VIDEO}):
            made = folder / "voice.mp4"
            seconds = await self._provider.record(work.narration, made)
            await check_artefact(made, pictures=False, sound=True, seconds=seconds)
            await self._keep(claim, work, made)
        return _DONE

    async def _film(self, claim: Claim, work: Work) -> StageResult:
        if not work.job.wants_pictures:
            return _SKIPPED
        made = await work.workspace.folder() / "film.mp4"
        told_at_ns = self._clock.monotonic_ns()

        async def tell(share: float) -> None:
            nonlocal told_at_ns
            moment_ns = self._clock.monotonic_ns()
            if moment_ns - told_at_ns < _PROGRESS_EVERY_NS:
                return
            told_at_ns = moment_ns
            value = max(work.job.progress, plan.progress(Stage.VIDEO, share))
            await self._ledger.tell_progress(claim, value)

        seconds = await self._provider.film(_script(work), work.narration, made, tell)
        has_sound = work.narration is not None
        await check_artefact(made, pictures=True, sound=has_sound, seconds=seconds)
        await self._keep(claim, work, made)
        return _DONE

    async def _keep(self, claim: Claim, work: Work, made: Path) -> None:
        name = artefact_name(claim.request_id, claim.attempt)
        work.artefact_bytes = await self._artefacts.keep(made, name)
        work.artefact = name


def _script(work: Work) -> Script:
    if work.script is None:
        raise RuntimeError("a stage ran before the script was written: see plan.remaining")
    return work.script
