"""The two sites' JSON: Google's own class reads the one, the other has Grafana's shape."""

import json
from pathlib import Path

import pytest

from tocsin.cli.main import main
from tocsin.errors import DeclarationError
from tocsin.monitoring.dashboards.layout import Tile, faults, laid_out
from tocsin.monitoring.dashboards.service_boards import boards_of, files_of
from tocsin.monitoring.dashboards.strict import message_of
from tocsin.monitoring.dashboards.units import UNITS, measured

SHARE = "sum(rate(a_total[5m])) / sum(rate(b_total[5m]))"
MEASURED = {
    "rate(orders_total[5m])": "per second",
    "count(rate(orders_total[5m]))": "items",
    "increase(wait_seconds_sum[5m]) / increase(wait_seconds_count[5m])": "seconds",
    SHARE: "ratio",
    f"1 - {SHARE}": "ratio",
    "time() - max(last_seconds)": "seconds",
    "histogram_quantile(0.5, sum by (le) (rate(size_bytes_bucket[5m])))": "bytes",
    "histogram_quantile(0.5, sum by (le) (rate(wait_ms_bucket[5m])))": "milliseconds",
    "topk(3, sum(increase(orders_total[1h])))": "items",
}


def rendered(shop, site):
    """One site's JSON of the shop's only dashboard."""
    return json.loads(files_of(shop.service)[Path(site, "shop.json")])


def test_google_reads_every_field_by_its_own_class(shop):
    """Nothing that Google's message does not know is sent there (R161, R177)."""
    data = rendered(shop, "google")

    message = message_of(data, "shop.json")

    assert [tile.widget.title for tile in message.mosaic_layout.tiles] == [
        "Orders",
        "Slowness",
        "Buyers",
        "Queue",
        "What the panels tell",
    ]


def test_a_field_that_google_does_not_know_is_refused(shop):
    """The class is strict, so that the test above proves something."""
    data = rendered(shop, "google")
    data["mosaicLayout"]["tiles"][0]["widget"]["xyChart"]["colour"] = "red"

    with pytest.raises(DeclarationError, match="colour"):
        message_of(data, "shop.json")


def test_an_alarms_number_is_drawn_on_both_sites(shop):
    """The line is the rule's own number, beside the lines that are no alarm's (D55)."""
    google, grafana = rendered(shop, "google"), rendered(shop, "grafana")

    drawn = google["mosaicLayout"]["tiles"][1]["widget"]["xyChart"]["thresholds"]
    steps = grafana["panels"][1]["fieldConfig"]["defaults"]["thresholds"]["steps"]

    assert [(one["label"], one["value"]) for one in drawn] == [("Slow", 2), ("slow to the eye", 1)]
    assert [(one["color"], one["value"]) for one in steps[1:]] == [("yellow", 1), ("red", 2)]


def test_a_charts_line_has_neither_colour_nor_direction(shop):
    """Google refuses them on charts, though its reference shows them (D46)."""
    data = rendered(shop, "google")

    drawn = data["mosaicLayout"]["tiles"][1]["widget"]["xyChart"]["thresholds"]

    assert {key for one in drawn for key in one} == {"label", "value", "targetAxis"}


def test_grafana_gets_what_it_needs_to_draw(shop):
    """A data source and an environment to choose, and each panel's kind, unit and place."""
    data = rendered(shop, "grafana")

    panels = {one["title"]: one for one in data["panels"]}
    assert [one["name"] for one in data["templating"]["list"]] == ["datasource", "namespace"]
    assert [one["type"] for one in panels.values()] == [
        "timeseries",
        "timeseries",
        "table",
        "timeseries",
    ]
    assert [one["id"] for one in panels.values()] == [1, 2, 3, 4]
    assert panels["Slowness"]["fieldConfig"]["defaults"]["unit"] == "s"
    assert panels["Queue"]["gridPos"] == {"x": 18, "y": 8, "w": 6, "h": 4}
    assert panels["Orders"]["targets"][0]["expr"] == (
        'sum by (namespace, kind) (rate(shop:orders_total{namespace=~"$namespace",kind="web"}[5m]))'
    )
    assert panels["Orders"]["targets"][0]["legendFormat"] == "{{kind}} · {{namespace}}"


def test_every_alarm_is_named_with_its_runbook_where_its_panel_is(shop):
    """Whoever is woken reads on the dashboard what to do."""
    google, grafana = rendered(shop, "google"), rendered(shop, "grafana")

    notes = google["mosaicLayout"]["tiles"][-1]["widget"]["text"]["content"]

    assert "Slow (warning), `docs/slow.md`" in notes
    assert "Silence (critical), `docs/silence.md`" in grafana["panels"][0]["description"]


def test_panels_fill_their_rows_without_gap_or_overlap(shop):
    """What has no width shares what is left."""
    (board,) = boards_of(shop.service)

    tiles = [tile for _, tile in laid_out(board)]

    assert [(one.x, one.y, one.width, one.height) for one in tiles] == [
        (0, 0, 24, 16),
        (24, 0, 24, 16),
        (0, 16, 36, 8),
        (36, 16, 12, 8),
    ]
    assert faults(tiles, columns=48) == []


@pytest.mark.parametrize(
    ("tile", "says"),
    [
        (Tile("b", 20, 0, 24, 8), "'a' and 'b' overlap"),
        (Tile("b", 30, 0, 24, 8), "'b' ends at column 54 of 48"),
        (Tile("b", 30, 0, 18, 8), "'b' leaves a gap to its left"),
        (Tile("b", 0, 10, 24, 8), "'b' leaves a gap above it"),
        (Tile("b", 24, 0, 0, 8), "'b' has no area, or begins before the grid"),
    ],
)
def test_a_tile_in_a_wrong_place_is_told(tile, says):
    """Each kind of wrong geometry has its words (R177)."""
    first = Tile("a", 0, 0, 24, 8)

    told = faults([first, tile], columns=48)

    assert says in told


def test_a_panel_wider_than_the_page_is_refused(shop):
    """Google would refuse them only on the day of the deployment."""
    shop.change("width: 12", "width: 60")

    with pytest.raises(DeclarationError, match="'Queue' has no area"):
        files_of(shop.service)


@pytest.mark.parametrize("expr", MEASURED)
def test_a_querys_unit_is_read_from_its_names_and_functions(expr):
    """Only the unit that it has fits it (D55)."""
    measure = measured(expr)

    fitting = {name for name, unit in UNITS.items() if unit.fits(measure)}

    assert fitting - {"times"} == {MEASURED[expr]}


def test_render_writes_once_and_is_content_then(shop, capsys):
    """The second run touches nothing, and a change by hand is noticed (R177)."""
    render = ["render", "--service", str(shop.settings)]
    drawn = shop.folder / "rendered" / "google" / "shop.json"

    codes = [main(render), main([*render, "--check"])]
    drawn.write_text(drawn.read_text().replace("Orders", "Sales"))
    codes.append(main([*render, "--check"]))

    assert codes == [0, 0, 1]
    assert "1 of 2 files is stale" in capsys.readouterr().out


def test_what_was_rendered_of_a_dashboard_that_is_gone_is_removed(shop):
    """Terraform would go on deploying it."""
    render = ["render", "--service", str(shop.settings)]
    main(render)
    shop.board.rename(shop.board.with_name("store.yaml"))

    code = main(render)

    left = sorted(one.name for one in (shop.folder / "rendered").rglob("*.json"))
    assert (code, left) == (0, ["store.json", "store.json"])


def test_metrics_that_come_over_otlp_are_asked_for_without_prefix(shop):
    """Only the written text changes, so that both spellings are checked as one."""
    files = files_of(shop.service, shown_prefix="")

    texts = "".join(files.values())

    assert "shop:" not in texts
    assert "rate(orders_total" in texts
