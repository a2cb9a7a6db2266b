"""Spans fit to leave: redacted, within limits, as OpenTelemetry's exporters want them.

It runs on the courier's thread. A span that cannot be vetted is withheld whole, and
counted: it never leaves as it was (behaviours 30 and 31).
"""

import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final, Protocol

from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import Event, ReadableSpan
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import SpanContext, SpanKind, Status, StatusCode, TraceFlags

from tocsin.telemetry.delivery.carrier import Receipt
from tocsin.telemetry.guard import Guard
from tocsin.telemetry.logs.exceptions import StackText
from tocsin.telemetry.logs.forks import renew_after_fork
from tocsin.telemetry.redaction import WITHHELD, Redactor
from tocsin.telemetry.traces import limits
from tocsin.telemetry.traces.conventions import NAMESPACE, QUERY, SERVER, SYSTEM, URL, up_to_date
from tocsin.telemetry.traces.failures import MESSAGE
from tocsin.telemetry.traces.live import ERROR_TYPE, LiveSpan
from tocsin.telemetry.traces.requests import RequestSpan, shared_by
from tocsin.telemetry.traces.statements import without_values

_SAMPLED: Final = TraceFlags(TraceFlags.SAMPLED)
_NAMES_REMEMBERED: Final = 1024
_AGENTS_REMEMBERED: Final = 1024
_STATEMENTS_REMEMBERED: Final = 512
_OPERATION: Final = re.compile(r"[A-Za-z][A-Za-z_.]{0,31}(?= |\Z)")
_OPERATION_NAME: Final = "db.operation.name"
_UNSET: Final = Status(StatusCode.UNSET)
_ERROR: Final = Status(StatusCode.ERROR)


class VettedSpan(ReadableSpan):
    """A span that may leave; only this module makes one."""

    dropped: tuple[int, int] = (0, 0)

    @property
    def dropped_attributes(self) -> int:
        """How many attributes found no room."""
        return self.dropped[0]

    @property
    def dropped_events(self) -> int:
        """How many events found no room."""
        return self.dropped[1]


class Vetting:
    """Makes vetted spans of finished ones."""

    def __init__(
        self, redactor: Redactor, guard: Guard, resource: Callable[[], dict[str, str]]
    ) -> None:
        self._redactor = redactor
        self._guard = guard
        self._told = resource
        self._resource = Resource(dict(resource()))
        renew_after_fork(self)
        self._name = lru_cache(maxsize=_NAMES_REMEMBERED)(self._vetted_name)
        self._agent = lru_cache(maxsize=_AGENTS_REMEMBERED)(self._vetted_agent)
        self._statement = lru_cache(maxsize=_STATEMENTS_REMEMBERED)(self._vetted_statement)
        self._scope = lru_cache(maxsize=128)(_scope)

    def renew_in_child(self) -> None:
        """Speak for the child: it is another writer than its parent."""
        # Not `Resource.create`, which reads the environment and asks detectors.
        self._resource = Resource(dict(self._told()))

    def vetted(self, span: Any) -> VettedSpan | None:
        """``span`` as it may leave; ``None`` if it must not."""
        if isinstance(span, VettedSpan):  # it comes back for another try
            return span
        try:
            return self._vetted(span)
        except Exception as error:  # noqa: BLE001 - fails closed (behaviour 31)
            self._guard.failed("traces.vetting", error)
            return None

    def _vetted(self, span: LiveSpan) -> VettedSpan:
        if isinstance(span, RequestSpan):
            shared = shared_by(span.of_kind)
            name, status = shared.name, _ERROR if shared.failed else _UNSET
            attributes = span.own_attributes(shared, self._agent)
            if span.attributes:
                attributes |= self._attributes(span.attributes, attributes)
        else:
            name, attributes = self._of_work(span)
            status = self._status(span)
        trace_id = int(span.trace_id, 16)
        parent = None
        if span.parent_id:
            parent = SpanContext(trace_id, int(span.parent_id, 16), span.remote_parent, _SAMPLED)
        vetted = VettedSpan(
            name,
            SpanContext(trace_id, int(span.span_id, 16), is_remote=False, trace_flags=_SAMPLED),
            parent,
            self._resource,
            attributes,
            [self._event(*event) for event in span.events] if span.events else (),
            span.links or (),
            span.kind,
            None,
            status,
            span.start_ns,
            span.end_ns,
            self._scope(span.scope),
        )
        if span.dropped_attributes or span.dropped_events:
            vetted.dropped = (span.dropped_attributes, span.dropped_events)
        return vetted

    def _of_work(self, span: LiveSpan) -> tuple[str, dict[str, Any]]:
        attributes = up_to_date(span.attributes or {})
        if SYSTEM in attributes:
            name = self._make_fit_of_database(attributes, span.name)
        else:
            name = self._name(span.name)
        if URL in attributes:
            attributes[URL] = str(attributes[URL]).partition("?")[0]
        # Where our own calls go is set by configuration: no stranger's address.
        callee = attributes.pop(SERVER, None) if span.kind is SpanKind.CLIENT else None
        fit = self._attributes(attributes, {})
        if callee is not None:
            fit[SERVER] = _sized(callee, limits.VALUE_BYTES)
        return name, fit

    def _make_fit_of_database(self, attributes: dict[str, Any], name: str) -> str:
        """Values out of the statement; a file's path out of the name of the database."""
        if QUERY in attributes:
            attributes[QUERY] = self._statement(str(attributes[QUERY]))
        namespace = attributes.get(NAMESPACE)
        if isinstance(namespace, str) and "/" in namespace:
            attributes[NAMESPACE] = namespace.rpartition("/")[2]
        operation = _OPERATION.match(name)
        if operation is None:  # the first word of a statement, whatever that may be
            attributes.pop(_OPERATION_NAME, None)
            return self._name(str(attributes[SYSTEM]))
        attributes[_OPERATION_NAME] = operation.group()
        return operation.group()

    def _attributes(self, raw: Mapping[str, Any], taken: Mapping[str, Any]) -> dict[str, Any]:
        """What is said by others than us: redacted, cut, and never over what we say."""
        redacted = self._redactor.event(raw)
        fit: dict[str, Any] = {}
        for key, value in redacted.items():
            if key in taken and key != ERROR_TYPE:
                continue
            fit[limits.within(key, limits.KEY_BYTES)] = _sized(value, limits.VALUE_BYTES)
        return fit

    def _status(self, span: LiveSpan) -> Status:
        if span.status is not StatusCode.ERROR:
            return Status(span.status)
        if not span.description:
            return _ERROR
        if {"db.system", SYSTEM} & (span.attributes or {}).keys():
            # A database's error repeats values («Key (email)=(…) already exists»).
            return Status(StatusCode.ERROR, WITHHELD)
        text = self._redactor.text(span.description)
        return Status(StatusCode.ERROR, limits.within(text, limits.VALUE_BYTES))

    def _event(self, name: str, at_ns: int, attributes: dict[str, Any]) -> Event:
        fit: dict[str, Any] = {}
        plain = {}
        for key, value in attributes.items():
            if isinstance(value, StackText):
                stack = value.redacted(self._redactor.text).whole()
                fit[key] = limits.within(stack, limits.STACK_BYTES)
            elif key == MESSAGE:
                fit[key] = _sized(self._redactor.text(str(value)), limits.VALUE_BYTES)
            else:
                plain[key] = value
        fit.update(self._attributes(plain, fit))
        return Event(self._name(name), fit, at_ns)

    def _vetted_name(self, name: str) -> str:
        return limits.within(self._redactor.text(name), limits.NAME_BYTES)

    def _vetted_agent(self, raw: bytes) -> str:
        return limits.within(self._redactor.text(raw.decode("latin-1")), limits.VALUE_BYTES)

    def _vetted_statement(self, statement: str) -> str:
        return limits.within(without_values(statement), limits.VALUE_BYTES)


class _Inner(Protocol):
    def carry(self, batch: Sequence[Any], *, timeout_s: float) -> Receipt: ...


class VettingCarrier:
    """Carries vetted spans by another carrier; what must not leave is refused here."""

    def __init__(self, vet: Callable[[Any], VettedSpan | None], inner: _Inner) -> None:
        self._vet = vet
        self._inner = inner

    def carry(self, batch: Sequence[Any], *, timeout_s: float) -> Receipt:
        """Vet ``batch`` and carry it on.

        Raises:
            Undelivered: as the carrier below does.
        """
        spans = [vetted for vetted in map(self._vet, batch) if vetted is not None]
        withheld = len(batch) - len(spans)
        receipt = self._inner.carry(spans, timeout_s=timeout_s) if spans else Receipt()
        if not withheld:
            return receipt
        refused = {**receipt.refused, "withheld": withheld}
        return Receipt(delivered=receipt.delivered, refused=refused, again=receipt.again)

    def renew_in_child(self) -> None:
        """Let the carrier below begin anew."""
        renew = getattr(self._inner, "renew_in_child", None)
        if renew is not None:
            renew()


def _scope(scope: tuple[str, str, str]) -> InstrumentationScope:
    name, version, schema = scope
    return InstrumentationScope(name, version or None, schema or None)


def _sized(value: Any, bytes_at_most: int) -> Any:
    """A value of a type that OpenTelemetry knows, within its limit."""
    if isinstance(value, str):
        return limits.within(value, bytes_at_most)
    if isinstance(value, bool | int | float):
        return value
    if isinstance(value, list | tuple):
        return tuple(limits.within(str(one), bytes_at_most // limits.ITEMS) for one in value)
    return limits.within(str(value), bytes_at_most)
