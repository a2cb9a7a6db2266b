"""``entries.write``: defaults filled in, entries vetted, all or a part of them taken.

The status of a write of which only a part was kept is that of its first bad entry; the
others travel in ``WriteLogEntriesPartialErrors`` by index (logging.proto).
"""

from collections.abc import Callable
from typing import Any, Final

from tocsin.rehearsal.cloud.logs import rules as r
from tocsin.rehearsal.cloud.logs.messages import (
    LogEntry,
    WriteLogEntriesPartialErrors,
    WriteLogEntriesResponse,
    project_of,
)
from tocsin.rehearsal.cloud.logs.vetting import vet
from tocsin.rehearsal.cloud.refusals import Refusal, invalid_argument
from tocsin.rehearsal.cloud.world import World

REQUEST_BYTES: Final = 10_000_000
RESOURCES: Final = 1_000
METHOD: Final = "google.logging.v2.LoggingServiceV2/WriteLogEntries"

Refusals = dict[int, Refusal]


def write(request: Any, world: World, store: Callable[[Any], None]) -> Any:
    """Handle one request; ``store`` is given each entry that is taken.

    Raises:
        Refusal: of the whole, or of a part with the rest kept.
    """
    entries = [_filled(entry, request) for entry in request.entries]
    _refuse_too_much(request, entries, world)
    refusals = _refusals(entries, world)
    taken = [entry for index, entry in enumerate(entries) if index not in refusals]
    if refusals and not request.partial_success and world.rules.broken(r.WHOLE, when=True):
        raise next(iter(refusals.values()))
    if not request.dry_run:
        for entry in taken:
            store(entry)
    if refusals:
        raise _partial(refusals, taken, world)
    return WriteLogEntriesResponse()


def _filled(entry: Any, request: Any) -> Any:
    """A copy with the request's defaults where the entry says nothing."""
    filled = LogEntry()
    filled.CopyFrom(entry)
    filled.log_name = entry.log_name or request.log_name
    if not entry.HasField("resource") and request.HasField("resource"):
        filled.resource.CopyFrom(request.resource)
    for key, value in request.labels.items():
        if key not in entry.labels:
            filled.labels[key] = value
    return filled


def _refuse_too_much(request: Any, entries: list[Any], world: World) -> None:
    size_bytes = request.ByteSize()
    if world.rules.broken(r.REQUEST_SIZE, when=size_bytes > REQUEST_BYTES):
        raise invalid_argument(f"Request payload of {size_bytes} bytes: {r.REQUEST_SIZE.says}")
    owners = {project_of(entry.log_name) for entry in entries}
    if world.rules.broken(r.RESOURCES, when=len(owners) > RESOURCES):
        raise invalid_argument(f"{len(owners)} resources are written to: {r.RESOURCES.says}")


def _refusals(entries: list[Any], world: World) -> Refusals:
    refusals: Refusals = {}
    now_ns = world.clock.wall_ns()
    for index, entry in enumerate(entries):
        try:
            vet(entry, f"entries[{index}]", world.rules, now_ns=now_ns)
        except Refusal as refusal:
            refusals[index] = refusal
    # A permanent error, as the proto says of what fails in part.
    if entries and world.faults.take(METHOD, "partial_failure"):
        for index in range((len(entries) + 1) // 2):
            denied = Refusal(7, f"entries[{index}]: permission denied, as a fault asked for.")
            refusals.setdefault(index, denied)
    return refusals


def _partial(refusals: Refusals, taken: list[Any], world: World) -> Refusal:
    first = refusals[min(refusals)]
    if not taken and world.rules.broken(r.NO_DETAILS, when=True):
        return first
    errors = WriteLogEntriesPartialErrors()
    for index, refusal in refusals.items():
        errors.log_entry_errors[index].CopyFrom(refusal.as_status())
    return Refusal(first.code, first.message, [errors])
