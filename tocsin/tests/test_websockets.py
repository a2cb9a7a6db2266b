"""A WebSocket is one connection with a length, messages and a close code (behaviour 16)."""

import asyncio
from typing import Any

import pytest
from fastapi import FastAPI, WebSocket, WebSocketDisconnect
from moved import series, total

from tocsin.telemetry.logs import get_logger
from tocsin.telemetry.testing.captured import CapturedTelemetry
from tocsin.telemetry.testing.clock import HandClock


class Socket:
    """A server's end of one WebSocket, in memory."""

    def __init__(self, path: str, *messages: dict[str, Any], headers: tuple = ()) -> None:
        self.scope: dict[str, Any] = {
            "type": "websocket",
            "asgi": {"version": "3.0", "spec_version": "2.4"},
            "http_version": "1.1",
            "scheme": "ws",
            "path": path,
            "raw_path": path.encode(),
            "query_string": b"token=abc123secret",
            "root_path": "",
            "headers": [*headers],
            "client": ("192.0.2.7", 51034),
            "server": ("127.0.0.1", 8000),
            "subprotocols": [],
            "state": {},
            "extensions": {"websocket.http.response": {}},
        }
        self.given = [{"type": "websocket.connect"}, *messages]
        self.sent: list[dict[str, Any]] = []
        self.error: BaseException | None = None

    async def receive(self) -> dict[str, Any]:
        if not self.given:
            await asyncio.sleep(60)
        return self.given.pop(0)

    async def send(self, message: dict[str, Any]) -> None:
        self.sent.append(message)

    async def talk(self, app) -> "Socket":
        try:
            await app(self.scope, self.receive, self.send)
        except Exception as error:  # noqa: BLE001 - the server meets them all
            self.error = error
        return self

    def header(self, name: str) -> str:
        return dict(self.sent[0]["headers"])[name.encode()].decode()


def _says(text: str) -> dict[str, Any]:
    return {"type": "websocket.receive", "text": text}


def _leaves(code: int) -> dict[str, Any]:
    return {"type": "websocket.disconnect", "code": code}


def _app(clock: HandClock | None = None) -> FastAPI:
    app = FastAPI(openapi_url=None)

    @app.websocket("/rooms/{room}")
    async def room(websocket: WebSocket, room: str) -> None:
        await websocket.accept()
        get_logger("test.rooms").info("room_entered")
        while True:
            text = await websocket.receive_text()
            if clock is not None:
                clock.advance(10.0)
            if text == "break":
                raise ValueError("unforeseen")
            if text == "bye":
                await websocket.close(4001)
                return
            await websocket.send_text(text)

    @app.websocket("/closed")
    async def closed(websocket: WebSocket) -> None:
        await websocket.close()

    @app.websocket("/quiet")
    async def quiet(websocket: WebSocket) -> None:
        await websocket.accept()
        try:
            await websocket.receive_text()
        except WebSocketDisconnect:
            return

    return app


async def test_a_conversation_is_one_line_and_moves_its_instruments():
    """Ids on the handshake, one line for the whole, messages counted each way."""
    clock = HandClock()
    app = _app(clock)
    ids = ((b"x-request-id", b"socket-12345"),)

    with CapturedTelemetry(app=app, clock=clock) as captured:
        socket = await Socket(
            "/rooms/9", _says("one"), _says("two"), _leaves(1001), headers=ids
        ).talk(app)

    line = captured.access_line()
    assert socket.header("x-request-id") == line["request_id"] == "socket-12345"
    assert captured.line("room_entered")["request_id"] == "socket-12345"
    assert (line["route"], line["outcome"], line["close_code"]) == ("/rooms/{room}", "ok", 1001)
    assert (line["messages_received"], line["messages_sent"]) == (2, 2)
    assert line["httpRequest"]["latency"] == "20.000000s"
    assert series(captured, "websocket_messages_total") == {
        ("received", "/rooms/{room}"): 2,
        ("sent", "/rooms/{room}"): 2,
    }
    assert total(captured, "websocket_connection_duration_seconds_sum") == 20.0
    assert total(captured, "websocket_connections") == 0
    assert b"abc123secret" not in captured.stream.getvalue()


@pytest.mark.parametrize(
    ("path", "messages", "outcome", "code", "severity"),
    [
        ("/rooms/9", [_says("bye")], "ok", 4001, "INFO"),
        ("/rooms/9", [_leaves(1000)], "ok", 1000, "INFO"),
        ("/rooms/9", [_leaves(1006)], "client_gone", 1006, "INFO"),
        ("/quiet", [_leaves(1005)], "ok", 1005, "INFO"),
        ("/rooms/9", [_says("break")], "exception", 1011, "ERROR"),
    ],
)
async def test_each_way_to_end_has_one_outcome_and_one_close_code(
    path, messages, outcome, code, severity
):
    """Closed by either side, lost, or broken: counted once, and nothing is left open."""
    app = _app()

    with CapturedTelemetry(app=app) as captured:
        await Socket(path, *messages).talk(app)

    line = captured.access_line()
    assert (line["outcome"], line["close_code"], line["severity"]) == (outcome, code, severity)
    assert sum(series(captured, "websocket_closes_total").values()) == 1
    assert total(captured, "websocket_connections") == 0


async def test_a_refused_handshake_is_a_refusal_and_no_connection():
    """The line says 403; no connection was opened, so none is counted."""
    app = _app()

    with CapturedTelemetry(app=app) as captured:
        await Socket("/closed").talk(app)
        await Socket("/nowhere").talk(app)

    lines = captured.access_lines()
    assert [line["httpRequest"]["status"] for line in lines] == [403, 403]
    assert [line["route"] for line in lines] == ["/closed", "<unmatched>"]
    assert series(captured, "websocket_closes_total") == {}


async def test_an_exception_leaves_one_record_and_goes_on_to_the_server():
    """As for a request: one stack trace, with the connection's id, and the server is told."""
    app = _app()

    with CapturedTelemetry(app=app) as captured:
        socket = await Socket("/rooms/9", _says("break")).talk(app)

    records = [line for line in captured.lines() if "stack_trace" in line]
    assert isinstance(socket.error, ValueError)
    assert [record["message"] for record in records] == ["unhandled_exception"]


async def test_a_cancelled_conversation_was_restarted_by_the_service():
    """A server that shuts down cancels it: 1012, and the gauge goes back."""
    app = _app()

    with CapturedTelemetry(app=app) as captured:
        task = asyncio.create_task(Socket("/rooms/9").talk(app))
        await asyncio.sleep(0.05)
        opened = total(captured, "websocket_connections")
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    assert opened == 1
    assert captured.access_line()["close_code"] == 1012
    assert total(captured, "websocket_connections") == 0
