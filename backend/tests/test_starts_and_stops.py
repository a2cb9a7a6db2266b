"""The service starts with one command, says in one line why it cannot, and ends in order."""

import signal
import socket
import stat
import subprocess
import sys
import time

import httpx
import pytest
from real.programs import free_port
from real.service import How, Service, StartService, bare_environ

EMPTY = {"ENVIRONMENT": "", "SECRET_KEY": "", "TELEMETRY_KEY": "", "DATABASE_URL": ""}
IN_PRODUCTION = {"ENVIRONMENT": "production", "SMTP_URL": "smtps://mail.example:465"}
STOPS_WITHIN_S = 8.0


def refusal_of(service: Service) -> list[str]:
    """The lines with which the service declined to start, after it ended with code 2."""
    assert service.wait() == 2, service.notices
    assert service.raw_lines == []
    assert "Traceback" not in service.notices
    return service.notices.splitlines()


def sign_in(service: Service, password: str) -> httpx.Response:
    """Sign in as the demo administrator."""
    body = {"email": "admin@vividly.example", "password": password}
    return httpx.post(f"{service.base_url}/api/v1/auth/login", json=body, timeout=10.0)


def kept_secrets(service: Service) -> dict[str, str]:
    """What the development run keeps for itself."""
    lines = (service.folder / "var" / "development.env").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if not line.startswith("#"))


def test_a_first_run_needs_nothing_but_the_command(running_service: StartService):
    """Keys, database, demo account: made, said, and ready to use."""
    service = running_service("run", env=EMPTY, wait=False)

    service.wait_until(service.is_ready)
    service.wait_until(lambda: "Ctrl-C" in service.notices)

    password = kept_secrets(service)["DEMO_ADMIN_PASSWORD"]
    signed_in = sign_in(service, password)
    file = service.folder / "var" / "development.env"
    assert signed_in.status_code == 200
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert f"{service.base_url}/docs" in service.notices
    assert "admin@vividly.example" in service.notices
    assert password not in service.notices
    assert "server" not in signed_in.headers


def test_a_second_run_knows_the_first_ones_tokens(running_service: StartService):
    """A restart signs nobody out."""
    port = free_port()
    first = running_service("run", env=EMPTY, wait=False, port=port)
    first.wait_until(first.is_ready)
    token = sign_in(first, kept_secrets(first)["DEMO_ADMIN_PASSWORD"]).json()["access_token"]
    first.stop()

    second = running_service("run", env=EMPTY, wait=False, port=port)
    second.wait_until(second.is_ready)
    headers = {"authorization": f"Bearer {token}"}
    me = httpx.get(f"{second.base_url}/api/v1/auth/me", headers=headers)

    assert me.status_code == 200


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "Ctrl-C"])
def test_an_end_that_was_asked_for_is_a_success(
    running_service: StartService, workers: int, how: signal.Signals
):
    """Within seconds, with exit code 0 and without a traceback."""
    service = running_service("run", workers=workers)
    began = time.monotonic()

    service.send(how, group=how is signal.SIGINT)
    code = service.wait()

    assert code == 0
    assert time.monotonic() - began < STOPS_WITHIN_S
    assert "Traceback" not in service.notices
    loud = [one for one in service.log_lines if one["severity"] not in ("DEBUG", "INFO")]
    assert loud == []


def test_each_part_tells_how_long_its_start_and_its_end_took(running_service: StartService):
    """What was started last ends first, and the log has it all."""
    service = running_service("run", env={"EMBEDDED_WORKER": "true"})

    service.stop()

    told = [entry for entry in service.log_lines if str(entry["message"]).startswith("part_")]
    started = [entry["part"] for entry in told if entry["message"] == "part_started"]
    stopped = [entry["part"] for entry in told if entry["message"] == "part_stopped"]
    assert {"database", "sampling", "worker"} <= set(started)
    assert stopped == [part for part in reversed(started) if part in stopped]
    assert all(0 <= entry["seconds"] < STOPS_WITHIN_S for entry in told)


def test_a_request_in_flight_is_answered_before_the_end(running_service: StartService):
    """Half of the body is here when SIGTERM comes; the other half still gets its answer."""
    service = running_service("run")
    head = (
        b"POST /api/v1/auth/login HTTP/1.1\r\nhost: vividly\r\n"
        b"content-type: application/json\r\ncontent-length: 2\r\n\r\n{"
    )

    with socket.create_connection(("127.0.0.1", service.port), timeout=10.0) as connection:
        connection.sendall(head)
        time.sleep(0.3)
        service.send(signal.SIGTERM)
        time.sleep(0.5)
        connection.sendall(b"}")
        answer = connection.recv(65536)

    assert answer.startswith(b"HTTP/1.1 422 ")
    assert service.wait() == 0
    served = [entry["httpRequest"] for entry in service.log_lines if "httpRequest" in entry]
    assert served[-1]["status"] == 422


def test_a_port_in_use_is_one_line(running_service: StartService):
    """Which port, and what to do."""
    with socket.socket() as somebody:
        somebody.bind(("127.0.0.1", 0))
        somebody.listen()
        port = somebody.getsockname()[1]

        service = running_service("run", env=EMPTY, wait=False, port=port)
        lines = refusal_of(service)

    (line,) = lines
    assert line.startswith(f"vividly: PORT: {port} is in use by another program")
    assert line.endswith(f"PORT={port + 1}")


def test_production_stops_without_its_settings_and_makes_none(running_service: StartService):
    """One line for each that is missing; nothing is generated."""
    service = running_service("run", env=EMPTY | IN_PRODUCTION, wait=False)

    lines = refusal_of(service)

    told = [line.split(":")[1].strip() for line in lines]
    assert {"SECRET_KEY", "TELEMETRY_KEY"} <= set(told)
    assert not (service.folder / "var").exists()


def test_a_wrong_setting_is_named_and_its_value_is_not(running_service: StartService):
    """The value may be a secret in the wrong variable."""
    secret = "hunter2-was-my-dog"
    service = running_service("run", env={"LOG_LEVEL": secret, "WORKERS": secret}, wait=False)

    lines = refusal_of(service)

    assert [line.split(":")[1].strip() for line in lines] == ["WORKERS", "LOG_LEVEL"]
    assert secret not in service.notices


def test_a_limit_that_cannot_be_read_stops_the_start_too(running_service: StartService):
    """What only a part of the service understands is still a setting."""
    limits = {"RATE_LIMITS": '{"auth.login": "often"}'}
    service = running_service("run", env=EMPTY | limits, wait=False)

    (line,) = refusal_of(service)

    assert line.startswith("vividly: RATE_LIMITS: auth.login: ")


def test_a_folder_that_cannot_be_written_is_one_line(running_service: StartService, tmp_path):
    """A file stands where var/ should be."""
    (tmp_path / "var").write_text("in the way")
    service = running_service("run", env=EMPTY, wait=False)

    (line,) = refusal_of(service)

    assert line.startswith("vividly: var/: cannot be used")


def test_a_database_that_is_not_there_is_one_line_without_its_password(
    running_service: StartService,
):
    """The address is a setting too, and its errors quote it."""
    url = f"postgresql://vividly:hunter2@127.0.0.1:{free_port()}/vividly"
    development = {"ENVIRONMENT": "development", "DATABASE_URL": url}
    service = running_service("run", env=development, wait=False)

    (line,) = refusal_of(service)

    assert line.startswith("vividly: DATABASE_URL: the database cannot be opened")
    assert "hunter2" not in service.notices


def test_a_database_that_was_not_migrated_stops_the_start(running_service: StartService):
    """Outside development nothing migrates by itself, and nothing serves on old tables."""
    service = running_service("run", wait=False)

    code = service.wait()

    assert code == 2
    assert "python -m app migrate" in service.notices


def test_the_command_explains_itself():
    """Wrong use ends with code 2 and the commands that there are."""
    asked = subprocess.run(
        [sys.executable, "-m", "app", "dance"],
        env=bare_environ(),
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )

    assert asked.returncode == 2
    for command in ("run", "migrate", "worker"):
        assert command in asked.stderr


@pytest.mark.parametrize("how", ["uvicorn", "gunicorn", "gunicorn --preload"])
def test_it_runs_under_the_servers_that_deployments_use(running_service: StartService, how: How):
    """The same service behind another command line."""
    service = running_service(how, workers=2)

    answers = [httpx.get(f"{service.base_url}/health").status_code for _ in range(4)]
    began = time.monotonic()
    service.stop()

    assert answers == [200] * 4
    assert time.monotonic() - began < STOPS_WITHIN_S
    assert "part_stopped" in service.messages()


@pytest.mark.parametrize("how", ["uvicorn", "gunicorn"])
def test_a_server_of_a_deployment_is_told_of_wrong_settings_too(
    running_service: StartService, how: How
):
    """One line, no traceback, and no endless restarts."""
    service = running_service(how, env={"LOG_LEVEL": "LOUD"}, wait=False)

    code = service.wait()

    assert code == 3
    assert "vividly: LOG_LEVEL: " in service.notices
    assert "Traceback" not in service.notices
