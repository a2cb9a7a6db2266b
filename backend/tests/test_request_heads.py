"""What comes before a request's body is bounded, on the service as it is run."""

import json
import socket
from collections.abc import Iterator

import pytest
from real.service import Service, StartService

UNENDING_BYTES = 8_000_000
CHUNK = 64_000
UPGRADE = (
    "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
)


@pytest.fixture
def connection(running_service: StartService) -> Iterator[socket.socket]:
    """A connection to a service of this test's own."""
    with connected(running_service()) as opened:
        yield opened


def connected(service: Service) -> socket.socket:
    """A connection on which nothing takes longer than ten seconds."""
    return socket.create_connection(("127.0.0.1", service.port), timeout=10.0)


def sent_before_refusal(connection: socket.socket, piece: bytes) -> int:
    """How many bytes the service took of a head that does not end."""
    sent = 0
    while sent < UNENDING_BYTES:
        try:
            connection.sendall(piece)
        except ConnectionError:
            break
        sent += len(piece)
    return sent


def answer(connection: socket.socket) -> tuple[str, str]:
    """Head and body of one answer."""
    with connection.makefile("rb") as stream:
        head = b"".join(iter(stream.readline, b"\r\n")).decode().lower()
        length = int(head.partition("content-length: ")[2].partition("\r\n")[0])
        return head, stream.read(length).decode()


@pytest.mark.parametrize(
    "piece", [b"a" * CHUNK, b"x-name: value\r\n" * (CHUNK // 15)], ids=["one header", "many"]
)
def test_a_head_that_does_not_end_is_cut_off(connection: socket.socket, piece: bytes):
    """Long before it has filled anything; buffers on the way hold the rest."""
    connection.sendall(b"GET /health HTTP/1.1\r\nHost: service\r\nx-begin: ")

    sent = sent_before_refusal(connection, piece)

    assert sent < UNENDING_BYTES


def test_one_connection_carries_many_requests_with_large_bodies(connection: socket.socket):
    """A head is counted anew for each, and a body is no part of it."""
    body = json.dumps({"email": "ada@school.example", "password": "x" * 60_000}).encode()
    head = f"POST /api/v1/auth/login HTTP/1.1\r\nHost: service\r\nContent-Length: {len(body)}\r\n"
    request = head.encode() + b"Content-Type: application/json\r\n\r\n" + body

    answers = []
    for _ in range(4):
        connection.sendall(request)
        answers.append(answer(connection)[0].partition("\r\n")[0])

    assert answers == ["http/1.1 422 unprocessable entity"] * 4


def test_a_wish_for_a_websocket_is_a_request_like_any_other(running_service: StartService):
    """No way around limits, headers and request ids leads through an upgrade."""
    service = running_service()
    with connected(service) as connection:
        request = f"GET /no/such/place HTTP/1.1\r\nHost: service\r\n{UPGRADE}\r\n"
        connection.sendall(request.encode())

        head, body = answer(connection)

    assert head.startswith("http/1.1 404")
    assert {"x-request-id", "ratelimit-limit", "x-content-type-options"} <= {
        line.partition(":")[0] for line in head.splitlines()
    }
    assert json.loads(body)["type"] == "urn:vividly:problem:not-found"
    assert not [line for line in service.messages() if "upgrade" in line.lower()]
