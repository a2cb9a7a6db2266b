"""Vividly in service: PostgreSQL behind a proxy, API and worker as processes, a few pupils.

Nothing in the service knows that it is drilled: what goes wrong goes wrong around it.
"""

import itertools
import shutil
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from drills.database import Database, running_database
from drills.processes import Child, environ, python
from tocsin.rehearsal.drills.callers import Crowd, request
from tocsin.rehearsal.drills.declared import Backdrop
from tocsin.rehearsal.drills.proxy import TroubledProxy
from tocsin.rehearsal.engines.programs import ProgramMissingError, free_port

API: Final = "/api/v1"
POOL: Final = 60
PUPILS_AT_CLASS: Final = 4
_PASSWORD: Final = "Drill-lesson-72"  # noqa: S105 - of made-up pupils
_EVERY_S: Final = 1.0


@dataclass(frozen=True)
class Pupil:
    """Somebody with an account, signed in."""

    email: str
    address: str
    token: str

    def asks(self, method: str, path: str, *, body: Any = None) -> bytes:
        """A request of theirs."""
        return request(method, f"{API}{path}", body=body, token=self.token)


class VividlyStage:
    """What causes may touch."""

    def __init__(
        self,
        backdrop: Backdrop,
        *,
        database: Database,
        proxy: TroubledProxy,
        service: Child,
        worker: Child,
        url: str,
    ) -> None:
        self.backdrop = backdrop
        self.database = database
        self.proxy = proxy
        self.service = service
        self.worker = worker
        self.url = url
        self.faults = backdrop.faults
        self.crowd = Crowd(url)
        """who comes for an incident"""
        self.class_room = Crowd(url)
        """who is there all the time"""
        self.voice_is_broken = backdrop.folder / "voice-is-broken"
        self.artefacts = backdrop.folder / "artefacts"
        self.kept: dict[str, Any] = {}
        """what a cause has to remember until it is mended"""
        self._pupils: list[Pupil] = []
        self._strangers = itertools.count(1)
        self._named: list[str] = []

    def people(self) -> Iterable[str]:
        """Everybody's address and account."""
        return tuple(self._named)

    def stranger(self) -> tuple[str, str]:
        """An address and an e-mail that nobody has had yet."""
        number = next(self._strangers)
        address = f"127.66.{number // 250}.{1 + number % 250}"
        email = f"stranger-{number}@drill.example"
        self._named += [address, email]
        return address, email

    def pupils(self, count: int) -> list[Pupil]:
        """So many pupils with accounts, signed in; made when they are first asked for."""
        while len(self._pupils) < count:
            self._pupils.append(self._enrolled(len(self._pupils)))
        return self._pupils[:count]

    def is_ready(self) -> bool:
        """Whether the service says that it is."""
        try:
            with urllib.request.urlopen(f"{self.url}/health/ready", timeout=3) as answer:  # noqa: S310 - our own child
                return bool(answer.status == 200)  # noqa: PLR2004 - OK
        except (urllib.error.URLError, OSError):
            return False

    def need_worker(self) -> None:
        """Have somebody make lessons."""
        if not self.worker.is_running:
            self.worker.start(lambda: True)

    def attend(self) -> None:
        """Let a few pupils do what pupils do all day."""
        for pupil in self.pupils(PUPILS_AT_CLASS):
            looks = itertools.repeat(pupil.asks("GET", "/auth/me"))
            self.class_room.come(pupil.address, looks, every_s=_EVERY_S)

    def _enrolled(self, number: int) -> Pupil:
        address, email = f"127.20.0.{1 + number}", f"pupil-{number}@drill.example"
        self._named += [address, email]
        account = {
            "email": email,
            "password": _PASSWORD,
            "first_name": "Sam",
            "last_name": "Example",
            "role": "student",
            "grade_level": 10,
        }
        login = {"email": email, "password": _PASSWORD}
        self._answered(address, request("POST", f"{API}/auth/register", body=account), 201)
        body = self._answered(address, request("POST", f"{API}/auth/login", body=login), 200)
        return Pupil(email, address, str(body["access_token"]))

    def _answered(self, address: str, asked: bytes, wanted: int) -> Any:
        status, body = self.class_room.ask(address, asked)
        if status != wanted:
            raise RuntimeError(f"{asked.split(b' ', 2)[1].decode()} answered {status}")
        return body


@contextmanager
def vividly_on_stage(backdrop: Backdrop) -> Iterator[VividlyStage]:
    """The service with all that it stands on, healthy, with pupils at class.

    Raises:
        ProgramMissingError: PostgreSQL is missing, or the service does not start.
    """
    with ExitStack() as stack:
        database = stack.enter_context(running_database())
        proxy = stack.enter_context(TroubledProxy("127.0.0.1", database.port))
        port = free_port()
        folder = backdrop.folder
        env = environ(_settings(backdrop, database.url(proxy.port), port), path=[_voice(folder)])
        _migrate(env, folder)
        api, log = python("-m", "app", "run"), folder / "service.log"
        service = stack.enter_context(Child(api, log=log, env=env))
        worker = stack.enter_context(
            Child(python("-m", "app", "worker"), log=folder / "worker.log", env=env)
        )
        stage = VividlyStage(
            backdrop,
            database=database,
            proxy=proxy,
            service=service,
            worker=worker,
            url=f"http://127.0.0.1:{port}",
        )
        stack.enter_context(stage.crowd)
        stack.enter_context(stage.class_room)
        service.start(stage.is_ready)
        stage.attend()
        yield stage


def _settings(backdrop: Backdrop, database_url: str, port: int) -> dict[str, str]:
    folder = backdrop.folder
    return {
        "ENVIRONMENT": "test",  # the only one that may export more often than Google takes it
        "SECRET_KEY": "the secret key of a drill, long enough",
        "TELEMETRY_KEY": "the telemetry key of a drill, long enough",
        "DATABASE_URL": database_url,
        "DATABASE_POOL_SIZE": str(POOL // 3),
        "DATABASE_MAX_OVERFLOW": str(POOL - POOL // 3),
        "ARTEFACT_DIR": str(folder / "artefacts"),
        "MAIL_DIR": str(folder / "mail"),
        "EMBEDDED_WORKER": "false",
        "STAGE_ATTEMPTS": "1",
        "PORT": str(port),
        "LOG_FORMAT": "json",
        "REHEARSAL_CLOUD": "off",
        "GCP_PROJECT_ID": backdrop.project,
        "GOOGLE_ENDPOINT": backdrop.google_endpoint,
        "EXPORT_METRICS": "cloud_monitoring",
        "EXPORT_LOGS": "cloud_logging",
        "EXPORT_EVERY_S": f"{backdrop.export_every_s:g}",
    }


def _migrate(env: dict[str, str], folder: Path) -> None:
    done = subprocess.run(  # noqa: S603 - our own program
        python("-m", "app", "migrate"),
        env=env,
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    if done.returncode:
        raise ProgramMissingError(f"the database cannot be migrated: {done.stderr[-500:]}")


def _voice(folder: Path) -> str:
    """A folder for PATH with a voice that fails while ``voice-is-broken`` lies beside it."""
    place = folder / "bin"
    place.mkdir()
    real = shutil.which("espeak-ng") or "false"
    program = place / "espeak-ng"
    program.write_text(
        f'#!/bin/sh\n[ -e "{folder}/voice-is-broken" ] && exit 1\nexec {real} "$@"\n'
    )
    program.chmod(0o755)
    return str(place)
