"""The plan's list of libraries is satisfied, and each of them is used."""

import tomllib
from importlib import import_module
from importlib.metadata import version
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PLANNED = {
    "google-cloud-monitoring": ("2.15.0", "google.cloud.monitoring_v3"),
    "google-cloud-logging": ("3.5.0", "google.cloud.logging_v2"),
    "google-cloud-error-reporting": ("1.9.0", "google.cloud.errorreporting_v1beta1"),
    "opentelemetry-api": ("1.20.0", "opentelemetry.trace"),
    "opentelemetry-sdk": ("1.20.0", "opentelemetry.sdk.trace"),
    "sentry-sdk": ("0", "sentry_sdk"),
}


def _number(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split(".")[:3] if part.isdecimal())


def _declared() -> dict[str, str]:
    project = tomllib.loads((ROOT / "tocsin" / "pyproject.toml").read_text())["project"]
    wanted = [one for extra in project["optional-dependencies"].values() for one in extra]
    return {name: floor for name, _, floor in (one.partition(">=") for one in wanted)}


@pytest.mark.parametrize("library", PLANNED)
def test_a_library_of_the_plan_is_declared_installed_and_used(library):
    """At the plan's version or above, and imported by an exporter of ours (D30, D68)."""
    least, module = PLANNED[library]
    source = ROOT / "tocsin" / "src" / "tocsin" / "telemetry"

    used = [path for path in source.rglob("*.py") if f" {module}" in path.read_text()]

    assert _number(_declared()[library]) >= _number(least)
    assert _number(version(library)) >= _number(least)
    assert import_module(module)
    assert used


def test_what_is_left_out_of_the_plans_list_has_its_reason_on_record():
    """FastAPI's instrumentation is replaced by our own server span (D30)."""
    left_out = "opentelemetry-instrumentation-fastapi"
    decisions = ROOT / "backend" / "docs" / "decisions"

    told = [path.name for path in decisions.glob("*.md") if left_out in path.read_text()]

    assert left_out not in _declared()
    assert told == ["0010-how-an-error-becomes-an-event.md"]
