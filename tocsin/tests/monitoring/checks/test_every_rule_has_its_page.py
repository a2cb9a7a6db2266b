"""Each rule of `tocsin check` has a page, whose examples are judged as the page says."""

import re
from pathlib import Path

import pytest

from tocsin.monitoring.catalogue import Catalogue, Label, Metric
from tocsin.monitoring.checks.chain import Chain
from tocsin.monitoring.checks.checking import NAMES, findings_of
from tocsin.monitoring.checks.findings import as_data, as_text
from tocsin.monitoring.checks.questions import of_alerts
from tocsin.monitoring.sources import alerts_in

PAGES = Path(__file__).parents[3] / "docs" / "checks"
EXAMPLES = re.compile(r"(Refused|Mended):\n\n```yaml\n(.*?)```", re.DOTALL)
SHOP = Catalogue(
    [
        Metric("shop_queue", "gauge"),
        Metric("shop_age_seconds", "gauge"),
        Metric("shop_orders_total", "counter", labels={"paid": Label("paid", ("yes", "no"), 2)}),
        Metric("shop_thefts_total", "counter", labels={"who": Label("who", None, 50)}),
        Metric("shop_wait_seconds", "histogram", buckets=(0.5, 1.0, 2.0)),
    ]
)
WITHOUT_EXAMPLE = {"orphan-runbook", "unseen-alert", "dead-metric", "unused-allowance"}


def chain_of_text(text: str, folder: Path) -> Chain:
    file = folder / "alerts.yaml"
    (folder / "queue-long.md").write_text("# QueueLong\n")
    alerts = tuple(alerts_in(file, text))
    return Chain(
        catalogue=SHOP,
        alerts=alerts,
        questions=tuple(of_alerts(alerts)),
        runbooks={folder / "queue-long.md": "# QueueLong\n"},
        roots=(folder,),
        recipients={"severity": frozenset({"critical"}), "owner": frozenset({"shop"})},
    )


def examples(rule: str) -> dict[str, str]:
    return dict(EXAMPLES.findall((PAGES / f"{rule}.md").read_text()))


def test_every_rule_has_a_page_and_every_page_a_rule():
    """A finding names its page, so the page is there (D22)."""
    pages = {page.stem for page in PAGES.glob("*.md")} - {"README"}

    assert pages == NAMES


@pytest.mark.parametrize("rule", sorted(NAMES - WITHOUT_EXAMPLE))
def test_a_pages_refused_example_is_refused_and_its_mended_one_is_not(rule, tmp_path):
    """Each rule finds the smallest thing that breaks it, and nothing when that is mended (D22)."""
    shown = examples(rule)

    refused = findings_of(chain_of_text(shown["Refused"], tmp_path), [rule])
    mended = findings_of(chain_of_text(shown["Mended"], tmp_path), [rule])

    assert {one.rule for one in refused} == {rule}
    assert mended == []


def test_all_findings_come_at_once_in_the_order_of_reading(tmp_path):
    """Like a good compiler: nobody mends one to learn of the next."""
    two = examples("unknown-metric")["Refused"] + examples("raw-counter")["Refused"].split(
        "rules:\n"
    )[1].replace("QueueLong", "Orders")

    found = findings_of(chain_of_text(two, tmp_path), ["unknown-metric", "raw-counter"])

    assert [(one.rule, one.place.line) for one in found] == [
        ("unknown-metric", 6),
        ("raw-counter", 10),
    ]
    assert "^^^" in as_text(found)
    assert as_data(found)[0]["rule"] == "unknown-metric"


def test_an_exception_needs_a_reason_and_something_to_excuse(tmp_path):
    """Otherwise it is a finding itself."""
    refused = examples("unknown-metric")["Refused"]
    excuse = "  - alert: QueueLong # tocsin: allow unknown-metric because it comes next week"

    excused = refused.replace("  - alert: QueueLong", excuse)
    bare = excused.replace(" because it comes next week", "")
    idle = examples("unknown-metric")["Mended"].replace("  - alert: QueueLong", excuse)

    rules = ["unknown-metric", "unused-allowance"]
    found = [
        {one.rule for one in findings_of(chain_of_text(text, tmp_path), rules)}
        for text in (excused, bare, idle)
    ]
    assert found == [set(), {"unknown-metric", "unused-allowance"}, {"unused-allowance"}]
