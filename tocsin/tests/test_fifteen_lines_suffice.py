"""The page's first example is a real service: begun by its command, asked, and ended."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from time import monotonic, sleep

import httpx
import pytest

from tocsin.rehearsal.engines.programs import free_port

TOCSIN = Path(__file__).parents[1]
EXAMPLE = TOCSIN / "examples" / "fifteen_lines.py"
BLOCK = re.compile(r"^## Fifteen lines\n.*?^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)
WITHIN_S = 20.0


def of_the_page() -> str:
    """The example as the README shows it."""
    return BLOCK.search((TOCSIN / "README.md").read_text())[1]


def is_up(url: str) -> bool:
    """Whether it answers at all."""
    try:
        return httpx.get(f"{url}/orders/1").is_success
    except httpx.TransportError:
        return False


def url_of(line: dict) -> str:
    """The path that a line of access tells."""
    return line["httpRequest"]["requestUrl"]


@pytest.fixture
def shop(tmp_path) -> Iterator[tuple[str, subprocess.Popen, Path]]:
    """The page's command, on a free port: address, process, and what it writes."""
    port, written = free_port(), tmp_path / "out"
    secret = {"ENVIRONMENT": "prod", "TELEMETRY_KEY": "a-key-of-sixteen-bytes-or-more"}
    with written.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "uvicorn", "fifteen_lines:app", "--port", str(port)],
            cwd=EXAMPLE.parent,
            env={**os.environ, **secret},
            stdout=out,
            stderr=subprocess.STDOUT,
        )
        url, end = f"http://127.0.0.1:{port}", monotonic() + WITHIN_S
        while not is_up(url) and monotonic() < end and process.poll() is None:
            sleep(0.05)
        yield url, process, written
        process.kill()
        process.wait()


def test_the_page_shows_what_is_run():
    """Without its marks, the page's block is the example's code."""
    shown = of_the_page().replace("  # +", "")

    _, _, code = EXAMPLE.read_text().partition('"""\n\n')
    assert shown == code


def test_fifteen_lines_are_new():
    """As many lines bear the mark, and the one that is changed is the fifteenth."""
    marked = [line for line in of_the_page().splitlines() if line.endswith("  # +")]

    assert len(marked) == 15


@pytest.mark.servers
def test_the_service_is_watched_from_its_first_request_to_its_end(shop):
    """A line in Cloud Logging's shape, a count, nothing but JSON, and nothing lost at SIGTERM."""
    url, process, written = shop

    answer = httpx.get(f"{url}/orders/7?pupil=lovelace")
    page = httpx.get(f"{url}/metrics").text
    process.send_signal(signal.SIGTERM)
    process.wait(WITHIN_S)

    text = written.read_text()
    # uvicorn speaks for itself before the lifespan begins and after it has ended.
    lines = [json.loads(line) for line in text.splitlines() if not line.startswith("INFO:  ")]
    (line,) = [one for one in lines if one["logger"] == "tocsin.access" and "7" in url_of(one)]
    assert answer.json() == {"number": 7}
    assert line["severity"] == "INFO"
    assert line["route"] == "/orders/{number}"
    assert line["httpRequest"]["status"] == 200
    assert "shop_http_requests_total{" in page or 'endpoint="/orders/{number}"' in page
    assert "lovelace" not in text
