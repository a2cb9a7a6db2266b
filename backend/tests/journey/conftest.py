"""The journey's command as an operator starts it, and the service that it walks through."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from real.service import Service, StartService, bare_environ, services_in

EMAIL = "journey@vividly.example"
PASSWORD = "Photosynthesis1" + "-of-nobody"
API = "/api/v1"
WITHIN_S = 30.0


@dataclass
class Journey:
    """The command, in a folder of its own; it is told no secret of the service's."""

    folder: Path

    def environ(self, **changed: str) -> dict[str, str]:
        """What the command is told."""
        account = {"JOURNEY_EMAIL": EMAIL, "JOURNEY_PASSWORD": PASSWORD}
        return bare_environ() | {"ENVIRONMENT": "test"} | account | changed

    def command(self, url: str, *more: str) -> list[str]:
        """As it is typed."""
        return [sys.executable, "-m", "app.journey", "--base-url", url, *more]

    def gone(self, url: str, *more: str, **changed: str) -> subprocess.CompletedProcess[str]:
        """One call to its end."""
        return subprocess.run(
            self.command(url, *more),
            env=self.environ(**changed),
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=WITHIN_S,
            check=False,
        )

    @contextmanager
    def going(self, url: str, *more: str, **changed: str) -> Iterator[subprocess.Popen[str]]:
        """A call that goes on; its lines for the person can be read."""
        with (
            (self.folder / "stdout.log").open("wb") as output,
            subprocess.Popen(
                self.command(url, *more),
                env=self.environ(**changed),
                cwd=self.folder,
                stdout=output,
                stderr=subprocess.PIPE,
                text=True,
            ) as probe,
        ):
            try:
                yield probe
            finally:
                probe.send_signal(signal.SIGKILL)

    def stdout(self) -> str:
        """The log of the call that goes on."""
        return (self.folder / "stdout.log").read_text()


def with_account(service: Service) -> Service:
    """Have the account registered that nobody is."""
    account = {"first_name": "No", "last_name": "Body", "role": "student", "grade_level": 10}
    made = httpx.post(
        f"{service.base_url}{API}/auth/register",
        json={"email": EMAIL, "password": PASSWORD, **account},
    )
    assert made.status_code == 201
    return service


def requests_of(service: Service) -> list[dict[str, object]]:
    """What the service knows of the account's questions."""
    with httpx.Client(base_url=service.base_url) as http:
        login = http.post(f"{API}/auth/login", json={"email": EMAIL, "password": PASSWORD}).json()
        shown = {"authorization": f"Bearer {login['access_token']}"}
        return http.get(f"{API}/content/requests", headers=shown).json()["requests"]


@pytest.fixture
def journey(tmp_path: Path) -> Journey:
    """The command, in the test's folder."""
    folder = tmp_path / "probe"
    folder.mkdir()
    return Journey(folder)


@pytest.fixture(scope="package")
def start(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StartService]:
    """Starts services on one database, for all of these tests."""
    with services_in(tmp_path_factory.mktemp("journey")) as started:
        yield started


@pytest.fixture(scope="package")
def service(start: StartService) -> Service:
    """The service with the account, and somebody who makes lessons."""
    return with_account(start("run", env={"RATE_LIMITS": '{"auth.login": "1000/minute"}'}))


@pytest.fixture
def without_worker(running_service: StartService) -> Service:
    """The same, where nobody makes lessons."""
    return with_account(running_service("run", env={"EMBEDDED_WORKER": "false"}))


def steps(done: subprocess.CompletedProcess[str]) -> list[tuple[str, ...]]:
    """Step, result and kind of each line for the person."""
    return [tuple(line.split()[:3]) for line in done.stderr.splitlines() if " ms" in line]


def assert_discreet(text: str, *more: str) -> None:
    """No address, account, password or token stands there, nor what an answer held."""
    told = [EMAIL, PASSWORD, "eyJ", "http://", "127.0.0.1", "bearer", "access_token", *more]
    assert [word for word in told if word.lower() in text.lower()] == []
