"""A PostgreSQL of the drill's own: an empty cluster on a free port, gone afterwards."""

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from drills.processes import Child
from tocsin.rehearsal.engines.programs import ProgramMissingError, free_port

USER: Final = "vividly"
CONNECTIONS_AT_MOST: Final = 100
_ANSWERS_WITHIN_S: Final = 10
# Nothing outlives the drill, so nothing has to reach the disk.
_SWIFT: Final = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")


class DatabaseRefusedError(Exception):
    """A statement that the server does not take."""


@dataclass(frozen=True)
class Database:
    """A running server."""

    port: int
    programs: Path

    def url(self, port: int | None = None) -> str:
        """Its address, or that of a proxy before it."""
        return f"postgresql://{USER}@127.0.0.1:{port or self.port}/{USER}"

    def sessions(self) -> int:
        """How many there are, whoever has them."""
        (count,) = self.asked("SELECT sum(numbackends)::int - 1 FROM pg_stat_database;")
        return int(count)

    def asked(self, statement: str) -> list[str]:
        """What the server answers, line by line, columns parted by ``|``.

        Raises:
            DatabaseRefusedError: it refuses; its words.
        """
        command = [str(self.programs / "psql"), "-X", "-A", "-t", "-v", "ON_ERROR_STOP=1"]
        done = subprocess.run(  # noqa: S603 - found by us, no shell
            [*command, "-c", statement, self.url()],
            capture_output=True,
            text=True,
            timeout=_ANSWERS_WITHIN_S,
            check=False,
        )
        if done.returncode:
            raise DatabaseRefusedError(done.stderr.strip())
        return done.stdout.splitlines()

    def console(self) -> "subprocess.Popen[str]":
        """A session that is told statements on its standard input."""
        command = [str(self.programs / "psql"), "-q", "-X", "-v", "ON_ERROR_STOP=1", self.url()]
        return subprocess.Popen(  # noqa: S603 - found by us, no shell
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
        )


@contextmanager
def running_database() -> Iterator[Database]:
    """A server as long as the block runs.

    Raises:
        ProgramMissingError: PostgreSQL is not installed, or does not start.
    """
    folder = Path(tempfile.mkdtemp(prefix="vividly-drill-postgres-"))
    try:
        programs, user = _programs(), _unprivileged_user()
        if user is not None:
            shutil.chown(folder, user)
        _run([str(programs / "initdb"), "-D", f"{folder}/data", *_CLUSTER], folder, user)
        port = free_port()
        with Child(
            _command(programs, folder, port),
            log=folder / "server.log",
            user=user,
            end=signal.SIGINT,  # its «fast» shutdown: sessions are ended, not waited for
        ) as server:
            place = ("-h", "127.0.0.1", "-p", str(port))
            server.start(lambda: _is_ready(programs, place))
            _run([str(programs / "createdb"), *place, "-U", USER, USER], folder, user)
            yield Database(port, programs)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


_CLUSTER: Final = (f"--username={USER}", "--auth=trust", "--encoding=UTF8", "--no-sync")


def _command(programs: Path, folder: Path, port: int) -> list[str]:
    command = [str(programs / "postgres"), "-D", f"{folder}/data", "-p", str(port)]
    options = (
        *_SWIFT,
        "listen_addresses=127.0.0.1",
        f"unix_socket_directories={folder}",
        f"max_connections={CONNECTIONS_AT_MOST}",
    )
    for option in options:
        command += ["-c", option]
    return command


def _programs() -> Path:
    # Debian keeps the server's programs out of PATH, one folder per version.
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    found = next((one for one in folders if (one / "initdb").exists()), None)
    if found is not None:
        return found
    on_path = shutil.which("initdb")
    if on_path is None:
        raise ProgramMissingError("PostgreSQL is not installed: `apt-get install postgresql`")
    return Path(on_path).parent


def _unprivileged_user() -> str | None:
    # PostgreSQL refuses to run as root; Debian's package brings its own user.
    return "postgres" if os.geteuid() == 0 else None


def _run(command: list[str], folder: Path, user: str | None) -> None:
    done = subprocess.run(  # noqa: S603 - found by us, no shell
        command, cwd=folder, user=user, capture_output=True, text=True, timeout=60, check=False
    )
    if done.returncode:
        raise ProgramMissingError(f"{Path(command[0]).name}: {done.stderr.strip()[-500:]}")


def _is_ready(programs: Path, place: tuple[str, ...]) -> bool:
    command = [str(programs / "pg_isready"), "-q", *place]
    return subprocess.run(command, timeout=10, check=False).returncode == 0  # noqa: S603 - as above
