"""Not ready from the moment of the signal on, whichever server runs the application.

uvicorn finishes what is in flight before it lets the application's own end begin; until then
nothing told a load balancer to send requests elsewhere. Here the server's handler is kept and
called, ``notice_s`` later where a balancer needs time to look away.

>>> from tocsin.clock import SystemClock
>>> import asyncio
>>> async def live() -> None:
...     with draining_on_signals(Life(SystemClock())):
...         ...
>>> asyncio.run(live())
"""

import asyncio
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, Final

from tocsin.health.life import Life, Phase

_SIGNALS: Final = (signal.SIGTERM, signal.SIGINT)
Handler = Callable[[int, FrameType | None], Any]


@contextmanager
def draining_on_signals(life: Life, *, notice_s: float = 0.0) -> Iterator[None]:
    """Within the block SIGTERM and SIGINT let ``life`` drain, then do what they did before.

    A second signal is handed on at once. Outside of the main thread, where a process's
    signals are nobody's business, nothing is done.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    loop = asyncio.get_running_loop()
    kept = {number: signal.getsignal(number) for number in _SIGNALS}
    ours: dict[int, Handler] = {}
    for number, handler in kept.items():
        if callable(handler):
            ours[number] = _first_drain(life, loop, handler, notice_s)
            signal.signal(number, ours[number])
    try:
        yield
    finally:
        for number, handler in kept.items():
            if number in ours and signal.getsignal(number) is ours[number]:
                signal.signal(number, handler)


def _first_drain(
    life: Life, loop: asyncio.AbstractEventLoop, handler: Handler, notice_s: float
) -> Handler:
    def drain(number: int, frame: FrameType | None) -> None:
        # A handler interrupts anything, a half-written log line included: the loop does the rest.
        is_first = life.phase in (Phase.STARTING, Phase.READY)
        loop.call_soon_threadsafe(life.enter, Phase.DRAINING)
        if is_first and notice_s > 0:
            loop.call_soon_threadsafe(loop.call_later, notice_s, handler, number, None)
        else:
            handler(number, frame)

    return drain
