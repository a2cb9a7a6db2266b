"""An asyncio loop on a thread of its own, for servers beside a program that does not wait.

>>> async def answer() -> int:
...     return 42
>>> with LoopThread("example") as loop:
...     loop.do(answer())
42
"""

import asyncio
import threading
from collections.abc import Coroutine
from concurrent.futures import Future
from types import TracebackType
from typing import Any, Final, Self, TypeVar

Result = TypeVar("Result")
_ANSWERS_WITHIN_S: Final = 20.0


class LoopThread:
    """Runs as long as its block; what is still under way then is cancelled."""

    def __init__(self, name: str) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name=name, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.do(_cancel_all())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def do(self, work: Coroutine[Any, Any, Result], within_s: float = _ANSWERS_WITHIN_S) -> Result:
        """Have this done there, and wait for it."""
        return self.begin(work).result(within_s)

    def begin(self, work: Coroutine[Any, Any, Result]) -> "Future[Result]":
        """Have this done there meanwhile."""
        return asyncio.run_coroutine_threadsafe(work, self._loop)


async def _cancel_all() -> None:
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for one in others:
        one.cancel()
    await asyncio.gather(*others, return_exceptions=True)
    await asyncio.sleep(0)  # transports that were closed say so in the next round
