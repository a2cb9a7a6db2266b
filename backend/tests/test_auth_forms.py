"""Promises about the forms of sign-in: what they take, what they refuse, what they tell."""

import pytest
from pydantic import BaseModel, ValidationError

from app.schemas.auth import Login, PasswordResetConfirmation, Refresh, Registration

STUDENT = {
    "email": "ada@school.example",
    "password": "Analytical-1843",
    "first_name": "Ada",
    "last_name": "Lovelace",
    "role": "student",
    "grade_level": 10,
}
TEACHER = STUDENT | {"role": "teacher", "grade_level": None}


def faults(form: type[BaseModel], values: dict[str, object]) -> list[tuple[str, str]]:
    """Field and type of each fault: what the API tells of them."""
    with pytest.raises(ValidationError) as refused:
        form.model_validate(values)
    return [(str(error["loc"][0]), error["type"]) for error in refused.value.errors()]


@pytest.mark.parametrize("values", [STUDENT, TEACHER, STUDENT | {"first_name": "  Ada "}])
def test_students_and_teachers_register(values):
    """Outer space of a name is dropped; the rest is as typed."""
    form = Registration.model_validate(values)

    assert (form.first_name, form.last_name) == ("Ada", "Lovelace")


@pytest.mark.parametrize("role", ["admin", "super_admin", "headmaster", "", None])
def test_nobody_makes_himself_an_administrator(role):
    """Only the two roles of a classroom can be chosen."""
    assert faults(Registration, TEACHER | {"role": role}) == [("role", "literal_error")]


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"grade_level": None}, ("grade_level", "grade_level_missing")),
        ({"grade_level": 8}, ("grade_level", "greater_than_equal")),
        ({"grade_level": 13}, ("grade_level", "less_than_equal")),
        ({"role": "teacher"}, ("grade_level", "grade_level_forbidden")),
        ({"email": "ada"}, ("email", "value_error")),
        ({"email": "ada@school.example\nBcc: all@school.example"}, ("email", "value_error")),
        ({"email": "ada\uff0cben@school.example"}, ("email", "email_not_plain")),
        ({"email": "ada\uff20home@school.example"}, ("email", "email_not_plain")),
        ({"email": "\ufdfa" * 21 + "@school.example"}, ("email", "email_not_plain")),
        ({"email": "ada@stra\u00dfe.example"}, ("email", "email_not_plain")),
        ({"first_name": "   "}, ("first_name", "string_too_short")),
        ({"last_name": "x" * 101}, ("last_name", "string_too_long")),
        ({"first_name": "Ada\nseverity=ERROR"}, ("first_name", "string_pattern_mismatch")),
        ({"last_name": "Love\x00lace"}, ("last_name", "string_pattern_mismatch")),
        ({"first_name": "A\u2028da"}, ("first_name", "string_pattern_mismatch")),
        ({"password": "short"}, ("password", "password_too_short")),
        ({"password": "Lovelace1"}, ("password", "password_is_personal")),
        ({"password": "A1" + "x" * 2000}, ("password", "string_too_long")),
    ],
    ids=str,
)
def test_a_fault_is_told_by_field_and_kind(change, fault):
    """One wrong field, one fault, with a name that a form can show a text for."""
    assert faults(Registration, STUDENT | change) == [fault]


def test_names_of_all_scripts_are_names():
    """Nobody has to spell a name in another alphabet than the own."""
    names = ["Ngũgĩ", "O'Brien-Núñez", "李", "محمد", "Zoë", "נועה"]

    accepted = [Registration.model_validate(STUDENT | {"last_name": name}) for name in names]

    assert [form.last_name for form in accepted] == names


def test_an_account_is_kept_under_one_spelling_of_its_address():
    """Case is lost, accents are not."""
    form = Registration.model_validate(STUDENT | {"email": "José@School.Example"})

    assert form.email == "josé@school.example"


def test_a_login_takes_what_was_typed():
    """A malformed address is an unknown one, told like any other wrong sign-in."""
    form = Login(email=" Ada@School.example ", password="x")

    assert form.email == " Ada@School.example "


@pytest.mark.parametrize(
    ("form", "values"),
    [
        (Login, {"email": "a\x00b@school.example", "password": "x"}),
        (Login, {"email": "a" * 321, "password": "x"}),
        (Login, {"email": "", "password": "x"}),
        (Login, {"email": "a@b.example", "password": ""}),
        (Login, {"email": "a@b.example", "password": "x" * 1025}),
        (Login, {"email": ["a@b.example"], "password": "x"}),
        (Login, {"email": "a@b.example", "password": {"$ne": ""}}),
        (Refresh, {"refresh_token": "x" * 513}),
        (Refresh, {"refresh_token": None}),
        (PasswordResetConfirmation, {"token": "", "new_password": "Analytical-1843"}),
    ],
    ids=str,
)
def test_what_no_person_types_is_refused_before_it_costs_anything(form, values):
    """Huge, empty, of another type, or with characters that a database chokes on."""
    assert len(faults(form, values)) == 1


def test_the_forms_do_not_show_their_secrets():
    """A form that ends up in a traceback shows neither password, token nor address (D18)."""
    forms = [
        Registration.model_validate(STUDENT),
        Login(email="ada@school.example", password="Analytical-1843"),
        Refresh(refresh_token="Analytical-1843"),
        PasswordResetConfirmation(token="Analytical-1843", new_password="Analytical-1843"),
    ]

    shown = repr(forms)

    assert "Analytical" not in shown
    assert "ada@" not in shown
    assert "Lovelace" not in shown
