"""One visitor's way to the service: its own address, its own token, every answer tallied.

Linux lets a client choose any address of 127.0.0.0/8 as its own, so that a school's
pupils and a stranger are told apart by the service without any setting. Where the
machine refuses (macOS), everybody comes from one address and the limits bite sooner.
"""

import asyncio
import socket
from collections.abc import Callable
from typing import Any

import httpx

from traffic.tally import Tally

TIMEOUT_S = 15.0


def loopback_addresses_work() -> bool:
    """Whether this machine lets a client come from 127.1.0.1."""
    try:
        with socket.socket() as probe:
            probe.bind(("127.1.0.1", 0))
    except OSError:
        return False
    return True


class Visitor:
    """Sends requests from one address and counts what comes back."""

    def __init__(
        self,
        url: str,
        address: str | None,
        tally: Tally,
        now_s: Callable[[], float],
        agent: str = "Mozilla/5.0 (school tablet) vividly-traffic",
    ) -> None:
        self._http = httpx.AsyncClient(
            base_url=url,
            timeout=TIMEOUT_S,
            transport=httpx.AsyncHTTPTransport(local_address=address),
            headers={"User-Agent": agent},
        )
        self._tally = tally
        self._now_s = now_s
        self.access_token = ""
        self.refresh_token = ""

    async def send(self, method: str, path: str, json: Any = None) -> httpx.Response | None:
        """Send one request; None when the service could not be reached."""
        headers = {"Authorization": f"Bearer {self.access_token}"} if self.access_token else {}
        began_s = self._now_s()
        try:
            response = await self._http.request(method, path, json=json, headers=headers)
        except httpx.TransportError:
            self._tally.unreachable += 1
            await asyncio.sleep(1.0)
            return None
        self._tally.answered(response.status_code, self._now_s() - began_s)
        return response

    async def send_patiently(
        self, method: str, path: str, json: Any = None
    ) -> httpx.Response | None:
        """Send, and once more after the time that a refusal names, if that is short."""
        response = await self.send(method, path, json)
        if response is None or response.status_code != httpx.codes.TOO_MANY_REQUESTS:
            return response
        wait_s = int(response.headers.get("retry-after", "1"))
        if wait_s > TIMEOUT_S:
            return response
        await asyncio.sleep(wait_s)
        return await self.send(method, path, json)

    async def close(self) -> None:
        """Hang up."""
        await self._http.aclose()
