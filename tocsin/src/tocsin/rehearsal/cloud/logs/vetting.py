"""One entry on its way in: refused, cut to size, or taken as it is.

>>> from tocsin.rehearsal.cloud.logs.messages import LogEntry
>>> from tocsin.rehearsal.cloud.rulebook import Rulebook
>>> entry = LogEntry(log_name="projects/demo/logs/app", labels={"k": "v" * 70_000})
>>> entry.resource.type = "global"
>>> vet(entry, "entries[0]", Rulebook(), now_ns=0)
>>> len(entry.labels["k"].encode()), entry.labels["k"][-1]
(65536, '…')
"""

import math
import re
from collections.abc import Iterator
from typing import Any, Final

from tocsin.rehearsal.cloud.logs import rules as r
from tocsin.rehearsal.cloud.logs.messages import NS_PER_S, log_id_of, ns_of
from tocsin.rehearsal.cloud.refusals import Refusal, invalid_argument
from tocsin.rehearsal.cloud.rulebook import Rule, Rulebook

ENTRY_BYTES: Final = 256 << 10
LABELS: Final = 64
LABEL_KEY_BYTES: Final = 512
LABEL_VALUE_BYTES: Final = 64 << 10
AHEAD_NS: Final = 24 * 3_600 * NS_PER_S
RETENTION_NS: Final = 30 * 86_400 * NS_PER_S

_LOG_NAME: Final = re.compile(
    r"(?:projects|organizations|billingAccounts|folders)/[^/]+/logs/[^/]+"
)
_LOG_ID: Final = re.compile(r"[A-Za-z0-9/_.\-]{1,511}")
_PAYLOAD_TYPES: Final = frozenset(
    {
        "type.googleapis.com/google.cloud.audit.AuditLog",
        "type.googleapis.com/google.appengine.logging.v1.RequestLog",
    }
)
_ELLIPSIS: Final = "…"
_SHOWN_CHARS: Final = 100


def vet(entry: Any, where: str, rules: Rulebook, *, now_ns: int) -> None:
    """Cut ``entry`` to size; ``where`` names it in refusals.

    Raises:
        Refusal: a rule forbids it.
    """
    entry.log_name = entry.log_name.removeprefix("/")
    formed = _LOG_NAME.fullmatch(entry.log_name) is not None
    if rules.broken(r.LOG_NAME, when=not formed):
        raise refused(r.LOG_NAME, f"{where}.log_name", entry.log_name)
    strange = formed and not _LOG_ID.fullmatch(log_id_of(entry.log_name))
    if rules.broken(r.LOG_ID, when=strange):
        raise refused(r.LOG_ID, f"{where}.log_name", entry.log_name)
    if rules.broken(r.RESOURCE, when=not entry.resource.type):
        raise refused(r.RESOURCE, f"{where}.resource.type", "")
    ahead = ns_of(entry.timestamp) > now_ns + AHEAD_NS
    if rules.broken(r.FUTURE, when=entry.HasField("timestamp") and ahead):
        raise refused(r.FUTURE, f"{where}.timestamp", entry.timestamp.ToJsonString())
    _vet_payload(entry, where, rules)
    _cut_labels(entry, rules)
    if rules.broken(r.ENTRY_SIZE, when=entry.ByteSize() > ENTRY_BYTES):
        raise refused(r.ENTRY_SIZE, where, f"{entry.ByteSize()} bytes")


def outlived(entry: Any, rules: Rulebook, *, now_ns: int) -> bool:
    """Whether the entry is older than anything that is kept."""
    return rules.broken(r.RETENTION, when=ns_of(entry.timestamp) < now_ns - RETENTION_NS)


def refused(rule: Rule, field: str, value: str) -> Refusal:
    """The refusal of one field."""
    shown = value[:_SHOWN_CHARS]
    return invalid_argument(f'Field {field} had an invalid value of "{shown}": {rule.says}')


def _vet_payload(entry: Any, where: str, rules: Rulebook) -> None:
    held = entry.WhichOneof("payload")
    if held == "proto_payload":
        type_url = entry.proto_payload.type_url
        if rules.broken(r.PROTO_PAYLOAD, when=type_url not in _PAYLOAD_TYPES):
            raise refused(r.PROTO_PAYLOAD, f"{where}.proto_payload", type_url)
    if held == "json_payload":
        wild = any(not math.isfinite(number) for number in _numbers(entry.json_payload))
        if rules.broken(r.NUMBER, when=wild):
            raise refused(r.NUMBER, f"{where}.json_payload", "NaN or Infinity")


def _numbers(struct: Any) -> Iterator[float]:
    """Every number in a ``Struct``, without recursion: a caller decides how deep it is."""
    waiting = list(struct.fields.values())
    while waiting:
        value = waiting.pop()
        kind = value.WhichOneof("kind")
        if kind == "number_value":
            yield value.number_value
        elif kind == "struct_value":
            waiting.extend(value.struct_value.fields.values())
        elif kind == "list_value":
            waiting.extend(value.list_value.values)


def _cut_labels(entry: Any, rules: Rulebook) -> None:
    labels = dict(entry.labels)
    if rules.broken(r.LABEL_COUNT, when=len(labels) > LABELS):
        labels = {key: labels[key] for key in sorted(labels)[:LABELS]}
    labels = {
        _short(key, LABEL_KEY_BYTES, r.LABEL_KEY, rules): _short(
            value, LABEL_VALUE_BYTES, r.LABEL_VALUE, rules
        )
        for key, value in labels.items()
    }
    if labels != dict(entry.labels):
        entry.labels.clear()
        entry.labels.update(labels)


def _short(text: str, most_bytes: int, rule: Rule, rules: Rulebook) -> str:
    raw = text.encode()
    if not rules.broken(rule, when=len(raw) > most_bytes):
        return text
    return raw[: most_bytes - len(_ELLIPSIS.encode())].decode("utf-8", "ignore") + _ELLIPSIS
