"""Why somebody is not let in. The API makes problem documents of these, and nothing more.

>>> LockedOutError(300).retry_after_s
300
"""


class AuthError(Exception):
    """The root of all refusals in this room."""


class WrongCredentialsError(AuthError):
    """No active account has this address and this password; which of the two is not told."""


class LockedOutError(AuthError):
    """Too many wrong passwords from this client for this address, existing or not."""

    def __init__(self, retry_after_s: int) -> None:
        super().__init__()
        self.retry_after_s = retry_after_s


class AccountInactiveError(AuthError):
    """The password was right, but the account is suspended, pending or archived."""


class EmailTakenError(AuthError):
    """An account with this address exists."""


class NotSignedInError(AuthError):
    """The access token is not good, or no longer; ``reason`` is for logs."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class RefreshRefusedError(AuthError):
    """The refresh token is not good, or no longer; ``reason`` is for logs."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class RefreshOverlapError(AuthError):
    """Another refresh with the same token was under way and won; the session lives on."""


class ResetRefusedError(AuthError):
    """The reset token is unknown, used or too old."""


class PasswordRefusedError(AuthError):
    """A new password breaks rules; ``rules`` are their names."""

    def __init__(self, rules: list[str]) -> None:
        super().__init__(", ".join(rules))
        self.rules = rules
