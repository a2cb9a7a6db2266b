"""The worker's manifest is what the worker understands, and its probes are those of the page."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from test_deployment import SECRETS

from app.core.config import Settings
from tocsin.telemetry.settings import Environment

DEPLOY = Path(__file__).parents[1] / "deploy"
PAGE = Path(__file__).parents[2] / "tocsin" / "docs" / "health.md"
ON_CLOUD_RUN = re.compile(r"## Probes on Cloud Run\n+```yaml\n(.*?)```", re.DOTALL)


def container_of(name: str) -> dict[str, Any]:
    """The one container of a manifest."""
    (container,) = yaml.safe_load((DEPLOY / name).read_text())["spec"]["template"]["spec"][
        "containers"
    ]
    return container


def test_the_worker_starts_with_what_its_manifest_sends(monkeypatch):
    """Valid settings for production, health on the port that Cloud Run asks, its CPU its own."""
    container = container_of("cloud-run-worker.yaml")
    for entry in container["env"]:
        monkeypatch.setenv(entry["name"], entry.get("value") or SECRETS[entry["name"]])

    settings = Settings.load()

    known = {str(field.alias or name).upper() for name, field in Settings.model_fields.items()}
    (port,) = container["ports"]
    assert settings.environment is Environment.PRODUCTION
    assert settings.health_port == port["containerPort"]
    assert settings.cpu_idle is False
    assert {entry["name"] for entry in container["env"]} <= known


@pytest.mark.parametrize("manifest", ["cloud-run.yaml", "cloud-run-worker.yaml"])
def test_probes_are_those_that_the_page_gives_reasons_for(manifest):
    """Whoever reads why finds what is deployed."""
    container = container_of(manifest)

    told = yaml.safe_load(ON_CLOUD_RUN.search(PAGE.read_text())[1])

    assert {name: container[name] for name in told} == told
