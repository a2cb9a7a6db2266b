"""Every rule of the cloud stops something, and nothing else stops it in its stead."""

from importlib import import_module

import pytest
from cloud.violations.kind import Desk, Violation

from tocsin.rehearsal.cloud.all_rules import RULES

SERVICES = ("monitoring", "logs", "errors", "traces", "otlp", "configuration")


def _violations() -> list[Violation]:
    found: list[Violation] = []
    for service in SERVICES:
        name = f"cloud.violations.{service}"
        try:
            found.extend(import_module(name).VIOLATIONS)
        except ModuleNotFoundError as error:
            if error.name != name:  # a service without rules needs no violations
                raise
    return found


VIOLATIONS = _violations()
IDS = [f"{number}-{one.rule}" for number, one in enumerate(VIOLATIONS)]


@pytest.mark.parametrize("violation", VIOLATIONS, ids=IDS)
def test_a_violation_is_stopped_and_counted(violation):
    """What a rule forbids ends as Google ends it, and the breach is on record (D05)."""
    desk = Desk()

    outcome = violation.happens(desk)

    assert violation.expects.met(outcome), f"came to {outcome!r}, {desk.rules.breaches}"
    assert violation.rule in desk.rules.breaches


@pytest.mark.parametrize("violation", VIOLATIONS, ids=IDS)
def test_without_the_rule_the_expectation_fails(violation):
    """A rule that is switched off turns a test red, so that no rule is held on paper only."""
    desk = Desk(without=violation.rule)

    outcome = violation.happens(desk)

    assert not violation.expects.met(outcome), f"{violation.rule} is held by something else too"


def test_every_rule_has_a_violation():
    """No rule is declared that nothing was seen to break."""
    declared = {rule.name for rule in RULES}

    broken = {violation.rule for violation in VIOLATIONS}

    assert declared - broken == set()
    assert broken - declared == set()


def test_rules_have_names_of_their_own():
    """Two rules of one name would be switched off together."""
    names = [rule.name for rule in RULES]

    assert len(names) == len(set(names))
