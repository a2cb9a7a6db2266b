"""One method of one of Google's services, free of how it is carried.

A service of the cloud is a plain object with an ``rpcs()`` that lists its methods. The
gRPC server and the REST front both serve that one list; a handler takes and gives raw
protobuf messages (of proto-plus types their ``.pb()``), and raises
:class:`~tocsin.rehearsal.cloud.refusals.Refusal`.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Protocol

from google.protobuf.message import Message


@dataclass(frozen=True, slots=True)
class Http:
    """A method's REST form, in the terms of ``google.api.http``.

    ``path`` is Google's template, ``/v3/{name=projects/*}/timeSeries``. ``body`` is ``*``,
    the name of the field that the body holds, or empty; everything else comes from the
    path and the query.
    """

    verb: str
    path: str
    body: str = ""
    reshape: Callable[[Any], Any] | None = None
    """Makes protobuf's JSON of a body in another (OTLP writes ids in its own way)."""


@dataclass(frozen=True, slots=True)
class Rpc:
    """A method: ``service`` and ``method`` as gRPC names them, and what serves it."""

    service: str
    method: str
    request: type[Message]
    response: type[Message]
    handle: Callable[[Any], Message]
    http: tuple[Http, ...] = ()


class Service(Protocol):
    """What the servers serve."""

    def rpcs(self) -> Iterable[Rpc]:
        """The service's methods."""
        ...
