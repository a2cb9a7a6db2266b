"""Under real servers, started as people start them, a request's end is told once."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import log_process
import pytest

APPLICATION = """
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.routing import Route

async def fail(request):
    error = LookupError("no cart")
    if request.query_params:
        log.error("unhandled_exception", exc_info=error)
        mark_recorded(error)
    raise error

@asynccontextmanager
async def lifespan(app):
    pipe = pipeline()
    pipe.install()
    log.info("ready")
    yield
    log.info("draining")
    pipe.flush(5.0)

app = Starlette(routes=[Route("/fail", fail)], lifespan=lifespan)
"""
UVICORN = [sys.executable, "-m", "uvicorn", "served:app", "--port"]
GUNICORN = [
    sys.executable,
    "-m",
    "gunicorn",
    "served:app",
    "--worker-class=uvicorn_worker.UvicornWorker",
    "--access-logfile=-",
    "--bind",
]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def _serving(command: list[str], folder: Path) -> Iterator[tuple[str, Path]]:
    (folder / "served.py").write_text(log_process._PROLOGUE + APPLICATION)
    port = _free_port()
    address = f"127.0.0.1:{port}" if "gunicorn" in command else str(port)
    out = folder / "out"
    environment = log_process.environment()
    environment["PYTHONPATH"] += f":{folder}"
    with out.open("wb") as stream:
        process = subprocess.Popen(
            [*command, address],
            stdout=stream,
            stderr=subprocess.DEVNULL,
            env=environment,
            cwd=folder,
            start_new_session=True,
        )
    try:
        _wait_for(lambda: b'"ready"' in out.read_bytes())
        yield f"http://127.0.0.1:{port}", out
        process.send_signal(signal.SIGTERM)
        process.wait(30)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _wait_for(condition) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline, "the server did not come up"
        time.sleep(0.02)


def _ask(url: str) -> int:
    deadline = time.monotonic() + 30
    while True:
        try:
            with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310 - our own
                return answer.status
        except urllib.error.HTTPError as error:
            error.close()
            return error.code
        except urllib.error.URLError:  # it says that it is ready before it listens
            assert time.monotonic() < deadline
            time.sleep(0.02)


@pytest.mark.parametrize("command", [UVICORN, GUNICORN], ids=["uvicorn", "gunicorn"])
def test_a_server_with_its_own_logging_speaks_in_our_shape(command, tmp_path):
    """From our start on all is JSON, each error once (D27, D33, behaviour 29)."""
    with _serving(command, tmp_path) as (url, out):
        statuses = [_ask(f"{url}/fail?recorded=1"), _ask(f"{url}/fail")]

    lines = [json.loads(line) for line in out.read_bytes().splitlines()]
    messages = Counter(line["message"].strip() for line in lines)
    assert statuses == [500, 500]
    assert messages["unhandled_exception"] == 1
    assert messages["Exception in ASGI application"] == 1
    assert messages["draining"] == 1
    assert messages["Application shutdown complete."] == 1
    assert not any("GET /fail" in message for message in messages)
