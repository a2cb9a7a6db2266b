"""The plan's panels, the alarms' numbers on them, and the committed renderings."""

import json
from pathlib import Path

import pytest

from tocsin.monitoring.dashboards.rendering import stale
from tocsin.monitoring.dashboards.service_boards import boards_of, files_of
from tocsin.monitoring.dashboards.strict import message_of
from tocsin.monitoring.promql.reading import parsed
from tocsin.monitoring.promql.tree import limits
from tocsin.monitoring.service import Service

SERVICE = Service.load(Path(__file__).parents[2] / "monitoring")
PLANNED = {
    "system-overview": range(138, 146),
    "authentication": range(146, 151),
    "rate-limiting": range(151, 156),
    "content-pipeline": range(156, 161),
}
GOOGLE = sorted((SERVICE.rendered / "google").glob("*.json"))
GRAFANA = sorted((SERVICE.rendered / "grafana").glob("*.json"))


def test_the_plans_23_panels_stand_each_once_on_its_dashboard():
    """R138 to R160, none forgotten and none twice."""
    found = {
        board.name: sorted(one.plan for one in board.panels if one.plan)
        for board in boards_of(SERVICE)
    }

    wanted = {name: [f"R{number}" for number in numbers] for name, numbers in PLANNED.items()}
    assert {name: plans for name, plans in found.items() if plans} == wanted
    assert sum(map(len, found.values())) == 23


def test_telemetry_and_service_levels_have_dashboards_of_their_own():
    """Six in all, on both sites."""
    names = {*PLANNED, "telemetry", "service-levels"}

    assert {one.stem for one in GOOGLE} == names
    assert {one.stem for one in GRAFANA} == names


def test_the_committed_renderings_are_what_would_be_rendered_now():
    """Terraform deploys what was reviewed (R161, R162, R177)."""
    wanted = files_of(SERVICE)

    differ = stale(SERVICE.rendered, wanted)

    assert differ == []


@pytest.mark.parametrize("file", GOOGLE, ids=lambda one: one.stem)
def test_googles_own_class_reads_the_committed_dashboard(file):
    """No unknown field, no wrong type (R177)."""
    message = message_of(json.loads(file.read_text()), str(file))

    assert len(message.mosaic_layout.tiles) > 6


def test_every_alarm_is_shown_or_named_on_a_panel():
    """Whoever is woken sees what the alarm saw."""
    shown = {
        name
        for board in boards_of(SERVICE)
        for panel in board.panels
        for name in (*panel.alerts, *panel.see)
    }

    assert shown == {rule.alert for rule in SERVICE.rules()}


def test_every_line_of_an_alarm_is_the_number_that_its_rule_compares():
    """Nobody looks at another number than the one that wakes them (D55)."""
    compared = {
        rule.alert: {round(number, 12) for _, _, number in limits(parsed(rule.expr))}
        for rule in SERVICE.rules()
    }
    drawn = [
        (line["label"], line["value"])
        for file in GOOGLE
        for tile in json.loads(file.read_text())["mosaicLayout"]["tiles"]
        for line in tile["widget"].get("xyChart", {}).get("thresholds", ())
        if line["label"] in compared
    ]

    assert len(drawn) >= 20
    assert [one for one in drawn if one[1] not in compared[one[0]]] == []
