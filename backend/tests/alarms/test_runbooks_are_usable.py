"""A tired person can act by the page: what it names is there."""

import re
from pathlib import Path

import pytest
from alarms.test_rule_cases import SERVICE

from app.core.config import Settings
from drills import CAUSES

ROOT = Path(__file__).parents[2]
PAGES = sorted(one for one in SERVICE.runbooks.glob("*.md") if one.stem != "README")
SECTIONS = ("## First five minutes", "## What it usually is", "## When it is over", "## Who else")
CODE = "\n".join(
    file.read_text()
    for folder in (ROOT / "app", ROOT.parent / "tocsin/src/tocsin/telemetry")
    for file in folder.rglob("*.py")
)
DASHBOARDS = "\n".join(file.read_text() for file in SERVICE.dashboards.glob("*.yaml"))
SETTING = re.compile(r"`([A-Z][A-Z_]{3,})`")
OF_GOOGLE = {"PROJECT", "PREVIOUS", "PID"}


def test_every_alarm_has_its_page_and_every_page_its_alarm():
    """Both ways (D56, behaviour 38)."""
    named = {rule.annotations["runbook"] for rule in SERVICE.rules()}

    assert named == {f"docs/runbooks/{page.name}" for page in PAGES}


@pytest.mark.parametrize("page", PAGES, ids=lambda one: one.stem)
def test_a_page_can_be_read_at_night(page):
    """Short, with what to look at first and whom to call (behaviour 38)."""
    text = page.read_text()

    assert [one for one in SECTIONS if one not in text] == []
    assert len(text.splitlines()) <= 60
    assert "```promql" in text


@pytest.mark.parametrize("page", PAGES, ids=lambda one: one.stem)
def test_what_a_page_names_is_there(page):
    """Dashboards, settings, events, files and drills exist by these names (behaviour 38)."""
    text = page.read_text()
    settings = {name.upper() for name in Settings.model_fields}

    dashboards = re.findall(r"dashboard \*\*(.+?)\*\*", text)
    unknown = {name for name in SETTING.findall(text) if name not in settings | OF_GOOGLE}
    events = re.findall(r'message="(\w+)"', text)
    files = re.findall(r"\b(backend/[\w./-]+\.\w+)", text)
    drills = re.findall(r"rehearse drill (\w+)", text)

    assert dashboards
    assert [one for one in dashboards if f"title: {one}\n" not in DASHBOARDS] == []
    assert unknown == set()
    assert [one for one in events if f'"{one}"' not in CODE] == []
    assert [one for one in files if not (ROOT.parent / one).exists()] == []
    assert [one for one in drills if CAUSES.cause_of(one) is None] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda one: one.stem)
def test_a_page_offers_a_drill_where_there_is_one(page):
    """Whoever reads it by day can hear it by day."""
    alarms = [rule.alert for rule in SERVICE.rules() if page.name in rule.annotations["runbook"]]

    drilled = [one for one in alarms if CAUSES.cause_of(one) is not None]

    assert ("rehearse drill" in page.read_text()) == bool(drilled)
