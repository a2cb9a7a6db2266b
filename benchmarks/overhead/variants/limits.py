"""slowapi as its documents say, with counters in memory."""

from slowapi import Limiter
from slowapi.middleware import SlowAPIMiddleware
from slowapi.util import get_remote_address

from overhead.service import service
from overhead.variant import Built

ENOUGH = "1000000000/day"  # never refuses, and forgets no hit within the run


def limited(app):
    """slowapi as documented; returns how to count its hits."""
    limiter = app.state.limiter = Limiter(key_func=get_remote_address, default_limits=[ENOUGH])
    return lambda: sum(limiter._storage.storage.values())  # noqa: SLF001 - shown nowhere else


def build_slowapi() -> Built:
    app = service()
    hits = limited(app)
    app.add_middleware(SlowAPIMiddleware)
    return Built(app, evidence=lambda: {"hits": hits()})
