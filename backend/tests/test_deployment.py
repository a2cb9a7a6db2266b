"""What a deployment sends is what the service understands."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from app.core.config import ConfigurationError, Settings
from tocsin.telemetry.settings import Environment

MANIFEST = Path(__file__).parents[1] / "deploy" / "cloud-run.yaml"
SECRETS = {
    "SECRET_KEY": "s" * 40,
    "TELEMETRY_KEY": "t" * 40,
    "METRICS_TOKEN": "m" * 40,
    "DATABASE_URL": "postgresql://vividly@db.example/vividly",
    "SMTP_URL": "smtps://vividly:made-up@mail.example:465",
    "REDIS_URL": "redis://cache.example:6379/0",
}
BY_THE_PLATFORM = {"PORT": "8080", "K_SERVICE": "vividly-api", "K_REVISION": "vividly-api-00001"}


@pytest.fixture
def template() -> dict[str, Any]:
    """What each instance is made from."""
    return yaml.safe_load(MANIFEST.read_text())["spec"]["template"]


@pytest.fixture
def variables(template) -> dict[str, str | None]:
    """The container's environment as the manifest states it; None stands for a secret."""
    (container,) = template["spec"]["containers"]
    return {entry["name"]: entry.get("value") for entry in container["env"]}


@pytest.fixture
def deployed(variables, monkeypatch) -> None:
    """This process's environment is the container's."""
    filled = {name: value or SECRETS[name] for name, value in variables.items()}
    for name, value in {**BY_THE_PLATFORM, **filled}.items():
        monkeypatch.setenv(name, value)


def test_the_service_starts_with_what_the_manifest_sends(deployed):
    """The manifest's variables make valid settings for production (D92, D93)."""
    settings = Settings.load()

    assert settings.environment is Environment.PRODUCTION
    assert settings.port == 8080
    assert settings.cors_origins == (
        "https://app.vividly.example",
        "https://teach.vividly.example",
    )
    assert settings.trusted_proxies == 1
    assert settings.embedded_worker is False


def test_the_manifest_names_only_variables_that_the_service_reads(variables):
    """A variable that nobody reads would be a setting that silently does nothing (D92)."""
    known = {str(field.alias or name).upper() for name, field in Settings.model_fields.items()}

    assert set(variables) <= known


@pytest.mark.parametrize("secret", ["SECRET_KEY", "TELEMETRY_KEY"])
def test_a_forgotten_secret_stops_the_start(deployed, monkeypatch, secret):
    """Without its keys the service says which is missing and does not start (D92)."""
    monkeypatch.delenv(secret)

    with pytest.raises(ConfigurationError) as stopped:
        Settings.load()

    assert [line for line in stopped.value.lines if line.startswith(f"{secret}: is not set")]


def test_the_service_is_told_what_the_platform_does_to_its_cpu(deployed, template):
    """Where the CPU is frozen between requests, exporting is due while one is served (D94)."""
    throttled = template["metadata"]["annotations"]["run.googleapis.com/cpu-throttling"]

    settings = Settings.load()

    assert settings.cpu_idle is (throttled == "true")


def test_what_runs_can_be_tied_to_a_release(deployed, template):
    """Image, labels and telemetry name one version and one commit, none of them `latest` (D95)."""
    settings = Settings.load()

    (container,) = template["spec"]["containers"]
    assert container["image"].rpartition(":")[2] == settings.commit == "COMMIT"
    assert template["metadata"]["labels"] == {"version": settings.version, "commit": "COMMIT"}
    assert (settings.telemetry.version, settings.telemetry.commit) == ("VERSION", "COMMIT")


def test_production_sends_its_telemetry_and_says_whose_it_is(deployed):
    """Metrics and traces leave, for the one project that is named (D10)."""
    settings = Settings.load()

    assert (settings.export_metrics, settings.export_traces) == ("cloud_monitoring", "otlp")
    assert settings.google_project == "PROJECT"
