"""What was measured, for eyes and for the record, and what it proves."""

import json
import platform
import statistics
import sysconfig
import time
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

GOAL: Final = 0.60
"""Our overhead as a share of prometheus-fastapi-instrumentator's."""
NOISE_AT_MOST: Final = 0.02
"""How far the A/A control may be from 1 for anything to be concluded."""

_OURS, _PEER, _CONTROL = "tocsin", "prom_instrumentator", "bare_2"
_PACKAGES: Final = (
    "fastapi",
    "starlette",
    "pydantic",
    "uvloop",
    "orjson",
    "structlog",
    "prometheus-client",
    "prometheus-fastapi-instrumentator",
    "asgi-correlation-id",
    "slowapi",
    "opentelemetry-sdk",
    "opentelemetry-instrumentation-fastapi",
)


@dataclass
class Row:
    """One variant: CPU of the whole process per request, and what it adds to ``bare``."""

    name: str
    what: str
    cpu_us: float
    over_us: list[float]
    ratio: list[float]

    @property
    def over(self) -> float:
        return statistics.median(self.over_us)


@dataclass
class Finding:
    mode: str
    rows: list[Row]

    def row(self, name: str) -> Row | None:
        return next((row for row in self.rows if row.name == name), None)

    def text(self) -> str:
        """The table in Markdown, and the verdict."""
        lines = [
            "| variant | what | CPU µs | over bare µs, median [min..max] | ratio | of the peer's |",
            "|---|---|---:|---:|---:|---:|",
        ]
        peer = self.row(_PEER)
        for row in self.rows:
            share = f"{row.over / peer.over:.2f}" if peer and row.name != "bare" else ""
            lines.append(
                f"| {row.name} | {row.what} | {row.cpu_us:.1f} | {row.over:.1f} "
                f"[{min(row.over_us):.1f}..{max(row.over_us):.1f}] "
                f"| {statistics.median(row.ratio):.3f} | {share} |"
            )
        return "\n".join([*lines, "", *self.verdict()])

    def noise(self) -> float | None:
        """How far the control is from 1, or ``None`` without a control."""
        control = self.row(_CONTROL)
        return None if control is None else abs(statistics.median(control.ratio) - 1)

    def share(self) -> float | None:
        """Our overhead as a share of the peer's: the median over launches."""
        ours, peer = self.row(_OURS), self.row(_PEER)
        if ours is None or peer is None:
            return None
        pairs = zip(ours.over_us, peer.over_us, strict=True)
        return statistics.median(one / other for one, other in pairs)

    def verdict(self) -> list[str]:
        noise, share = self.noise(), self.share()
        said = []
        if noise is not None:
            said.append(f"A/A control: |{_CONTROL} / bare - 1| = {noise:.4f}")
        if share is None:
            return said
        if noise is None or noise > NOISE_AT_MOST:
            return [*said, f"Inconclusive: the control must be within {NOISE_AT_MOST}."]
        answer = "met" if share <= GOAL else "NOT met"
        return [*said, f"{_OURS} / {_PEER} = {share:.2f}; goal {GOAL:.2f}: {answer}."]

    @property
    def failed(self) -> bool:
        """Whether the goal was clearly missed; noise fails nobody."""
        noise, share = self.noise(), self.share()
        return share is not None and noise is not None and noise <= NOISE_AT_MOST and share > GOAL


def keep(finding: Finding, options: dict[str, Any], where: Path) -> Path:
    """Write the finding with everything that is needed to judge it."""
    where.mkdir(exist_ok=True)
    path = where / f"{finding.mode}-{time.strftime('%Y%m%d-%H%M%S')}.json"
    record = {"options": options, "machine": machine(), **asdict(finding)}
    path.write_text(json.dumps(record, indent=1))
    return path


def machine() -> dict[str, Any]:
    """Interpreter, its build, and the versions that were measured."""
    flags = sysconfig.get_config_var("CONFIG_ARGS") or ""
    return {
        "python": platform.python_version(),
        "optimised_build": "--enable-optimizations" in flags,
        "system": platform.platform(),
        "versions": {name: version(name) for name in _PACKAGES},
    }
