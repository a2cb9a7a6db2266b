"""What a developer's first run makes for itself, and what it never makes elsewhere."""

from pathlib import Path

import pytest

from app.banner import banner
from app.core.config import ConfigurationError, Settings
from app.development import FILE_NAME, prepare
from app.services.demo import DEMO_ADMIN_EMAIL

ADDRESS = "http://127.0.0.1:8000"


def test_a_first_run_makes_keys_that_nobody_else_may_read(tmp_path: Path):
    """The file holds secrets, so it is its owner's alone from its first moment."""
    environ: dict[str, str] = {}

    prepare(environ, tmp_path / "var")

    file = tmp_path / "var" / FILE_NAME
    assert environ["ENVIRONMENT"] == "development"
    assert environ["SECRET_KEY"] != environ["TELEMETRY_KEY"]
    assert len(environ["SECRET_KEY"]) == len(environ["TELEMETRY_KEY"]) == 64
    assert file.stat().st_mode & 0o777 == 0o600
    assert list(file.parent.iterdir()) == [file]


def test_a_second_run_uses_the_same_keys(tmp_path: Path):
    """Tokens, pseudonyms and the demo password survive a restart."""
    first: dict[str, str] = {}
    prepare(first, tmp_path)
    second: dict[str, str] = {}

    prepare(second, tmp_path)

    assert second == first


def test_rights_that_somebody_widened_are_narrowed_again(tmp_path: Path):
    """A file copied about loses its rights; the next start gives them back."""
    prepare({}, tmp_path)
    (tmp_path / FILE_NAME).chmod(0o644)

    prepare({}, tmp_path)

    assert (tmp_path / FILE_NAME).stat().st_mode & 0o777 == 0o600


def test_a_file_that_lost_a_line_is_completed(tmp_path: Path):
    """What is there stays; what is missing is made; what is not ours is not read."""
    (tmp_path / FILE_NAME).write_bytes(b"SECRET_KEY=" + b"s" * 40 + b"\nPATH=/evil\n\xff\xfe\n")
    environ = {"PATH": "/usr/bin"}

    prepare(environ, tmp_path)

    assert environ["SECRET_KEY"] == "s" * 40
    assert environ["PATH"] == "/usr/bin"
    assert len(environ["TELEMETRY_KEY"]) == 64
    assert f"TELEMETRY_KEY={environ['TELEMETRY_KEY']}" in (tmp_path / FILE_NAME).read_text()


def test_what_the_shell_exports_wins(tmp_path: Path):
    """Whoever sets a key means it."""
    environ = {"SECRET_KEY": "mine" * 10}

    prepare(environ, tmp_path)

    assert environ["SECRET_KEY"] == "mine" * 10


@pytest.mark.parametrize("named", ["staging", "production", "prod", "test", "nowhere"])
def test_nothing_is_made_outside_development(tmp_path: Path, named: str):
    """A production that lacks a key must stop, not invent one."""
    environ = {"ENVIRONMENT": named}

    prepare(environ, tmp_path / "var")

    assert environ == {"ENVIRONMENT": named}
    assert not (tmp_path / "var").exists()


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.7", "vividly.example"])
def test_a_service_that_faces_the_world_is_not_taken_for_development(tmp_path: Path, host: str):
    """A deployment that forgot ENVIRONMENT must not get generated keys and a demo account."""
    environ = {"HOST": host}

    prepare(environ, tmp_path)

    assert environ == {"HOST": host}
    with pytest.raises(ConfigurationError, match="ENVIRONMENT: is not set"):
        Settings.load()


def test_a_folder_that_cannot_be_used_is_one_clear_line(tmp_path: Path):
    """What is wrong, where, and how to mend it."""
    (tmp_path / "var").write_text("a file stands where the folder should be")

    with pytest.raises(ConfigurationError) as refused:
        prepare({}, tmp_path / "var")

    (line,) = refused.value.lines
    assert str(tmp_path / "var") in line
    assert "make it a folder that you may write to" in line


def settings_of(environment: str, password: str | None = None) -> Settings:
    """Settings that differ in what the banner shows."""
    return Settings.load(
        environment=environment,
        secret_key="k" * 32,
        telemetry_key="t" * 32,
        demo_admin_password=password,
    )


def test_the_banner_says_where_to_look_and_how_to_sign_in():
    """Everything that a newcomer needs stands in one place."""
    settings = settings_of("development", "Demo-1abc")

    shown = banner(settings, ADDRESS, "var/development.env", on_terminal=True)

    for needed in (f"{ADDRESS}/docs", f"{ADDRESS}/metrics", DEMO_ADMIN_EMAIL, "Demo-1abc"):
        assert needed in shown
    assert "make traffic PORT=8000" in shown
    assert "\x1b" not in shown


def test_a_banner_that_somebody_keeps_holds_no_password():
    """Standard error of a service ends in a log; a terminal's does not."""
    settings = settings_of("development", "Demo-1abc")

    shown = banner(settings, ADDRESS, "var/development.env", on_terminal=False)

    assert "Demo-1abc" not in shown
    assert "DEMO_ADMIN_PASSWORD in var/development.env" in shown


def test_outside_development_it_says_no_more_than_where_it_answers():
    """No hints for development, no colour."""
    settings = settings_of("test")

    shown = banner(settings, ADDRESS, "var/development.env", on_terminal=False)

    assert shown == f"Vividly 0.1.0 answers at {ADDRESS} (test)"
