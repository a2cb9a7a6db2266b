"""Histories that keep the rules are taken whole, however many write and restart."""

from collections import Counter
from itertools import accumulate, pairwise

from cloud.violations.kind import Desk
from cloud.violations.monitoring_shapes import (
    METRIC,
    NS,
    START_NS,
    TASK,
    ask,
    counter,
    histogram,
    point,
    series,
    write,
)
from hypothesis import given, settings
from hypothesis import strategies as st

LIVES = st.lists(
    st.lists(st.tuples(st.integers(5_000, 600_000), st.integers(0, 1_000)), min_size=1, max_size=6),
    min_size=1,
    max_size=4,
)
"""Of one writer: its lives between restarts; of a life: pauses in milliseconds, increments."""


def told(lives):
    """Start, end and total of every point of a writer, in milliseconds after the beginning."""
    now = 0
    for life in lives:
        start = now + 1
        for (pause, _), total in zip(life, accumulate(step for _, step in life), strict=True):
            now += pause
            yield start, now, total


@settings(deadline=None, max_examples=60)
@given(st.lists(LIVES, min_size=1, max_size=4))
def test_what_writers_count_is_what_is_read_back(writers):
    """Many writers, many restarts, each within the rules: nothing is lost (D02, D05)."""
    desk = Desk()
    points = sorted(
        (
            (end, start, total, f"task-{number}")
            for number, lives in enumerate(writers)
            for start, end, total in told(lives)
        ),
    )

    for end, start, total, task in points:
        ends_at = START_NS + end * 1_000_000
        desk.clock.set_wall(max(desk.clock.wall_ns(), ends_at))
        labels = {**TASK, "task_id": task}
        one = counter(total, start_s=start / 1e3, end_s=end / 1e3, resource_labels=labels)
        desk.call("CreateTimeSeries", write(one))

    written = sum(step for lives in writers for life in lives for _, step in life)
    assert desk.monitoring.total(METRIC) == written
    assert not desk.rules.breaches


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=30, unique=True).map(sorted),
    st.data(),
)
def test_every_histogram_that_adds_up_is_taken(bounds, data):
    """Any rising bounds with any counts in their buckets make a distribution (D03)."""
    desk = Desk()
    some = st.lists(st.integers(0, 1 << 40), max_size=len(bounds) + 1)
    counts = data.draw(some)
    mean = data.draw(st.floats(-1e6, 1e6)) if sum(counts) else 0.0

    desk.call("CreateTimeSeries", write(histogram(*counts, bounds=bounds, mean=mean)))

    (stored,) = desk.monitoring.series(METRIC)
    assert list(stored.points[0].value.bucket_counts) == counts
    assert not desk.rules.breaches


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(-20_000, 20_000)), max_size=30))
def test_no_history_whatever_breaks_the_order_of_what_is_kept(attempts):
    """Whatever is tried, kept points of a series stand in order and five seconds apart (D05)."""
    desk = Desk()
    answers = Counter()

    for task, end_ms in attempts:
        labels = {**TASK, "task_id": str(task)}
        one = series(point(1, end_s=end_ms / 1e3), resource_labels=labels)
        problems = desk.monitoring.write("school", [one])
        answers["refused" if problems else "kept"] += 1

    kept = [[stored.end_ns for stored in one.points] for one in desk.monitoring.series()]
    gaps = [later - sooner for ends in kept for sooner, later in pairwise(ends)]
    assert all(gap >= 5 * NS for gap in gaps)
    assert sum(map(len, kept)) == answers["kept"]
    assert sum(desk.rules.breaches.values()) == answers["refused"]


def test_a_total_survives_the_points_that_made_it():
    """What was counted stays counted when old points are dropped, and the drop is on record."""
    desk = Desk()

    for second in range(0, 6_000, 5):
        start = -10.0 if second < 3_000 else 2_999.0
        value = second if second < 3_000 else second - 2_999
        desk.clock.set_wall(START_NS + second * NS)
        desk.call("CreateTimeSeries", write(counter(value, start_s=start, end_s=second)))

    (stored,) = desk.monitoring.series()
    assert desk.monitoring.total(METRIC) == 2_995 + 2_996
    assert len(stored.points) + desk.monitoring.shelf.points_dropped == 1_200
    assert desk.monitoring.shelf.points_dropped == 200


def test_a_kept_journal_brings_everything_back():
    """What a cloud gave to its journal makes another cloud the same, deletions too."""
    first, second = Desk(), Desk()
    journal = []
    first.world.keep = lambda *entry: journal.append(entry)
    gone = "custom.googleapis.com/vividly/gone"
    first.call("CreateTimeSeries", write(counter(7, start_s=-60, end_s=0), series(metric=gone)))
    first.monitoring.forget("school", gone)

    for kind, body, received_ns in journal:
        second.monitoring.recall(kind, body, received_ns)

    assert {kind.partition(".")[0] for kind, _, _ in journal} == {"monitoring"}
    assert second.monitoring.series() == first.monitoring.series()
    assert second.monitoring.descriptors() == first.monitoring.descriptors()
    assert second.monitoring.total(METRIC) == 7


def test_series_can_be_asked_since_a_moment():
    """Who asks again and again is given what is new, and nothing else."""
    desk = Desk()
    for second in (0, 10, 20):
        desk.call("CreateTimeSeries", write(series(point(second, end_s=second))))
    desk.call("CreateTimeSeries", write(series(labels={"old": "yes"})))

    (fresh,) = desk.monitoring.series(since_ns=START_NS + 10 * NS)

    assert [stored.value for stored in fresh.points] == [10, 20]
    assert len(desk.monitoring.series()) == 2


def test_lists_read_with_brackets_and_alternatives():
    """Filters combine as they do at Google."""
    desk = Desk()
    for method in ("GET", "PUT", "POST"):
        desk.call("CreateTimeSeries", write(series(labels={"method": method})))
    wanted = (
        f'metric.type = "{METRIC}" AND resource.labels.job : "ap" AND '
        '(metric.labels.method = one_of("GET", "HEAD") OR NOT metric.labels.method = "PUT")'
    )

    answer = desk.call("ListTimeSeries", ask(filter=wanted))

    methods = {one.metric.labels["method"] for one in answer.time_series}
    assert methods == {"GET", "POST"}
