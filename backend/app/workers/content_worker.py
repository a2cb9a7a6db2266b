"""Works off the queue of requests: takes them up, keeps its hold on them, gives them back.

One worker runs in the API's process by default, any number in processes of their own
(`python -m app worker`). While a request is worked on, a watch renews its lease and looks
whether the student still wants it; a worker that finds its lease lost stops that work at
once. Told to stop, it takes nothing more, waits a little for what is under way, and gives
the rest back so that another goes on with it at once.
"""

import asyncio
from collections.abc import Awaitable
from contextlib import suppress
from enum import Enum, auto

from app.core.logging import get_logger
from app.core.vocabulary import Outcome
from app.services.artefacts import ArtefactStore
from app.services.pipeline.claim import Claim, LeaseLostError
from app.services.pipeline.ending import Ending
from app.services.pipeline.run import Pipeline
from app.workers.queue import ContentQueue, Held
from tocsin.clock import Clock
from tocsin.telemetry.assembly import Telemetry
from tocsin.telemetry.context import bind, bind_user

_log = get_logger(__name__)

_S_NS = 1_000_000_000
_RENEWALS_PER_LEASE = 3
_UNREACHABLE_PAUSE_S = 2.0
_ABANDONED_AFTER_S = 3600.0
_LAST_TOUCHES_S = 0.3


class Verdict(Enum):
    """Why the watch over a job ended."""

    DONE = auto()
    LOST = auto()
    CANCELLED = auto()


class _RequestFailedError(Exception):
    """Ends the job's telemetry as failed, so that its DEBUG lines are kept."""


class ContentWorker:
    """Up to ``concurrency`` requests at a time. Times in seconds."""

    def __init__(
        self,
        queue: ContentQueue,
        pipeline: Pipeline,
        *,
        artefacts: ArtefactStore,
        telemetry: Telemetry,
        clock: Clock,
        concurrency: int = 1,
        poll_s: float = 1.0,
        watch_s: float = 0.5,
        drain_s: float = 5.0,
    ) -> None:
        self._queue = queue
        self._pipeline = pipeline
        self._artefacts = artefacts
        self._telemetry = telemetry
        self._clock = clock
        self._concurrency = concurrency
        self._poll_s = poll_s
        self._watch_s = min(watch_s, queue.lease_s / _RENEWALS_PER_LEASE)
        self._drain_s = drain_s
        self._woken = asyncio.Event()
        self._reachable = True
        self.is_running = False
        """whether it takes up requests"""

    def wake(self) -> None:
        """Look at the queue now: something was put in by this very process."""
        self._woken.set()

    async def run_forever(self, stop: asyncio.Event) -> None:
        """Work until ``stop`` is set, then drain. Cancelled, give everything back at once."""
        jobs: set[asyncio.Task[None]] = set()
        stopped = asyncio.create_task(stop.wait())
        _log.info("content_worker_started", concurrency=self._concurrency)
        self.is_running = True
        try:
            await self._sweep()
            while not stop.is_set():
                jobs = _without_done(jobs)
                await self._turn(jobs, stopped)
            await self._drain(jobs)
        finally:
            self.is_running = False
            stopped.cancel()
            await self._give_back(jobs)
            _log.info("content_worker_stopped")

    async def _turn(self, jobs: set[asyncio.Task[None]], stopped: asyncio.Task[bool]) -> None:
        """Take up one request, or wait until there may be one and room for it."""
        if len(jobs) >= self._concurrency:
            await asyncio.wait({*jobs, stopped}, return_when=asyncio.FIRST_COMPLETED)
            return
        # Cleared before the look: what is put in after it rings again.
        self._woken.clear()
        claim = await self._claim()
        if claim is not None:
            jobs.add(asyncio.create_task(self._work(claim)))
            return
        woken = asyncio.create_task(self._woken.wait())
        pause_s = self._poll_s if self._reachable else _UNREACHABLE_PAUSE_S
        await asyncio.wait({woken, stopped}, timeout=pause_s, return_when=asyncio.FIRST_COMPLETED)
        woken.cancel()

    async def _claim(self) -> Claim | None:
        try:
            claim = await self._queue.claim()
        except Exception as error:  # noqa: BLE001 - an outage must not end the worker
            if self._reachable:
                _log.warning("queue_unreachable", error=type(error).__name__)
            self._reachable = False
            return None
        if not self._reachable:
            _log.info("queue_reachable_again")
        self._reachable = True
        return claim

    async def _sweep(self) -> None:
        with suppress(OSError):
            wall_s = self._clock.wall_ns() / _S_NS
            await self._artefacts.sweep(older_than_s=_ABANDONED_AFTER_S, wall_s=wall_s)

    async def _drain(self, jobs: set[asyncio.Task[None]]) -> None:
        if jobs:
            _log.info("content_worker_drains", jobs=len(jobs), at_most_s=self._drain_s)
            await asyncio.wait(jobs, timeout=self._drain_s)

    async def _give_back(self, jobs: set[asyncio.Task[None]]) -> None:
        for job in jobs:
            job.cancel()
        await asyncio.gather(*jobs, return_exceptions=True)

    async def _work(self, claim: Claim) -> None:
        """One request under the identifiers of the HTTP request that asked for it (D24)."""
        with (
            suppress(_RequestFailedError),
            self._telemetry.job(
                correlation_id=claim.correlation_id,
                trace_id=claim.trace_id,
                name="content_request",
                parent=claim.traceparent,
            ),
        ):
            bind_user(self._telemetry.pseudonyms.user(claim.user_id))
            bind(content_request_id=claim.request_id, attempt=claim.attempt)
            ending = await self._job(claim)
            if ending is None or ending.outcome is Outcome.FAILED:
                raise _RequestFailedError

    async def _job(self, claim: Claim) -> Ending | None:
        job = asyncio.create_task(self._pipeline.run(claim))
        try:
            verdict = await self._watch(claim, job)
        except asyncio.CancelledError:
            await _stopped(job)
            await self._heeded(claim, self._queue.release(claim), "content_request_released")
            raise
        if verdict is not Verdict.DONE and await _stopped(job):
            return await self._settle(claim, verdict)
        return await self._heeded(claim, job, "content_request_done")

    async def _settle(self, claim: Claim, verdict: Verdict) -> Ending | None:
        """The job was stopped on the way."""
        if verdict is Verdict.CANCELLED:
            return await self._heeded(claim, self._pipeline.cancel(claim), "cancel_heeded")
        _log.warning("lease_lost")
        return None

    async def _heeded(
        self, claim: Claim, deed: Awaitable[Ending | None], told: str
    ) -> Ending | None:
        """Await something that ends our part in a request; its failure ends nothing else."""
        try:
            ending = await deed
        except LeaseLostError:
            _log.warning("lease_lost")
        except Exception:  # noqa: BLE001 - the lease lapses, and the request is taken up again
            _log.exception("content_job_crashed", attempt=claim.attempt)
        else:
            _log.debug(told)
            return ending
        return None

    async def _watch(self, claim: Claim, job: asyncio.Task[Ending]) -> Verdict:
        """Keep the lease until the job is done, not wanted any more, or not ours any more."""
        lease_ns = round(self._queue.lease_s * _S_NS)
        renewed_ns = self._clock.monotonic_ns()
        while True:
            done, _ = await asyncio.wait({job}, timeout=self._watch_s)
            if done:
                return Verdict.DONE
            asked_ns = self._clock.monotonic_ns()
            is_due = asked_ns - renewed_ns >= lease_ns // _RENEWALS_PER_LEASE
            look = self._queue.renew if is_due else self._queue.look
            try:
                async with asyncio.timeout(self._queue.lease_s / _RENEWALS_PER_LEASE):
                    held: Held | None = await look(claim)
            except Exception as error:  # noqa: BLE001 - unknown: go on while the lease lasts
                _log.warning("lease_not_renewed", error=type(error).__name__)
                if self._clock.monotonic_ns() - renewed_ns >= lease_ns:
                    return Verdict.LOST
                continue
            if held is None:
                # The job itself lets go of the lease when it ends: let it come back first.
                done, _ = await asyncio.wait({job}, timeout=_LAST_TOUCHES_S)
                return Verdict.DONE if done else Verdict.LOST
            if held.cancel_requested:
                return Verdict.CANCELLED
            if is_due:
                renewed_ns = asked_ns


def _without_done(jobs: set[asyncio.Task[None]]) -> set[asyncio.Task[None]]:
    for job in jobs:
        if job.done() and not job.cancelled() and (error := job.exception()):
            _log.error("content_job_crashed", exc_info=error)
    return {job for job in jobs if not job.done()}


async def _stopped(job: asyncio.Task[Ending]) -> bool:
    """Cancel a job and wait for it; whether it was stopped before it came to its end."""
    job.cancel()
    await asyncio.wait({job})
    return job.cancelled()
