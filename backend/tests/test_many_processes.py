"""Several API processes, a worker of its own, PostgreSQL and Redis: one service."""

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import psutil
from real.service import Service, StartService
from test_metrics_page import page_of, sum_of

API = "/api/v1"
PASSWORD = "Lesson-42-for-everybody"
READY_WITHIN_S = 3.0
QUESTION = "How does photosynthesis turn light into sugar?"


def signed_up(service: Service, email: str) -> dict[str, str]:
    """A new student's headers."""
    pupil = {"email": email, "password": PASSWORD, "first_name": "Ada", "last_name": "Lovelace"}
    with httpx.Client(base_url=service.base_url + API, timeout=20.0) as client:
        client.post("/auth/register", json=pupil | {"role": "student", "grade_level": 10})
        signed_in = client.post("/auth/login", json={"email": email, "password": PASSWORD})
    return {"authorization": f"Bearer {signed_in.json()['access_token']}"}


def ended(service: Service, headers: dict[str, str], request_id: str) -> dict[str, object]:
    """The request once it has ended, asked of whichever process answers."""
    address = f"{service.base_url}{API}/content/requests/{request_id}"
    until = time.monotonic() + 60.0
    while time.monotonic() < until:
        found: dict[str, object] = httpx.get(address, headers=headers).json()
        if found["finished_at"]:
            return found
        time.sleep(0.3)
    raise AssertionError(f"the request has not ended: {found}")


def test_they_are_one_service_to_a_pupil_and_to_a_scraper(
    running_service: StartService, postgres_url: str, redis_url: str, tmp_path
):
    """Asked of one process, made by another, told by a third; counted once each (D83, D85)."""
    folder = tmp_path / "numbers"
    env = {
        "DATABASE_URL": postgres_url,
        "REDIS_URL": redis_url,
        "EMBEDDED_WORKER": "false",
        "PROMETHEUS_MULTIPROC_DIR": str(folder),
    }
    api = running_service("run", workers=2, env=env)
    worker = running_service("worker", env=env)
    headers = signed_up(api, "ada@school.example")

    asked = httpx.post(
        f"{api.base_url}{API}/content/generate", headers=headers, json={"student_query": QUESTION}
    )
    lesson = ended(api, headers, asked.json()["request_id"])
    film = httpx.get(f"{api.base_url}{lesson['artefact']}", headers=headers)
    page = page_of(api)

    assert asked.status_code == 202
    assert lesson["status"] == "completed"
    assert film.content[4:8] == b"ftyp"
    told = dict.fromkeys(("pending", "completed"), 1.0) | {"failed": 0.0}
    name = "vividly_content_generation_requests_total"
    assert {status: sum_of(page, name, status=status) for status in told} == told
    correlation = asked.headers["x-correlation-id"]
    finished = [one for one in worker.log_lines if one["message"] == "content_request_finished"]
    assert [one["correlation_id"] for one in finished] == [correlation]


def test_who_signs_out_of_one_process_is_out_of_all(
    running_service: StartService, postgres_url: str, redis_url: str
):
    """Each answer comes from whichever process the kernel chose."""
    env = {"DATABASE_URL": postgres_url, "REDIS_URL": redis_url, "EMBEDDED_WORKER": "false"}
    service = running_service("run", workers=2, env=env)
    headers = signed_up(service, "ben@school.example")

    httpx.post(f"{service.base_url}{API}/auth/logout", headers=headers)
    answers = {httpx.get(f"{service.base_url}{API}/auth/me", headers=headers) for _ in range(12)}

    assert {answer.status_code for answer in answers} == {401}


def test_readiness_follows_what_the_service_stands_on(
    running_service: StartService, postgres_url: str, redis_url: str, postgres
):
    """The database goes: alive, and not ready, without a word of why to strangers (D37, D39)."""
    env = {"DATABASE_URL": postgres_url, "REDIS_URL": redis_url, "EMBEDDED_WORKER": "false"}
    service = running_service("run", env=env | {"ENVIRONMENT": "staging"})
    ready = f"{service.base_url}/health/ready"

    before = httpx.get(ready)
    postgres.drop_database(postgres_url)
    service.wait_until(lambda: not service.is_ready())
    after, alive = httpx.get(ready), httpx.get(f"{service.base_url}/health")

    assert (before.status_code, before.json()) == (200, {"status": "pass"})
    assert after.status_code == 503
    assert after.json() == {"status": "fail"}
    assert after.headers["retry-after"]
    assert alive.json() == {"status": "pass", "notes": ["alive"]}
    (lost,) = [one for one in service.log_lines if one["message"] == "readiness_lost"]
    assert lost["check"] == "database"


@contextmanager
def frozen(server: subprocess.Popen[bytes]) -> Iterator[None]:
    """A server that takes connections and questions, and answers none."""
    processes = [psutil.Process(server.pid), *psutil.Process(server.pid).children(recursive=True)]
    for one in processes:
        one.suspend()
    try:
        yield
    finally:
        for one in processes:
            one.resume()


def test_a_service_whose_database_hangs_is_alive_and_says_that_it_is_not_ready(
    running_service: StartService, postgres_url: str, postgres
):
    """Liveness within 50 ms, readiness within its budget, and both recover (behaviour 33)."""
    env = {"DATABASE_URL": postgres_url, "ENVIRONMENT": "staging", "EMBEDDED_WORKER": "false"}
    service = running_service("run", env=env)
    with httpx.Client(base_url=service.base_url, timeout=10.0) as client:
        assert client.get("/health/ready").status_code == 200
        with frozen(postgres.server.process):
            time.sleep(1.1)  # the last answer is no longer good
            ready = client.get("/health/ready")
            alive = [client.get("/health") for _ in range(5)]

        service.wait_until(service.is_ready, timeout_s=15.0)

    assert ready.status_code == 503
    assert ready.elapsed.total_seconds() < READY_WITHIN_S
    assert {answer.status_code for answer in alive} == {200}
    assert min(answer.elapsed.total_seconds() for answer in alive) < 0.05
