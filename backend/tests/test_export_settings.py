"""Promises about where telemetry goes: one certain place, or no start."""

import pytest

from app.core.config import ConfigurationError, Settings

KEYS = {"SECRET_KEY": "s3cret-" * 6, "TELEMETRY_KEY": "t0ken-" * 6}
MAIL = {"SMTP_URL": "smtps://mail.example", "MAIL_FROM": "Vividly <no-reply@school.example>"}
PROJECT = {"GCP_PROJECT_ID": "vividly-live"}
EXPORTS = [
    {"EXPORT_METRICS": "cloud_monitoring"},
    {"EXPORT_METRICS": "otlp"},
    {"EXPORT_TRACES": "otlp"},
    {"EXPORT_LOGS": "cloud_logging"},
    {"EXPORT_ERRORS": "error_reporting"},
]


@pytest.fixture
def load(monkeypatch):
    """Load settings from an environment that holds these variables and no other of ours."""

    def load_from(**variables: str) -> Settings:
        for name, value in (KEYS | MAIL | variables).items():
            monkeypatch.setenv(name, value)
        return Settings.load()

    return load_from


@pytest.fixture
def refusal(load):
    """The only line that a wrong environment is refused with."""

    def line(**variables: str) -> str:
        with pytest.raises(ConfigurationError) as refused:
            load(**variables)
        (only,) = refused.value.lines
        return only

    return line


@pytest.mark.parametrize("export", EXPORTS, ids=lambda one: "=".join(*one.items()))
@pytest.mark.parametrize("environment", ["production", "staging", "development"])
def test_nothing_is_sent_to_google_without_a_project(refusal, environment, export):
    """There is no default project anywhere: an export without one stops the start (D10)."""
    line = refusal(ENVIRONMENT=environment, **export)

    assert line.startswith(f"GCP_PROJECT_ID: is not set, but {next(iter(export))} ")


@pytest.mark.parametrize("export", EXPORTS, ids=lambda one: "=".join(*one.items()))
def test_an_export_with_its_project_may_start(load, export):
    """The one setting is enough; nothing else is asked for the project (D10)."""
    settings = load(ENVIRONMENT="production", **PROJECT, **export)

    assert settings.google_project == "vividly-live"


def test_two_names_for_the_project_stop_the_start(refusal):
    """Google's libraries would take another project than we: that is refused (D10)."""
    line = refusal(ENVIRONMENT="production", GOOGLE_CLOUD_PROJECT="vividly-dev", **PROJECT)

    assert line.startswith("GCP_PROJECT_ID, GOOGLE_CLOUD_PROJECT: name two projects")
    assert "vividly-dev" not in line


def test_a_collector_of_ones_own_needs_no_project(load):
    """OTLP to another place than Google is nobody's project (D10)."""
    settings = load(
        ENVIRONMENT="production",
        EXPORT_METRICS="otlp",
        EXPORT_TRACES="otlp",
        OTLP_ENDPOINT="http://collector.internal:4317",
    )

    assert settings.google_project == ""


def test_the_location_is_a_setting(load):
    """Where the writer stands is told, not taken for granted (D11)."""
    settings = load(ENVIRONMENT="production", GCP_LOCATION="europe-west1")

    assert settings.gcp_location == "europe-west1"


@pytest.mark.parametrize(
    ("variables", "beginning"),
    [
        ({"GOOGLE_ENDPOINT": "127.0.0.1:8085"}, "GOOGLE_ENDPOINT: sends everything without TLS"),
        ({"OTLP_ENDPOINT": "collector:4317"}, "OTLP_ENDPOINT: is no address that we can use"),
        ({"SENTRY_DSN": "https://sentry.example/hunter2"}, "SENTRY_DSN: is no DSN"),
        ({"EXPORT_EVERY_S": "5"}, "EXPORT_EVERY_S: is less than 10"),
    ],
    ids=lambda one: next(iter(one)) if isinstance(one, dict) else "",
)
def test_a_place_that_cannot_be_sent_to_is_named(refusal, variables, beginning):
    """One line says which setting, and never its value."""
    line = refusal(ENVIRONMENT="production", **PROJECT, **variables)

    assert line.startswith(beginning)
    assert "hunter2" not in line


def test_development_may_stand_its_own_cloud_for_google(load):
    """A local address takes the place of all Google APIs."""
    settings = load(ENVIRONMENT="dev", GOOGLE_ENDPOINT="127.0.0.1:8085", **PROJECT)

    assert settings.google_endpoint == "127.0.0.1:8085"
