"""A real PostgreSQL server, one per test process, and a fresh database per test."""

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from real.programs import Server, find_program, scratch_folder, started

_PACKAGE = "postgresql"
_USER = "vividly"
# Nothing outlives the test, so nothing has to reach the disk.
_SWIFT = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=60")


class PostgresServer:
    """A running server; ``new_database`` gives each caller a database of its own."""

    def __init__(self, server: Server, programs: Path) -> None:
        self.server = server
        self._programs = programs
        self._numbers = count(1)

    def new_database(self) -> str:
        """Create an empty database and return its address (``postgresql://…``)."""
        name = f"test_{next(self._numbers)}"
        self._run("createdb", name)
        return f"postgresql://{_USER}@127.0.0.1:{self.server.port}/{name}"

    def drop_database(self, url: str) -> None:
        """Drop a database, whoever is still connected to it."""
        self._run("dropdb", "--force", "--if-exists", url.rpartition("/")[2])

    def _run(self, program: str, *arguments: str) -> None:
        place = ("-h", "127.0.0.1", "-p", str(self.server.port), "-U", _USER)
        subprocess.run(
            [self._programs / program, *place, *arguments],
            check=True,
            timeout=30,
            capture_output=True,
        )


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """The server of this test process; started when the first test asks for it."""
    folder = scratch_folder("postgres")
    try:
        programs = _programs()
        _initialise(folder, programs)
        server = started(
            lambda port: _start(folder, programs, port), lambda port: _is_ready(programs, port)
        )
        yield PostgresServer(server, programs)
        # SIGINT is its «fast» shutdown: sessions are ended, not waited for.
        server.stop(signal.SIGINT)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def postgres_url(postgres: PostgresServer) -> Iterator[str]:
    """The address of an empty database that only this test uses."""
    url = postgres.new_database()
    yield url
    postgres.drop_database(url)


def _programs() -> Path:
    # Debian keeps the server's programs out of PATH, one folder per version.
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=_version, reverse=True)
    return Path(find_program("initdb", *folders, package=_PACKAGE)).parent


def _version(folder: Path) -> float:
    name = folder.parent.name
    return float(name) if name.replace(".", "", 1).isdigit() else 0.0


def _unprivileged_user() -> str | None:
    # PostgreSQL refuses to run as root; Debian's package brings its own user.
    return "postgres" if os.geteuid() == 0 else None


def _initialise(folder: Path, programs: Path) -> None:
    user = _unprivileged_user()
    if user is not None:
        shutil.chown(folder, user)
    made = subprocess.run(
        [
            programs / "initdb",
            f"--pgdata={folder / 'data'}",
            f"--username={_USER}",
            "--auth=trust",
            "--encoding=UTF8",
            "--locale=C",
            "--no-sync",
        ],
        user=user,
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    if made.returncode:
        pytest.fail(f"initdb cannot make a cluster: {made.stderr}", pytrace=False)


def _start(folder: Path, programs: Path, port: int) -> Server:
    options = (*_SWIFT, "listen_addresses=127.0.0.1", f"unix_socket_directories={folder}")
    command = [str(programs / "postgres"), "-D", str(folder / "data"), "-p", str(port)]
    for option in options:
        command += ["-c", option]
    return Server(command, port=port, log=folder / "server.log", user=_unprivileged_user())


def _is_ready(programs: Path, port: int) -> bool:
    asked = subprocess.run(
        [programs / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(port)],
        timeout=10,
        check=False,
    )
    return asked.returncode == 0
