"""What the courier asks of an exporter: take a batch out, and say truly what became of it.

An exporter (the carrier) has no thread, no queue and no retry of its own; the courier has
them, once and for all exporters.

>>> receipt = Receipt(delivered=199, refused={"INVALID_ARGUMENT": 1})
>>> receipt.delivered + receipt.refused_items
200
>>> Undelivered("UNAVAILABLE").again, Undelivered("PERMISSION_DENIED", again=False).again
(True, False)
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a batch that was answered; every item of it is in one of the three."""

    delivered: int = 0
    refused: Mapping[str, int] = field(default_factory=dict)
    """Items that will never be taken, by cause; a cause is one word such as a status."""
    again: Sequence[Any] = ()
    """Items that may be taken another time."""

    @property
    def refused_items(self) -> int:
        """How many were refused."""
        return sum(self.refused.values())


class Undelivered(Exception):  # noqa: N818 - it names what happened to the batch
    """The whole batch was not answered, or refused as one.

    ``cause`` is one word for metric and log. ``again`` tells whether another try can help:
    Google retries UNAVAILABLE and DEADLINE_EXCEEDED and nothing else. ``detail`` is for the
    log only.
    """

    def __init__(self, cause: str, *, again: bool = True, detail: str = "") -> None:
        super().__init__(f"{cause}: {detail}" if detail else cause)
        self.cause = cause
        self.again = again
        self.detail = detail


class Carrier(Protocol):
    """One exporter. Only its courier's thread ever calls it.

    It may also have ``renew_in_child()``, called in a forked child before anything else:
    to let go of connections, which are the parent's.
    """

    def carry(self, batch: Sequence[Any], *, timeout_s: float) -> Receipt:
        """Take ``batch`` out within ``timeout_s``.

        Raises:
            Undelivered: nothing is known of it, or all of it was refused.
        """
        ...
