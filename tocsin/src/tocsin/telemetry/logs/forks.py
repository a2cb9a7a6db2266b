"""What a forked child must not inherit: a parent's locks, threads and unwritten lines.

>>> class Lines:
...     def renew_in_child(self): ...
>>> lines = Lines()
>>> renew_after_fork(lines)
"""

import os
import weakref
from typing import Protocol


class RenewedInChild(Protocol):
    """Has state that belongs to one process."""

    def renew_in_child(self) -> None:
        """Start afresh: we are a new process, with one thread."""
        ...


_known: "weakref.WeakSet[RenewedInChild]" = weakref.WeakSet()
_registered = False


def renew_after_fork(one: RenewedInChild) -> None:
    """Have ``one`` renewed in every child, for as long as it lives."""
    global _registered  # noqa: PLW0603 - a hook of os.register_at_fork cannot be taken back
    if not _registered and hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=_renew_all)
        _registered = True
    _known.add(one)


def _renew_all() -> None:
    for one in list(_known):
        one.renew_in_child()
