"""Vividly's settings: one frozen class, the only place that reads the environment.

Every field is an environment variable of the same name in capitals (``database_url`` is
``DATABASE_URL``). A wrong value stops the start with one line: name, what is wrong, how
to mend it; the value itself is never shown, for it may be a secret.

>>> settings = Settings(environment="test", secret_key="k" * 32, telemetry_key="t" * 32)
>>> settings.environment.value, settings.workers
('test', 1)
"""

import re
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict
from pydantic_settings.exceptions import SettingsError

from app.core.export_rules import export_faults
from tocsin.errors import DeclarationError
from tocsin.telemetry.settings import Environment, Level, TelemetrySettings

SECRET_AT_LEAST = 32


class ConfigurationError(Exception):
    """The settings cannot work; ``lines`` says why, one line each."""

    def __init__(self, lines: list[str]) -> None:
        super().__init__("\n".join(lines))
        self.lines = lines


def _split(value: Any) -> Any:
    """Accept `a,b` as well as a sequence: deployments send comma-joined text (D92)."""
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    return value


def _environment(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return Environment.parse(value)
    except DeclarationError:
        known = ", ".join(Environment)
        raise ValueError(f"no environment goes by that name: use one of {known}") from None


class Settings(BaseSettings):
    """What Vividly is told at its start. Times in seconds unless the name says otherwise."""

    # The texts below the fields are the page docs/SETTINGS.md (app.core.settings_table).
    model_config = SettingsConfigDict(
        frozen=True,
        extra="ignore",
        env_file=None,
        env_ignore_empty=True,
        use_attribute_docstrings=True,
    )

    environment: Annotated[Environment, BeforeValidator(_environment)]
    """development, test, staging or production (dev, stage, prod and the like are understood)"""
    secret_key: SecretStr
    """signs access tokens; at least 32 characters"""
    telemetry_key: SecretStr
    """keys the pseudonyms in logs and metrics; at least 32 characters; not the secret key"""
    version: str = "0.1.0"
    """the release that runs, as logs and the API name it"""
    commit: str = Field(default="unknown", alias="GIT_COMMIT_SHA")
    """the commit that it was built from"""
    google_project: str = Field(default="", alias="GCP_PROJECT_ID")
    """the Google Cloud project; with it, log lines point at their trace; what is exported to
    Google goes there, and there is no other default"""
    library_project: str = Field(default="", alias="GOOGLE_CLOUD_PROJECT")
    """what Google's own libraries take for the project; where set, it must be the same"""
    gcp_location: str = ""
    """region or zone; empty: the metadata server is asked on Google, elsewhere it is global"""

    host: str = "127.0.0.1"
    """the address to listen on; 0.0.0.0 for all"""
    port: int = Field(default=8000, ge=0, le=65535)
    """the port to listen on; 0 takes any free one"""
    health_port: int | None = Field(default=None, ge=0, le=65535)
    """a port that answers for health alone, on a thread that a stuck event loop cannot silence;
    for workers, and for probes that should not wait; one process each"""
    drain_notice_s: float = Field(default=0.0, ge=0.0, le=30.0)
    """how long after SIGTERM requests are still taken while readiness says no: for a balancer
    that must see it first (Kubernetes); Cloud Run sends nothing after SIGTERM"""
    revision: str = Field(default="", alias="K_REVISION")
    """what runs, as Cloud Run names it; set by the platform"""
    workers: int = Field(default=1, ge=1, le=64)
    """how many processes serve the API"""
    trusted_proxies: int = Field(default=0, ge=0, le=10)
    """how many reverse proxies of ours stand in front (Cloud Run alone: 1)"""
    cors_origins: Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split)] = ()
    """whose pages may call the API from a browser, comma-joined: https://app.example,…"""

    database_url: str = Field(default="sqlite+aiosqlite:///var/vividly.db", repr=False)
    """sqlite:///… or postgresql://…; may hold a password, so it is never shown"""
    database_pool_size: int = Field(default=10, ge=1, le=100)
    """connections that one process keeps"""
    database_max_overflow: int = Field(default=10, ge=0, le=100)
    """connections that it opens besides when all are lent out"""
    redis_url: SecretStr | None = None
    """where limits, lockouts and revocations are shared; without it they live in this process"""

    access_token_s: int = Field(default=900, ge=60, le=3600)
    """how long an access token is good for"""
    refresh_token_s: int = Field(default=14 * 86400, ge=3600, le=90 * 86400)
    """a session's absolute life: rotation does not prolong it"""

    rate_limits: dict[str, str] = Field(default_factory=dict)
    """overrides by rule name, e.g. {"auth.login": "20/minute"}"""
    lockout_failures: int = Field(default=5, ge=1, le=100)
    """after so many wrong passwords one client is locked out of one account"""
    lockout_window_s: int = Field(default=3600, ge=60)
    """how long a wrong password counts"""
    lockout_s: int = Field(default=300, ge=1)
    """how long a lockout lasts"""

    smtp_url: SecretStr | None = None
    """the mail server: smtp://user:password@host:587 or smtps://…:465; production needs one,
    elsewhere letters go into MAIL_DIR without it"""
    mail_from: str = "Vividly <no-reply@vividly.example>"
    """the sender of our letters; goes with SMTP_URL"""
    journey_email: str = Field(default="", repr=False)
    """the account of `python -m app.journey`: a pupil who is none, made once, by hand; API and
    workers forget its lessons an hour after their end"""
    journey_password: SecretStr | None = None
    """its password; for the probe alone"""
    status_history_folder: Path | None = None
    """where the probe keeps how each part fared, for ninety days; one writer, many readers; may
    be a mounted bucket; unset, nothing is kept"""
    mail_dir: Path = Path("var/mail")
    """where letters go that no server takes; the newest hundred are kept"""
    reset_page: str = ""
    """the page that takes a new password; its address in a letter gets #token=… appended"""

    artefact_dir: Path = Path("var/artefacts")
    """where finished lessons lie"""
    embedded_worker: bool = True
    """whether the API process also works off the queue"""
    worker_concurrency: int = Field(default=1, ge=1, le=16)
    """how many lessons one worker makes at a time"""
    worker_lease_s: float = Field(default=10.0, ge=1.0, le=600.0)
    """after this long without a sign of life a worker's requests are taken over"""
    stage_attempts: int = Field(default=3, ge=1, le=10)
    """how often one stage of a lesson is tried"""

    log_format: Literal["auto", "json", "console"] = "auto"
    """auto: readable on a terminal, JSON otherwise"""
    log_level: Level = "INFO"
    """the least severe lines that are written"""
    logger_levels: dict[str, Level] = Field(default_factory=dict)
    """exceptions to it by logger, e.g. {"app.services": "DEBUG"}"""
    debug_sample_ratio: float = Field(default=0.1, ge=0.0, le=1.0)
    """the share of traces whose DEBUG lines are kept"""
    slow_request_s: float = Field(default=2.0, gt=0.0)
    """a request that took longer keeps its DEBUG lines"""
    metrics_token: SecretStr | None = None
    """who scrapes /metrics shows it as a bearer token; unset, only this machine may scrape"""

    export_metrics: Literal["off", "cloud_monitoring", "otlp"] = "off"
    """where metrics are sent besides the /metrics page"""
    export_traces: Literal["off", "otlp"] = "off"
    """where spans are sent"""
    export_logs: Literal["off", "cloud_logging"] = "off"
    """where log lines are sent besides standard output; off where an agent reads that, as on
    Cloud Run"""
    export_errors: Literal["log", "error_reporting"] = "log"
    """log: Error Reporting reads our ERROR lines; error_reporting: they are reported by its API"""
    sentry_dsn: SecretStr | None = None
    """also reports errors to Sentry, through the same redaction"""
    google_endpoint: str = ""
    """development and test only: host:port that stands for all Google APIs, without TLS"""
    otlp_endpoint: str = ""
    """the collector that takes OTLP, http://host:4317; empty: Google's own"""
    export_every_s: float = Field(default=60.0, ge=1.0, le=600.0)
    """how often metrics are sent; less than 10 in tests only"""
    trace_ratio: float = Field(default=0.1, ge=0.0, le=1.0)
    """the share of traces that begin here and are recorded; a caller's sampled one always is"""
    trace_unsampled_parents: bool = False
    """whether that share is also taken of traces that a caller began and did not sample:
    Cloud Run's front end begins one for every request"""
    cpu_idle: bool = False
    """whether the platform freezes the CPU between requests (Cloud Run: cpu-throttling): what
    is due is then sent while a request is served"""
    rehearsal_cloud: Literal["on", "off"] = "on"
    """development only: whether `run` starts a small Google Cloud beside the service, and
    sends everything there unless told otherwise"""
    demo_admin_password: SecretStr | None = None
    """development only: makes the account admin@vividly.example"""

    @classmethod
    def load(cls, **overrides: Any) -> Self:
        """Read the environment.

        Raises:
            ConfigurationError: a setting is missing or wrong; one line for each.
        """
        try:
            return cls(**overrides)
        except ValidationError as error:
            lines = [line for one in error.errors() for line in _lines(dict(one))]
            raise ConfigurationError(lines) from None
        except SettingsError as error:
            raise ConfigurationError([_undecodable(str(error))]) from None

    @model_validator(mode="after")
    def _hold_together(self) -> Self:
        faults = [
            *self._key_faults(),
            *self._address_faults(),
            *self._deployment_faults(),
            *self._port_faults(),
            *self._logger_faults(),
            *export_faults(self),
        ]
        if faults:
            raise ValueError("\n".join(faults))
        return self

    def _port_faults(self) -> Iterator[str]:
        if self.health_port and self.workers > 1:
            yield (
                "HEALTH_PORT: one process can have it, and WORKERS is more: unset one of them, "
                "or run a process each"
            )

    def _key_faults(self) -> Iterator[str]:
        for name in ("secret_key", "telemetry_key"):
            length = len(getattr(self, name).get_secret_value())
            if length < SECRET_AT_LEAST:
                yield (
                    f"{name.upper()}: has {length} characters and needs at least "
                    f"{SECRET_AT_LEAST}: make one with `openssl rand -hex 32`"
                )
        if self.secret_key == self.telemetry_key:
            yield (
                "TELEMETRY_KEY: is the same as SECRET_KEY: make another with "
                "`openssl rand -hex 32`, so that one leak does not open both doors"
            )

    def _address_faults(self) -> Iterator[str]:
        for name, schemes in _SCHEMES.items():
            value = getattr(self, name)
            url = value.get_secret_value() if isinstance(value, SecretStr) else value
            if url and not url.startswith(tuple(f"{scheme}://" for scheme in schemes)):
                known = " or ".join(f"{scheme}://…" for scheme in schemes if "+" not in scheme)
                yield f"{name.upper()}: is no address that we can use: write it as {known}"
        for origin in self.cors_origins:
            if not _ORIGIN.match(origin):
                yield (
                    "CORS_ORIGINS: holds something that is no origin: write "
                    "https://app.example,https://staff.example without paths"
                )
                break

    def _deployment_faults(self) -> Iterator[str]:
        if self.demo_admin_password and self.environment not in _DEMO_ENVIRONMENTS:
            yield (
                "DEMO_ADMIN_PASSWORD: makes a demo account, which only development may "
                "have: unset it here"
            )
        if self.environment is Environment.PRODUCTION and self.smtp_url is None:
            yield (
                "SMTP_URL: is not set, so nobody could reset a password: set the mail "
                "server, smtps://user:password@host:465"
            )
        if self.smtp_url is not None and "mail_from" not in self.model_fields_set:
            yield (
                "MAIL_FROM: is not set: say who our letters come from, "
                "Vividly <no-reply@school.example>"
            )

    def _logger_faults(self) -> Iterator[str]:
        too_low = ("DEBUG", "INFO")
        if any(
            name.startswith(_SHOW_VALUES) and level in too_low
            for name, level in self.logger_levels.items()
        ):
            shown = " and ".join(_SHOW_VALUES)
            yield f"LOGGER_LEVELS: {shown} write people's data below WARNING: leave them out"

    @property
    def is_sqlite(self) -> bool:
        """Whether the database is a file of our own."""
        return self.database_url.startswith("sqlite")

    @cached_property
    def telemetry(self) -> TelemetrySettings:
        """The same, as the toolkit wants it (``auto`` log format: JSON)."""
        return TelemetrySettings(
            service="vividly-api",
            environment=self.environment,
            version=self.version,
            commit=self.commit,
            google_project=self.google_project,
            log_format="console" if self.log_format == "console" else "json",
            log_level=self.log_level,
            logger_levels=self.logger_levels | dict.fromkeys(_SHOW_VALUES, "WARNING"),
            debug_sample_ratio=self.debug_sample_ratio,
            slow_request_s=self.slow_request_s,
            trace_ratio=self.trace_ratio,
            trace_unsampled_parents=self.trace_unsampled_parents,
            trusted_proxies=self.trusted_proxies,
        )


# Below WARNING these write what statements carry and what rows hold: names, questions,
# password hashes. (SQLAlchemy's hide_parameters hides the former only.)
_SHOW_VALUES = ("aiosqlite", "sqlalchemy.engine")
_DEMO_ENVIRONMENTS = frozenset({Environment.DEVELOPMENT, Environment.TEST})


_SCHEMES = {
    "database_url": ("sqlite", "sqlite+aiosqlite", "postgresql", "postgresql+asyncpg", "postgres"),
    "redis_url": ("redis", "rediss"),
    "smtp_url": ("smtp", "smtps"),
    "reset_page": ("https", "http"),
}
_ORIGIN = re.compile(r"https?://[^/\s*]+\Z")
_UNDECODABLE = re.compile(r'field "(\w+)"')
_SEE = "see docs/SETTINGS.md"


def _lines(error: dict[str, Any]) -> list[str]:
    """One pydantic error as `NAME: what is wrong: how to mend it`, without the value."""
    name = str(error["loc"][0]).upper() if error["loc"] else ""
    kind = error["type"]
    if kind == "value_error":
        text = str(error["ctx"]["error"])
        return [f"{name}: {text}"] if name else text.split("\n")
    if kind == "missing":
        return [f"{name}: is not set: export {name}=… ({_SEE})"]
    # pydantic's messages tell the rule, not the input.
    return [f"{name}: {error['msg'][:1].lower()}{error['msg'][1:]}: {_SEE}"]


def _undecodable(message: str) -> str:
    named = _UNDECODABLE.search(message)
    name = named.group(1).upper() if named else "A SETTING"
    return f'{name}: is not JSON: write it as {{"name": "value"}} ({_SEE})'
