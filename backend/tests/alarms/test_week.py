"""A school's week on two real engines: every incident is found, and nothing else rings."""

import pytest
from alarms.test_rule_cases import PLANNED, SERVICE

from tocsin.rehearsal.week.running import rehearsed
from tocsin.rehearsal.week.scenario.building import week_of
from tocsin.rehearsal.week.scenario.reading import read_scenario

pytestmark = pytest.mark.servers
SEED = 20_261_124


@pytest.mark.parametrize("engine", ["prometheus", "victoriametrics"])
def test_every_incident_of_a_week_is_found_and_nothing_rings_besides(engine):
    """Deploys, bells, a weekend's quiet and blips stay silent (D47, D49, behaviours 35, 39)."""
    rules = SERVICE.rules()
    week = week_of(
        read_scenario(SERVICE.scenario),
        SERVICE.catalogue(),
        prefix=SERVICE.prefix,
        seed=SEED,
        waits_s={rule.alert: rule.for_s for rule in rules},
    )

    verdict = rehearsed(engine, week, rules, seed=SEED).verdict

    assert verdict.missed == ()
    assert verdict.false_firings == ()
    assert {one.alert for one in verdict.found} >= set(PLANNED)
    assert verdict.silent == tuple(one.alert for one in rules if "Budget" in one.alert)
