"""The requests, and the server's end of the wire, in memory.

Realistic headers (nine to eleven, as behind Google's front end), one fresh task and one
empty context per request as uvicorn does, and ``receive``/``send`` that behave as
uvicorn's. No socket: the kernel's part would drown what we measure.
"""

import asyncio
import contextvars
import random
from typing import Any, Final

ASGI: Final = {"version": "3.0", "spec_version": "2.3"}
SERVER: Final = ("10.8.0.2", 8080)
POOL: Final = 1000
SAMPLED_OF_HUNDRED: Final = 10
_OK: Final = 200

Request = tuple[dict[str, Any], bytes]


def request_pool(seed: int = 7) -> list[Request]:
    """1,000 requests, the same for every variant: three kinds in turn, 100 clients."""
    rng = random.Random(seed)
    pool = [_request(number, rng) for number in range(POOL)]
    rng.shuffle(pool)
    return pool


def _request(number: int, rng: random.Random) -> Request:
    client = f"203.0.113.{number % 100}"
    trace_id, span_id = rng.getrandbits(128), rng.getrandbits(64)
    sampled = number % 100 < SAMPLED_OF_HUNDRED
    headers = [
        (b"host", b"bench-abc123-uc.a.run.app"),
        (
            b"user-agent",
            b"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/126.0 Safari/537.36",
        ),
        (b"accept", b"application/json, text/plain, */*"),
        (b"accept-encoding", b"gzip, deflate, br"),
        (b"accept-language", b"en-US,en;q=0.9"),
        (b"x-forwarded-for", client.encode()),
        (b"x-forwarded-proto", b"https"),
        (b"forwarded", b'for="%b";proto=https' % client.encode()),
        (b"traceparent", b"00-%032x-%016x-%02x" % (trace_id, span_id, sampled)),
    ]
    method, path, query, body = "GET", "/ping", b"", b""
    if number % 3 == 1:
        path, query = f"/items/{rng.randrange(10**6)}", b"q=abc"
    elif number % 3 == 2:
        method, path = "POST", "/echo"
        body = b'{"name":"widget","qty":3,"tags":["a","b"]}'
        headers += [
            (b"content-type", b"application/json"),
            (b"content-length", b"%d" % len(body)),
        ]
    scope = {
        "type": "http",
        "asgi": ASGI,
        "http_version": "1.1",
        "server": SERVER,
        "client": (client, 40000 + number),
        "scheme": "http",
        "root_path": "",
        "headers": headers,
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "query_string": query,
    }
    return scope, body


class Wire:
    """uvicorn's end of one request: gives the body once, then waits for the end."""

    __slots__ = ("body", "done", "given", "headers", "status", "waiter")

    def __init__(self, body: bytes) -> None:
        self.body = body
        self.given = False
        self.status = 0
        self.headers: list[tuple[bytes, bytes]] = []
        self.done = False
        self.waiter: asyncio.Future[None] | None = None

    async def receive(self) -> dict[str, Any]:
        if not self.given:
            self.given = True
            return {"type": "http.request", "body": self.body, "more_body": False}
        if not self.done:
            self.waiter = asyncio.get_running_loop().create_future()
            await self.waiter
        return {"type": "http.disconnect"}

    async def send(self, message: dict[str, Any]) -> None:
        kind = message["type"]
        if kind == "http.response.start":
            self.status = message["status"]
            self.headers = message["headers"]
        elif kind == "http.response.body" and not message.get("more_body", False):
            self.done = True
            if self.waiter is not None and not self.waiter.done():
                self.waiter.set_result(None)


async def drive(app: Any, pool: list[Request], first: int, count: int) -> None:
    """Send ``count`` requests one after another, beginning at the pool's ``first``.

    Raises:
        RuntimeError: an answer is not a whole 200.
    """
    create_task = asyncio.get_running_loop().create_task
    size = len(pool)
    for number in range(first, first + count):
        template, body = pool[number % size]
        scope = template.copy()
        scope["headers"] = template["headers"].copy()
        scope["state"] = {}
        wire = Wire(body)
        await create_task(app(scope, wire.receive, wire.send), context=contextvars.Context())
        if wire.status != _OK or not wire.done:
            raise RuntimeError(f"{scope['path']}: status {wire.status}, whole: {wire.done}")
