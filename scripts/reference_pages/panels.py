"""Every panel of every dashboard: what it shows, in what, and from which metrics."""

from collections.abc import Iterator

from reference_pages.markdown import code, page, table
from tocsin.monitoring.dashboards.declared import Dashboard, Panel
from tocsin.monitoring.dashboards.service_boards import boards_of
from tocsin.monitoring.promql.reading import parsed
from tocsin.monitoring.promql.tree import selectors
from tocsin.monitoring.service import Service

ABOUT = """\
Declared in [monitoring/dashboards](../../monitoring/dashboards), one file a dashboard, and rendered
to Google's JSON and to Grafana's ([how](../../../tocsin/docs/dashboards.md)). An alarm in the last
column is drawn as a line, or named where what it compares has no line here.
"""


def panels_page(service: Service) -> str:
    """A section for each dashboard."""
    boards = boards_of(service)
    total = sum(len(tuple(board.panels)) for board in boards)
    body = [f"{len(boards)} dashboards, {total} panels."]
    for board in boards:
        body += ["", *_section(board, service)]
    return page("Dashboards and panels", ABOUT, source="the dashboards' YAML", body=body)


def _section(board: Dashboard, service: Service) -> Iterator[str]:
    yield from (f"## {board.title}", "")
    yield f"{board.about} ([{board.name}.yaml](../../monitoring/dashboards/{board.name}.yaml))"
    yield ""
    names = ("panel", "plan", "unit", "tells", "metrics", "alarms")
    yield from table(names, (_row(panel, service.prefix) for panel in board.panels))


def _row(panel: Panel, prefix: str) -> tuple[object, ...]:
    asked = {
        selector.name.removeprefix(prefix)
        for query in panel.queries
        for selector, _ in selectors(parsed(query.expr))
    }
    return (
        panel.title,
        panel.plan,
        panel.unit,
        panel.tells,
        "<br>".join(code(name) for name in sorted(asked)),
        "<br>".join((*panel.alerts, *panel.see)),
    )
