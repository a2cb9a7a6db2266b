"""The content side of a process, put together from its settings."""

import os
import socket
from dataclasses import dataclass
from typing import Self

from app.core.config import Settings
from app.core.database import Database
from app.services.artefacts import ArtefactStore
from app.services.content import ContentService
from app.services.notifications import Notifications
from app.services.pipeline.ledger import Ledger
from app.services.pipeline.records import Records
from app.services.pipeline.run import Pipeline
from app.services.provider.contract import Provider
from app.services.provider.embedded import EmbeddedProvider
from app.workers.content_worker import ContentWorker
from app.workers.queue import ContentQueue
from tocsin.clock import Clock
from tocsin.telemetry.assembly import Telemetry


@dataclass(frozen=True)
class Content:
    """Questions, the queue of them, and a worker that is run by whoever wants one."""

    service: ContentService
    notifications: Notifications
    artefacts: ArtefactStore
    queue: ContentQueue
    worker: ContentWorker

    @classmethod
    def build(
        cls,
        settings: Settings,
        *,
        database: Database,
        telemetry: Telemetry,
        clock: Clock,
        provider: Provider | None = None,
    ) -> Self:
        """Put the parts together; lessons come from the embedded provider if none is given.

        Raises:
            CorpusError: the corpus that ships with us cannot be used.
        """
        artefacts = ArtefactStore(settings.artefact_dir)
        records = Records(telemetry.guard)
        queue = ContentQueue(
            database,
            clock,
            lease_s=settings.worker_lease_s,
            worker=f"{socket.gethostname()[:64]}:{os.getpid()}",
        )
        pipeline = Pipeline(
            ledger=Ledger(database, clock),
            provider=provider or EmbeddedProvider.with_installed_voice(),
            artefacts=artefacts,
            records=records,
            clock=clock,
            attempts=settings.stage_attempts,
        )
        worker = ContentWorker(
            queue,
            pipeline,
            artefacts=artefacts,
            telemetry=telemetry,
            clock=clock,
            concurrency=settings.worker_concurrency,
        )
        service = ContentService(
            database,
            artefacts=artefacts,
            records=records,
            pseudonyms=telemetry.pseudonyms,
            clock=clock,
            wake_worker=worker.wake,
        )
        return cls(service, Notifications(database, clock), artefacts, queue, worker)
