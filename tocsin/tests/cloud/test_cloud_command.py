"""``tocsin cloud`` as a person and a process manager meet it."""

import re
import signal
import socket
import subprocess
import sys

import httpx
import pytest

from tocsin.cli.cloud import WantedFault, parsed_fault
from tocsin.errors import DeclarationError
from tocsin.rehearsal.cloud.journal import FILE_NAME

pytestmark = pytest.mark.servers
PATIENT_S = 60.0
COMMAND = [sys.executable, "-m", "tocsin", "cloud", "--prometheus", "off"]


class Started:
    """A running command, and the addresses that its banner tells."""

    def __init__(self, *words: str) -> None:
        self.process = subprocess.Popen(
            [*COMMAND, "--port", "0", "--grpc-port", "0", *words],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={"PYTHONPATH": ":".join(sys.path), "PYTHONWARNINGS": "error"},
        )
        self.banner = ""
        while "received" not in self.banner:
            line = self.process.stdout.readline().decode()
            assert line, self.process.communicate(timeout=PATIENT_S)[1].decode()
            self.banner += line
        self.url = re.search(r"http://[\d.:]+", self.banner)[0]

    def stop(self, number: int = signal.SIGTERM) -> tuple[int, str]:
        """End it; its status and what it complained of."""
        self.process.send_signal(number)
        _, complaints = self.process.communicate(timeout=PATIENT_S)
        return self.process.returncode, complaints.decode()


def refused(*words: str) -> tuple[int, str]:
    done = subprocess.run(
        [*COMMAND, *words],
        capture_output=True,
        text=True,
        timeout=PATIENT_S,
        env={"PYTHONPATH": ":".join(sys.path)},
        check=False,
    )
    return done.returncode, done.stderr


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_tells_its_addresses_and_stops_cleanly(number):
    """The banner's address answers, and a signal ends it with status 0 and no complaint."""
    started = Started()
    summary = httpx.get(f"{started.url}/read/summary", timeout=PATIENT_S).json()
    status, complaints = started.stop(number)

    assert summary["http"] == started.url
    assert "gRPC" in started.banner
    assert (status, complaints) == (0, "")


def test_what_it_received_outlives_it(tmp_path):
    """Started again on the same folder it shows what it received before it was stopped."""
    folder = str(tmp_path / "kept")
    first = Started("--data-dir", folder)
    httpx.post(f"{first.url}/v1/projects/p/services/x:enable", json={}, timeout=PATIENT_S)
    first.stop()

    second = Started("--data-dir", folder)
    told = httpx.get(f"{second.url}/read/configuration", timeout=PATIENT_S).json()
    second.stop()

    assert [one["name"] for one in told["services"]] == ["projects/p/services/x"]


def test_faults_can_be_asked_for_at_the_start():
    """A fault of the command line meets the first call, and only as often as asked."""
    started = Started("--faults", "unavailable:ListAlertPolicies:1")
    path = f"{started.url}/v3/projects/p/alertPolicies"
    statuses = [httpx.get(path, timeout=PATIENT_S).status_code for _ in range(2)]
    started.stop()

    assert statuses == [503, 200]


def test_a_port_in_use_is_one_line():
    """Who starts it twice reads which address is taken, not a traceback."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        status, complaints = refused("--port", str(port), "--grpc-port", "0")

    assert status == 2
    assert complaints.count("\n") == 1
    assert str(port) in complaints
    assert "in use" in complaints


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--host", "0.0.0.0"), "--allow-remote"),
        (("--host", "here"), "no IP address"),
        (("--without", "no.such.rule"), "no rule of this cloud"),
        (("--grpc-port", "70000"), "70000 is no port"),
        (("--data-dir", __file__), "cannot use"),
        (("--faults", "explode"), "no fault is called 'explode'"),
        (("--faults", "slow:*:1:nan"), "seconds lies between 0 and 3600"),
        (("--faults", "unavailable:*:-3"), "times is at least 1"),
        (("--faults", "slow:X:often"), "KIND[:METHOD[:TIMES[:SECONDS]]]"),
    ],
)
def test_what_cannot_be_is_said_in_one_line(words, says):
    """A wish that cannot be met ends at once, with how to mend it."""
    status, complaints = refused("--port", "0", "--grpc-port", "0", *words)

    assert status == 2
    assert complaints.count("\n") == 1
    assert says in complaints


def test_a_folder_is_used_by_one_cloud_only(tmp_path):
    """A second cloud on a folder, or a file there that is no journal, is refused in one line."""
    first = Started("--data-dir", str(tmp_path / "taken"))
    (tmp_path / "spoilt").mkdir()
    (tmp_path / "spoilt" / FILE_NAME).write_bytes(b"no database at all" * 100)

    ends = [
        refused("--port", "0", "--grpc-port", "0", "--data-dir", str(tmp_path / name))
        for name in ("taken", "spoilt")
    ]
    first.stop()

    assert [status for status, _ in ends] == [2, 2]
    assert [complaints.count("\n") for _, complaints in ends] == [1, 1]
    assert all("cannot use" in complaints for _, complaints in ends)


def test_a_fault_is_read_from_the_left():
    """What is left out has its plain meaning: every method, for ever, no wait."""
    told = [parsed_fault(text) for text in ("hang", "slow:Export:2:1.5")]

    assert told == [WantedFault("hang"), WantedFault("slow", "Export", 2, 1.5)]
    with pytest.raises(DeclarationError):
        parsed_fault("slow:a:1:2:3")
