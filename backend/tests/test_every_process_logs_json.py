"""Whatever starts us, every line of standard output is one JSON object (D27, behaviour 29)."""

import signal

import httpx
import pytest
from real.service import How, Service, StartService

STARTS: list[tuple[How, int]] = [
    ("run", 1),
    ("run", 2),
    ("uvicorn", 1),
    ("uvicorn", 2),
    ("gunicorn", 2),
    ("gunicorn --preload", 2),
]
ALWAYS = {"severity", "time", "message", "logging.googleapis.com/labels"}


def assert_whole(service: Service) -> None:
    """Each line is an entry in Cloud Logging's shape, with who wrote it."""
    assert service.log_lines
    for entry in service.log_lines:
        assert entry.keys() >= ALWAYS, entry
        labels = entry["logging.googleapis.com/labels"]
        assert labels.keys() >= {"service", "environment", "version", "instance"}, entry


@pytest.mark.parametrize(("how", "workers"), STARTS)
def test_an_api_process_writes_nothing_but_json(
    running_service: StartService, how: How, workers: int
):
    """From its first word to its last: start, requests, refusals, the end (D27)."""
    service = running_service(how, workers=workers)

    httpx.get(f"{service.base_url}/api/v1/auth/me")
    httpx.get(f"{service.base_url}/nothing/here")
    httpx.post(f"{service.base_url}/api/v1/auth/login", json={"password": "hunter2"})
    service.stop()

    assert_whole(service)
    served = [entry["httpRequest"] for entry in service.log_lines if "httpRequest" in entry]
    assert sorted(one["status"] for one in served if one["status"] >= 400) == [401, 404, 422]
    assert "hunter2" not in str(service.raw_lines)


def test_no_request_is_told_twice(running_service: StartService):
    """The server's own access line would be a second one (behaviour 29)."""
    service = running_service("uvicorn")

    httpx.get(f"{service.base_url}/api/v1/auth/me")
    service.stop()

    told = [line for line in service.raw_lines if b"/api/v1/auth/me" in line]
    assert len(told) == 1
    assert "/api/v1/auth/me" not in service.notices


def test_the_servers_own_words_come_in_our_shape(running_service: StartService):
    """What uvicorn says of its start and its end is a line like any other (behaviour 29)."""
    service = running_service("run")

    service.stop()

    of_uvicorn = [one for one in service.log_lines if one.get("logger") == "uvicorn.error"]
    assert "Application startup complete." in [one["message"] for one in of_uvicorn]
    assert_whole(service)


def test_a_worker_process_writes_nothing_but_json(running_service: StartService):
    """The process that does the work is as readable as the one that takes it on (D27)."""
    service = running_service("worker")

    code = service.stop(signal.SIGTERM)

    assert code == 0
    assert_whole(service)
