"""What the sign-in endpoints take and give.

A refusal names the field and the kind of fault, never the value (D18); the rules on
passwords therefore have a type each, ``password_too_short`` and so on.

>>> from pydantic import ValidationError
>>> try:
...     PasswordResetConfirmation(token="t", new_password="short")
... except ValidationError as refused:
...     [error["type"] for error in refused.errors()]
['password_too_short']
"""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    EmailStr,
    Field,
    StringConstraints,
    ValidationInfo,
    field_validator,
)
from pydantic_core import PydanticCustomError

from app.core.vocabulary import Role
from app.services.password_rules import LONGEST, SHORTEST, broken_rules
from tocsin.telemetry.identity import normalised_email

EMAIL_AT_MOST = 320  # 64 before the @, 255 after it (RFC 5321, 4.5.3.1)
_TYPED_AT_MOST = 1024
_TOKEN_AT_MOST = 512

# Control characters and line breaks: they forge log lines and mail headers, and
# PostgreSQL refuses NUL.
_ONE_LINE = r"^[^\p{Cc}\p{Zl}\p{Zp}]*$"

Name = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=100, pattern=_ONE_LINE),
    Field(repr=False, examples=["Ada"]),
]
TypedEmail = Annotated[
    str,
    # Whatever was typed is looked up: a malformed address is an unknown one.
    StringConstraints(min_length=1, max_length=EMAIL_AT_MOST, pattern=_ONE_LINE),
    Field(repr=False, examples=["ada@school.example"]),
]
TypedPassword = Annotated[
    str, StringConstraints(min_length=1, max_length=_TYPED_AT_MOST), Field(repr=False)
]
Secret = Annotated[
    str, StringConstraints(min_length=1, max_length=_TOKEN_AT_MOST), Field(repr=False)
]


def refuse_broken(rules: list[str]) -> None:
    """Raise the first of the broken rules as pydantic's error."""
    if rules:
        raise PydanticCustomError(rules[0], "The password breaks a rule")


def _new_password(password: str) -> str:
    refuse_broken(broken_rules(password))
    return password


NewPassword = Annotated[
    str,
    StringConstraints(max_length=_TYPED_AT_MOST),
    AfterValidator(_new_password),
    Field(
        repr=False,
        json_schema_extra={"minLength": SHORTEST, "maxLength": LONGEST},
        description="A lower-case letter, an upper-case letter, a digit; "
        "own name and address do not count.",
    ),
]


def _kept_address(address: str) -> str:
    """The spelling under which an account is kept, and to which its letters go.

    Only case may be lost on the way: else «ß» makes it somebody else's mailbox, a wide
    comma makes it two, and a ligature of eighteen letters more than the column holds.
    """
    kept = normalised_email(address)
    if kept != address.lower():
        raise PydanticCustomError("email_not_plain", "Another spelling of it is the plain one")
    return kept


class Registration(BaseModel):
    """A new account. Students and teachers register; staff accounts are made by staff."""

    email: Annotated[
        EmailStr, Field(max_length=EMAIL_AT_MOST, repr=False), AfterValidator(_kept_address)
    ]
    first_name: Name
    last_name: Name
    role: Literal[Role.STUDENT, Role.TEACHER]
    grade_level: int | None = Field(
        default=None,
        ge=9,
        le=12,
        validate_default=True,
        description="Students must, others must not.",
    )
    password: NewPassword

    @field_validator("grade_level")
    @classmethod
    def _grade_fits_role(cls, grade_level: int | None, others: ValidationInfo) -> int | None:
        role = others.data.get("role")
        if role is Role.STUDENT and grade_level is None:
            raise PydanticCustomError("grade_level_missing", "Students have a grade")
        if role is Role.TEACHER and grade_level is not None:
            raise PydanticCustomError("grade_level_forbidden", "Only students have a grade")
        return grade_level

    @field_validator("password")
    @classmethod
    def _is_not_personal(cls, password: str, others: ValidationInfo) -> str:
        names = ("email", "first_name", "last_name")
        refuse_broken(broken_rules(password, [others.data.get(name, "") for name in names]))
        return password


class Login(BaseModel):
    """An address and a password, as they were typed."""

    email: TypedEmail
    password: TypedPassword


class Refresh(BaseModel):
    """The newest refresh token of a session."""

    refresh_token: Secret


class PasswordResetRequest(BaseModel):
    """Whose password is forgotten."""

    email: TypedEmail


class PasswordResetConfirmation(BaseModel):
    """The secret of the letter, and the new password."""

    token: Secret
    new_password: NewPassword


class Tokens(BaseModel):
    """What a sign-in or a refresh gives; keep the refresh token where no script reads it."""

    access_token: str
    refresh_token: str
    token_type: Literal["bearer"] = "bearer"  # noqa: S105 - a kind of token
    expires_in: int = Field(description="Seconds that the access token is good for.")


class Account(BaseModel):
    """An account as its owner sees it."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    email: str
    first_name: str
    last_name: str
    role: Role
    grade_level: int | None
    organization_id: str | None
    created_at: datetime


class Accepted(BaseModel):
    """The one answer to a reset request, whether or not an account exists."""

    message: str = "If there is an account with this address, a letter is on its way."
