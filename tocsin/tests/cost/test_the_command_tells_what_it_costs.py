"""`tocsin cost` as it is called, on the shop: exit statuses, formats, pages, clouds."""

import json
import shutil
from pathlib import Path

import httpx
import pytest
from priced import SHOP

from tocsin.cli.main import main
from tocsin.monitoring.cost.page import BEGIN, END
from tocsin.rehearsal.cloud.running import RunningCloud

DEAR = "\n[series]\nshop_orders_total = 2_000\n"
NOBODY = "http://127.0.0.1:1"
USAGE = {
    "seconds": 600.0,
    "custom": {"scalar_points": 600_000, "distribution_points": 100, "filled_buckets": 300},
    "prometheus": {"scalar_points": 0, "distribution_points": 0, "filled_buckets": 0},
    "log_entries": 1_000,
    "log_bytes": 800_000,
    "spans": 2_000,
}


@pytest.fixture
def shop(tmp_path) -> Path:
    """The shop's own folder of monitoring, with a page for its bill."""
    for name in ("monitoring", "docs"):
        shutil.copytree(SHOP / name, tmp_path / name)
    (tmp_path / "shop").symlink_to(SHOP / "shop")
    (tmp_path / "docs" / "COST.md").write_text(f"# The bill\n\n{BEGIN}\n{END}\n\nOther words.\n")
    return tmp_path / "monitoring"


def cost(shop: Path, *options: str) -> int:
    """Call it; the exit status."""
    return main(["cost", "--service", str(shop), *options])


def dear(shop: Path) -> Path:
    """A shop whose orders have two thousand series."""
    with (shop / "traffic.toml").open("a") as file:
        file.write(DEAR)
    return shop


def told(capsys: pytest.CaptureFixture[str]) -> dict:
    """What was printed for programs."""
    return json.loads(capsys.readouterr().out)


def test_a_newcomer_reads_the_bill_and_what_it_stands_on(shop, capsys):
    """Traffic, drivers, prices with their date, and no line that costs nothing unsaid."""
    status = cost(shop)

    text = capsys.readouterr().out
    assert status == 0
    assert text.startswith("Reckoned of the declarations and of 20,000 requests in 730 h")
    assert "Nothing is charged: all of it is within the free amounts." in text
    assert "List prices as of 2026-10-08, in US dollars" in text


def test_for_programs_there_is_the_same(shop, capsys):
    """Each line with volume, price and source; the total is their sum."""
    status = cost(dear(shop), "--json")

    data = told(capsys)
    assert status == 0
    assert data["heaviest"] == "metrics_by_bytes"
    assert data["total"] == pytest.approx(
        sum(one["dollars"] for one in data["lines"] if one["begins"] is None)
    )
    assert data["total"] < data["total_later"]
    assert {"change", "but", "dollars"} == set(data["savings"][0])


@pytest.mark.parametrize(("budget", "status"), [("1000", 0), ("20", 1)])
def test_a_budget_that_is_passed_fails(shop, capsys, budget, status):
    """A line in CI, with both figures in its error."""
    ended = cost(dear(shop), "--budget", budget)

    assert ended == status
    assert ("is over the budget of $20.00" in capsys.readouterr().err) == bool(status)


def test_more_requests_bring_more_lines(shop, capsys):
    """The same shop with ten times the callers."""
    cost(shop, "--json")
    few = {one["driver"]: one["volume"] for one in told(capsys)["lines"]}
    cost(shop, "--json", "--requests-per-month", "200000")

    many = {one["driver"]: one["volume"] for one in told(capsys)["lines"]}

    assert many["spans"] == pytest.approx(10 * few["spans"])
    assert many["log_storage"] > 9 * few["log_storage"]
    assert many["metrics_by_bytes"] == few["metrics_by_bytes"]


def test_what_was_promised_stands_beside_what_is_reckoned(shop, capsys):
    """Holds, less or more, by driver and in all (R243)."""
    with (dear(shop) / "traffic.toml").open("a") as file:
        file.write("[promised.total]\nleast = 1\nmost = 8\nsaid_in = 'a plan'\n")

    cost(shop)

    (row,) = [one for one in capsys.readouterr().out.splitlines() if "a plan" in one]
    assert row.startswith("in all")
    assert row.endswith("more")


def test_a_page_is_written_between_its_marks_and_is_then_current(shop, capsys):
    """Other words stay; what changes afterwards makes it stale."""
    page = shop.parent / "docs" / "COST.md"
    before = cost(shop, "--check")
    written = cost(shop, "--write")
    current = cost(shop, "--check")
    stale = cost(dear(shop), "--check")

    assert (before, written, current, stale) == (1, 0, 0, 1)
    assert "COST.md is stale: run `tocsin cost --write`" in capsys.readouterr().out
    assert page.read_text().startswith("# The bill\n")
    assert page.read_text().endswith("Other words.\n")


def test_a_page_may_be_current_and_over_the_budget(shop):
    """Both are looked at in one call."""
    cost(dear(shop), "--write")

    assert cost(shop, "--check", "--budget", "20") == 1
    assert cost(shop, "--check", "--budget", "1000") == 0


@pytest.mark.parametrize("text", [None, "# A page without marks\n", f"{END}{BEGIN}"])
def test_a_page_without_its_marks_is_left_alone(shop, capsys, text):
    """Nobody's words are overwritten."""
    page = shop.parent / "docs" / "COST.md"
    page.unlink()
    if text is not None:
        page.write_text(text)

    status = cost(shop, "--write")

    assert status == 2
    assert "COST.md" in capsys.readouterr().err
    assert (page.read_text() if text is not None else text) == text


def test_a_month_can_be_reckoned_of_what_was_counted(shop, capsys, tmp_path):
    """Ten minutes of a cloud, stretched to 730 hours."""
    (tmp_path / "usage.json").write_text(json.dumps(USAGE))

    status = cost(shop, "--json", "--measured", str(tmp_path / "usage.json"))

    data = told(capsys)
    lines = {one["driver"]: one["volume"] for one in data["lines"]}
    months = 600 / (730 * 3600)
    assert status == 0
    assert data["basis"].startswith("Reckoned of what a cloud counted in 600 s")
    assert lines["metrics_by_bytes"] == pytest.approx((600_000 * 8 + 100 * 80) / 2**20 / months)
    assert lines["log_storage"] == pytest.approx(800_000 / 2**30 / months)
    assert lines["spans"] == pytest.approx(2_000 / 1e6 / months)


def test_what_was_sent_by_otlp_is_billed_by_samples(shop, capsys, tmp_path):
    """The cloud saw which way they came."""
    counted = {**USAGE, "custom": USAGE["prometheus"], "prometheus": USAGE["custom"]}
    (tmp_path / "usage.json").write_text(json.dumps(counted))

    cost(shop, "--json", "--measured", str(tmp_path / "usage.json"))

    lines = {one["driver"]: one["volume"] for one in told(capsys)["lines"]}
    months = 600 / (730 * 3600)
    assert lines["metrics_by_samples"] == pytest.approx((600_000 + 100 * 2 + 300) / 1e6 / months)
    assert lines["metrics_by_bytes"] == 0


@pytest.mark.servers
def test_a_cloud_is_asked_itself(shop, capsys, tmp_path):
    """Its address is enough; its page of usage is found from there."""
    with RunningCloud() as cloud:
        for seconds_ago in (120, 0):
            at_ns = cloud.world.clock.wall_ns() - seconds_ago * 10**9
            cloud.world.usage.took_entry(700, at_ns)
        page = httpx.get(f"{cloud.http_url}/read/usage").text
        (tmp_path / "usage.json").write_text(page)
        asked = cost(shop, "--json", "--measured", cloud.http_url)
        by_address = told(capsys)
        cost(shop, "--json", "--measured", str(tmp_path / "usage.json"))

    assert asked == 0
    assert by_address == told(capsys)
    assert by_address["basis"].startswith("Reckoned of what a cloud counted in 120 s")


def test_a_cloud_that_is_not_there_has_a_status_of_its_own(shop, capsys):
    """3, as of every command that needs somebody."""
    status = cost(shop, "--measured", NOBODY)

    assert status == 3
    assert f"{NOBODY} does not answer" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (None, "usage.json"),
        ("<html>", "this is no page /read/usage of a cloud"),
        ("{}", "'seconds'"),
        ("[]", "this is no page /read/usage of a cloud"),
        ('{"seconds": 5}', "counted for 5 s: a month needs a minute at least"),
        ('{"seconds": 600, "custom": 3}', "this is no page"),
    ],
)
def test_what_is_no_usage_is_refused_with_its_name(shop, capsys, tmp_path, text, says):
    """In one line, and never as a bill of 0."""
    if text is not None:
        (tmp_path / "usage.json").write_text(text)

    status = cost(shop, "--measured", str(tmp_path / "usage.json"))

    error = capsys.readouterr().err
    assert status == 2
    assert "usage.json" in error
    assert says in error


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ('exporting = "shop.metrics:nothing"\n', "shop.metrics:nothing"),
        ('exporting = "builtins:dict"\nterraform = "nowhere"\n', "no *.tf file"),
        ('exporting = "settings_of_a_test:often"\n', "every_s is above 0"),
        ('exporting = "settings_of_a_test:unknown"\n', "gives every_s, metrics_by, trace_ratio"),
        ('exporting = "settings_of_a_test:pounds"\n', "metrics_by is bytes or samples"),
        ('prices = "nowhere.toml"\n', "which is no file"),
    ],
)
def test_wrong_settings_of_a_service_are_told(shop, capsys, settings, says):
    """With the file that has them (D92)."""
    (shop.parent / "settings_of_a_test.py").write_text(
        "def often(): return {'every_s': 0}\n"
        "def unknown(): return {'every': 60}\n"
        "def pounds(): return {'metrics_by': 'pounds'}\n"
    )
    file = shop / "tocsin.toml"
    file.write_text(settings + file.read_text())

    status = cost(shop)

    assert status == 2
    assert says in capsys.readouterr().err


def test_without_traffic_there_is_no_bill(shop, capsys):
    """The error says what to write."""
    (shop / "traffic.toml").unlink()

    status = cost(shop)

    assert status == 2
    assert "no traffic.toml beside it: say how much of what happens" in capsys.readouterr().err
