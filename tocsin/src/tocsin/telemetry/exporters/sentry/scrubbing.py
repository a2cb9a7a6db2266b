"""What of an event of Sentry's may leave the process: everything passes through here.

Not only our own events: whatever code of the service calls ``sentry_sdk`` is met by the
same ``before_send``. Local variables, bodies, cookies and query strings are left out, a
user is a pseudonym or nobody, names of headers are compared as HTTP compares them, and
every text passes the redactor. What cannot be scrubbed is not sent: Sentry drops an event
whose ``before_send`` raises, and counts it.

The event's form: https://develop.sentry.dev/sdk/data-model/event-payloads/

>>> from tocsin.telemetry.redaction import Redactor
>>> event = {"message": "no mail to ada@school.example", "user": {"email": "ada@school.example"}}
>>> Scrubber(Redactor()).event(event)
{'message': 'no mail to [redacted]'}
"""

import re
from collections.abc import Mapping
from typing import Any, Final, Protocol
from urllib.parse import urlsplit

from tocsin.telemetry.redaction import WITHHELD

_OURS: Final = frozenset(
    {
        "event_id",
        "timestamp",
        "start_timestamp",
        "received",
        "platform",
        "level",
        "type",
        "sdk",
        "release",
        "environment",
        "dist",
        "server_name",
    }
)
"""Fields that the SDK or our settings fill: ids and times, which masking would break."""
_TEXTS: Final = frozenset({"message", "transaction", "culprit", "logger"})
_LINKS: Final = frozenset({"request_id", "trace_id", "log_insert_id"})
_LINK: Final = re.compile(r"[0-9A-Za-z._:-]{1,128}")
_HEX: Final = re.compile(r"[0-9a-f]{12,32}")
_PSEUDONYM: Final = re.compile(r"[0-9a-f]{12}")
_TRACE_IDS: Final = ("trace_id", "span_id", "parent_span_id")
_FRAME_FIELDS: Final = ("filename", "abs_path", "function", "module", "lineno", "in_app")
_PAIR: Final = 2
_METHOD: Final = re.compile(r"[A-Z]{1,20}")


class Redacts(Protocol):
    """What is asked of a :class:`~tocsin.telemetry.redaction.Redactor`."""

    def text(self, text: str) -> str:
        """A text without what must not leave."""
        ...

    def value(self, key: str, value: Any) -> Any:
        """A value without what must not leave."""
        ...

    def url_path(self, path: str) -> str:
        """A path without what must not leave."""
        ...


class Scrubber:
    """Scrubs events, transactions and breadcrumbs."""

    def __init__(self, redactor: Redacts) -> None:
        self._redactor = redactor
        self._ways = {
            "user": self._user,
            "request": self._request,
            "exception": self._stacks,
            "threads": self._stacks,
            "stacktrace": self._stacktrace,
            "logentry": self._logentry,
            "tags": self._tags,
            "contexts": self._contexts,
            "breadcrumbs": self._breadcrumbs,
        }

    def event(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """A new event, fit to leave; a field that has nothing left is left out."""
        kept: dict[str, Any] = {}
        for name, value in event.items():
            if name in _OURS:
                kept[name] = value
                continue
            if name in _TEXTS and isinstance(value, str):
                shown: Any = self._redactor.text(value)
            elif name in self._ways:
                shown = self._ways[name](value)
            else:
                shown = self._redactor.value(name, value)
            if shown not in (None, {}, []):
                kept[self._name(name)] = shown
        return kept

    def breadcrumb(self, crumb: Mapping[str, Any]) -> dict[str, Any]:
        """One breadcrumb: type, time and level stay, the rest is redacted."""
        kept = {name: crumb[name] for name in ("timestamp", "type", "level") if name in crumb}
        for name, value in crumb.items():
            if name in kept:
                continue
            kept[self._name(name)] = (
                self._redactor.text(value)
                if isinstance(value, str)
                else self._without_query(self._redactor.value(name, value))
            )
        return kept

    def _name(self, name: Any) -> str:
        """A field's name, which may be anybody's text as well."""
        return self._redactor.text(str(name))

    def _breadcrumbs(self, crumbs: Any) -> Any:
        return {"values": [self.breadcrumb(one) for one in _mappings(crumbs, "values")]}

    def _without_query(self, value: Any) -> Any:
        if not isinstance(value, Mapping):
            return value
        return {
            name: self._path(one) if name == "url" else one
            for name, one in value.items()
            if str(name).lower() not in {"query", "http.query", "query_string", "body"}
        }

    def _user(self, user: Any) -> Any:
        told = str(user.get("id", "")) if isinstance(user, Mapping) else ""
        return {"id": told} if _PSEUDONYM.fullmatch(told) else None

    def _request(self, request: Any) -> Any:
        if not isinstance(request, Mapping):
            return None
        kept: dict[str, Any] = {}
        method = str(request.get("method", ""))
        if _METHOD.fullmatch(method):
            kept["method"] = method
        if request.get("url"):
            kept["url"] = self._path(request["url"])
        headers = request.get("headers")
        if headers:
            pairs = headers.items() if isinstance(headers, Mapping) else ()
            kept["headers"] = {
                str(name).lower(): self._redactor.value(str(name).lower(), str(value))
                for name, value in pairs
                if str(name).lower() in {"user-agent", "content-type", "accept"}
            }
        return kept

    def _path(self, url: Any) -> str:
        try:
            path = urlsplit(str(url)).path
        except ValueError:
            return WITHHELD
        return self._redactor.url_path(path)

    def _stacks(self, told: Any) -> Any:
        return {"values": [self._stack(one) for one in _mappings(told, "values")]}

    def _stack(self, one: Mapping[str, Any]) -> dict[str, Any]:
        kept: dict[str, Any] = {}
        for name, value in one.items():
            if name == "stacktrace":
                kept[name] = self._stacktrace(value)
            elif isinstance(value, str):
                kept[self._name(name)] = self._redactor.text(value)
            else:
                kept[self._name(name)] = self._redactor.value(str(name), value)
        return kept

    def _stacktrace(self, told: Any) -> Any:
        return {
            "frames": [
                {name: frame[name] for name in _FRAME_FIELDS if frame.get(name) is not None}
                for frame in _mappings(told, "frames")
            ]
        }

    def _logentry(self, told: Any) -> Any:
        if not isinstance(told, Mapping):
            return None
        return {
            name: self._redactor.text(str(told[name]))
            for name in ("message", "formatted")
            if told.get(name)
        }

    def _tags(self, tags: Any) -> Any:
        # An old form is a list of pairs; what has neither form is nobody's tag.
        pairs = tags.items() if isinstance(tags, Mapping) else tags
        kept: dict[str, Any] = {}
        if not isinstance(tags, Mapping | list | tuple):
            return kept
        for pair in pairs:
            if not isinstance(pair, tuple | list) or len(pair) != _PAIR:
                continue
            name, value = pair
            is_link = name in _LINKS and _LINK.fullmatch(str(value))
            shown = value if is_link else self._redactor.value(str(name), value)
            kept[self._name(name)] = shown
        return kept

    def _contexts(self, contexts: Any) -> Any:
        if not isinstance(contexts, Mapping):
            return None
        kept = {}
        for name, value in contexts.items():
            shown = self._redactor.value(name, value)
            if name == "trace" and isinstance(value, Mapping):
                ids = {one: str(value.get(one, "")) for one in _TRACE_IDS}
                shown = {one: told for one, told in ids.items() if _HEX.fullmatch(told)}
            kept[self._name(name)] = shown
        return kept


def _mappings(told: Any, name: str) -> list[Mapping[str, Any]]:
    """The mappings under ``name``, or in the list that stands there itself."""
    values = told.get(name) if isinstance(told, Mapping) else told
    if not isinstance(values, list | tuple):
        return []
    return [one for one in values if isinstance(one, Mapping)]
