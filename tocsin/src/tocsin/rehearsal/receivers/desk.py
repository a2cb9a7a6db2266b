"""One desk with all receivers: an HTTP door for PagerDuty and Slack, a mail server.

Both listen on this machine only. Everything is checked, answered as the real ones answer,
and kept in the desk's inbox.

>>> with ReceiversDesk() as desk:
...     desk.pagerduty_url.endswith("/v2/enqueue"), desk.smtp_port > 0
(True, True)
"""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Final, Self

from tocsin.clock import Clock, SystemClock
from tocsin.monitoring.escalation import Channel
from tocsin.rehearsal.receivers import mail, pagerduty, slack
from tocsin.rehearsal.receivers.deliveries import Delivery, Inbox
from tocsin.rehearsal.receivers.loop_thread import LoopThread
from tocsin.rehearsal.receivers.mail_server import MailServer

_HOST: Final = "127.0.0.1"
_BODY_BYTES_AT_MOST: Final = 2 * 1024 * 1024


class ReceiversDesk:
    """Open as long as its block runs."""

    def __init__(self, *, clock: Clock | None = None) -> None:
        self.inbox = Inbox()
        self._clock = clock or SystemClock()
        self._http: _Http | None = None
        self._thread: threading.Thread | None = None
        self._loop = LoopThread("receivers")
        self._mail = MailServer(mail.Postbox(self._take_letter), host=_HOST)

    @property
    def pagerduty_url(self) -> str:
        """Where events go."""
        return f"{self._http_url}{pagerduty.PATH}"

    @property
    def slack_url(self) -> str:
        """Where messages to Slack go; what follows it names the room's webhook."""
        return f"{self._http_url}{slack.PATH}"

    @property
    def smtp_port(self) -> int:
        """Where letters go."""
        return self._mail.port

    @property
    def _http_url(self) -> str:
        return f"http://{_HOST}:{self._http.server_port if self._http else 0}"

    def __enter__(self) -> Self:
        self._loop.__enter__()
        self._mail.open(self._loop)
        self._http = _Http(self)
        self._thread = threading.Thread(
            target=self._http.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True
        )
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._mail.close(self._loop)
        self._loop.__exit__(kind, error, trace)
        if self._http is not None and self._thread is not None:
            self._http.shutdown()
            self._thread.join()
            self._http.server_close()

    def answer(self, path: str, body: bytes) -> tuple[int, bytes]:
        """Take a posted body; status and body of the answer."""
        if path == pagerduty.PATH:
            event, faults = pagerduty.parsed(body)
            ended = event.get("event_action") == "resolve"
            self._put("pagerduty", str(event.get("routing_key", "")), ended, _text(event), faults)
            return pagerduty.answer(event, faults)
        if path.startswith(slack.PATH):
            message, faults = slack.parsed(body)
            room = str(message.get("channel") or path.removeprefix(slack.PATH))
            self._put("slack", room, slack.is_resolved(message), _text(message), faults)
            return slack.answer(faults)
        return 404, b"no_service"

    def _take_letter(self, to: str, ended: bool, text: str, faults: tuple[str, ...]) -> None:  # noqa: FBT001 - called by position, by the postbox
        self._put("email", to, ended, text, faults)

    def _put(
        self,
        channel: Channel,
        to: str,
        ended: bool,  # noqa: FBT001 - called by position, by the postbox
        text: str,
        faults: tuple[str, ...],
    ) -> None:
        at_ns = self._clock.monotonic_ns()
        self.inbox.put(Delivery(channel, at_ns, to, ended, text, faults))


def _text(message: Any) -> str:
    # Without JSON's own escapes: what is looked for in it is plain text.
    return json.dumps(message, ensure_ascii=False).replace("\\n", "\n").replace('\\"', '"')


class _Http(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, desk: ReceiversDesk) -> None:
        super().__init__((_HOST, 0), _Door)
        self.desk = desk


class _Door(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Http

    def do_POST(self) -> None:
        length = int(self.headers.get("content-length") or 0)
        if length > _BODY_BYTES_AT_MOST:
            status, body = 413, b"too large"
            self.close_connection = True
        else:
            status, body = self.server.desk.answer(self.path, self.rfile.read(length))
        self.send_response(status)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
        """Say nothing: the drill tells what arrived."""
