"""Which settings of exports go together: what is sent must have one certain place to go.

A process that guesses its project writes production's figures into somebody's playground
(D10): so whatever goes to Google needs ``GCP_PROJECT_ID``, in every environment, and a
second variable that names another project stops the start.

>>> from app.core.config import Settings
>>> keys = {"secret_key": "k" * 32, "telemetry_key": "t" * 32}
>>> here = Settings(environment="test", export_logs="cloud_logging", GCP_PROJECT_ID="p-1", **keys)
>>> list(export_faults(here)), goes_to_google(here)
([], ['EXPORT_LOGS'])
"""

import re
from collections.abc import Iterator
from typing import Final, Protocol

from pydantic import SecretStr

from tocsin.telemetry.settings import Environment

LEAST_EVERY_S: Final = 10.0
"""Cloud Monitoring takes one point per series each 5 s (google-cloud.md 1.2)."""

_LOCAL: Final = frozenset({Environment.DEVELOPMENT, Environment.TEST})
_PLACE: Final = re.compile(r"([\w.-]+|\[[0-9a-f:]+\]):\d{1,5}\Z")
_COLLECTOR: Final = re.compile(r"https?://[^/\s@]+(/[^\s@]*)?\Z")
_DSN: Final = re.compile(r"https?://[^@\s]+@[^/\s]+/\S*\d+\Z")


class ExportSettings(Protocol):
    """The part of the settings that this is about."""

    @property
    def environment(self) -> Environment: ...  # noqa: D102 - described in app.core.config
    @property
    def google_project(self) -> str: ...  # noqa: D102 - as above
    @property
    def library_project(self) -> str: ...  # noqa: D102 - as above
    @property
    def export_metrics(self) -> str: ...  # noqa: D102 - as above
    @property
    def export_traces(self) -> str: ...  # noqa: D102 - as above
    @property
    def export_logs(self) -> str: ...  # noqa: D102 - as above
    @property
    def export_errors(self) -> str: ...  # noqa: D102 - as above
    @property
    def sentry_dsn(self) -> SecretStr | None: ...  # noqa: D102 - as above
    @property
    def google_endpoint(self) -> str: ...  # noqa: D102 - as above
    @property
    def otlp_endpoint(self) -> str: ...  # noqa: D102 - as above
    @property
    def export_every_s(self) -> float: ...  # noqa: D102 - as above


def goes_to_google(settings: ExportSettings) -> list[str]:
    """The variables by which something is sent to Google's APIs (or what stands for them)."""
    otlp = not settings.otlp_endpoint
    asked = {
        "EXPORT_METRICS": settings.export_metrics == "cloud_monitoring"
        or (settings.export_metrics == "otlp" and otlp),
        "EXPORT_TRACES": settings.export_traces == "otlp" and otlp,
        "EXPORT_LOGS": settings.export_logs == "cloud_logging",
        "EXPORT_ERRORS": settings.export_errors == "error_reporting",
    }
    return [name for name, does in asked.items() if does]


def export_faults(settings: ExportSettings) -> Iterator[str]:
    """What cannot work, a line each."""
    yield from _project_faults(settings)
    yield from _address_faults(settings)
    is_test = settings.environment is Environment.TEST
    if settings.export_every_s < LEAST_EVERY_S and not is_test:
        yield (
            f"EXPORT_EVERY_S: is less than {LEAST_EVERY_S:.0f}, which Cloud Monitoring "
            f"refuses sooner or later: set {LEAST_EVERY_S:.0f} or more"
        )


def _project_faults(settings: ExportSettings) -> Iterator[str]:
    names = goes_to_google(settings)
    if not settings.google_project and names:
        yield (
            f"GCP_PROJECT_ID: is not set, but {names[0]} sends to Google: name the project, "
            f"or set {names[0]} to {'log' if names[0] == 'EXPORT_ERRORS' else 'off'}"
        )
    other = settings.library_project
    if other and settings.google_project and other != settings.google_project:
        yield (
            "GCP_PROJECT_ID, GOOGLE_CLOUD_PROJECT: name two projects: unset the latter, or "
            "make them the same"
        )


def _address_faults(settings: ExportSettings) -> Iterator[str]:
    if settings.google_endpoint and settings.environment not in _LOCAL:
        yield (
            "GOOGLE_ENDPOINT: sends everything without TLS to one address, which only "
            "development and test may: unset it here"
        )
    elif settings.google_endpoint and not _PLACE.match(settings.google_endpoint):
        yield "GOOGLE_ENDPOINT: is no address that we can use: write 127.0.0.1:port"
    if settings.otlp_endpoint and not _COLLECTOR.match(settings.otlp_endpoint):
        yield "OTLP_ENDPOINT: is no address that we can use: write http://host:4317 or https://…"
    dsn = settings.sentry_dsn
    if dsn is not None and not _DSN.match(dsn.get_secret_value()):
        yield "SENTRY_DSN: is no DSN: copy it from the project's settings, https://key@host/number"
