"""Health on a port and a thread of its own, which a stuck event loop cannot silence.

For a worker, which serves nothing else, and for whoever wants 503 within milliseconds where
the application's port would let a probe wait. ``/health`` and ``/health/ready`` with GET and
HEAD, the same answers as the application's; readiness is asked of the loop, and a loop that
does not answer in time is not ready. Strangers who hold connections open cannot use it up:
a few are served at a time, each for a second at the most, and the rest are turned away.

>>> from tocsin.clock import SystemClock
>>> port = HealthPort(Health.build([], clock=SystemClock()), host="127.0.0.1", port=0)
"""

import asyncio
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

import orjson

from tocsin.health.answers import MEDIA_TYPE, Answer, readiness
from tocsin.health.assembly import Health
from tocsin.health.check import Status

AT_ONCE: Final = 8
CONNECTION_S: Final = 1.0
READY_WITHIN_S: Final = 5.0
"""Longer than two timeouts of a check: a slow dependency is told by its own check."""


class HealthPort:
    """Serves from ``start``, on the loop that it will ask, until ``stop``."""

    def __init__(self, health: Health, *, host: str, port: int) -> None:
        self._health = health
        self._place = (host, port)
        self._server: _Server | None = None
        self._thread: threading.Thread | None = None

    @property
    def address(self) -> tuple[str, int]:
        """Where it listens, once it does."""
        if self._server is None:
            return self._place
        host, port = self._server.server_address[:2]
        return str(host), int(port)

    def start(self) -> None:
        """Listen.

        Raises:
            OSError: the port cannot be had.
        """
        loop = asyncio.get_running_loop()
        self._server = server = _Server(self._place, self._health, loop)
        self._thread = threading.Thread(
            target=server.serve_forever, args=(0.1,), name="tocsin-health-port", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """Give the port back; not from its own thread."""
        if self._server is None or self._thread is None:
            return
        self._server.shutdown()
        self._thread.join(CONNECTION_S)
        self._server.server_close()
        self._server = None


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(
        self, place: tuple[str, int], health: Health, loop: asyncio.AbstractEventLoop
    ) -> None:
        self.health = health
        self.loop = loop
        self._room = threading.BoundedSemaphore(AT_ONCE)
        super().__init__(place, _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        if self._room.acquire(blocking=False):
            super().process_request(request, client_address)
        else:
            self.shutdown_request(request)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._room.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A caller that went away is nobody's error, and its address is not for a log."""

    def answer(self, path: str) -> Answer:
        if path == "/health":
            return self.health.liveness()
        if path == "/health/ready":
            return self._ready()
        return Answer(404, {})

    def _ready(self) -> Answer:
        asked = asyncio.run_coroutine_threadsafe(self.health.readiness(), self.loop)
        try:
            return asked.result(READY_WITHIN_S)
        except Exception:  # noqa: BLE001 - a loop that is stuck or gone: not ready, whatever it is
            asked.cancel()
            return readiness(Status.FAIL, (), phase=self.health.life.phase, with_names=False)


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    timeout = CONNECTION_S
    server_version, sys_version = "health", ""

    def do_GET(self) -> None:
        self._send(with_body=True)

    def do_HEAD(self) -> None:
        self._send(with_body=False)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the library's own name
        """Probes come every few seconds: they are no line each."""

    def _send(self, *, with_body: bool) -> None:
        answer = self.server.answer(self.path.partition("?")[0])
        body = orjson.dumps(dict(answer.body))
        self.send_response(answer.status)
        headers = {"content-type": MEDIA_TYPE, "cache-control": "no-store", **answer.headers}
        for name, value in {**headers, "content-length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        if with_body:
            self.wfile.write(body)
