"""Every way in which a drill can go wrong makes it a failed one."""

import pytest

from tocsin.rehearsal.drills.declared import Cause
from tocsin.rehearsal.drills.timeline import Timeline
from tocsin.rehearsal.drills.verdict import Verdict, strays
from tocsin.rehearsal.drills.watch import Episode
from tocsin.rehearsal.receivers.deliveries import Delivery

S = 1_000_000_000
CHANNELS = {"critical": ("pagerduty", "slack"), "warning": ("slack",)}
CAUSE = Cause(
    alert="ServiceDown", deed="kill it", cause=print, mend=print, may=frozenset({"HighErrorRate"})
)
SPANS = [(CAUSE, 10 * S, 20 * S)]
SEVERITIES = {"ServiceDown": "critical", "LessonsFailing": "warning"}


def whole_timeline() -> Timeline:
    """An alarm that rang, reached its people and cleared."""
    line = Timeline("ServiceDown", "critical", ("pagerduty", "slack"), caused_ns=10 * S)
    line.firing_ns, line.mended_ns, line.cleared_ns = 12 * S, 20 * S, 25 * S
    line.notified_ns = {"pagerduty": 12 * S, "slack": 13 * S}
    line.resolved_ns = {"pagerduty": 26 * S, "slack": 26 * S}
    return line


def verdict_of(line: Timeline, **changed: object) -> Verdict:
    """The verdict on a drill of this one alarm."""
    plain = {"speed": 30, "timelines": [line], "quiet_s": 5, "told_while_healthy": 0}
    return Verdict(**{**plain, **changed})


def strays_of(*, episodes=(), inbox=(), summing=()) -> list[str]:
    """What is found besides the timelines."""
    return list(
        strays(
            episodes=episodes,
            spans=SPANS,
            inbox=inbox,
            severities=SEVERITIES,
            channels=CHANNELS,
            people=("Lena",),
            ours=("alarms@drill.example",),
            summing=summing,
        )
    )


def delivery(channel: str, text: str, *faults: str) -> Delivery:
    """Something that arrived."""
    return Delivery(
        channel=channel, at_ns=12 * S, to="somebody", is_resolved=False, text=text, faults=faults
    )


def test_an_alarm_that_went_all_the_way_is_a_good_drill():
    """Cause, ring, each channel, all-clear, each channel: that is all that is asked for."""
    verdict = verdict_of(whole_timeline())

    assert verdict.is_good
    assert verdict.as_json()["alerts"][0]["notified_s"] == {"pagerduty": 2.0, "slack": 3.0}


@pytest.mark.parametrize(
    ("spoil", "word"),
    [
        (lambda line: setattr(line, "firing_ns", None), "did not ring"),
        (lambda line: line.notified_ns.pop("pagerduty"), "pagerduty was not told within"),
        (lambda line: setattr(line, "cleared_ns", None), "did not clear"),
        (lambda line: line.resolved_ns.pop("slack"), "slack was not told of its end"),
        (lambda line: setattr(line, "failure", "no such table"), "could not be caused"),
    ],
)
def test_a_step_that_is_missing_fails_the_drill(spoil, word):
    """An alarm that does not ring, reach or clear is told by name (behaviour 35, D50)."""
    line = whole_timeline()
    spoil(line)

    verdict = verdict_of(line)

    assert not verdict.is_good
    assert any(word in problem for problem in verdict.problems())


def test_noise_while_healthy_fails_the_drill():
    """One notification without an incident is one too many."""
    assert not verdict_of(whole_timeline(), told_while_healthy=1).is_good


def test_a_drill_of_nothing_is_no_success():
    """Whoever drilled nothing has proved nothing."""
    nothing = Verdict(speed=30, timelines=[], quiet_s=5, told_while_healthy=0)

    assert not nothing.is_good


@pytest.mark.parametrize(
    ("episode", "stray"),
    [
        (Episode("ServiceDown", 12 * S), False),
        (Episode("HighErrorRate", 12 * S), False),
        (Episode("LessonsFailing", 12 * S), True),
        (Episode("ServiceDown", 9 * S), True),
        (Episode("HighErrorRate", 80 * S), True),
    ],
)
def test_an_alarm_without_a_cause_is_a_stray(episode, stray):
    """What rings beside, before or long after an incident is a false alarm (behaviour 35)."""
    assert bool(strays_of(episodes=[episode])) is stray


@pytest.mark.parametrize(
    ("arrived", "stray"),
    [
        (delivery("slack", "ServiceDown"), False),
        (delivery("pagerduty", "ServiceDown"), False),
        (delivery("pagerduty", "LessonsFailing"), True),
        (delivery("slack", "ServiceDown", "no_text: nothing"), True),
        (delivery("slack", "ServiceDown, says Lena"), True),
        (delivery("slack", "ServiceDown, says lena@school.example"), True),
    ],
)
def test_what_should_not_have_been_sent_is_a_stray(arrived, stray):
    """A warning that pages, a refused message and a person's name each fail the drill."""
    assert bool(strays_of(inbox=[arrived])) is stray


def test_a_budget_may_ring_after_an_incident_and_not_before():
    """An alarm over hours sums up incidents: it rings for none of them, and never without one."""
    after = Episode(alert="BudgetSlowBurn", began_ns=300 * S)
    before = Episode(alert="BudgetSlowBurn", began_ns=9 * S)

    assert strays_of(episodes=[after], summing={"BudgetSlowBurn"}) == []
    assert strays_of(episodes=[after]) == ["BudgetSlowBurn: rang without a cause"]
    assert strays_of(episodes=[before], summing={"BudgetSlowBurn"}) == [
        "BudgetSlowBurn: rang without a cause"
    ]
