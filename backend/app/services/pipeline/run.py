"""Takes one request from where it stands to its end.

The pipeline is given a claim and works as long as it holds. Failed attempts are repeated
where that can help; a lesson without a voice is a lesson all the same, and says so; every
way out has its outcome, its row and its metric (D16). What an earlier worker stored, the
script and the artefact, is not made again.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace

from app.core.vocabulary import ErrorType, Outcome, Stage, StageStatus
from app.services.artefacts import ArtefactStore, artefact_name
from app.services.pipeline import plan
from app.services.pipeline.claim import Claim, LeaseLostError
from app.services.pipeline.ending import Ending, Work
from app.services.pipeline.ledger import CancelRequestedError, Ledger, StageTimer
from app.services.pipeline.records import Records
from app.services.pipeline.spans import StageSpan
from app.services.pipeline.stages import Stages
from app.services.provider.contract import Provider
from tocsin.clock import Clock

Sleep = Callable[[float], Awaitable[object]]

TAKE_UPS_AT_MOST = 3
"""A request that has cost so many workers their lives is not given to another."""

_DEGRADES = frozenset({Stage.NARRATION})
"""Stages without which there is still a lesson."""


class Pipeline:
    """The stages in their order; time, chance and the provider are handed in."""

    def __init__(
        self,
        *,
        ledger: Ledger,
        provider: Provider,
        artefacts: ArtefactStore,
        records: Records,
        clock: Clock,
        attempts: int,
        timeouts_s: Mapping[Stage, float] = plan.TIMEOUTS_S,
        take_ups_at_most: int = TAKE_UPS_AT_MOST,
        sleep: Sleep = asyncio.sleep,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._ledger = ledger
        self._artefacts = artefacts
        self._records = records
        self._attempts = attempts
        self._timeouts_s = timeouts_s
        self._take_ups_at_most = take_ups_at_most
        self._sleep = sleep
        self._chance = chance
        self._deeds = Stages(
            provider=provider, artefacts=artefacts, ledger=ledger, clock=clock
        ).deeds

    async def run(self, claim: Claim) -> Ending:
        """Bring the request to its end, and tell which it was.

        Raises:
            LeaseLostError: another worker has it; this one has changed nothing since.
            SQLAlchemyError: the database cannot be written; the lease will lapse.
        """
        try:
            if claim.attempt <= self._take_ups_at_most:
                return await self._make(claim)
            poisonous = Ending(outcome=Outcome.FAILED, error_type=ErrorType.INTERNAL)
            return await self._conclude(claim, poisonous)
        except CancelRequestedError:
            return await self.cancel(claim)
        except LeaseLostError:
            # Its name carries our attempt, so it can be nobody else's.
            await self._artefacts.remove(artefact_name(claim.request_id, claim.attempt))
            raise

    async def cancel(self, claim: Claim) -> Ending:
        """End the request because the student does not want it any more.

        Raises:
            LeaseLostError: another worker has it.
        """
        return await self._conclude(claim, Ending(outcome=Outcome.CANCELLED))

    async def _conclude(
        self,
        claim: Claim,
        ending: Ending,
        *,
        stage: Stage | None = None,
        timer: StageTimer | None = None,
        artefact: str | None = None,
    ) -> Ending:
        """End the request in the row, then in the metrics, then on the disk."""

        async def in_row_and_metrics() -> None:
            total_s = await self._ledger.finish(claim, ending, stage=stage, timer=timer)
            if stage is not None and timer is not None:
                self._records.stage_ended(stage, StageStatus.COMPLETED, timer.seconds())
            self._records.finished(ending, total_s)

        # Shielded: what the database took must be counted, whoever is cancelled meanwhile.
        await asyncio.shield(asyncio.ensure_future(in_row_and_metrics()))
        # Nobody names the files of earlier attempts any more.
        await self._artefacts.discard(claim.request_id, but=artefact)
        return ending

    async def _make(self, claim: Claim) -> Ending:
        job = await self._ledger.take_up(claim)
        if job.artefact and not await self._artefacts.holds(job.artefact):
            job = replace(job, artefact=None, artefact_bytes=None)
        stages = plan.remaining(
            has_script=job.script is not None, has_artefact=job.artefact is not None
        )
        async with self._artefacts.workspace() as workspace:
            work = Work.on(job, workspace)
            for stage in stages:
                ending = await self._stage(claim, work, stage)
                if ending is not None:
                    break
        if ending is None:
            raise RuntimeError("the last stage ended without an ending")
        return ending if ending.has_lesson else await self._conclude(claim, ending)

    async def _stage(self, claim: Claim, work: Work, stage: Stage) -> Ending | None:
        """One stage with its attempts; the answer is set when the request ends with it."""
        for attempt in range(1, self._attempts + 1):
            timer = self._ledger.timer()
            try:
                with StageSpan(stage, attempt=attempt):
                    async with asyncio.timeout(self._timeouts_s[stage]):
                        return await self._attempt(claim, work, stage, timer)
            except (LeaseLostError, CancelRequestedError):
                raise
            except Exception as error:  # noqa: BLE001 - whatever failed, its kind decides
                error_type = plan.error_type_of(error)
                again_in_s = self._again_in_s(attempt, error_type)
                await self._failed(
                    claim, stage, timer, error=error, attempt=attempt, again_in_s=again_in_s
                )
            if again_in_s is None:
                break
            await self._sleep(again_in_s)
        return await self._given_up(claim, work, stage, error_type)

    async def _attempt(
        self, claim: Claim, work: Work, stage: Stage, timer: StageTimer
    ) -> Ending | None:
        if stage is Stage.NOTIFICATION:
            # One transaction ends the request and tells the student: exactly once, or not yet.
            ending = Ending(outcome=Outcome.DEGRADED if work.degraded else Outcome.COMPLETED)
            return await self._conclude(
                claim, ending, stage=stage, timer=timer, artefact=work.artefact
            )
        result = await self._deeds[stage](claim, work)
        await self._done(claim, work, stage, result.status, timer)
        return result.ending

    async def _done(
        self, claim: Claim, work: Work, stage: Stage, status: StageStatus, timer: StageTimer
    ) -> None:
        await self._ledger.stage_done(claim, stage, status, timer, work)
        self._records.stage_ended(stage, status, timer.seconds())

    async def _failed(
        self,
        claim: Claim,
        stage: Stage,
        timer: StageTimer,
        *,
        error: Exception,
        attempt: int,
        again_in_s: float | None,
    ) -> None:
        error_type = plan.error_type_of(error)
        await self._ledger.attempt_failed(claim, stage, error_type, timer)
        self._records.attempt_failed(
            stage,
            error_type,
            timer.seconds(),
            error=error,
            attempt=attempt,
            again_in_s=again_in_s,
        )

    async def _given_up(
        self, claim: Claim, work: Work, stage: Stage, error_type: ErrorType
    ) -> Ending | None:
        if stage not in _DEGRADES:
            return Ending(outcome=Outcome.FAILED, error_type=error_type)
        work.degraded, work.narration = True, None
        await self._done(claim, work, stage, StageStatus.DEGRADED, self._ledger.timer())
        return None

    def _again_in_s(self, attempt: int, error_type: ErrorType) -> float | None:
        """How long to wait for another attempt; None: there is to be none."""
        if attempt >= self._attempts or error_type in plan.WITHOUT_ANOTHER_ATTEMPT:
            return None
        return plan.backoff_s(attempt, chance=self._chance())
