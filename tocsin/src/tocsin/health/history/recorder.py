"""Keeps what probes found, for ninety days, in a folder that outlives the process.

    history = History(Path("var/status"))
    history.record("signing_in", well=True, at=datetime.now(UTC), took_ms=412.0)

One file a day, written whole and moved into its place, so that a reader never meets half of one;
a file that is broken all the same is begun anew. The folder may be a mounted bucket. There is
**one writer**: of two at the same moment one loses its result. Blocks while it writes: from an
event loop, call it on a thread. What is kept are moments, names of parts and times taken, and
no text of any error.

>>> import tempfile
>>> from tocsin.telemetry.testing import HandClock
>>> folder = Path(tempfile.mkdtemp())
>>> noon = datetime(2026, 1, 1, tzinfo=UTC)
>>> History(folder, clock=HandClock()).record("signing_in", well=True, at=noon)
>>> sorted(path.name for path in folder.iterdir())
['2026-01-01.json']
"""

import os
import threading
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from tocsin.clock import Clock, SystemClock
from tocsin.health.history.days import DAYS_KEPT, Day, first_kept, kept

_AHEAD_AT_MOST: Final = timedelta(minutes=5)
_MOMENT: Final = timedelta(microseconds=1)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_NS_PER_MICROSECOND: Final = 1_000


class History:
    """Writes results into ``folder``, which is made when the first one comes."""

    def __init__(self, folder: Path, clock: Clock | None = None) -> None:
        self._folder = folder
        self._clock = clock or SystemClock()
        self._lock = threading.Lock()

    def record(self, part: str, *, well: bool, at: datetime, took_ms: float | None = None) -> None:
        """Fold one result into its day; the first of a day deletes what is too old.

        Raises:
            ValueError: that is no part's name, or ``at`` has no time zone or is of no day
                that is kept.
            OSError: the folder cannot be written.
        """
        moment = self._checked(at)
        second = moment.hour * 3600 + moment.minute * 60 + moment.second
        with self._lock:
            found = Day.read(self._folder, moment.date())
            day = found or Day(moment.date())
            day.add(part, well=well, second=second, took_ms=took_ms)
            self._write(day)
            if found is None:
                self._forget()

    def _checked(self, at: datetime) -> datetime:
        if at.tzinfo is None:
            raise ValueError("`at` has no time zone: hand over datetime.now(UTC) or the like")
        now, moment = moment_of(self._clock), at.astimezone(UTC)
        if moment > now + _AHEAD_AT_MOST:
            raise ValueError(f"`at` is {moment:%Y-%m-%d %H:%M} UTC, which is yet to come")
        if moment.date() < first_kept(now):
            raise ValueError(f"`at` is {moment:%Y-%m-%d}: {DAYS_KEPT} days are kept")
        return moment

    def _write(self, day: Day) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        target = self._folder / f"{day.on.isoformat()}.json"
        # One writer: what a killed one left behind is written over.
        unfinished = target.with_name(f".{target.name}.tmp")
        with unfinished.open("wb") as file:
            file.write(day.dumped())
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(target)

    def _forget(self) -> None:
        oldest = first_kept(moment_of(self._clock))
        # A file that stays behind is read by nobody; no result is lost for it.
        with suppress(OSError):
            for day, path in list(kept(self._folder)):
                if day < oldest:
                    path.unlink(missing_ok=True)


def moment_of(clock: Clock) -> datetime:
    """What the clock says, as a moment in UTC."""
    return _EPOCH + clock.wall_ns() // _NS_PER_MICROSECOND * _MOMENT
