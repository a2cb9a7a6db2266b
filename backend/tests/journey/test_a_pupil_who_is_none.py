"""The synthetic journey on the real service: well, and ill at each step."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator

import httpx
import pytest
from cloud_desk import PREFIX, sent_to
from real.programs import free_port
from real.service import Service, StartService, service_environ, services_in

from tocsin.rehearsal.cloud.running import RunningCloud

pytestmark = [pytest.mark.servers, pytest.mark.xdist_group("journey")]

EMAIL = "journey@vividly.example"
PASSWORD = "Photosynthesis1" + "-of-nobody"
WITHIN_S = 60.0


class Journey:
    """Starts the command as an operator would, beside the service."""

    def __init__(self, folder: os.PathLike[str]) -> None:
        self.folder = folder

    def environ(self, **changed: str) -> dict[str, str]:
        """What the command is told."""
        account = {"JOURNEY_EMAIL": EMAIL, "JOURNEY_PASSWORD": PASSWORD}
        return service_environ(self.folder, 0) | account | changed

    def gone(self, url: str, *more: str, **changed: str) -> subprocess.CompletedProcess[str]:
        """One call to its end."""
        return subprocess.run(
            [sys.executable, "-m", "app.journey", "--url", url, *more],
            env=self.environ(**changed),
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=WITHIN_S,
            check=False,
        )


@pytest.fixture
def journey(tmp_path) -> Journey:
    """The command, in the test's folder."""
    return Journey(tmp_path)


@pytest.fixture(scope="module")
def start(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StartService]:
    """Starts services on one database, for all of these tests."""
    with services_in(tmp_path_factory.mktemp("journey")) as started:
        yield started


@pytest.fixture(scope="module")
def service(start: StartService) -> Service:
    """The service with the account that nobody is."""
    started = start("run")
    account = {"first_name": "No", "last_name": "Body", "role": "student", "grade_level": 10}
    made = httpx.post(
        f"{started.base_url}/api/v1/auth/register",
        json={"email": EMAIL, "password": PASSWORD, **account},
    )
    assert made.status_code == 201
    return started


def steps(done: subprocess.CompletedProcess[str]) -> list[tuple[str, ...]]:
    """Step, result and kind of each line for the person."""
    return [tuple(line.split()[:3]) for line in done.stderr.splitlines() if " ms" in line]


def test_a_pupil_signs_in_asks_and_plays_the_lesson(journey, service):
    """Each step is told with its time, and the session is ended (R121)."""
    done = journey.gone(service.base_url)

    assert steps(done) == [("sign_in", "well", "-"), ("ask", "well", "-"), ("lesson", "well", "-")]
    assert done.returncode == 0
    assert any("/auth/logout" in str(line.get("httpRequest")) for line in service.log_lines)
    assert not [word for word in (EMAIL, PASSWORD, "eyJ") if word in done.stdout + done.stderr]


def test_what_it_met_arrives_in_the_cloud(journey, service):
    """`vividly_journey_steps_total` by result, and `vividly_journey_step_duration_ms`, per step."""
    with RunningCloud() as cloud:
        done = journey.gone(service.base_url, **sent_to(cloud, EXPORT_EVERY_S="2"))
        with cloud.world.lock:
            steps = cloud.monitoring.total(f"{PREFIX}journey_steps_total", result="well")
            times = cloud.monitoring.series(f"{PREFIX}journey_step_duration_ms")

    assert done.returncode == 0
    assert steps == 3
    assert len(times) == 3


def test_a_password_that_is_wrong_is_refused_at_the_door(journey, service):
    """The first step that is ill is the last, and its kind is told."""
    done = journey.gone(service.base_url, JOURNEY_PASSWORD="Wrong-" + PASSWORD)

    assert steps(done) == [("sign_in", "ill", "refused")]
    assert done.returncode == 1


def test_a_lesson_that_does_not_come_is_too_slow(journey, service):
    """Signing in and asking are well, the lesson is not there in time."""
    done = journey.gone(service.base_url, "--lesson-within", "0.001")

    assert [one[:2] for one in steps(done)] == [
        ("sign_in", "well"),
        ("ask", "well"),
        ("lesson", "ill"),
    ]
    assert steps(done)[-1][2] == "too_slow"
    assert done.returncode == 1


def test_nobody_there_has_a_status_of_its_own(journey):
    """A probe that cannot reach anybody says so, and blames no step of the service."""
    done = journey.gone(f"http://127.0.0.1:{free_port()}")

    assert steps(done) == [("sign_in", "ill", "unreachable")]
    assert done.returncode == 3


def test_without_an_account_it_says_what_is_missing(journey):
    """One line names both settings."""
    done = journey.gone("http://127.0.0.1:1", JOURNEY_PASSWORD="")

    assert done.returncode == 2
    assert "JOURNEY_EMAIL, JOURNEY_PASSWORD" in done.stderr


def test_again_and_again_until_it_is_told_to_stop(journey, service):
    """Several walks in one process; SIGTERM ends it within a moment, as a success."""
    probe = subprocess.Popen(
        [sys.executable, "-m", "app.journey", "--url", service.base_url, "--every", "1"],
        env=journey.environ(),
        cwd=journey.folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    lessons, end = 0, time.monotonic() + WITHIN_S
    while lessons < 2 and time.monotonic() < end:
        lessons += probe.stderr.readline().startswith("lesson   well")

    probe.send_signal(signal.SIGTERM)
    began = time.monotonic()
    status = probe.wait(15)
    probe.stderr.close()

    assert lessons == 2
    assert status == 0
    assert time.monotonic() - began < 8
