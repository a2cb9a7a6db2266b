"""What a request brings along: its identifiers, its trace, its client.

Request and correlation id come from ``X-Request-ID`` and ``X-Correlation-ID`` when they
are well-formed and look like no secret, else they are made here. Trace context comes
from ``traceparent``, else ``X-Cloud-Trace-Context``, else a new trace begins; the span
id is that of our own work on the request. The client is known by its pseudonym. Where
tracing is on, it is decided here whether the request is recorded: as the caller decided,
else by trace id; a probe never is.
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from starlette.types import Scope

from tocsin.telemetry.client_address import client_address
from tocsin.telemetry.context import RequestContext
from tocsin.telemetry.guard import Guard
from tocsin.telemetry.identity import Pseudonyms
from tocsin.telemetry.logs.ring import RingOnDemand
from tocsin.telemetry.propagation import (
    SPAN_ID_DIGITS,
    TRACE_ID_DIGITS,
    HexDigits,
    Trace,
    parse_cloud_trace,
    parse_traceparent,
    well_formed_id,
)
from tocsin.telemetry.redaction import Redactor
from tocsin.telemetry.settings import TelemetrySettings
from tocsin.telemetry.traces.sampling import LOWER_HALF

if TYPE_CHECKING:
    from tocsin.telemetry.traces.tracing import Tracing

REQUEST_ID_HEADER: Final = b"x-request-id"
CORRELATION_ID_HEADER: Final = b"x-correlation-id"

_TRACEPARENT: Final = b"traceparent"
_CLOUD_TRACE: Final = b"x-cloud-trace-context"
_USUAL_ID: Final = re.compile(
    rb"(?:[0-9a-f]{32}|[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})\Z"
)
_CLIENTS_REMEMBERED: Final = 4096
_TRACE_FROM: Final = TRACE_ID_DIGITS + SPAN_ID_DIGITS

Headers = Mapping[bytes, bytes]


class Intake:
    """Makes contexts of requests; total over what strangers send."""

    def __init__(
        self,
        settings: TelemetrySettings,
        *,
        digits: HexDigits,
        pseudonyms: Pseudonyms,
        redactor: Redactor,
        guard: Guard,
        ring: RingOnDemand,
        tracing: "Tracing | None" = None,
    ) -> None:
        self._ring = ring
        self._tracing = tracing
        self._probe_paths = settings.probe_paths
        # Nothing sorts before "": without tracing no trace is chosen here.
        self._roots_below = tracing.roots_below if tracing is not None else ""
        self._unsampled_below = tracing.unsampled_below if tracing is not None else ""
        self._digits = digits
        # The same clients come again and again: a look-up in C, not a call in Python.
        self._pseudonym = lru_cache(maxsize=_CLIENTS_REMEMBERED)(pseudonyms.client)
        self._redactor = redactor
        self._guard = guard
        self._trusted_proxies = settings.trusted_proxies

    def context(self, scope: Scope, headers: Headers) -> RequestContext:
        """The context of the request in ``scope``, whatever it brings along."""
        digits = self._digits.take()
        request_id = correlation_id = digits[:TRACE_ID_DIGITS]
        if REQUEST_ID_HEADER in headers or CORRELATION_ID_HEADER in headers:
            request_id = self._id(headers, REQUEST_ID_HEADER) or request_id
            correlation_id = self._id(headers, CORRELATION_ID_HEADER) or request_id
        if self._trusted_proxies:
            address = client_address(scope, self._trusted_proxies)
        else:
            peer = scope.get("client")
            address = peer[0] if peer else ""
        trace = _trace(headers)
        if trace is None:
            trace_id = digits[_TRACE_FROM:]
            trace = (trace_id, "", trace_id[LOWER_HALF] < self._roots_below)
        elif self._unsampled_below and not trace[2]:
            trace = (trace[0], trace[1], trace[0][LOWER_HALF] < self._unsampled_below)
        context = RequestContext(
            request_id,
            correlation_id,
            trace_id=trace[0],
            span_id=digits[TRACE_ID_DIGITS:_TRACE_FROM],
            sampled=trace[2],
            ring=self._ring,
        )
        if trace[2] and self._tracing is not None:
            self._record(scope, context, trace[1])
        if address:
            try:
                context.client = self._pseudonym(address)
            except Exception as error:  # noqa: BLE001 - a request is served without its pseudonym
                self._guard.failed("intake.client", error)
        return context

    def _record(self, scope: Scope, context: RequestContext, parent_id: str) -> None:
        if self._tracing is None or scope["path"] in self._probe_paths:
            context.sampled = False
            return
        try:
            context.span = self._tracing.request_span(context, parent_id)
        except Exception as error:  # noqa: BLE001 - a request is served without its span
            context.sampled = False
            self._guard.failed("intake.span", error)

    def _id(self, headers: Headers, name: bytes) -> str:
        raw = headers.get(name)
        if raw is None:
            return ""
        text = well_formed_id(raw)
        if not text or _USUAL_ID.match(raw) is not None:
            return text
        try:
            # A key or token sent in the wrong header must not become the name of a request.
            return text if self._redactor.text(text) == text else ""
        except Exception as error:  # noqa: BLE001 - what could not be vetted is not taken
            self._guard.failed("intake.ids", error)
            return ""


def _trace(headers: Headers) -> Trace | None:
    trace = None
    if _TRACEPARENT in headers:
        trace = parse_traceparent(headers[_TRACEPARENT])
    if trace is None and _CLOUD_TRACE in headers:
        trace = parse_cloud_trace(headers[_CLOUD_TRACE])
    return trace
