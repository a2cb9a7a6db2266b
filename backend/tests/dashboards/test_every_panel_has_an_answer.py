"""Every query of every panel, asked of a real Prometheus that holds what the service declares."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from dashboards.series_of_all_metrics import week_of

from tocsin.monitoring.catalogue import Catalogue
from tocsin.monitoring.dashboards.service_boards import boards_of
from tocsin.monitoring.service import Service
from tocsin.rehearsal.engines.engine import prometheus

pytestmark = pytest.mark.servers

SERVICE = Service.load(Path(__file__).parents[2] / "monitoring")
QUERIES = [
    (board.name, panel.title, query)
    for board in boards_of(SERVICE)
    for panel in board.panels
    for query in panel.queries
]


def unanswered(catalogue):
    """The panels whose queries find nothing, or no number, among these metrics."""
    week = week_of(catalogue)
    end_s = week.start_unix_s + week.lasts_s
    with prometheus() as engine, ThreadPoolExecutor(2) as askers:
        engine.load(week)

        def finds(one):
            # What is no number (0 / 0) is over nothing.
            return engine.ask(f"({one[2].expr}) >= -Inf", end_s, end_s, 60)

        answers = list(askers.map(finds, QUERIES))
    return [
        f"{board}: {title}: {query.place}"
        for (board, title, query), found in zip(QUERIES, answers, strict=True)
        if not found
    ]


def test_every_query_of_every_panel_is_answered_with_numbers():
    """No panel stays empty for a name, a label, a value or a join that is not there (D44)."""
    assert len(QUERIES) > 60

    empty = unanswered(SERVICE.catalogue())

    assert empty == []


def test_a_metric_that_is_called_otherwise_leaves_its_panels_empty():
    """So the test above would notice."""
    queue = f"{SERVICE.prefix}vividly_content_queue_depth"
    left = Catalogue(one for one in SERVICE.catalogue() if one.name != queue)

    empty = unanswered(left)

    assert [one.rpartition(": ")[0] for one in empty] == ["content-pipeline: Queue depth"]
