"""Asks as a check says, from each of its locations in turn, and tells what came of it.

All locations are this machine: what differs is the user agent and the moment. A location
whose path is cut (``cut``) sees no answer, as when a region loses its way to us.

>>> prober = Prober(UptimeCheck(check_id="health-1"), url="http://127.0.0.1:9", tell=print)
>>> prober.cut.add("usa-iowa")
"""

import http.client
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Final, NamedTuple, Self
from urllib.parse import urlsplit

from tocsin.rehearsal.uptime.check import EXAMINED_BYTES, UptimeCheck

_AGENT: Final = "GoogleStackdriverMonitoring-UptimeChecks(https://cloud.google.com/monitoring)"


class Probed(NamedTuple):
    """What one location found."""

    location: str
    passed: bool
    status: int
    """0: there was no answer"""


class Prober:
    """One thread for each location, as long as the block runs."""

    def __init__(self, check: UptimeCheck, *, url: str, tell: Callable[[Probed], None]) -> None:
        self.check = check
        self.cut: set[str] = set()
        """Locations that cannot reach us at present."""
        self._host = urlsplit(url).netloc
        self._tell = tell
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []

    def __enter__(self) -> Self:
        for number, location in enumerate(self.check.locations):
            # Not all at once: Google's locations do not know of one another.
            first_s = self.check.every_s * number / len(self.check.locations)
            thread = threading.Thread(target=self._run, args=(location, first_s), daemon=True)
            thread.start()
            self._threads.append(thread)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def ask(self, location: str) -> Probed:
        """Ask once."""
        if location in self.cut:
            return Probed(location, passed=False, status=0)
        connection = http.client.HTTPConnection(self._host, timeout=self.check.timeout_s)
        try:
            connection.request("GET", self.check.path, headers={"User-Agent": _AGENT})
            answer = connection.getresponse()
            body = answer.read(EXAMINED_BYTES)
        except (OSError, http.client.HTTPException):
            return Probed(location, passed=False, status=0)
        finally:
            connection.close()
        return Probed(location, self.check.passes(answer.status, body), answer.status)

    def _run(self, location: str, first_s: float) -> None:
        wait_s = first_s
        while not self._stop.wait(wait_s):
            self._tell(self.ask(location))
            wait_s = self.check.every_s
