"""Wait until something holds that no event tells of: another process's doing."""

import asyncio
from collections.abc import Awaitable, Callable
from inspect import isawaitable

_LOOK_EVERY_S = 0.01


async def until(holds: Callable[[], bool | Awaitable[bool]], *, within_s: float = 30.0) -> None:
    """Look often until ``holds()``; a TimeoutError says that it never did."""
    async with asyncio.timeout(within_s):
        while True:
            found = holds()
            if await found if isawaitable(found) else found:
                return
            await asyncio.sleep(_LOOK_EVERY_S)
