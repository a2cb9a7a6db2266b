"""What a deployment sends is what the service understands."""

from pathlib import Path

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
def variables() -> dict[str, str | None]:
    """The container's environment as the manifest states it; None stands for a secret."""
    manifest = yaml.safe_load(MANIFEST.read_text())
    (container,) = manifest["spec"]["template"]["spec"]["containers"]
    return {entry["name"]: entry.get("value") for entry in container["env"]}


@pytest.fixture
def deployed(variables, monkeypatch) -> None:
    """This process's environment is the container's."""
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
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
