"""An engine of PromQL, filled with series and asked over a stretch of time.

Prometheus and VictoriaMetrics read the same expressions and differ in places: VictoriaMetrics
counts a counter's first value as growth, takes the exact span of a window for what is
extrapolated in Prometheus, and forgets a series with its first missing sample. A rule that holds
in both does not lean on either's habits.

>>> sorted(ENGINES)
['prometheus', 'victoriametrics']
"""

import json
import tempfile
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import cramjam

from tocsin.errors import DeclarationError
from tocsin.rehearsal.engines.programs import Program
from tocsin.rehearsal.engines.remote_write import messages
from tocsin.rehearsal.week.series import Week

_LOOKBACK: Final = "5m"
"""How long an instant selector finds a sample, in both engines and at Google."""
_WITHIN_S: Final = 120
_POINTS_AT_MOST: Final = 10_900
"""Prometheus answers at most 11,000 points a series."""
_BLOCK: Final = "200d"
"""Of one size for all of the data, so that series may come one after the other."""

Labels = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Engine:
    """One running engine."""

    name: str
    url: str
    flush_path: str = ""

    def load(self, week: Week) -> None:
        """Take in all series.

        Raises:
            OSError: it refused them.
        """
        for one in messages(week.series, week.start_unix_s, week.step_s):
            self._post("/api/v1/write", bytes(cramjam.snappy.compress_raw(one)))
        if self.flush_path:
            self._get(self.flush_path)

    def ask(
        self, expr: str, start_unix_s: int, end_unix_s: int, step_s: int
    ) -> Mapping[Labels, list[int]]:
        """When each series of the answer is there, in Unix seconds on the step's beat.

        Raises:
            DeclarationError: the engine does not understand the expression.
        """
        found: dict[Labels, list[int]] = {}
        for start, end in _stretches(start_unix_s, end_unix_s, step_s):
            query = {"query": expr, "start": start, "end": end, "step": step_s, "nocache": 1}
            answer = self._question(urllib.parse.urlencode(query).encode())
            for series in answer["data"]["result"]:
                labels = tuple(sorted((k, v) for k, v in series["metric"].items()))
                found.setdefault(labels, []).extend(int(point[0]) for point in series["values"])
        return found

    def _question(self, body: bytes) -> Any:
        try:
            return json.loads(self._post("/api/v1/query_range", body))
        except urllib.error.HTTPError as error:
            said = error.read().decode(errors="replace")[:500]
            raise DeclarationError(f"{self.name} refuses the expression: {said}") from error

    def _post(self, path: str, body: bytes) -> bytes:
        request = urllib.request.Request(self.url + path, body)  # noqa: S310 - our own child
        if path.endswith("write"):
            request.add_header("Content-Encoding", "snappy")
        with urllib.request.urlopen(request, timeout=_WITHIN_S) as answer:  # noqa: S310 - as above
            return bytes(answer.read())

    def _get(self, path: str) -> None:
        with urllib.request.urlopen(self.url + path, timeout=_WITHIN_S) as answer:  # noqa: S310
            answer.read()


@contextmanager
def prometheus() -> Iterator[Engine]:
    """A Prometheus with nothing in it, for a block.

    Raises:
        ProgramMissingError: it is not installed, or does not start.
    """
    with tempfile.TemporaryDirectory(prefix="rehearsal-engine-") as name:
        folder = Path(name)
        (folder / "none.yml").write_text("global: {}\n")
        started = Program("prometheus", "prometheus", "/-/ready").started(
            folder,
            lambda port: [
                f"--config.file={folder / 'none.yml'}",
                f"--storage.tsdb.path={folder / 'data'}",
                f"--storage.tsdb.min-block-duration={_BLOCK}",
                f"--storage.tsdb.max-block-duration={_BLOCK}",
                "--storage.tsdb.retention.time=100y",
                "--web.enable-remote-write-receiver",
                f"--web.listen-address=127.0.0.1:{port}",
                "--query.max-samples=200000000",
                f"--query.lookback-delta={_LOOKBACK}",
                "--log.level=warn",
            ],
        )
        with started:
            yield Engine("prometheus", started.url)


@contextmanager
def victoriametrics() -> Iterator[Engine]:
    """A VictoriaMetrics with nothing in it, for a block.

    Raises:
        ProgramMissingError: it is not installed, or does not start.
    """
    with tempfile.TemporaryDirectory(prefix="rehearsal-engine-") as name:
        folder = Path(name)
        started = Program("victoria-metrics", "victoria-metrics", "/health").started(
            folder,
            lambda port: [
                f"-storageDataPath={folder / 'data'}",
                "-retentionPeriod=100y",
                f"-httpListenAddr=127.0.0.1:{port}",
                "-search.latencyOffset=0s",
                f"-search.maxStalenessInterval={_LOOKBACK}",
                "-search.disableCache",
                "-loggerLevel=ERROR",
            ],
        )
        with started:
            yield Engine("victoriametrics", started.url, flush_path="/internal/force_flush")


ENGINES: Final[Mapping[str, Callable[[], AbstractContextManager[Engine]]]] = {
    "prometheus": prometheus,
    "victoriametrics": victoriametrics,
}


def _stretches(start: int, end: int, step_s: int) -> Sequence[tuple[int, int]]:
    length = _POINTS_AT_MOST * step_s
    return [(at, min(end, at + length - step_s)) for at in range(start, end + 1, length)]
