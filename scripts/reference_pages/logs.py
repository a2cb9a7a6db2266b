"""Every event that is logged, with its fields; what they mean stands in events.toml."""

import tomllib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from reference_pages.markdown import code, page, table
from reference_pages.told import Event, events_of
from tocsin.telemetry.logs import entry

HOMES = ("backend/app", "tocsin/src/tocsin/telemetry")
MEANINGS = Path("backend/docs/reference/events.toml")
# What Google's agent would read, and no line of ours has.
NEVER_WRITTEN = {"timestamp", "timestampSeconds", "timestampNanos", "exception"}
GOOGLES = (
    entry.TRACE,
    entry.SPAN,
    entry.SAMPLED,
    entry.LABELS,
    entry.SOURCE,
    entry.INSERT_ID,
)
ABOUT = """\
One line is one JSON object in Cloud Logging's shape, at most 256 KiB, redacted before it is
written ([what redaction catches and misses](../../../tocsin/docs/redaction.md)). Search for an
event in Logs Explorer by `jsonPayload.message="login_failed"`, for one request by
`jsonPayload.correlation_id="…"`.

Besides these, each request leaves one access line: logger `tocsin.access`, a message such as
`POST /api/v1/auth/login 200`, and the fields `route`, `outcome`, `httpRequest`, `first_byte_s`;
`status_sent` where another status went out than is counted. A WebSocket's has `messages_received`,
`messages_sent` and `close_code`. Lines of libraries come in the same shape, under loggers of their
own.
"""


def logs_page(root: Path) -> str:
    """The shape of a line, then the events.

    Raises:
        ValueError: something the code tells has no meaning here, or a meaning nothing to explain.
    """
    meanings = tomllib.loads((root / MEANINGS).read_text())
    events = events_of(root, HOMES)
    shape = (set(entry.RESERVED) - NEVER_WRITTEN) | set(GOOGLES)
    fields = {name for event in events for name in event.fields}
    _agree("events", {event.name for event in events}, meanings["events"])
    _agree("shape", shape, meanings["shape"])
    _agree("event_fields", fields, meanings["event_fields"])
    return page(
        "Log lines",
        ABOUT,
        source=f"the code and {MEANINGS.name}",
        body=[*_shape(meanings["shape"]), "", *_events(events, meanings)],
    )


def _agree(part: str, told: Iterable[str], explained: Mapping[str, str]) -> None:
    missing, left_over = set(told) - explained.keys(), explained.keys() - set(told)
    if missing or left_over:
        raise ValueError(
            f"{MEANINGS} [{part}]: without a meaning: {sorted(missing)}; "
            f"nobody logs any more: {sorted(left_over)}"
        )


def _shape(meanings: Mapping[str, str]) -> Iterator[str]:
    yield from ("## Fields of every line, where they apply", "")
    yield from table(("field", "is"), ((code(name), told) for name, told in meanings.items()))


def _events(events: list[Event], meanings: Mapping[str, Mapping[str, str]]) -> Iterator[str]:
    places: dict[str, list[Event]] = defaultdict(list)
    for event in events:
        places[event.name].append(event)
    yield from ("## Events", "", f"{len(places)} events.", "")
    rows = [
        (
            code(name),
            ", ".join(dict.fromkeys(one.severity for one in told)),
            meanings["events"][name],
            ", ".join(code(one) for one in dict.fromkeys(f for e in told for f in e.fields)),
            "<br>".join(dict.fromkeys(code(one.module) for one in told)),
        )
        for name, told in places.items()
    ]
    yield from table(("event", "severity", "means", "fields", "module"), rows)
    yield from ("", "## Fields of events", "")
    told = meanings["event_fields"]
    yield from table(("field", "is"), ((code(name), told[name]) for name in sorted(told)))
