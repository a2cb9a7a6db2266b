"""Where Google's APIs are, and who we are to them: one place for all of Google's clients.

On Google Cloud the host is the service's own and the credentials are the machine's
(Application Default Credentials). Given an address, the same client classes talk to it
without either: the rehearsal cloud, or an emulator. An address other than this machine's is
refused without encryption, for what is sent tells of people.

    endpoint = GoogleEndpoint(project="shop-prod")
    client = MetricServiceClient(transport=endpoint.transport(MetricServiceGrpcTransport))

gRPC's channel options: https://grpc.github.io/grpc/core/group__grpc__arg__keys.html

>>> GoogleEndpoint(project="shop-dev", address="127.0.0.1:8085", insecure=True).is_local
True
"""

from dataclasses import dataclass
from typing import Any, Final, TypeVar

from tocsin.errors import DeclarationError
from tocsin.telemetry.exporters.this_machine import is_this_machine

AnyTransport = TypeVar("AnyTransport")

# After an outage gRPC waits up to two minutes before it so much as tries to connect, and
# fails all calls until then; a final flush has seconds.
_CHANNEL_OPTIONS: Final = (
    ("grpc.initial_reconnect_backoff_ms", 200),
    ("grpc.min_reconnect_backoff_ms", 200),
    ("grpc.max_reconnect_backoff_ms", 5_000),
    # A refusal names each of 200 series, in headers: beyond the usual 8 KiB gRPC throws the
    # whole answer away and says RESOURCE_EXHAUSTED instead.
    ("grpc.max_metadata_size", 1 << 20),
    ("grpc.absolute_max_metadata_size", 1 << 20),
    # A channel of our own: calls to the same address elsewhere in the process share none.
    ("grpc.use_local_subchannel_pool", 1),
)


# Never cleared, and small: it holds something in processes that were forked, and there once.
_LEFT_TO_THE_PARENT: Final[list[Any]] = []


def leave_to_parent(*connections: Any) -> None:
    """In a forked child: forget connections without ending them.

    gRPC's objects close themselves when the last reference to them goes, and in a child that
    waits for threads which only the parent has. uvloop runs fork handlers in every program
    that it starts, before its exec, so the parent would wait for ever, too.
    """
    _LEFT_TO_THE_PARENT.extend(one for one in connections if one is not None)


def missing(extra: str, error: ImportError) -> DeclarationError:
    """The error for an exporter whose libraries are not installed."""
    return DeclarationError(
        f'{error.name or "a library"} is not installed: pip install "tocsin[{extra}]"'
    )


@dataclass(frozen=True, kw_only=True)
class GoogleEndpoint:
    """Project, and address if it is not Google's own.

    Raises:
        DeclarationError: there is no project, or text would leave the machine unencrypted.
    """

    project: str
    address: str = ""
    insecure: bool = False

    def __post_init__(self) -> None:
        """Refuse what would write into the wrong place, or in the open."""
        if not self.project:
            raise DeclarationError("no Google Cloud project is given: there is no default (D10)")
        if self.insecure and not self.is_local:
            raise DeclarationError(
                f"the Google endpoint {self.address!r} is not on this machine: an insecure one "
                "must be 127.0.0.1:port, [::1]:port or localhost:port"
            )

    @property
    def is_local(self) -> bool:
        """Whether the address is this machine's."""
        return is_this_machine(self.address.rpartition(":")[0].strip("[]"))

    @property
    def name(self) -> str:
        """The project as Google's APIs spell it."""
        return f"projects/{self.project}"

    def transport(self, kind: type[AnyTransport]) -> AnyTransport:
        """A transport for one of Google's clients (their ``…GrpcTransport`` classes).

        Raises:
            DeclarationError: gRPC is not installed.
            google.auth.exceptions.DefaultCredentialsError: the machine has no credentials.
        """
        make: Any = kind
        if self.insecure:
            return make(channel=self.channel())  # type: ignore[no-any-return]
        host = self.address or f"{make.DEFAULT_HOST}:443"

        def channel_of(address: str, **rest: Any) -> Any:
            options = [*rest.pop("options", ()), *_CHANNEL_OPTIONS]
            return make.create_channel(address, options=options, **rest)

        return make(host=host, channel=channel_of)  # type: ignore[no-any-return]

    def channel(self) -> Any:
        """A plain channel to the local address.

        Raises:
            DeclarationError: gRPC is not installed.
        """
        try:
            import grpc  # noqa: PLC0415 - only a service that exports to Google needs it
        except ImportError as error:
            raise missing("gcp", error) from error
        return grpc.insecure_channel(self.address, options=_CHANNEL_OPTIONS)

    def credentials(self) -> Any:
        """For clients that take no transport: none for a local address, else the machine's."""
        if not self.insecure:
            return None
        try:
            from google.auth.credentials import AnonymousCredentials  # noqa: PLC0415
        except ImportError as error:
            raise missing("gcp", error) from error
        return AnonymousCredentials()  # type: ignore[no-untyped-call]
