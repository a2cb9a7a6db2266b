"""A scenario's series have the shape that a service exports, and the sums that were asked for."""

from pathlib import Path

import numpy as np
import pytest

from tocsin.errors import DeclarationError
from tocsin.monitoring.catalogue import Catalogue, Label, Metric
from tocsin.rehearsal.week.scenario.building import week_of
from tocsin.rehearsal.week.scenario.reading import read_scenario
from tocsin.rehearsal.week.series import Series, Week

PAID = Label("paid", ("yes", "no"), 2)
KNOWN = Catalogue(
    [
        Metric("shop_orders_total", "counter", labels={"paid": PAID}),
        Metric("shop_thefts_total", "counter", labels={"who": Label("who", None, 50)}),
        Metric("shop_wait_seconds", "histogram", labels={}, buckets=(0.1, 1.0, 5.0)),
        Metric("shop_queue", "gauge"),
    ]
)
TEXT = """
begins: 1780272000
days: 1
resource: {namespace: test}
processes: 2
deploys: [mon 12:00]
load:
  by_hour: [1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1]
  weekend: 1
counters:
- metric: orders_total
  per_minute: 60
  splits: [[{paid: yes, share: 0.9}, {paid: no, share: 0.1}]]
- {metric: thefts_total, born: true}
histograms:
- {metric: wait_seconds, counts: orders_total, median: 0.5, spread: 0.5}
gauges:
- {metric: queue, value: 3}
incidents:
- name: thieves
  at: mon 03:00-04:00
  lasts: 30m
  effects:
  - {add: thefts_total, labels: {who: new}, per_minute: 2}
  - {set: queue, value: 9}
  must: [Thieves]
  least: {Thieves: {events: 10}}
"""
TEXT = TEXT.replace("paid: yes", 'paid: "yes"').replace("paid: no", 'paid: "no"')


def made(folder: Path, text: str = TEXT, seed: int = 1) -> Week:
    file = folder / "day.yaml"
    file.write_text(text)
    waits_s = {"Thieves": 120.0}
    return week_of(read_scenario(file), KNOWN, prefix="shop_", seed=seed, waits_s=waits_s)


def named(week: Week, name: str) -> list[Series]:
    return [one for one in week.series if one.name == name]


def test_the_same_seed_makes_the_same_week_and_another_another(tmp_path):
    """A week that was false can be had again."""
    one, same, other = made(tmp_path), made(tmp_path), made(tmp_path, seed=2)

    assert all(
        np.array_equal(a.values, b.values, equal_nan=True) and a.labels == b.labels
        for a, b in zip(one.series, same.series, strict=True)
    )
    assert one.incidents != other.incidents


def test_a_counter_only_rises_within_its_process_and_begins_at_nothing(tmp_path):
    """Each process has a series of its own, from 0, as the exporter writes them (D04)."""
    week = made(tmp_path)

    counters = named(week, "shop_orders_total")

    assert len({one.labels["task_id"] for one in counters}) == 4
    assert all(one.values[0] == 0 and np.all(np.diff(one.values) >= 0) for one in counters)


def test_the_counts_are_those_that_were_asked_for(tmp_path):
    """Sixty a minute for a day, a tenth of them unpaid, whatever process counted them."""
    ends = {"yes": 0.0, "no": 0.0}
    for one in named(made(tmp_path), "shop_orders_total"):
        ends[one.labels["paid"]] += one.values[-1]

    assert sum(ends.values()) == pytest.approx(60 * 1440, rel=0.02)
    assert ends["no"] / sum(ends.values()) == pytest.approx(0.1, rel=0.05)


def test_a_series_of_a_stranger_is_born_with_its_first_event(tmp_path):
    """Before it there is no series at all, and so increase() misses it (D47)."""
    week = made(tmp_path)

    thefts = named(week, "shop_thefts_total")
    (incident,) = week.incidents

    assert sum(one.values[-1] for one in thefts) == 60
    assert all(one.first * 60 > incident.start_s and one.values[0] >= 1 for one in thefts)
    assert {len(one.labels["who"]) for one in thefts} == {12}


def test_buckets_are_the_metrics_own_and_hold_one_another(tmp_path):
    """Every bound of the declaration, each at least as full as the one below (D03)."""
    week = made(tmp_path)
    task = named(week, "shop_wait_seconds_count")[0].labels["task_id"]

    buckets = {
        one.labels["le"]: one.values[-1]
        for one in named(week, "shop_wait_seconds_bucket")
        if one.labels["task_id"] == task
    }
    (count,) = [
        one.values[-1]
        for one in named(week, "shop_wait_seconds_count")
        if one.labels["task_id"] == task
    ]

    assert list(buckets) == ["0.1", "1.0", "5.0", "+Inf"]
    assert sorted(buckets.values()) == list(buckets.values())
    assert buckets["+Inf"] == count
    assert buckets["1.0"] / count == pytest.approx(0.92, abs=0.03)


def test_the_least_time_is_what_the_rate_allows_and_the_rules_wait(tmp_path):
    """Ten thefts at two a minute are five minutes, and the rule waits two more (behaviour 39)."""
    (incident,) = made(tmp_path).incidents

    assert incident.least_s == {"Thieves": 420.0}


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (("metric: queue", "metric: tail"), "nobody exports 'tail'"),
        (('paid: "no"', 'paid: "later"'), "paid of shop_orders_total is never 'later'"),
        (("{who: new}", "{whom: new}"), "has no label 'whom'"),
        (("  must: [Thieves]\n", ""), "say which in `must`"),
        (("lasts: 30m", "lasts: half an hour"), "is no duration"),
        (("at: mon 03:00-04:00", "at: monday"), "is written"),
        (("median: 0.5", "median: short"), "median is a number"),
        (("days: 1", "days: 1\nhours: 3"), "'hours' is no field here"),
    ],
)
def test_a_mistake_is_told_with_file_and_line(tmp_path, wrong, says):
    """A scenario that names what nobody exports is no rehearsal (behaviour 36)."""
    with pytest.raises(DeclarationError, match=r"day\.yaml:\d+") as told:
        made(tmp_path, TEXT.replace(*wrong, 1))

    assert says in str(told.value)


def test_incidents_that_may_meet_are_refused(tmp_path):
    """Nobody could tell whose alarm it was."""
    again = TEXT[TEXT.index("- name: thieves") :].replace("03:00-04:00", "04:30-05:00")

    with pytest.raises(DeclarationError, match="may begin before 'thieves' has settled"):
        made(tmp_path, TEXT + again)
