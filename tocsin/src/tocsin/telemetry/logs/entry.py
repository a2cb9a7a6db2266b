"""One log entry in Cloud Logging's shape, from a draft.

The special fields are those of Google's structured logging
(docs.cloud.google.com/logging/docs/structured-logging); the agent lifts them out of the
payload. Labels are all text, for one that is not makes the agent refuse them all
(fluent-bit's out_stackdriver). ``insertId`` orders lines of one microsecond as they
happened and lets a retried write be known as the same line (``LogEntry.insert_id``).

Nobody but this module sets those fields. A field of an event, of a context or of a
standard-library ``extra`` that bears a taken name is kept as ``field_<name>``, and
``log_notes`` says so.

>>> renamed("severity", {}), renamed("lesson", {})
('field_severity', 'lesson')
"""

import os
from collections.abc import Mapping
from typing import Any, Final, Protocol
from zlib import crc32

from tocsin.telemetry.context import RequestContext
from tocsin.telemetry.logs.draft import MESSAGE_CHARS, Draft
from tocsin.telemetry.logs.error_events import (
    CONTEXT,
    LINES,
    REPORTED_AS,
    STANDING,
    SUPPRESSED_BEFORE,
    add_error,
)
from tocsin.telemetry.logs.exceptions import StackText
from tocsin.telemetry.logs.plain import trimmed, trimmed_value
from tocsin.telemetry.logs.timestamps import rfc3339
from tocsin.telemetry.settings import TelemetrySettings

TRACE: Final = "logging.googleapis.com/trace"
SPAN: Final = "logging.googleapis.com/spanId"
SAMPLED: Final = "logging.googleapis.com/trace_sampled"
LABELS: Final = "logging.googleapis.com/labels"
SOURCE: Final = "logging.googleapis.com/sourceLocation"
INSERT_ID: Final = "logging.googleapis.com/insertId"
NOTES: Final = "log_notes"
WITHHELD: Final = "[withheld]"

_RESERVED_PREFIX: Final = "logging.googleapis.com/"
RESERVED: Final = frozenset(
    {
        # what the agent lifts or Error Reporting reads
        "severity",
        "message",
        "time",
        "timestamp",
        "timestampSeconds",
        "timestampNanos",
        "httpRequest",
        "stack_trace",
        "exception",
        "serviceContext",
        "@type",
        CONTEXT,
        # what we say ourselves
        "logger",
        "request_id",
        "correlation_id",
        "user",
        "user_role",
        "client",
        "error_type",
        LINES,
        STANDING,
        REPORTED_AS,
        SUPPRESSED_BEFORE,
        NOTES,
    }
)
_SUMMARY_CHARS: Final = 1_024


class Redacts(Protocol):
    """What the shape needs of a :class:`~tocsin.telemetry.redaction.Redactor`."""

    def text(self, text: str) -> str:
        """``text`` without secrets and personal data."""
        ...

    def event(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """The fields without secrets and personal data."""
        ...


class EntryShape:
    """Shapes the entries of one process."""

    def __init__(self, settings: TelemetrySettings, *, redactor: Redacts, started_ns: int) -> None:
        """Take what all entries share; ``started_ns`` tells two lives of one process id apart."""
        self.labels: Mapping[str, str] = {
            "service": str(settings.service),
            "environment": str(settings.environment.value),
            "version": str(settings.version),
            "instance": str(settings.instance),
        }
        if settings.commit != "unknown":
            self.labels = {**self.labels, "commit": str(settings.commit)}
        self.service_context: Mapping[str, str] = {
            "service": self.labels["service"],
            "version": str(settings.version),
        }
        self._trace_prefix = (
            f"projects/{settings.google_project}/traces/" if settings.google_project else ""
        )
        self._redactor = redactor
        self._life = f"{crc32(self.labels['instance'].encode('utf-8', 'replace')) ^ started_ns:x}"

    def trace_name(self, trace_id: str) -> str:
        """The trace as Cloud Logging links it; bare where no project is known."""
        return self._trace_prefix + trace_id

    def insert_id(self, sequence: int) -> str:
        """Unique to the line; later lines of one process sort after earlier ones."""
        return f"{self._life}-{os.getpid():x}-{sequence:010x}"

    def entry(self, draft: Draft, failures: list[Exception]) -> dict[str, Any]:
        """The finished entry, redacted.

        What redaction could not vet is withheld, and ``failures`` gains its errors.
        """
        vetting = _Vetting(self._redactor, list(draft.notes), failures)
        fields = vetting.fields(draft)
        message = vetting.text("message", draft.message)
        if draft.told_by_fields:
            message = _summary(draft.told_by_fields, fields)
        entry: dict[str, Any] = {
            "severity": draft.severity,
            "time": rfc3339(draft.wall_ns),
            "message": trimmed(message, MESSAGE_CHARS),
            "logger": draft.logger,
        }
        if draft.context is not None:
            self._add_context(entry, draft.context)
        self._add_origin(entry, draft)
        if draft.stack is not None or draft.verdict is not None:
            add_error(
                entry,
                draft,
                stack="" if draft.stack is None else vetting.stack(draft.stack),
                verdict=draft.verdict,
                service_context=self.service_context,
                mask=vetting.text,
            )
        _add_fields(entry, fields, vetting.notes)
        if vetting.notes:
            entry[NOTES] = [vetting.text("a note", one) for one in tuple(vetting.notes)]
        return entry

    def _add_context(self, entry: dict[str, Any], context: RequestContext) -> None:
        if context.trace_id:
            entry[TRACE] = self.trace_name(context.trace_id)
            entry[SAMPLED] = context.sampled
            if context.span_id:
                entry[SPAN] = context.span_id
        entry["request_id"] = context.request_id
        entry["correlation_id"] = context.correlation_id
        if context.user:
            entry["user"] = context.user
        if context.user_role:
            entry["user_role"] = context.user_role
        if context.client:
            entry["client"] = context.client

    def _add_origin(self, entry: dict[str, Any], draft: Draft) -> None:
        entry[LABELS] = self.labels
        entry[INSERT_ID] = self.insert_id(draft.sequence)
        if draft.location is not None:
            file, line, function = draft.location
            # int64 is text in protobuf's JSON form (LogEntrySourceLocation.line).
            entry[SOURCE] = {"file": file, "line": str(line), "function": function}


class _Vetting:
    """Redaction of one entry, failing closed: what raises is withheld and noted."""

    __slots__ = ("_failures", "_redactor", "notes")

    def __init__(self, redactor: Redacts, notes: list[str], failures: list[Exception]) -> None:
        self._redactor = redactor
        self._failures = failures
        self.notes = notes

    def text(self, where: str, text: str) -> str:
        try:
            return self._redactor.text(text) if text else ""
        except Exception as error:  # noqa: BLE001 - fail closed, whatever failed
            return self._withheld(where, error)

    def stack(self, stack: StackText) -> str:
        if stack.left_out:
            self.notes.append(f"stack_trace: {stack.left_out} characters of its middle left out")
        try:
            return stack.redacted(self._redactor.text).whole()
        except Exception as error:  # noqa: BLE001 - fail closed, whatever failed
            return self._withheld("stack_trace", error)

    def fields(self, draft: Draft) -> dict[str, Any]:
        if not draft.fields:
            return {}
        try:
            fields = self._redactor.event(draft.fields)
        except Exception as error:  # noqa: BLE001 - fail closed, whatever failed
            self._withheld("fields", error)
            return {}
        if draft.was_cut:
            return {name: trimmed_value(value) for name, value in fields.items()}
        return fields

    def _withheld(self, where: str, error: Exception) -> str:
        self.notes.append(f"{where}: withheld, redaction failed ({type(error).__name__})")
        self._failures.append(error)
        return WITHHELD


def renamed(name: str, taken: Mapping[str, Any]) -> str:
    """The name under which a field is kept: its own, unless that is taken."""
    if name not in RESERVED and not name.lower().startswith(_RESERVED_PREFIX):
        return name
    free = f"field_{name}"
    while free in taken or free in RESERVED:
        free = f"field_{free}"
    return free


def _add_fields(entry: dict[str, Any], fields: Mapping[str, Any], notes: list[str]) -> None:
    for name, value in fields.items():
        free = renamed(name, fields)
        if free != name:
            notes.append(f"{name}: a taken name, kept as {free}")
        entry[free] = value


def _summary(names: tuple[str, ...], fields: Mapping[str, Any]) -> str:
    """One readable line of fields that are redacted already."""
    text = ", ".join(f"{name}={fields[name]}" for name in names if name in fields)
    return text[:_SUMMARY_CHARS]
