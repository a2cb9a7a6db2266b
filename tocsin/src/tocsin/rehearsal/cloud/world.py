"""What all services of one cloud share: time, rules, faults, the journal, counts, one lock.

Handlers run one at a time under ``lock``; whoever reads a service's shelves from another
thread takes it too.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from threading import RLock
from typing import Any

from tocsin.clock import Clock, SystemClock
from tocsin.rehearsal.cloud.faults import Faults
from tocsin.rehearsal.cloud.rulebook import Rulebook
from tocsin.rehearsal.cloud.usage import Usage


def _kept_nowhere(_kind: str, _body: bytes, _received_ns: int) -> None:
    return None


@dataclass
class World:
    """Handed to every service when it is made.

    ``keep(kind, body, received_ns)`` writes what was accepted to the journal, if there is
    one; each service reads its own kinds back with its ``recall(kind, body, received_ns)``.
    """

    clock: Clock = field(default_factory=SystemClock)
    rules: Rulebook = field(default_factory=Rulebook)
    faults: Faults = field(default_factory=Faults)
    keep: Callable[[str, bytes, int], Any] = _kept_nowhere
    usage: Usage = field(default_factory=Usage)
    lock: RLock = field(default_factory=RLock)
