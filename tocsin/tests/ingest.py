"""Sentry's ingest on this machine: real HTTP, envelopes taken apart, answers on request."""

import gzip
import json
import threading
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self


class Ingest:
    """Open as long as its block runs; ``events`` are those that were taken."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        self.events: list[dict[str, Any]] = []
        self.transactions: list[dict[str, Any]] = []
        self.answers: list[int] = []
        """Statuses of the next answers; 200 when there are none."""
        self.hangs = threading.Event()
        self.calls = 0
        self._open = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    @property
    def dsn(self) -> str:
        return f"http://key@127.0.0.1:{self._server.server_port}/42"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._open.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def text(self) -> str:
        """Everything that arrived, as it came over the wire."""
        return b"\n".join(self.bodies).decode()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        ingest = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                if self.headers.get("content-encoding") == "gzip":
                    body = gzip.decompress(body)
                status = ingest._take(body)
                with suppress(ConnectionError):  # whoever waited too long has left
                    self.send_response(status)
                    self.send_header("content-length", "2")
                    self.end_headers()
                    self.wfile.write(b"{}")

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        return Handler

    def _take(self, body: bytes) -> int:
        self.calls += 1
        if self.hangs.is_set():
            self._open.wait()
        status = self.answers.pop(0) if self.answers else 200
        if status < 300:
            self.bodies.append(body)
            self._read(body)
        return status

    def _read(self, body: bytes) -> None:
        lines = body.split(b"\n")
        for head, payload in zip(lines[1::2], lines[2::2], strict=False):
            kind = json.loads(head)["type"]
            if kind in {"event", "transaction"}:
                taken = self.events if kind == "event" else self.transactions
                taken.append(json.loads(payload))
