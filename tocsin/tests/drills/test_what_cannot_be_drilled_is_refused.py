"""Wrong use and wrong declarations are told in one sentence before anything is started."""

from pathlib import Path

import pytest

from tocsin.errors import DeclarationError
from tocsin.monitoring.service import Service
from tocsin.rehearsal.drills import command
from tocsin.rehearsal.drills.declared import Cause, Drills
from tocsin.rehearsal.drills.routing import channels_by_severity
from tocsin.rehearsal.uptime.check import UptimeCheck

CAUSE = Cause(alert="ShopDown", also=("ShopErrors",), deed="kill it", cause=print, mend=print)
CAUSES = Drills(
    stage=lambda _backdrop: None,
    uptime=UptimeCheck(check_id="shop"),
    causes=(CAUSE,),
    not_drilled={"DiskFull": "no disk can be filled"},
)
RULES = {"ShopDown": {}, "ShopErrors": {}, "DiskFull": {}, "Forgotten": {}}


def declared(folder: Path, drills: str | None) -> Service:
    """A service that declares its drills so."""
    line = "" if drills is None else f'drills = "{drills}"\n'
    (folder / "tocsin.toml").write_text(f'name = "shop"\nmetrics = "shop:METRICS"\n{line}')
    return Service.load(folder)


@pytest.mark.parametrize("alert", ["ShopDown", "ShopErrors"])
def test_an_alarm_is_drilled_by_the_incident_that_raises_it(alert):
    """Whoever names one alarm of an incident gets that incident."""
    assert command._chosen(CAUSES, [alert], RULES) == [CAUSE]


@pytest.mark.parametrize(
    ("alert", "word"),
    [("DiskFull", "no disk can be filled"), ("Forgotten", "no cause"), ("Typo", "is no alarm")],
)
def test_an_alarm_that_cannot_be_drilled_is_refused_with_its_reason(alert, word):
    """What is excused, forgotten or misspelt is told apart."""
    with pytest.raises(DeclarationError, match=word):
        command._chosen(CAUSES, [alert], RULES)


def test_a_cause_without_a_rule_is_told():
    """A renamed alarm does not drop out of the drill in silence (behaviour 36)."""
    with pytest.raises(DeclarationError, match="ShopErrors"):
        command._chosen(CAUSES, [], {"ShopDown": {}})


def test_the_list_names_every_alarm_and_why_some_are_left_out():
    """Each alarm stands there with its incident, or with the reason why there is none."""
    lines = list(command._listed(CAUSES, RULES))

    assert [line.split()[0] for line in lines] == list(RULES)
    assert "kill it" in lines[1]
    assert "no disk can be filled" in lines[2]
    assert "not drilled" in lines[3]


@pytest.mark.parametrize(
    "drills", [None, "nowhere_to_be_found:CAUSES", "json:CAUSES", "json:dumps", ""]
)
def test_a_declaration_that_leads_nowhere_is_refused(tmp_path, drills):
    """The file is named, and what stands there."""
    with pytest.raises(DeclarationError, match=rf"tocsin\.toml.*{drills or 'drills'}"):
        command._declared(declared(tmp_path, drills))


TABLE = """
severities:
  critical:
    {meaning: Now., google: CRITICAL, channels: [pagerduty], acknowledge_within: 5m, auto_close: 1h}
  warning:
    {meaning: Soon., google: WARNING, channels: [email], acknowledge_within: 4h, auto_close: 1d}
owners:
  shop: {about: sales, first_responder: Ann, pagerduty: shop, email: shop}
"""


def test_a_channel_without_a_receiver_is_refused(tmp_path):
    """Nobody believes that a drill reached a channel that it does not have (D50)."""
    table = tmp_path / "escalation.yaml"
    table.write_text(TABLE.replace("[pagerduty]", "[pigeon]"))

    with pytest.raises(DeclarationError, match="critical: channels is a list out of pagerduty"):
        channels_by_severity(table)


def test_the_escalation_table_decides_who_is_told(tmp_path):
    """Channels come from the table that Terraform reads too."""
    table = tmp_path / "escalation.yaml"
    table.write_text(TABLE)

    assert channels_by_severity(table) == {"critical": ("pagerduty",), "warning": ("email",)}
