"""Every part of one process, put together from its settings: made here, started elsewhere.

Nothing is connected to and no global state is changed here; ``app.lifespan`` does that.
"""

from dataclasses import dataclass
from typing import BinaryIO

from redis.asyncio import Redis

from app.core.config import Settings
from app.core.database import Database
from app.core.exporting import Exporting
from app.core.health import build_health
from app.core.telling import make_telemetry
from app.services.auth import AuthService
from app.services.content import ContentService
from app.services.journey_lessons import JourneyLessons
from app.services.monitoring import RequestMonitoring
from app.services.notifications import Notifications
from app.services.protection.assembly import Protection
from app.services.protection.limits import Limits
from app.services.session_sweeper import SessionSweeper
from app.services.sign_in import SignIn
from app.services.tokens import TokenMint
from app.workers.assembly import Content
from tocsin.clock import Clock
from tocsin.health import Health
from tocsin.telemetry.assembly import Telemetry


@dataclass(frozen=True)
class Services:
    """The parts; ``api.dependencies.Services`` says which of them endpoints may use."""

    settings: Settings
    clock: Clock
    telemetry: Telemetry
    exporting: Exporting
    database: Database
    protection: Protection
    sign_in: SignIn
    lessons: Content
    monitoring: RequestMonitoring
    journey_lessons: JourneyLessons
    health: Health
    redis: Redis | None
    """For asking after its health alone; limits have connections of their own."""

    @property
    def tokens(self) -> TokenMint:
        """Makes and reads access tokens."""
        return self.sign_in.tokens

    @property
    def auth(self) -> AuthService:
        """Registers, signs in and out."""
        return self.sign_in.auth

    @property
    def sweeper(self) -> SessionSweeper:
        """Ends expired sessions and counts live ones."""
        return self.sign_in.sweeper

    @property
    def content(self) -> ContentService:
        """Takes questions and gives lessons."""
        return self.lessons.service

    @property
    def notifications(self) -> Notifications:
        """What people were told of their requests."""
        return self.lessons.notifications

    @property
    def limits(self) -> Limits:
        """Judges how often somebody may ask."""
        return self.protection.limits

    async def close_shared_store(self) -> None:
        """Give the connections to Redis back, where there are any."""
        await self.protection.close()
        if self.redis is not None:
            await self.redis.aclose()


def compose(settings: Settings, *, clock: Clock, stream: BinaryIO | None = None) -> Services:
    """Put the parts together.

    Raises:
        ConfigurationError: a setting that only its part understands cannot work.
    """
    telemetry = make_telemetry(settings, clock=clock, stream=stream)
    exporting = Exporting.build(settings, telemetry, clock=clock)
    database = Database(settings)
    protection = Protection.build(settings, pseudonyms=telemetry.pseudonyms, clock=clock)
    sign_in = SignIn.build(
        settings,
        database=database,
        lockouts=protection.lockouts,
        revocations=protection.revocations,
        pseudonyms=telemetry.pseudonyms,
        clock=clock,
    )
    redis = _redis(settings)
    stores = [protection.store.client] if protection.store is not None else []
    exporting.instrument(engines=[database.engine], redis_clients=stores)
    lessons = Content.build(settings, database=database, telemetry=telemetry, clock=clock)
    health = build_health(
        settings,
        database=database,
        redis=redis,
        exporting=exporting,
        worker_runs=lambda: lessons.worker.is_running,
        clock=clock,
    )
    return Services(
        settings=settings,
        clock=clock,
        telemetry=telemetry,
        exporting=exporting,
        database=database,
        protection=protection,
        sign_in=sign_in,
        lessons=lessons,
        journey_lessons=JourneyLessons(
            database, lessons.artefacts, email=settings.journey_email, clock=clock
        ),
        monitoring=RequestMonitoring(database, clock=clock, pseudonyms=telemetry.pseudonyms),
        health=health,
        redis=redis,
    )


def _redis(settings: Settings) -> Redis | None:
    if settings.redis_url is None:
        return None
    return Redis.from_url(settings.redis_url.get_secret_value(), max_connections=1)
