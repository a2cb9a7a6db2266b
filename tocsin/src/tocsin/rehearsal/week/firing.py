"""When a rule fires, by the instants at which its expression holds.

As Prometheus does: an answer's series becomes pending when it appears, fires once it has been
there for ``for``, and is forgotten when it is missing at one evaluation
(https://prometheus.io/docs/prometheus/latest/configuration/alerting_rules/).

>>> firings([0, 30, 60, 90, 150], for_s=60, every_s=30)
[Firing(start_s=60, end_s=120)]
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple


class Firing(NamedTuple):
    """From the first evaluation at which it fires to the first at which it does not."""

    start_s: int
    end_s: int


def firings(holds_at: Sequence[int], *, for_s: float, every_s: int) -> list[Firing]:
    """The firings of one series, whose expression holds at these instants."""
    found = []
    for first, last in _stretches(holds_at, every_s):
        fires = next((at for at in range(first, last + 1, every_s) if at - first >= for_s), None)
        if fires is not None:
            found.append(Firing(fires, last + every_s))
    return found


def joined(found: Iterable[Firing]) -> list[Firing]:
    """Those of an alarm's several series as one: it rings while any of them fires.

    >>> joined([Firing(50, 90), Firing(0, 60), Firing(200, 210)])
    [Firing(start_s=0, end_s=90), Firing(start_s=200, end_s=210)]
    """
    together: list[Firing] = []
    for one in sorted(found):
        if together and one.start_s <= together[-1].end_s:
            last = together.pop()
            together.append(Firing(last.start_s, max(last.end_s, one.end_s)))
        else:
            together.append(one)
    return together


def _stretches(holds_at: Sequence[int], every_s: int) -> Iterator[tuple[int, int]]:
    """First and last instant of each stretch without a gap."""
    first = last = None
    for at in holds_at:
        if first is None or last is None:
            first = at
        elif at - last > every_s:
            yield first, last
            first = at
        last = at
    if first is not None and last is not None:
        yield first, last
