"""Looks at Prometheus several times a second: which alarms ring, since when, until when.

>>> Episode("ServiceDown", began_ns=5).ended_ns is None
True
"""

import json
import threading
import urllib.request
from dataclasses import dataclass
from types import TracebackType
from typing import Final, Self

from tocsin.clock import Clock

_EVERY_S: Final = 0.1
_ANSWER_WITHIN_S: Final = 5.0


@dataclass(slots=True)
class Episode:
    """One time that an alarm rang, all its series together."""

    alert: str
    began_ns: int
    ended_ns: int | None = None


class Watch:
    """A thread, as long as its block runs."""

    def __init__(self, prometheus_url: str, *, clock: Clock) -> None:
        self._url = f"{prometheus_url}/api/v1/alerts"
        self._clock = clock
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="watch", daemon=True)
        self._lock = threading.Lock()
        self._episodes: list[Episode] = []
        self._open: dict[str, Episode] = {}

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop.set()
        self._thread.join()

    def episodes(self) -> list[Episode]:
        """All that were seen, oldest first."""
        with self._lock:
            return list(self._episodes)

    def is_firing(self, alert: str) -> bool:
        """Whether it rings now."""
        with self._lock:
            return alert in self._open

    def firing(self) -> frozenset[str]:
        """All that ring now."""
        with self._lock:
            return frozenset(self._open)

    def since(self, alert: str, moment_ns: int) -> Episode | None:
        """The first time from ``moment_ns`` on that it rang."""
        return next(
            (
                one
                for one in self.episodes()
                if one.alert == alert and (one.ended_ns is None or one.ended_ns > moment_ns)
            ),
            None,
        )

    def _run(self) -> None:
        while not self._stop.wait(_EVERY_S):
            try:
                firing = self._ask()
            except (OSError, ValueError):
                continue  # it is ending, or busy: the next look will tell
            self._note(firing)

    def _ask(self) -> set[str]:
        with urllib.request.urlopen(self._url, timeout=_ANSWER_WITHIN_S) as answer:  # noqa: S310 - our own child
            alerts = json.load(answer)["data"]["alerts"]
        return {one["labels"]["alertname"] for one in alerts if one["state"] == "firing"}

    def _note(self, firing: set[str]) -> None:
        now_ns = self._clock.monotonic_ns()
        with self._lock:
            for alert in sorted(firing - self._open.keys()):
                self._open[alert] = Episode(alert, now_ns)
                self._episodes.append(self._open[alert])
            for alert in sorted(self._open.keys() - firing):
                self._open.pop(alert).ended_ns = now_ns
