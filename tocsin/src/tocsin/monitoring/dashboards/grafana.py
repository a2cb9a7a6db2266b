"""The same dashboard in Grafana's JSON: 24 columns, a data source and an environment to choose.

https://grafana.com/docs/grafana/latest/dashboards/build-dashboards/view-dashboard-json-model/

>>> narrowed('p:a{status="x"} / p:b', "p:", "namespace")
'p:a{namespace=~"$namespace",status="x"} / p:b{namespace=~"$namespace"}'
>>> in_braces("${endpoint} in ${namespace}")
'{{endpoint}} in {{namespace}}'
"""

import re
from collections.abc import Mapping
from typing import Any, Final

from tocsin.monitoring.dashboards.alert_notes import AlertNote, alert_words, drawn
from tocsin.monitoring.dashboards.declared import Dashboard, Panel, Query
from tocsin.monitoring.dashboards.layout import Tile, laid_out
from tocsin.monitoring.dashboards.units import UNITS

SCHEMA: Final = 39
"""Of Grafana 10.4 and later."""
COLUMNS: Final = 24
_SOURCE: Final = {"type": "prometheus", "uid": "${datasource}"}
_TYPES: Final = {"number": "stat", "table": "table"}
_LABEL: Final = re.compile(r"\$\{(\w+)\}")


def grafana_json(
    dashboard: Dashboard, alerts: Mapping[str, AlertNote], *, prefix: str, label: str = "namespace"
) -> dict[str, Any]:
    """The dashboard as Grafana imports it; ``label`` is narrowed on all metrics of ``prefix``."""
    panels = [
        _panel(panel, tile, alerts, prefix, label) | {"id": number}
        for number, (panel, tile) in enumerate(laid_out(dashboard), 1)
    ]
    return {
        "uid": dashboard.name[:40],
        "title": dashboard.title,
        "description": dashboard.about,
        "editable": True,
        "graphTooltip": 1,
        "refresh": "1m",
        "schemaVersion": SCHEMA,
        "tags": ["tocsin"],
        "templating": {"list": [_source(), _environment(dashboard, prefix, label)]},
        "time": {"from": "now-6h", "to": "now"},
        "timezone": "browser",
        "panels": panels,
    }


def narrowed(expr: str, prefix: str, label: str) -> str:
    """``expr`` with one matcher more on each metric of ``prefix``."""
    matcher = f'{label}=~"${label}"'

    def one(found: re.Match[str]) -> str:
        if not found["open"]:
            return f"{found['name']}{{{matcher}}}"
        return f"{found['name']}{{{matcher}{'}' if found['closed'] else ','}"

    pattern = rf"(?P<name>{re.escape(prefix)}\w+)(?P<open>\s*\{{\s*(?P<closed>\}})?)?"
    return re.sub(pattern, one, expr)


def in_braces(legend: str) -> str:
    """Grafana's spelling of a legend."""
    return _LABEL.sub(r"{{\1}}", legend)


def _panel(
    panel: Panel,
    tile: Tile,
    alerts: Mapping[str, AlertNote],
    prefix: str,
    label: str,
) -> dict[str, Any]:
    return {
        "type": _TYPES.get(panel.shown_as, "timeseries"),
        "title": panel.title,
        "description": panel.tells + alert_words(panel, alerts),
        "datasource": _SOURCE,
        "gridPos": {
            "x": tile.x // 2,
            "y": tile.y // 2,
            "w": tile.width // 2,
            "h": tile.height // 2,
        },
        "fieldConfig": {"defaults": _field(panel, alerts), "overrides": []},
        "targets": [
            _target(chr(ord("A") + index), query, panel, prefix, label)
            for index, query in enumerate(panel.queries)
        ],
    }


def _target(ref: str, query: Query, panel: Panel, prefix: str, label: str) -> dict[str, Any]:
    is_table = panel.shown_as == "table"
    return {
        "refId": ref,
        "datasource": _SOURCE,
        "expr": narrowed(query.expr, prefix, label),
        "legendFormat": in_braces(query.legend),
        "instant": is_table,
        "range": not is_table,
        "format": "table" if is_table else "time_series",
    }


def _field(panel: Panel, alerts: Mapping[str, AlertNote]) -> dict[str, Any]:
    """Unit, stacking, and a red line for each alert, a yellow one for what only warns the eye."""
    steps: list[dict[str, Any]] = [{"color": "green", "value": None}]
    steps += [{"color": "yellow", "value": line.value} for line in panel.lines]
    steps += [{"color": "red", "value": number} for _, number in drawn(panel, alerts)]
    steps[1:] = sorted(steps[1:], key=lambda step: step["value"])
    custom: dict[str, Any] = {"thresholdsStyle": {"mode": "line" if len(steps) > 1 else "off"}}
    if panel.shown_as in ("stacked", "bars"):
        custom |= {"stacking": {"mode": "normal"}, "fillOpacity": 40}
        custom |= {"drawStyle": "bars" if panel.shown_as == "bars" else "line"}
    return {
        "unit": UNITS[panel.unit].grafana,
        "custom": {} if panel.shown_as in _TYPES else custom,
        "thresholds": {"mode": "absolute", "steps": steps},
    }


def _source() -> dict[str, Any]:
    return {
        "name": "datasource",
        "label": "Data source",
        "type": "datasource",
        "query": "prometheus",
    }


def _environment(dashboard: Dashboard, prefix: str, label: str) -> dict[str, Any]:
    """The environments that the first metric of the dashboard has been seen in."""
    names = [
        name
        for panel in dashboard.panels
        for query in panel.queries
        for name in re.findall(rf"{re.escape(prefix)}\w+", query.expr)
    ]
    known = f"label_values({names[0]}, {label})" if names else ""
    return {
        "name": label,
        "label": "Environment",
        "type": "query",
        "datasource": _SOURCE,
        "query": {"query": known, "refId": "environments"},
        "definition": known,
        "includeAll": True,
        "allValue": ".*",
        "current": {"text": "All", "value": "$__all"},
        "refresh": 2,
        "sort": 1,
    }
