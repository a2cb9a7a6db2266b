r"""Lines on their way from the log's sink to the courier's queue.

The sink hands over what it has just made, many lines at once, in the thread that made
them. Each gets a number here, once, from which its insert id comes if it has none of its
own: a batch that is sent again is known again (``LogEntry.insert_id``).

>>> from tocsin.telemetry.delivery import BoundedQueue
>>> queue = BoundedQueue(max_items=2, max_bytes=100)
>>> LogLines(queue, life="1a")([b"one\n", b"two\n"])
>>> [item[0] for item in queue.take(10, 100)]
['1a-0000000001l', '1a-0000000002l']
"""

import os
from collections.abc import Sequence
from itertools import count

from tocsin.telemetry.delivery import BoundedQueue
from tocsin.telemetry.logs.forks import renew_after_fork

NumberedLine = tuple[str, bytes]
"""The insert id of a line that brings none, and the line."""


class LogLines:
    """Takes what a :class:`~tocsin.telemetry.logs.LogPipeline` writes; never waits."""

    def __init__(self, queue: BoundedQueue, *, life: str) -> None:
        """Queue lines; ``life`` tells this process' life from all others'."""
        self._put = queue.put
        self._first_life = life
        self._life = life
        self._numbers = count(1)
        renew_after_fork(self)

    def __call__(self, lines: Sequence[bytes]) -> None:
        """Queue ``lines``; what finds no room is counted by the queue."""
        for line in filter(None, lines):
            self._put((f"{self._life}-{next(self._numbers):010x}l", line), len(line))

    def renew_in_child(self) -> None:
        """A child's lines are not its parent's."""
        self._life = f"{self._first_life}-{os.getpid():x}"
        self._numbers = count(1)
