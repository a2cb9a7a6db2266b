"""How much of a value is looked at, so that no log line is without end.

>>> budget = Budget(Limits(nodes=2))
>>> budget.take_node(), budget.take_node(), budget.take_node()
(True, True, False)
"""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What one event may hold; more is cut, and the cut says how much."""

    depth: int = 8
    """Containers within containers."""
    items: int = 128
    """Entries of one container."""
    nodes: int = 2_000
    """Values in all."""
    text_chars: int = 65_536
    """Characters of one text."""
    total_chars: int = 262_144
    """Characters of all texts together."""


class Budget:
    """What is left of the limits while one event is walked through."""

    __slots__ = ("chars", "nodes")

    def __init__(self, limits: Limits) -> None:
        self.nodes = limits.nodes
        self.chars = limits.total_chars

    def take_node(self) -> bool:
        """Whether one more value may be looked at."""
        self.nodes -= 1
        return self.nodes >= 0
