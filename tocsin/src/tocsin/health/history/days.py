"""One day of results as a small file: runs of like results, by part.

    {"day": "2026-01-01", "parts": {"signing_in": {"runs": [[0, 86100, 1, 288]], "took_ms": [...]}}}

A run is ``[first, last, well, results]``, its moments in seconds since midnight UTC, so a day on
which nothing happened is one run a part however often it was asked. A file that is torn, too
large or not ours is no day at all: whoever reads it knows nothing of that day.

>>> day = Day(date(2026, 1, 1))
>>> day.add("signing_in", well=True, second=300, took_ms=420.0)
>>> day.add("signing_in", well=True, second=600, took_ms=380.0)
>>> day.parts["signing_in"].runs
[Run(first=300, last=600, well=True, results=2)]
>>> Day.parsed(day.dumped()) == day
True
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from math import inf
from pathlib import Path
from typing import Any, Final, Self

import orjson

GOOD_FOR_S: Final = 900
"""How long a result says how things stand; then nothing is known until the next one.

Ask every five minutes: two may then be lost before the page knows nothing."""
DAYS_KEPT: Final = 90
DAY_S: Final = 86_400
RUNS_AT_MOST: Final = 300
PARTS_AT_MOST: Final = 32
LARGEST_BYTES: Final = 512 * 1024
_FILE = re.compile(r"(\d{4}-\d{2}-\d{2})\.json\Z")
_PART = re.compile(r"[a-z][a-z0-9_]{0,39}\Z")


@dataclass(slots=True)
class Run:
    """Results that were alike, from the first to the last, with no silence between them."""

    first: int
    last: int
    well: bool
    results: int = 1


@dataclass(slots=True)
class PartOfDay:
    """How one part fared: its runs in their order, and how long it took when it went well."""

    runs: list[Run] = field(default_factory=list)
    timed: int = 0
    took_ms: float = 0.0

    def add(self, *, well: bool, second: int, took_ms: float | None) -> None:
        """Fold one more result in."""
        if took_ms is not None and well and 0 <= took_ms < inf:
            self.timed += 1
            self.took_ms = round(self.took_ms + took_ms, 3)
        last = self.runs[-1] if self.runs else None
        if last is None:
            self.runs.append(Run(second, second, well))
            return
        # A clock that was put back makes no time undone.
        second = max(second, last.last)
        if len(self.runs) >= RUNS_AT_MOST:
            # What changes this often is not well, and the file must stay small.
            last.last, last.well, last.results = second, False, last.results + 1
        elif last.well is well and second - last.last <= GOOD_FOR_S:
            last.last, last.results = second, last.results + 1
        else:
            self.runs.append(Run(second, second, well))


@dataclass
class Day:
    """The parts that were asked on one day (UTC)."""

    on: date
    parts: dict[str, PartOfDay] = field(default_factory=dict)

    def add(self, part: str, *, well: bool, second: int, took_ms: float | None = None) -> None:
        """Fold one more result in.

        Raises:
            ValueError: that is no part's name, or there are too many parts.
        """
        if not _PART.match(part):
            raise ValueError(
                f"part {part[:50]!r}: write it in small letters, digits and _, 40 at most"
            )
        if part not in self.parts and len(self.parts) >= PARTS_AT_MOST:
            raise ValueError(f"part {part!r} is one too many: a day holds {PARTS_AT_MOST}")
        self.parts.setdefault(part, PartOfDay()).add(well=well, second=second, took_ms=took_ms)

    def dumped(self) -> bytes:
        """The day as the text of its file."""
        parts = {
            name: {
                "runs": [[run.first, run.last, int(run.well), run.results] for run in one.runs],
                "took_ms": [one.timed, one.took_ms],
            }
            for name, one in self.parts.items()
        }
        return orjson.dumps({"day": self.on.isoformat(), "parts": parts})

    @classmethod
    def parsed(cls, text: bytes) -> Self | None:
        """The day that a file holds; None if the text is torn or not of this form."""
        try:
            told = orjson.loads(text)
            parts = {str(name): _part(one) for name, one in told["parts"].items()}
            found = cls(date.fromisoformat(told["day"]), parts)
        except (ValueError, TypeError, KeyError, AttributeError, OverflowError):
            return None
        is_ours = len(parts) <= PARTS_AT_MOST and all(_PART.match(name) for name in parts)
        return found if is_ours else None

    @classmethod
    def read(cls, folder: Path, day: date) -> Self | None:
        """The day as it lies in ``folder``; None if it is not there, or unreadable."""
        path = folder / f"{day.isoformat()}.json"
        try:
            if path.stat().st_size > LARGEST_BYTES:
                return None
            found = cls.parsed(path.read_bytes())
        except OSError:
            return None
        return found if found is not None and found.on == day else None


def kept(folder: Path) -> Iterator[tuple[date, Path]]:
    """The days that have a file, in no order.

    Raises:
        OSError: the folder cannot be listed.
    """
    for path in folder.iterdir():
        named = _FILE.match(path.name)
        if named is not None:
            try:
                yield date.fromisoformat(named[1]), path
            except ValueError:  # the 31st of February is not ours
                continue


def first_kept(now: datetime) -> date:
    """The oldest day that is of interest: today is one of the ninety."""
    return now.astimezone(UTC).date() - timedelta(days=DAYS_KEPT - 1)


def _part(told: Any) -> PartOfDay:
    """A part as its file tells it.

    Raises:
        ValueError: it is not of this form, or its runs are not in their order.
    """
    timed, took_ms = told["took_ms"]
    runs = [Run(int(a), int(b), bool(well), int(n)) for a, b, well, n in told["runs"]]
    moments = [moment for run in runs for moment in (run.first, run.last)]
    in_order = moments == sorted(moments) and all(0 <= one < DAY_S for one in moments)
    if not in_order or len(runs) > RUNS_AT_MOST or any(run.results < 1 for run in runs):
        raise ValueError("runs are not as we write them")
    return PartOfDay(runs, int(timed), float(took_ms))
