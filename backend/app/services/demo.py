"""The demo administrator: made at the start of a development run, and nowhere else.

The settings refuse ``DEMO_ADMIN_PASSWORD`` outside of development and test.
"""

from typing import Final

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from app.core.config import Settings
from app.core.database import Database
from app.core.logging import get_logger
from app.core.moments import now
from app.core.vocabulary import AccountStatus, Role
from app.models.tables import User
from app.services.passwords import Passwords
from tocsin.clock import Clock

DEMO_ADMIN_EMAIL: Final = "admin@vividly.example"

_log = get_logger(__name__)


async def make_demo_admin(
    settings: Settings, database: Database, *, passwords: Passwords, clock: Clock
) -> None:
    """Make the account that ``DEMO_ADMIN_PASSWORD`` asks for, or give it that password."""
    if settings.demo_admin_password is None:
        return
    password = settings.demo_admin_password.get_secret_value()
    async with database.sessions() as connection:
        known = await connection.scalar(
            select(User.password_hash).where(User.email == DEMO_ADMIN_EMAIL)
        )
    if known is not None and (await passwords.verify(password, known)).right:
        return
    password_hash = await passwords.hash(password)
    if known is None:
        await _insert(database, password_hash, clock)
        return
    async with database.transaction() as transaction:
        await transaction.execute(
            update(User).where(User.email == DEMO_ADMIN_EMAIL).values(password_hash=password_hash)
        )


async def _insert(database: Database, password_hash: str, clock: Clock) -> None:
    admin = User(
        email=DEMO_ADMIN_EMAIL,
        password_hash=password_hash,
        first_name="Demo",
        last_name="Admin",
        role=Role.ADMIN,
        status=AccountStatus.ACTIVE,
        created_at=now(clock),
    )
    try:
        async with database.transaction() as transaction:
            transaction.add(admin)
    except IntegrityError:
        return  # another process of this service was quicker
    _log.info("demo_admin_made")
