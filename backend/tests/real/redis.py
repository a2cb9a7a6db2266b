"""A real Redis server, one per test process, emptied before each test that uses it."""

import shutil
import socket
from collections.abc import Iterator

import pytest

from real.programs import Server, find_program, scratch_folder, started


class RedisServer:
    """A running server at ``url``."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.url = f"redis://127.0.0.1:{server.port}/0"

    def empty(self) -> None:
        """Forget every key."""
        _ask(self.server.port, b"FLUSHALL\r\n")


@pytest.fixture(scope="session")
def redis_server() -> Iterator[RedisServer]:
    """The server of this test process; started when the first test asks for it."""
    folder = scratch_folder("redis")
    try:
        program = find_program("redis-server", package="redis-server")
        server = started(
            lambda port: Server(
                [
                    program,
                    "--port",
                    str(port),
                    "--bind",
                    "127.0.0.1",
                    "--save",
                    "",
                    "--appendonly",
                    "no",
                    "--dir",
                    str(folder),
                ],
                port=port,
                log=folder / "server.log",
            ),
            _is_ready,
        )
        yield RedisServer(server)
        server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def redis_url(redis_server: RedisServer) -> str:
    """The address of a Redis that holds no key."""
    redis_server.empty()
    return redis_server.url


def _is_ready(port: int) -> bool:
    try:
        return _ask(port, b"PING\r\n").startswith(b"+PONG")
    except OSError:
        return False


def _ask(port: int, command: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", port), timeout=5.0) as connection:
        connection.sendall(command)
        return connection.recv(64)
