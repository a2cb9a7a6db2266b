"""How sure a verdict on a revision is: few requests decide nothing, many decide rightly."""

import random
from math import inf

import pytest

from tocsin.monitoring.canary.figures import Figures
from tocsin.monitoring.canary.intervals import Share, difference
from tocsin.monitoring.canary.verdict import Limits, Verdict, judged

OLD = Figures(20_000, 20, {100.0: 19_200, 500.0: 19_900, inf: 20_000})
ROLLOUTS = 2_000
LIMITS = Limits()


def seen(requests: int, errors: float, slow: float, chance: random.Random) -> Figures:
    """A revision that truly fails and dawdles so often, as so many requests show it."""
    failed = sum(chance.random() < errors for _ in range(requests))
    late = sum(chance.random() < slow for _ in range(requests))
    return Figures(requests, failed, {100.0: requests - late, inf: requests})


def verdicts(requests: int, errors: float, slow: float) -> dict[Verdict, float]:
    """How often each verdict falls on such a revision, over many rollouts."""
    chance = random.Random(7)  # noqa: S311 - no secret hangs on it
    found = [judged(seen(requests, errors, slow, chance), OLD, LIMITS) for _ in range(ROLLOUTS)]
    return {verdict: sum(one.verdict is verdict for one in found) / ROLLOUTS for verdict in Verdict}


def test_a_revision_as_good_as_the_one_before_goes_on():
    """It is sent back in fewer rollouts than one in fifty, and mostly need not wait (D57)."""
    told = verdicts(500, errors=0.001, slow=0.04)

    assert told[Verdict.BACK] < 0.02
    assert told[Verdict.MORE] > 0.9


@pytest.mark.parametrize(("errors", "slow"), [(0.05, 0.04), (0.001, 0.2)])
def test_a_revision_that_fails_or_dawdles_goes_back(errors, slow):
    """One in twenty fails, or five times as many are slow: it never gets more (D57)."""
    told = verdicts(500, errors, slow)

    assert told[Verdict.MORE] == 0
    assert told[Verdict.BACK] > 0.9


def test_few_requests_are_hardly_ever_a_yes_to_a_bad_one():
    """Twenty requests without an error say little of one that fails in five of a hundred (D57)."""
    told = verdicts(20, errors=0.05, slow=0.04)

    assert told[Verdict.MORE] == 0


def test_no_request_at_all_is_waited_for():
    """A revision that nobody asked is neither good nor bad."""
    judgement = judged(Figures(0, 0, {}), OLD, LIMITS)

    assert judgement.verdict is Verdict.WAIT
    assert judgement.reasons[0] == "it has had no request"


def test_an_old_revision_that_fails_as_often_is_no_reason_to_keep_it():
    """Both fail in five of a hundred: going back would mend nothing."""
    old = Figures(5_000, 250, {100.0: 5_000, inf: 5_000})
    new = Figures(5_000, 255, {100.0: 5_000, inf: 5_000})

    judgement = judged(new, old, LIMITS)

    assert judgement.verdict is Verdict.MORE


def test_without_an_old_one_its_errors_alone_are_judged():
    """A first deployment has nothing to be beside."""
    slow = Figures(5_000, 5, {100.0: 0, inf: 5_000})

    judgement = judged(slow, None, LIMITS)

    assert judgement.verdict is Verdict.MORE
    assert len(judgement.reasons) == 1


def test_another_histogram_is_judged_kindly_and_not_wrongly():
    """The new revision's bounds are others: the next above is taken."""
    new = Figures(1_000, 0, {90.0: 900, 110.0: 960, inf: 1_000})

    assert new.slower_than(100.0) == Share(40, 1_000)


@pytest.mark.parametrize("share", [Share(0, 50), Share(1, 200), Share(3, 40), Share(40, 40)])
def test_what_was_seen_lies_within_its_interval(share):
    """Also at the ends, where nothing or all was bad."""
    low, high = share.interval(0.99)

    assert 0 <= low <= share.seen <= high <= 1


def test_more_requests_make_a_difference_surer():
    """Ten times the traffic, a narrower interval about the same difference."""
    few = difference(Share(5, 100), Share(1, 100), 0.99)
    many = difference(Share(50, 1_000), Share(10, 1_000), 0.99)

    assert few[0] < many[0] < 0.04 < many[1] < few[1]
