r"""All dashboards into their files, and whether the files are what would be written.

>>> from pathlib import Path
>>> from tempfile import mkdtemp
>>> wanted = {Path("google/shop.json"): "{}\n"}
>>> folder = Path(mkdtemp())
>>> [str(one) for one in stale(folder, wanted)]
['google/shop.json']
>>> written(folder, wanted)
['google/shop.json']
>>> stale(folder, wanted)
[]
"""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from tocsin.monitoring.dashboards.alert_notes import AlertNote
from tocsin.monitoring.dashboards.declared import Dashboard
from tocsin.monitoring.dashboards.google import google_json
from tocsin.monitoring.dashboards.grafana import grafana_json

SITES = ("google", "grafana")


def rendered(
    dashboards: Iterable[Dashboard],
    alerts: Mapping[str, AlertNote],
    *,
    prefix: str,
    shown_prefix: str | None = None,
) -> dict[Path, str]:
    """Text by file; ``shown_prefix`` replaces ``prefix`` in each query (nothing, over OTLP)."""
    files: dict[Path, str] = {}
    for one in dashboards:
        files[Path("google", f"{one.name}.json")] = as_text(google_json(one, alerts))
        files[Path("grafana", f"{one.name}.json")] = as_text(
            grafana_json(one, alerts, prefix=prefix)
        )
    if shown_prefix is None or not prefix:
        return files
    return {file: text.replace(prefix, shown_prefix) for file, text in files.items()}


def as_text(data: Mapping[str, Any]) -> str:
    """JSON as it is committed."""
    return json.dumps(data, indent=2, ensure_ascii=False, sort_keys=True) + "\n"


def written(folder: Path, wanted: Mapping[Path, str]) -> list[str]:
    """Write what differs, remove what nobody wants; what was touched."""
    touched = stale(folder, wanted)
    for name in touched:
        file = folder / name
        if Path(name) in wanted:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(wanted[Path(name)])
        else:
            file.unlink()
    return touched


def stale(folder: Path, wanted: Mapping[Path, str]) -> list[str]:
    """The files that are missing, differ, or are of no dashboard."""
    here = {
        file.relative_to(folder): file.read_text()
        for site in SITES
        for file in (folder / site).glob("*.json")
    }
    differ = {file for file in {*here, *wanted} if here.get(file) != wanted.get(file)}
    return sorted(str(file) for file in differ)
