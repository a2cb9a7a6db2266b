"""A Prometheus of this machine, with a folder and a port of its own.

Debian's and Ubuntu's package ``prometheus`` has it. It listens on this machine only, and
goes when its owner goes, however that ends (``setpriv`` of util-linux asks the kernel to see
to it, where it is there).

>>> config("127.0.0.1:8080", "/_prometheus/demo").splitlines()[0]
'global: {scrape_interval: 1s, scrape_timeout: 1s}'
"""

import asyncio
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path
from typing import Any, Final

import httpx

PROGRAM: Final = "prometheus"
_READY_WITHIN_S: Final = 30.0
_ASK_EVERY_S: Final = 0.05
_TRIES: Final = 3
_STOP_WITHIN_S: Final = 5.0


class NoPrometheusError(Exception):
    """There is none, or it does not run; the text says how to mend it."""


def config(address: str, path: str) -> str:
    """Prometheus' configuration, to scrape ``path`` at ``address``.

    Points may be a day old when they are first seen, so order is not asked for.
    """
    return f"""\
global: {{scrape_interval: 1s, scrape_timeout: 1s}}
storage: {{tsdb: {{out_of_order_time_window: 26h}}}}
scrape_configs:
- job_name: rehearsal
  honor_labels: true
  metrics_path: {path}
  static_configs: [{{targets: ["{address}"]}}]
"""


class Prometheus:
    """One running program."""

    def __init__(self, *, scrape: str, path: str) -> None:
        """Scrape ``path`` at the address ``scrape``, from :meth:`start` on."""
        self._scrape = scrape
        self._path = path
        self._process: subprocess.Popen[bytes] | None = None
        self._folder: Any = None
        self.url = ""

    @property
    def is_running(self) -> bool:
        """Whether it was started and has not ended by itself."""
        return self._process is not None and self._process.poll() is None

    async def start(self, client: httpx.AsyncClient) -> None:
        """Start it and wait until it answers.

        Raises:
            NoPrometheusError: it is not installed, or does not start.
        """
        program = shutil.which(PROGRAM)
        if program is None:
            raise NoPrometheusError(
                "Prometheus is not installed: `apt-get install prometheus`, or put the program "
                "`prometheus` on the PATH, and ask again"
            )
        self._folder = tempfile.TemporaryDirectory(prefix="rehearsal-prometheus-")
        folder = Path(self._folder.name)
        (folder / "prometheus.yml").write_text(config(self._scrape, self._path))
        for _ in range(_TRIES):
            # Another program may take the port before Prometheus does.
            port = _free_port()
            self.url = f"http://127.0.0.1:{port}"
            self._process = _spawn(program, folder, port)
            if await self._answers(client):
                return
            await self._end()
        said = (folder / "log").read_text(errors="replace")[-500:]
        await self.stop()
        raise NoPrometheusError(f"Prometheus does not start: {said}")

    async def stop(self) -> None:
        """End it, and remove its folder."""
        await self._end()
        if self._folder is not None:
            await asyncio.to_thread(self._folder.cleanup)
            self._folder = None

    async def _answers(self, client: httpx.AsyncClient) -> bool:
        loop = asyncio.get_running_loop()
        until_s = loop.time() + _READY_WITHIN_S
        while self.is_running and loop.time() < until_s:
            try:
                answer = await client.get(f"{self.url}/-/ready")
            except httpx.HTTPError:
                pass
            else:
                if answer.status_code == httpx.codes.OK:
                    return True
            await asyncio.sleep(_ASK_EVERY_S)
        return False

    async def _end(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.terminate()
        try:
            await asyncio.to_thread(process.wait, _STOP_WITHIN_S)
        except subprocess.TimeoutExpired:
            process.kill()
            await asyncio.to_thread(process.wait)


def _spawn(program: str, folder: Path, port: int) -> subprocess.Popen[bytes]:
    guard = shutil.which("setpriv")
    command = [
        *([guard, "--pdeathsig", "TERM"] if guard else []),
        program,
        f"--config.file={folder / 'prometheus.yml'}",
        f"--storage.tsdb.path={folder / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--log.level=warn",
    ]
    with (folder / "log").open("ab") as log:
        return subprocess.Popen(  # noqa: S603 - a program found by name, arguments of our own
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=folder
        )


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])
