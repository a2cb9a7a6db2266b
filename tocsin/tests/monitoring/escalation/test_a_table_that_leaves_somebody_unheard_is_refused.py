"""What would keep an alarm from its people is told before it is deployed."""

from pathlib import Path

import pytest

from tocsin.errors import DeclarationError
from tocsin.monitoring.escalation import escalation_in

TEXT = """
severities:
  loud:
    meaning: Now.
    google: CRITICAL
    channels: [pagerduty, email]
    acknowledge_within: 5m
    escalate: [{after: 15m, to: the head}]
    auto_close: 1h
owners:
  shop:
    about: sales
    first_responder: Ann
    email: shop-oncall
    pagerduty: shop
"""


def test_a_whole_table_tells_by_which_ways_and_in_which_order():
    """Channels of the severity, addresses of the owner (D50)."""
    table = escalation_in(Path("escalation.yaml"), TEXT)

    assert table.told("loud", "shop") == (("pagerduty", "shop"), ("email", "shop-oncall"))


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (("    pagerduty: shop\n", ""), "name its pagerduty"),
        (("[pagerduty, email]", "[pigeon]"), "channels is a list out of"),
        (("[pagerduty, email]", "[]"), "channels is a list out of"),
        (("auto_close: 1h", "auto_close: 10m"), "Google takes an auto_close"),
        (("google: CRITICAL", "google: LOUD"), "google is one of"),
        (("after: 15m", "after: 3m"), "each step comes later"),
        (("    meaning: Now.\n", ""), "'meaning' is missing"),
        (("about: sales", "about: sales\n    hat: red"), "'hat' is no key"),
        (("acknowledge_within: 5m", "acknowledge_within: soon"), "is no duration"),
    ],
)
def test_a_wrong_table_is_refused_with_its_place(wrong, says):
    """File, line and entry (D50)."""
    with pytest.raises(DeclarationError, match=r"escalation\.yaml:\d+") as told:
        escalation_in(Path("escalation.yaml"), TEXT.replace(*wrong, 1))

    assert says in str(told.value)


def test_nobody_is_told_of_what_the_table_does_not_know():
    """An unknown severity or owner is an error, and never silence (D50)."""
    table = escalation_in(Path("escalation.yaml"), TEXT)

    with pytest.raises(DeclarationError, match="knows no owner 'moon'"):
        table.told("loud", "moon")
