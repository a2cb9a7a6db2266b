"""Who asks: the account behind a request, as far as endpoints need to know it.

>>> ada = Principal("42", "7", Role.TEACHER, None, None, "0123456789ab")
>>> ada.may(Role.STUDENT), ada.may(Role.ADMIN)
(True, False)
"""

from dataclasses import dataclass

from app.core.vocabulary import Role


@dataclass(frozen=True, slots=True)
class Principal:
    """An account that is signed in, active, and whose session has not ended.

    ``pseudonym`` is all of it that may stand in a log line or a metric.
    """

    user_id: str
    session_id: str
    role: Role
    grade_level: int | None
    organization_id: str | None
    pseudonym: str

    def may(self, role: Role) -> bool:
        """Whether this account may do all that ``role`` may."""
        return self.role.includes(role)
