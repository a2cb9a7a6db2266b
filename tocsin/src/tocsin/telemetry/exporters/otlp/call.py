"""One call of a collector, and what its answer means.

The courier retries what was not answered for want of a service (UNAVAILABLE) or of time
(DEADLINE_EXCEEDED); anything else is the collector's last word on that batch.

>>> cause_of(Exception("not gRPC's"))
'UNKNOWN'
"""

from collections.abc import Callable
from typing import Any, Final

import grpc

from tocsin.telemetry.delivery.carrier import Undelivered
from tocsin.telemetry.exporters.google import leave_to_parent
from tocsin.telemetry.exporters.otlp.endpoint import OtlpEndpoint

AGAIN: Final = frozenset({"UNAVAILABLE", "DEADLINE_EXCEEDED"})
_LEAST_S: Final = 0.05
"""A call that is given no time at all would fail without being sent."""


class Line:
    """A connection to one service of a collector; made at the first call, in that process."""

    def __init__(self, endpoint: OtlpEndpoint, stub: Callable[[Any], Any]) -> None:
        self._endpoint = endpoint
        self._make_stub = stub
        self._channel: Any = None
        self._stub: Any = None

    def send(self, request: Any, *, timeout_s: float) -> Any:
        """Send ``request`` once; the answer.

        Raises:
            Undelivered: there was none, or a refusal of the whole.
        """
        if self._stub is None:
            self._channel = self._endpoint.channel()
            self._stub = self._make_stub(self._channel)
        try:
            return self._stub.Export(
                request, timeout=max(timeout_s, _LEAST_S), metadata=self._endpoint.metadata
            )
        except grpc.RpcError as error:
            cause = cause_of(error)
            raise Undelivered(cause, again=cause in AGAIN, detail=_detail(error)) from error

    def renew_in_child(self) -> None:
        """Forget the parent's connection, without closing it: it is the parent's."""
        leave_to_parent(self._channel, self._stub)
        self._channel = self._stub = None

    def close(self) -> None:
        """Hang up."""
        channel, self._channel, self._stub = self._channel, None, None
        if channel is not None:
            channel.close()


def cause_of(error: BaseException) -> str:
    """The status' name."""
    code = getattr(error, "code", None)
    found = code() if callable(code) else None
    return found.name if isinstance(found, grpc.StatusCode) else "UNKNOWN"


def _detail(error: BaseException) -> str:
    told = getattr(error, "details", None)
    return str(told() if callable(told) else "")[:200]
