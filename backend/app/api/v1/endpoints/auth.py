"""Sign-in: register, log in, stay in, log out, forget the password.

Endpoints translate and no more: what is refused and why is decided in
:mod:`app.services.auth`. Each calls its service once, whatever happens (D81).
"""

from collections.abc import Iterator
from contextlib import contextmanager

from fastapi import APIRouter, BackgroundTasks

from app.api.dependencies import CurrentClient, CurrentServices, CurrentUser
from app.api.problems import Problem, describes
from app.schemas.auth import (
    Accepted,
    Account,
    Login,
    PasswordResetConfirmation,
    PasswordResetRequest,
    Refresh,
    Registration,
    Tokens,
)
from app.services.auth import NewAccount
from app.services.auth_errors import (
    AccountInactiveError,
    EmailTakenError,
    LockedOutError,
    PasswordRefusedError,
    RefreshOverlapError,
    RefreshRefusedError,
    ResetRefusedError,
    WrongCredentialsError,
)
from app.services.passwords import PasswordsBusyError
from app.services.sessions import Grant

router = APIRouter(prefix="/auth", tags=["auth"], responses=describes(422, 429))

_BUSY_RETRY_S = 3


@router.post("/register", status_code=201, responses=describes(409, 503))
async def register(new: Registration, services: CurrentServices, client: CurrentClient) -> Account:
    """Make an account for a student or a teacher."""
    await services.limits.check_account("auth.register", client, new.email)
    with _refusals():
        user = await services.auth.register(NewAccount(**new.model_dump()))
    return Account.model_validate(user)


@router.post("/login", responses=describes(401, 403, 503))
async def login(typed: Login, services: CurrentServices, client: CurrentClient) -> Tokens:
    """Begin a session."""
    await services.limits.check_account("auth.login", client, typed.email)
    with _refusals():
        grant = await services.auth.login(typed.email, typed.password, client)
    return _tokens(grant)


@router.post("/refresh", responses=describes(401, 409))
async def refresh(shown: Refresh, services: CurrentServices, client: CurrentClient) -> Tokens:
    """Continue a session: the token that is shown is used up, the answer holds the next."""
    limited_by = await services.auth.limited_by(shown.refresh_token)
    await services.limits.check_account("auth.refresh", client, limited_by)
    with _refusals():
        grant = await services.auth.refresh(shown.refresh_token)
    return _tokens(grant)


@router.post("/logout", status_code=204, responses=describes(401))
async def logout(user: CurrentUser, services: CurrentServices) -> None:
    """End the session whose token is shown."""
    await services.auth.logout(user)


@router.post("/logout-all", status_code=204, responses=describes(401))
async def logout_all(user: CurrentUser, services: CurrentServices) -> None:
    """End every session of the account, on all devices."""
    await services.auth.logout_all(user)


@router.get("/me", responses=describes(401))
async def me(user: CurrentUser, services: CurrentServices) -> Account:
    """The caller's own account."""
    return Account.model_validate(await services.auth.account(user))


@router.post("/password-reset/request", status_code=202)
async def request_password_reset(
    asked: PasswordResetRequest,
    services: CurrentServices,
    client: CurrentClient,
    afterwards: BackgroundTasks,
) -> Accepted:
    """Ask for a letter with a reset code; the answer is the same whether one is sent."""
    await services.limits.check_account("auth.reset_request", client, asked.email)
    # After the answer: looking for the account takes time, and that time would tell.
    afterwards.add_task(services.auth.request_reset, asked.email)
    return Accepted()


@router.post("/password-reset/confirm", status_code=204, responses=describes(400, 503))
async def confirm_password_reset(
    shown: PasswordResetConfirmation, services: CurrentServices, client: CurrentClient
) -> None:
    """Set a new password with the code of a letter; every session of the account ends."""
    await services.limits.check_account("auth.reset_confirm", client, shown.token)
    with _refusals():
        await services.auth.confirm_reset(shown.token, shown.new_password, client)


def _tokens(grant: Grant) -> Tokens:
    return Tokens(
        access_token=grant.access_token,
        refresh_token=grant.refresh_token,
        expires_in=grant.access_token_s,
    )


@contextmanager
def _refusals() -> Iterator[None]:
    """Make a problem document of what the service refuses."""
    try:
        yield
    except LockedOutError as error:
        wait = {"retry-after": str(error.retry_after_s)}
        raise Problem(
            429, "locked-out", _LOCKED, headers=wait, retry_after_s=error.retry_after_s
        ) from None
    except PasswordRefusedError as error:
        errors = [{"location": ["body", "new_password"], "type": rule} for rule in error.rules]
        raise Problem.of_status(422, errors=errors) from None
    except PasswordsBusyError:
        raise Problem.of_status(503, headers={"retry-after": str(_BUSY_RETRY_S)}) from None
    except tuple(_PROBLEMS) as error:
        status, kind, title = _PROBLEMS[type(error)]
        raise Problem(status, kind, title) from None


_LOCKED = "Too many sign-ins failed: wait, then try again"
_PROBLEMS: dict[type[Exception], tuple[int, str, str]] = {
    WrongCredentialsError: (401, "wrong-credentials", "E-mail address or password is wrong"),
    AccountInactiveError: (403, "account-inactive", "This account is not active: ask your school"),
    EmailTakenError: (409, "email-taken", "There is an account with this e-mail address"),
    RefreshRefusedError: (401, "sign-in-again", "The session has ended: sign in again"),
    RefreshOverlapError: (409, "refresh-overlap", "Another refresh with this token came first"),
    ResetRefusedError: (400, "reset-refused", "The code is used, too old or not ours: ask anew"),
}
