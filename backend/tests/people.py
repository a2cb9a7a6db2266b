"""People for tests: accounts of every role that are signed in, made in the database itself.

Their tokens are the service's own, so they pass its one gate; only the way through
registration and password is left out, which the tests of sign-in walk.
"""

from dataclasses import dataclass
from datetime import timedelta
from itertools import count

from app.composition import Services
from app.core.moments import now
from app.core.vocabulary import Role
from app.models.tables import Session, User

_NUMBERS = count(1)
_UNUSABLE_HASH = "no password opens this account"


@dataclass(frozen=True)
class Person:
    """Somebody signed in; ``headers`` show who it is."""

    user_id: str
    email: str
    headers: dict[str, str]


async def signed_in(
    services: Services, role: Role, *, organization_id: str | None = None
) -> Person:
    """A new account of this role with a session of its own."""
    moment = now(services.clock)
    user = User(
        email=f"person-{next(_NUMBERS)}@school.example",
        password_hash=_UNUSABLE_HASH,
        first_name="Given",
        last_name="Family",
        role=role,
        grade_level=10 if role is Role.STUDENT else None,
        organization_id=organization_id,
        created_at=moment,
    )
    async with services.database.transaction() as transaction:
        transaction.add(user)
        await transaction.flush()
        session = Session(
            user_id=user.id,
            created_at=moment,
            expires_at=moment + timedelta(days=1),
            last_seen_at=moment,
        )
        transaction.add(session)
        await transaction.flush()
    token = services.tokens.access_token(user_id=user.id, session_id=session.id)
    return Person(user.id, user.email, {"authorization": f"Bearer {token}"})
