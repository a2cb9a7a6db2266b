"""Makes Sentry's events of ours, and sets the SDK up so that nothing else does."""

from ipaddress import ip_address
from typing import Any, Final
from urllib.parse import urlsplit

from tocsin.errors import DeclarationError
from tocsin.telemetry.delivery import Courier
from tocsin.telemetry.delivery.backoff import Backoff
from tocsin.telemetry.errors import ErrorEvent
from tocsin.telemetry.errors.reports import LOGGED
from tocsin.telemetry.exporters.google import missing
from tocsin.telemetry.exporters.sentry.scrubbing import Redacts, Scrubber
from tocsin.telemetry.exporters.sentry.transport import QueuedTransport, SentryCarrier
from tocsin.telemetry.logs.entry import INSERT_ID
from tocsin.telemetry.settings import TelemetrySettings

try:
    import sentry_sdk
    from sentry_sdk.utils import BadDsn, event_from_exception
except ImportError as error:
    raise missing("sentry", error) from error

NAME: Final = "sentry"
EVENTS_PER_BATCH: Final = 10
_NS_PER_S: Final = 1_000_000_000
_UNHANDLED: Final = frozenset({"request", "background_task", "crash"})


class SentryReporter:
    """The reporter for :meth:`ErrorReports.add`; never waits."""

    takes_answers = True  # every 5xx, whatever its number (D69)

    def __init__(self, client: Any) -> None:
        self._client = client

    def report(self, event: ErrorEvent) -> None:
        """Hand one event to Sentry's client, whose transport queues it."""
        told, hint = self._begun(event)
        told["level"] = "fatal" if event.entry.get("severity") == "CRITICAL" else "error"
        told["timestamp"] = event.wall_ns / _NS_PER_S
        told["logger"] = event.entry.get("logger", "")
        told["tags"] = tags = {"kind": event.verdict.kind}
        if event.entry.get(INSERT_ID):
            tags["log_insert_id"] = event.entry[INSERT_ID]
        if event.verdict.suppressed_before:
            told["extra"] = {"suppressed_errors": event.verdict.suppressed_before}
        _add_context(told, tags, event)
        # A scope of nobody's: what other code put on the current one stays there.
        self._client.capture_event(told, hint=hint, scope=sentry_sdk.Scope())

    def _begun(self, event: ErrorEvent) -> tuple[dict[str, Any], dict[str, Any]]:
        message = str(event.entry.get("message", ""))
        if event.error is None:
            return {"message": message, "fingerprint": [event.verdict.kind, message]}, {}
        told, hint = event_from_exception(
            event.error,
            client_options=self._client.options,
            mechanism={"type": NAME, "handled": event.verdict.kind not in _UNHANDLED},
        )
        if event.verdict.kind == LOGGED:
            return {**told, "logentry": {"message": message}}, hint
        return dict(told), hint


def _add_context(told: dict[str, Any], tags: dict[str, Any], event: ErrorEvent) -> None:
    request, context = event.request, event.context
    if request is not None:
        told["transaction"] = f"{request.method} {request.route}"
        told["request"] = {"method": request.method, "url": request.route}
        tags["status"] = str(request.status)
        if request.user_agent:
            told["request"]["headers"] = {"user-agent": request.user_agent}
    if context is None:
        return
    tags["request_id"] = context.request_id
    if context.trace_id:
        tags["trace_id"] = context.trace_id
        told["contexts"] = {"trace": {"trace_id": context.trace_id, "span_id": context.span_id}}
    if context.user:
        told["user"] = {"id": context.user}


def init_sentry(
    dsn: str,
    settings: TelemetrySettings,
    redactor: Redacts,
    *,
    every_s: float = 1.0,
    timeout_s: float = 5.0,
    backoff: Backoff | None = None,
) -> tuple[Courier, SentryReporter]:
    """Set ``sentry_sdk`` up for this process; the courier, and the reporter.

    No thread runs and nothing is sent before the courier works, so it may be called
    before a fork.

    Raises:
        DeclarationError: the DSN is none.
    """
    scrubber = Scrubber(redactor)
    options: dict[str, Any] = {
        "dsn": dsn,
        "environment": settings.environment.value,
        "release": f"{settings.service}@{settings.version}",
        "server_name": settings.instance,
        "transport": QueuedTransport,
        "default_integrations": False,
        "auto_enabling_integrations": False,
        "include_local_variables": False,
        "include_source_context": False,  # no file is read on the event loop
        # `send_default_pii` is deprecated, and off where nobody speaks of it.
        "max_request_body_size": "never",
        "attach_stacktrace": False,
        "auto_session_tracking": False,
        "enable_backpressure_handling": False,
        "spotlight": False,
        "before_send": lambda event, _hint: scrubber.event(event),
        "before_send_transaction": lambda event, _hint: scrubber.event(event),
        "before_breadcrumb": lambda crumb, _hint: scrubber.breadcrumb(crumb),
    }
    if _is_here(dsn):
        options["http_proxy"] = options["https_proxy"] = ""
    try:
        sentry_sdk.init(**options)
    except BadDsn as error:
        raise DeclarationError(
            "the Sentry DSN cannot be read: copy it from the project's settings, "
            "https://<key>@<host>/<project>"
        ) from error
    client = sentry_sdk.get_client()
    transport = client.transport
    if not isinstance(transport, QueuedTransport):
        raise DeclarationError("no Sentry DSN is given: leave Sentry off, or name one")
    courier = Courier(
        NAME,
        SentryCarrier(transport),
        every_s=every_s,
        queue=transport.queue,
        batch_items=EVENTS_PER_BATCH,
        timeout_s=timeout_s,
        backoff=backoff,
    )
    return courier, SentryReporter(client)


def _is_here(dsn: str) -> bool:
    """Whether the ingest is on this machine, where no proxy leads."""
    host = urlsplit(dsn).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
