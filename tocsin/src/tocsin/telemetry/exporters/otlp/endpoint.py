"""Where OTLP goes: an address, how it is guarded, who we are there.

Refused: an address without host or port; text without encryption to another machine (what
is sent tells of people).

>>> OtlpEndpoint.of("https://collector.example.org:4317").address
'collector.example.org:4317'
>>> OtlpEndpoint.of("http://collector.example.org:4317")
Traceback (most recent call last):
    ...
tocsin.errors.DeclarationError: OTLP to collector.example.org:4317 would travel unencrypted: \
use https://, or a collector on this machine
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Self
from urllib.parse import urlsplit

import grpc

from tocsin.errors import DeclarationError
from tocsin.telemetry.exporters.google import missing
from tocsin.telemetry.exporters.this_machine import is_this_machine

GOOGLE: Final = "telemetry.googleapis.com:443"
"""https://docs.cloud.google.com/stackdriver/docs/reference/telemetry/v1.metrics"""
_PORT: Final = 4317
"""https://opentelemetry.io/docs/specs/otlp/#otlpgrpc-default-port"""

# After an outage gRPC waits up to two minutes before it tries to connect, and fails all
# calls until then; a final flush has seconds. Keys: grpc_arg_keys of gRPC core.
_CHANNEL_OPTIONS: Final = (
    ("grpc.initial_reconnect_backoff_ms", 200),
    ("grpc.min_reconnect_backoff_ms", 200),
    ("grpc.max_reconnect_backoff_ms", 5_000),
    ("grpc.use_local_subchannel_pool", 1),
)


@dataclass(frozen=True, kw_only=True)
class OtlpEndpoint:
    """One collector; ``headers`` go with every call (a key of its owner, say)."""

    address: str
    insecure: bool = False
    as_google: bool = False
    """Whether the machine's Google credentials are shown there."""
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)

    @classmethod
    def google(cls, address: str = GOOGLE) -> Self:
        """Google's Telemetry API, with the machine's own credentials."""
        return cls(address=address, as_google=True)

    @classmethod
    def of(cls, url: str, *, headers: Mapping[str, str] | None = None) -> Self:
        """A collector by its address: ``http://`` unencrypted, ``https://`` encrypted.

        A bare ``host:port`` is unencrypted on this machine and encrypted elsewhere.

        Raises:
            DeclarationError: it is no address, or unencrypted to another machine.
        """
        parts = urlsplit(url if "//" in url else f"//{url}")
        try:
            host, port = parts.hostname or "", parts.port
        except ValueError:
            host, port = "", None
        if not host or parts.scheme not in ("", "http", "https"):
            raise DeclarationError(
                "the OTLP endpoint is no address: use http://host:port or https://host:port"
            )
        default = 443 if parts.scheme == "https" and host.endswith(".googleapis.com") else _PORT
        address = f"[{host}]" if ":" in host else host
        return cls._guarded(f"{address}:{port or default}", host, parts.scheme, headers or {})

    @classmethod
    def _guarded(cls, address: str, host: str, scheme: str, headers: Mapping[str, str]) -> Self:
        local = is_this_machine(host)
        insecure = scheme == "http" or (not scheme and local)
        if insecure and not local:
            raise DeclarationError(
                f"OTLP to {address} would travel unencrypted: use https://, or a collector "
                "on this machine"
            )
        as_google = not insecure and host.endswith(".googleapis.com")
        return cls(address=address, insecure=insecure, as_google=as_google, headers=headers)

    @property
    def metadata(self) -> tuple[tuple[str, str], ...]:
        """The headers as gRPC wants them."""
        return tuple((name.lower(), value) for name, value in self.headers.items())

    def channel(self) -> Any:
        """A fresh channel; it connects when it is first used.

        Raises:
            google.auth.exceptions.DefaultCredentialsError: the machine has no credentials.
        """
        if self.insecure:
            return grpc.insecure_channel(self.address, options=_CHANNEL_OPTIONS)
        credentials = google_credentials() if self.as_google else grpc.ssl_channel_credentials()
        return grpc.secure_channel(self.address, credentials, options=_CHANNEL_OPTIONS)


def google_credentials() -> Any:
    """The machine's own, refreshed by Google's library as they expire.

    Raises:
        DeclarationError: the provider is not installed.
    """
    try:
        from opentelemetry.gcp_credential_provider import (  # noqa: PLC0415 - Google's alone
            create_google_grpc_credentials,
        )
    except ImportError as error:
        raise missing("otlp", error) from error
    return create_google_grpc_credentials()
