"""Orders, from the payment to the packing; it counts what becomes of them.

>>> import asyncio
>>> from tocsin.clock import SystemClock
>>> orders = Orders(charge_nobody, SystemClock())
>>> asyncio.run(orders.take("a card")), orders.pack(1), orders.pack(1)
(1, True, False)
"""

from collections.abc import Awaitable, Callable
from itertools import count
from typing import Final, Literal

from shop.metrics import ORDERS, PAYMENT_ATTEMPTS
from tocsin.clock import Clock

Charge = Callable[[str], Awaitable[Literal["charged", "declined"]]]
"""Asks the payment provider; ``ConnectionError`` if that does not answer."""

_ATTEMPTS: Final = 2
_NS: Final = 1e9


class CardDeclinedError(Exception):
    """The bank said no: the buyer may take another card."""


async def charge_nobody(_card: str) -> Literal["charged", "declined"]:
    """A provider that is content with every card."""
    return "charged"


class Orders:
    """All orders of this process, in memory."""

    def __init__(self, charge: Charge, clock: Clock) -> None:
        self._charge = charge
        self._clock = clock
        self._numbers = count(1)
        self._paid_at_ns: dict[int, int] = {}

    async def take(self, card: str) -> int:
        """A new order's number.

        Raises:
            CardDeclinedError: its bank did not let us charge the card.
            ConnectionError: the provider did not answer, twice.
        """
        try:
            result = await self._charged(card)
        except ConnectionError:
            ORDERS.inc(outcome="failed")
            raise
        if result == "declined":
            ORDERS.inc(outcome="declined")
            raise CardDeclinedError
        ORDERS.inc(outcome="paid")
        number = next(self._numbers)
        self._paid_at_ns[number] = self._clock.monotonic_ns()
        return number

    def pack(self, number: int) -> bool:
        """Whether there was such an order to pack."""
        return self._paid_at_ns.pop(number, None) is not None

    def oldest_age_s(self) -> float:
        """How long the oldest order has waited to be packed."""
        now_ns = self._clock.monotonic_ns()
        return (now_ns - min(self._paid_at_ns.values(), default=now_ns)) / _NS

    async def _charged(self, card: str) -> Literal["charged", "declined"]:
        """What the provider says; asked once more if it does not answer."""
        for left in reversed(range(_ATTEMPTS)):
            try:
                result = await self._charge(card)
            except ConnectionError:
                PAYMENT_ATTEMPTS.inc(result="unavailable")
                if not left:
                    raise
            else:
                PAYMENT_ATTEMPTS.inc(result=result)
                return result
        raise AssertionError
