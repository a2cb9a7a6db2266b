"""What handbook and playbooks name is there, by these names."""

import re

import pytest
from alarms.test_rule_cases import SERVICE
from handbook.pages import BACKEND, DOCS, HANDBOOK, PLAYBOOKS, blocks, spans

from app.core.config import Settings
from drills import CAUSES
from tocsin.monitoring.dashboards.service_boards import boards_of
from tocsin.monitoring.promql.reading import parsed
from tocsin.monitoring.promql.tree import selectors

SETTINGS = {(field.alias or name).upper() for name, field in Settings.model_fields.items()}
OF_OTHERS = {"WORKER", "NAME", "POST", "SELECT", "PROJECT", "REGION"}
ALARMS = {rule.alert for rule in SERVICE.rules()}
CATALOGUE = SERVICE.catalogue()
METRICS = {metric.name.removeprefix(SERVICE.prefix) for metric in CATALOGUE}
BOARDS = {board.title for board in boards_of(SERVICE)}
CAMEL = re.compile(r"(?:[A-Z][a-z]+|DDoS){2,}")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
ANCHOR = re.compile(r"\]\(([^)\s#]*)#([^)\s]+)\)")


@pytest.mark.parametrize("page", HANDBOOK, ids=lambda one: one.stem)
def test_the_handbook_speaks_of_what_there_is(page):
    """Settings, alarms, metrics, dashboards and drills exist by these names (R202)."""
    text, named = page.read_text(), spans(page)

    settings = {word for one in named for word in re.findall(r"^([A-Z][A-Z_]{3,})\b", one)}
    alarms = {one for one in named if CAMEL.fullmatch(one)}
    metrics = {one for one in named if one.startswith("vividly_")}
    boards = set(re.findall(r"\*\*(Vividly · .+?)\*\*", text))
    drilled = {
        word for line in re.findall(r"rehearse drill ([\w ]+)", text) for word in line.split()
    }

    assert settings - SETTINGS - OF_OTHERS == set()
    assert alarms - ALARMS == set()
    assert metrics - METRICS == set()
    assert boards - BOARDS == set()
    assert [one for one in drilled & ALARMS if CAUSES.cause_of(one) is None] == []


@pytest.mark.parametrize("page", HANDBOOK, ids=lambda one: one.stem)
def test_every_query_of_the_handbook_asks_what_is_exported(page):
    """A query is copied at night: its names and labels are those of a metric (behaviour 38)."""
    asked = [
        (selector.name, {one.label for one in selector.matchers})
        for text in blocks(page, "promql")
        for selector, _ in selectors(parsed(text))
    ]

    known = [(CATALOGUE.metric(name), labels) for name, labels in asked]

    assert [name for (name, _), (metric, _) in zip(asked, known, strict=True) if not metric] == []
    assert [labels for metric, labels in known if metric and labels - set(metric.labels)] == []


@pytest.mark.parametrize("page", PLAYBOOKS, ids=lambda one: one.stem)
def test_a_playbook_can_be_read_at_night(page):
    """At most 60 lines, and the list of playbooks leads there (R217)."""
    text = page.read_text()

    assert len(text.splitlines()) <= 60
    assert f"]({page.name})" in (DOCS / "playbooks" / "README.md").read_text()
    assert "gcloud " in text or "tocsin " in text


def test_the_exercises_ask_for_what_there_is():
    """Each drill of the training hour can be had, and the answer stands where it says (R234)."""
    text = (DOCS / "TRAINING.md").read_text()

    drills = set(re.findall(r"rehearse drill ((?:[A-Z]\w+ )+)", text))
    named = {alarm for line in drills for alarm in line.split()}

    assert len(named) >= 5
    assert [one for one in named if CAUSES.cause_of(one) is None] == []
    assert "refresh_token_reused" in (DOCS / "reference" / "logs.md").read_text()


def test_links_lead_to_headings_that_are_there():
    """A link into the midst of a page ends at a heading of it."""
    pages = [*DOCS.rglob("*.md"), BACKEND / "terraform" / "monitoring" / "README.md"]

    dead = [
        f"{page.name}: {target}#{anchor}"
        for page in pages
        for target, anchor in ANCHOR.findall(page.read_text())
        if "://" not in target
        and anchor
        not in _anchors((page.parent / target).read_text() if target else page.read_text())
    ]

    assert dead == []


def _anchors(text: str) -> set[str]:
    """What GitHub makes of headings."""
    return {
        re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        for heading in HEADING.findall(text)
    }
