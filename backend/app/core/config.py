"""Vividly's settings: one frozen class, the only place that reads the environment.

Every field is an environment variable of the same name in capitals (``database_url`` is
``DATABASE_URL``). A wrong value stops the start with one line: name, what is wrong, how
to mend it; the value itself is never shown, for it may be a secret.

>>> settings = Settings(environment="test", secret_key="k" * 32, telemetry_key="t" * 32)
>>> settings.environment.value, settings.workers
('test', 1)
"""

from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

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
    return Environment.parse(value) if isinstance(value, str) else value


class Settings(BaseSettings):
    """What Vividly is told at its start. Times in seconds unless the name says otherwise."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_file=None)

    environment: Annotated[Environment, BeforeValidator(_environment)]
    """development, test, staging or production (dev, stage, prod and the like are understood)"""
    secret_key: SecretStr
    """signs access tokens; at least 32 characters"""
    telemetry_key: SecretStr
    """keys the pseudonyms in logs and metrics; at least 32 characters; not the secret key"""
    version: str = "0.1.0"
    commit: str = Field(default="unknown", alias="GIT_COMMIT_SHA")
    google_project: str = Field(default="", alias="GCP_PROJECT_ID")

    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=0, le=65535)
    workers: int = Field(default=1, ge=1, le=64)
    trusted_proxies: int = Field(default=0, ge=0, le=10)
    """how many reverse proxies of ours stand in front (Cloud Run alone: 1)"""
    cors_origins: Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split)] = ()

    database_url: str = "sqlite+aiosqlite:///var/vividly.db"
    database_pool_size: int = Field(default=10, ge=1, le=100)
    database_max_overflow: int = Field(default=10, ge=0, le=100)
    redis_url: SecretStr | None = None
    """where limits, lockouts and revocations are shared; without it they live in this process"""

    access_token_s: int = Field(default=900, ge=60, le=3600)
    refresh_token_s: int = Field(default=14 * 86400, ge=3600, le=90 * 86400)
    """a session's absolute life: rotation does not prolong it"""

    rate_limits: dict[str, str] = Field(default_factory=dict)
    """overrides by rule name, e.g. {"auth.login": "20/minute"}"""
    lockout_failures: int = Field(default=5, ge=1, le=100)
    lockout_window_s: int = Field(default=3600, ge=60)
    lockout_s: int = Field(default=300, ge=1)

    artefact_dir: Path = Path("var/artefacts")
    embedded_worker: bool = True
    """whether the API process also works off the queue"""
    worker_concurrency: int = Field(default=1, ge=1, le=16)
    worker_lease_s: float = Field(default=10.0, ge=1.0, le=600.0)
    """after this long without a sign of life a worker's requests are taken over"""
    stage_attempts: int = Field(default=3, ge=1, le=10)

    log_format: Literal["auto", "json", "console"] = "auto"
    """auto: readable on a terminal, JSON otherwise"""
    log_level: Level = "INFO"
    logger_levels: dict[str, Level] = Field(default_factory=dict)
    debug_sample_ratio: float = Field(default=0.1, ge=0.0, le=1.0)
    slow_request_s: float = Field(default=2.0, gt=0.0)
    metrics_token: SecretStr | None = None
    """who scrapes /metrics shows it as a bearer token; unset, only this machine may scrape"""
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
            raise ConfigurationError([_line(dict(one)) for one in error.errors()]) from None

    @model_validator(mode="after")
    def _hold_together(self) -> Self:
        for name in ("secret_key", "telemetry_key"):
            length = len(getattr(self, name).get_secret_value())
            if length < SECRET_AT_LEAST:
                raise ValueError(
                    f"{name.upper()}: has {length} characters and needs at least "
                    f"{SECRET_AT_LEAST}: make one with `openssl rand -hex 32`"
                )
        if self.secret_key == self.telemetry_key:
            raise ValueError(
                "TELEMETRY_KEY: is the same as SECRET_KEY: make another with "
                "`openssl rand -hex 32`, so that one leak does not open both doors"
            )
        if self.demo_admin_password and self.environment not in _DEMO_ENVIRONMENTS:
            raise ValueError(
                "DEMO_ADMIN_PASSWORD: makes a demo account, which only development may "
                "have: unset it here"
            )
        return self

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
            logger_levels=self.logger_levels,
            debug_sample_ratio=self.debug_sample_ratio,
            slow_request_s=self.slow_request_s,
            trusted_proxies=self.trusted_proxies,
        )


_DEMO_ENVIRONMENTS = frozenset({Environment.DEVELOPMENT, Environment.TEST})


def _line(error: dict[str, Any]) -> str:
    """One pydantic error as `NAME: what is wrong: how to mend it`, without the value."""
    location = ".".join(str(part) for part in error["loc"])
    name = location.upper()
    kind = error["type"]
    if kind == "value_error":
        text = str(error["ctx"]["error"])
        return f"{name}: {text}" if name else text
    if kind == "missing":
        return f"{name}: is not set: export {name}=… (README, «Settings»)"
    return f"{name}: {error['msg'].lower()}: see README, «Settings»"
