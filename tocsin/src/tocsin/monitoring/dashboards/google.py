"""A dashboard in Google's JSON: a mosaic of 48 columns, PromQL in every widget.

https://cloud.google.com/monitoring/api/ref_v3/rest/v1/projects.dashboards. A widget has no
room for words, so each row of notes at the end says what the panels above tell, which alert
watches them and where its runbook is. One filter, the environment, holds for all widgets that
know it (``dashboardFilters`` without a template variable, as in
GoogleCloudPlatform/monitoring-dashboard-samples).

>>> from tocsin.monitoring.dashboards.declared import Query
>>> data_set(Query("up", "${job}", "x"), "LINE", "items")["timeSeriesQuery"]
{'prometheusQuery': 'up', 'unitOverride': '1', 'outputFullDuration': False}
"""

from collections.abc import Mapping
from typing import Any, Final

from tocsin.monitoring.dashboards.alert_notes import AlertNote, alert_words, drawn
from tocsin.monitoring.dashboards.declared import COLUMNS, Dashboard, Panel, Query
from tocsin.monitoring.dashboards.layout import Tile, laid_out
from tocsin.monitoring.dashboards.units import UNITS

_PLOTS: Final = {"lines": "LINE", "stacked": "STACKED_AREA", "bars": "STACKED_BAR"}
_HEAD_HEIGHT: Final = 4
_NOTE_HEIGHT: Final = 2


def google_json(
    dashboard: Dashboard, alerts: Mapping[str, AlertNote], *, filter_label: str = "namespace"
) -> dict[str, Any]:
    """The dashboard as ``projects.dashboards`` takes it."""
    tiles = [_placed(tile, _widget(panel, alerts)) for panel, tile in laid_out(dashboard)]
    bottom = sum(row.height for row in dashboard.rows)
    notes = Tile("", 0, bottom, COLUMNS, _HEAD_HEIGHT + _NOTE_HEIGHT * len(list(dashboard.panels)))
    return {
        "displayName": dashboard.title,
        "dashboardFilters": [
            {"filterType": "RESOURCE_LABEL", "labelKey": filter_label, "stringValue": ""}
        ],
        "mosaicLayout": {
            "columns": COLUMNS,
            "tiles": [*tiles, _placed(notes, _notes(dashboard, alerts))],
        },
    }


def _placed(tile: Tile, widget: dict[str, Any]) -> dict[str, Any]:
    return {
        "xPos": tile.x,
        "yPos": tile.y,
        "width": tile.width,
        "height": tile.height,
        "widget": widget,
    }


def _widget(panel: Panel, alerts: Mapping[str, AlertNote]) -> dict[str, Any]:
    if panel.shown_as == "number":
        return {"title": panel.title, "scorecard": _scorecard(panel)}
    if panel.shown_as == "table":
        return {"title": panel.title, "timeSeriesTable": _table(panel)}
    plot = _PLOTS[panel.shown_as]
    return {
        "title": panel.title,
        "xyChart": {
            "chartOptions": {"mode": "COLOR"},
            "dataSets": [data_set(query, plot, panel.unit) for query in panel.queries],
            "thresholds": thresholds(panel, alerts),
            "yAxis": {"label": panel.unit, "scale": "LINEAR"},
        },
    }


def thresholds(panel: Panel, alerts: Mapping[str, AlertNote]) -> list[dict[str, Any]]:
    """The lines of a chart; a chart's threshold has neither colour nor direction (D46)."""
    own = [{"label": line.label, "value": line.value, "targetAxis": "Y1"} for line in panel.lines]
    of_alerts = [
        {"label": name, "value": number, "targetAxis": "Y1"}
        for name, number in drawn(panel, alerts)
    ]
    return of_alerts + own


def data_set(query: Query, plot: str, unit: str) -> dict[str, Any]:
    """One query of a chart."""
    return {
        "legendTemplate": query.legend,
        "plotType": plot,
        "targetAxis": "Y1",
        "timeSeriesQuery": _asked(query, unit, full=False),
    }


def _scorecard(panel: Panel) -> dict[str, Any]:
    return {
        "sparkChartView": {"sparkChartType": "SPARK_LINE"},
        "timeSeriesQuery": _asked(panel.queries[0], panel.unit, full=False),
    }


def _table(panel: Panel) -> dict[str, Any]:
    return {
        "dataSets": [
            {"timeSeriesQuery": _asked(query, panel.unit, full=True)} for query in panel.queries
        ],
        "metricVisualization": "NUMBER",
    }


def _asked(query: Query, unit: str, *, full: bool) -> dict[str, Any]:
    return {
        "prometheusQuery": query.expr,
        "unitOverride": UNITS[unit].google,
        "outputFullDuration": full,
    }


def _notes(dashboard: Dashboard, alerts: Mapping[str, AlertNote]) -> dict[str, Any]:
    told = [
        f"- **{panel.title}**: {panel.tells}{alert_words(panel, alerts)}"
        for panel in dashboard.panels
    ]
    return {
        "title": "What the panels tell",
        "text": {"content": "\n".join([dashboard.about, "", *told]), "format": "MARKDOWN"},
    }
