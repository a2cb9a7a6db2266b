"""Promises about the settings: what they understand, and how they refuse the rest."""

from pathlib import Path

import pytest

from app.core import settings_table
from app.core.config import ConfigurationError, Settings
from tocsin.telemetry.settings import Environment

PAGE = Path(__file__).resolve().parents[1] / "docs" / "SETTINGS.md"
KEY = "s3cret-" * 6
OTHER_KEY = "t0ken-" * 6
REQUIRED = {"ENVIRONMENT": "test", "SECRET_KEY": KEY, "TELEMETRY_KEY": OTHER_KEY}


@pytest.fixture
def load(monkeypatch):
    """Load settings from an environment that holds these variables and no other of ours."""

    def load_from(**variables: str) -> Settings:
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        return Settings.load()

    return load_from


@pytest.fixture
def refusal(load):
    """The lines that a wrong environment is refused with."""

    def lines(**variables: str) -> list[str]:
        with pytest.raises(ConfigurationError) as refused:
            load(**REQUIRED | variables)
        return refused.value.lines

    return lines


@pytest.mark.parametrize(
    ("deployed", "meant"),
    [
        ("dev", Environment.DEVELOPMENT),
        ("development", Environment.DEVELOPMENT),
        ("staging", Environment.STAGING),
        ("STAGING", Environment.STAGING),
        ("prod", Environment.PRODUCTION),
        ("production", Environment.PRODUCTION),
    ],
)
def test_every_deployed_environment_name_is_understood(load, deployed, meant):
    """What Terraform and the workflows send means one of four environments (D17, D93)."""
    mail = {"SMTP_URL": "smtps://mail.example", "MAIL_FROM": "Vividly <no-reply@school.example>"}

    settings = load(**REQUIRED | mail | {"ENVIRONMENT": deployed})

    assert settings.environment is meant
    assert settings.telemetry.environment is meant


def test_comma_joined_origins_are_understood(load):
    """A deployment's plain list is read as one, spaces and a last comma included (D92)."""
    settings = load(**REQUIRED, CORS_ORIGINS="https://a.example, https://b.example:8443,")

    assert settings.cors_origins == ("https://a.example", "https://b.example:8443")


def test_an_empty_variable_is_as_good_as_none(load):
    """Manifests pass optional settings as empty text; that must not switch anything on."""
    settings = load(**REQUIRED, REDIS_URL="", PORT="", CORS_ORIGINS="", METRICS_TOKEN="")

    assert (settings.redis_url, settings.metrics_token) == (None, None)
    assert (settings.port, settings.cors_origins) == (8000, ())


@pytest.mark.parametrize(
    ("variables", "line"),
    [
        (
            {"ENVIRONMENT": "moon"},
            (
                "ENVIRONMENT: no environment goes by that name: "
                "use one of development, test, staging, production"
            ),
        ),
        (
            {"SECRET_KEY": "short"},
            (
                "SECRET_KEY: has 5 characters and needs at least 32: "
                "make one with `openssl rand -hex 32`"
            ),
        ),
        (
            {"TELEMETRY_KEY": KEY},
            (
                "TELEMETRY_KEY: is the same as SECRET_KEY: make another with "
                "`openssl rand -hex 32`, so that one leak does not open both doors"
            ),
        ),
        (
            {"SECRET_KEY": ""},
            "SECRET_KEY: is not set: export SECRET_KEY=… (see docs/SETTINGS.md)",
        ),
        (
            {"PORT": "eight"},
            (
                "PORT: input should be a valid integer, unable to parse string as an integer: "
                "see docs/SETTINGS.md"
            ),
        ),
        (
            {"TRUSTED_PROXIES": "11"},
            "TRUSTED_PROXIES: input should be less than or equal to 10: see docs/SETTINGS.md",
        ),
        (
            {"LOG_LEVEL": "LOUD"},
            (
                "LOG_LEVEL: input should be 'DEBUG', 'INFO', 'WARNING', 'ERROR' or 'CRITICAL': "
                "see docs/SETTINGS.md"
            ),
        ),
        (
            {"RATE_LIMITS": "auth.login=5/minute"},
            'RATE_LIMITS: is not JSON: write it as {"name": "value"} (see docs/SETTINGS.md)',
        ),
        (
            {"DATABASE_URL": "mysql://root:hunter2@db/vividly"},
            (
                "DATABASE_URL: is no address that we can use: write it as sqlite://… or "
                "postgresql://… or postgres://…"
            ),
        ),
        (
            {"REDIS_URL": "http://:hunter2@cache"},
            "REDIS_URL: is no address that we can use: write it as redis://… or rediss://…",
        ),
        (
            {"CORS_ORIGINS": "https://a.example,*"},
            (
                "CORS_ORIGINS: holds something that is no origin: write "
                "https://app.example,https://staff.example without paths"
            ),
        ),
        (
            {"SMTP_URL": "smtps://ada:hunter2@mail.example"},
            (
                "MAIL_FROM: is not set: say who our letters come from, "
                "Vividly <no-reply@school.example>"
            ),
        ),
        (
            {"LOGGER_LEVELS": '{"sqlalchemy.engine.Engine": "DEBUG"}'},
            (
                "LOGGER_LEVELS: aiosqlite and sqlalchemy.engine write people's data below "
                "WARNING: leave them out"
            ),
        ),
        (
            {"ENVIRONMENT": "production"},
            (
                "SMTP_URL: is not set, so nobody could reset a password: set the mail server, "
                "smtps://user:password@host:465"
            ),
        ),
        (
            {"ENVIRONMENT": "staging", "DEMO_ADMIN_PASSWORD": "Hunter2hunter2"},
            (
                "DEMO_ADMIN_PASSWORD: makes a demo account, which only development may have: "
                "unset it here"
            ),
        ),
    ],
)
def test_a_wrong_setting_is_one_line_that_says_how_to_mend_it(refusal, variables, line):
    """Name, what is wrong, what to do; nothing else."""
    lines = refusal(**variables)

    assert lines == [line]


def test_every_fault_is_told_at_once(refusal):
    """Nobody mends one setting only to be told of the next."""
    lines = refusal(SECRET_KEY="short", REDIS_URL="cache:6379", CORS_ORIGINS="app.example")

    assert [line.partition(":")[0] for line in lines] == [
        "SECRET_KEY",
        "REDIS_URL",
        "CORS_ORIGINS",
    ]


def test_a_refusal_never_repeats_the_value(refusal):
    """A wrong value may be a secret that was put in the wrong place (D17, D18)."""
    secret = "hunter2-hunter2-hunter2"

    lines = [
        *refusal(**dict.fromkeys(["ENVIRONMENT", "PORT", "LOG_LEVEL", "EMBEDDED_WORKER"], secret)),
        *refusal(
            ENVIRONMENT="test",
            PORT="1",
            LOG_LEVEL="INFO",
            EMBEDDED_WORKER="1",
            LOGGER_LEVELS=f'{{"{secret}": "{secret}"}}',
        ),
        *refusal(LOGGER_LEVELS=secret),
        *refusal(LOGGER_LEVELS="", DATABASE_URL=secret, REDIS_URL=secret, CORS_ORIGINS=secret),
    ]

    assert len(lines) == 9
    assert secret not in "\n".join(lines)


def test_settings_do_not_show_their_secrets(load):
    """Neither `print(settings)` nor a traceback's locals give a key away (D96)."""
    hidden = {
        "SECRET_KEY": KEY,
        "TELEMETRY_KEY": OTHER_KEY,
        "DATABASE_URL": "postgresql://vividly:db-hunter2@db/vividly",
        "REDIS_URL": "redis://:cache-hunter2@cache",
        "SMTP_URL": "smtps://ada:mail-hunter2@mail.example",
        "METRICS_TOKEN": "metrics-hunter2",
        "DEMO_ADMIN_PASSWORD": "Demo-hunter2",
    }

    settings = load(ENVIRONMENT="test", MAIL_FROM="no-reply@school.example", **hidden)

    shown = f"{settings!r} {settings}"
    assert "hunter2" not in shown
    assert not {KEY, OTHER_KEY} & set(shown.split("'"))


def test_no_setting_has_a_key_of_its_own(load):
    """A default signing key would be known to everybody who can read (D96)."""
    required = {name for name, field in Settings.model_fields.items() if field.is_required()}

    assert required == {"environment", "secret_key", "telemetry_key"}


def test_the_page_of_settings_is_current():
    """docs/SETTINGS.md is what the code says today."""
    assert PAGE.read_text() == settings_table.page(), (
        "run: python -m app.core.settings_table > docs/SETTINGS.md (in backend/)"
    )


def test_every_setting_says_what_it_does():
    """No row of the page has an empty meaning."""
    silent = [name for name, field in Settings.model_fields.items() if not field.description]

    assert silent == []
