"""One uptime check: what is asked for, and which answer passes.

After ``google/monitoring/v3/uptime.proto``: a status of 200 to 299 passes unless told
otherwise, and the first matcher's text must stand in the first 4 MB of the body.

>>> check = UptimeCheck(check_id="health-1", path="/health", contains="alive")
>>> check.passes(200, b'{"status":"alive"}'), check.passes(200, b""), check.passes(503, b"alive")
(True, False, False)
"""

from dataclasses import dataclass
from typing import Final

from tocsin.errors import DeclarationError

EXAMINED_BYTES: Final = 4 * 1024 * 1024
_LEAST_LOCATIONS: Final = 3
_LONGEST_TIMEOUT_S: Final = 60.0


@dataclass(frozen=True, kw_only=True)
class UptimeCheck:
    """``check_id`` is what Google calls it: the display name with an ending of its own."""

    check_id: str
    path: str = "/"
    contains: str = ""
    timeout_s: float = 10.0
    every_s: float = 60.0
    locations: tuple[str, ...] = ("usa-iowa", "usa-oregon", "usa-virginia", "eur-belgium")

    def __post_init__(self) -> None:
        if len(self.locations) < _LEAST_LOCATIONS:
            raise DeclarationError(
                f"uptime check {self.check_id}: Google asks from {_LEAST_LOCATIONS} locations at "
                f"least, and here are {len(self.locations)}: name more"
            )
        if not 1.0 <= self.timeout_s <= _LONGEST_TIMEOUT_S:
            raise DeclarationError(
                f"uptime check {self.check_id}: a timeout lies between 1 and 60 s"
            )

    def passes(self, status: int, body: bytes) -> bool:
        """Whether an answer is a good one."""
        is_success = 200 <= status < 300  # noqa: PLR2004 - the 2xx
        return is_success and self.contains.encode() in body[:EXAMINED_BYTES]
