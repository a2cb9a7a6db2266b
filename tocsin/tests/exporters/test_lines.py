"""Points are dated as Google wants them, whatever the clocks do."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.telemetry.delivery import Reading
from tocsin.telemetry.exporters.cloud_monitoring.lines import Line
from tocsin.telemetry.exporters.cloud_monitoring.timeline import Timeline
from tocsin.telemetry.testing import HandClock

SECOND_NS = 10**9
NOW_NS = HandClock().wall_ns()


def reading(*cells, kind="counter", started_ns=NOW_NS, buckets=(), origin=None):
    return Reading(
        "shop_x", kind, "X.", (), (), started_ns, [float(cell) for cell in cells], buckets, origin
    )


def line_of(one, now_ns=NOW_NS + 60 * SECOND_NS):
    line = Line(one, "custom.googleapis.com/shop/x", {"job": "shop"})
    line.take(one, now_ns)
    return line


def interval(message):
    span = message.points[0].interval
    start, end = span.start_time, span.end_time
    return start.seconds * SECOND_NS + start.nanos, end.seconds * SECOND_NS + end.nanos


def test_a_counters_start_stays_while_it_counts_on():
    """Each point has the same start and a later end: N increments read back as N (D02)."""
    line = line_of(reading(1))
    first = interval(line.dated(NOW_NS + 60 * SECOND_NS))

    line.take(reading(2), NOW_NS + 120 * SECOND_NS)
    second = interval(line.dated(NOW_NS + 120 * SECOND_NS))

    assert first == (NOW_NS, NOW_NS + 60 * SECOND_NS)
    assert second == (NOW_NS, NOW_NS + 120 * SECOND_NS)
    assert line.message.points[0].value.double_value == 2


def test_a_whole_number_is_sent_as_the_fraction_that_it_may_become():
    """Int first and float later are one type upstream (behaviour 18)."""
    line = line_of(reading(1, kind="gauge"))

    whole = line.dated(NOW_NS).points[0].value.WhichOneof("value")
    line.take(reading(1.5, kind="gauge"), NOW_NS)
    part = line.dated(NOW_NS).points[0].value.WhichOneof("value")

    assert whole == part == "double_value"
    assert not line.message.points[0].interval.HasField("start_time")


def test_a_point_right_after_another_is_dated_ahead():
    """One second after a periodic export the final one is dated five seconds on (behaviour 4)."""
    line = line_of(reading(1))
    first = interval(line.dated(NOW_NS + 60 * SECOND_NS))[1]

    second = interval(line.dated(NOW_NS + 61 * SECOND_NS))[1]

    assert second - first == 5 * SECOND_NS


def test_a_count_that_fell_begins_anew_after_its_last_point():
    """A restart within a process gets a start later than all that was sent (behaviour 8)."""
    line = line_of(reading(9, origin="one"))
    ended = interval(line.dated(NOW_NS + 60 * SECOND_NS))[1]

    line.take(reading(1, origin="two"), NOW_NS + 120 * SECOND_NS)
    start, end = interval(line.dated(NOW_NS + 120 * SECOND_NS))

    assert start > ended
    assert end > start


def test_a_clock_that_was_never_set_gives_no_start_in_the_past_century():
    """A series that began in 1970 begins within a day of its first point (behaviour 8)."""
    line = line_of(reading(1, started_ns=0))

    start, end = interval(line.dated(NOW_NS + 60 * SECOND_NS))

    assert end - start <= 24 * 3600 * SECOND_NS


def test_a_date_that_google_never_took_binds_nobody():
    """Dated an hour ahead by a wrong clock, a series goes on from now (behaviour 8)."""
    line = line_of(reading(1))
    line.dated(NOW_NS + 3600 * SECOND_NS)

    assert line.may_be_written(NOW_NS + 60 * SECOND_NS)
    end = interval(line.dated(NOW_NS + 60 * SECOND_NS))[1]

    assert end == NOW_NS + 60 * SECOND_NS


def test_exports_in_a_row_use_dates_up_and_then_wait():
    """Sixty flushes within a second stay within five minutes, for Google takes no more."""
    line = line_of(reading(1))
    now_ns = NOW_NS + 60 * SECOND_NS

    written = 0
    while line.may_be_written(now_ns) and written < 100:
        end = interval(line.dated(now_ns))[1]
        written += 1

    assert 50 < written < 100
    assert end - now_ns <= 300 * SECOND_NS


def test_a_refused_point_frees_its_date():
    """What was refused for sure was never the last point."""
    line = line_of(reading(1))
    line.dated(NOW_NS + 60 * SECOND_NS)

    line.not_taken()

    assert line.end_ns == 0


def test_a_distribution_is_consistent_in_itself():
    """Count, mean and buckets agree; deviations are those of the buckets' middles (D03)."""
    line = line_of(reading(6.0, 1, 2, 1, kind="histogram", buckets=(1.0, 2.0)))

    value = line.dated(NOW_NS + 60 * SECOND_NS).points[0].value.distribution_value

    assert value.count == sum(value.bucket_counts) == 4
    assert list(value.bucket_options.explicit_buckets.bounds) == [1.0, 2.0]
    assert value.mean == 1.5
    assert value.sum_of_squared_deviation == pytest.approx(1.0 + 0 + 0 + 0.25)


def test_an_empty_distribution_has_no_mean():
    """Google refuses a mean of nothing (D03)."""
    line = line_of(reading(0, 0, 0, kind="histogram", buckets=(1.0,)))

    value = line.dated(NOW_NS + 60 * SECOND_NS).points[0].value.distribution_value

    assert (value.count, value.mean, value.sum_of_squared_deviation) == (0, 0, 0)
    assert list(value.bucket_counts) == [0, 0]


STEPS = st.lists(st.tuples(st.floats(0, 120), st.floats(-7200, 7200)), min_size=1, max_size=40)


@given(steps=STEPS)
def test_whatever_the_clock_does_points_of_a_series_go_forward(steps):
    """Ends are five seconds apart at least and starts never step back (behaviours 4 and 8)."""
    clock = HandClock()
    timeline = Timeline(clock)
    one = reading(1, started_ns=clock.wall_ns())
    line = Line(one, "custom.googleapis.com/shop/x", {})
    spans = []

    for passed_s, step_s in steps:
        clock.advance(passed_s)
        clock.set_wall(clock.wall_ns() + round(step_s * SECOND_NS))
        now_ns = timeline.now_ns()
        line.take(one, now_ns)
        spans.append(interval(line.dated(now_ns)))

    ends = [end for _, end in spans]
    assert all(later - one >= 5 * SECOND_NS for one, later in pairwise(ends))
    assert len({start for start, _ in spans}) == 1
    assert all(start < end for start, end in spans)


def test_after_a_step_back_the_dates_come_home():
    """Dates ahead of the clock advance at half speed until it has caught up (behaviour 8)."""
    clock = HandClock()
    timeline = Timeline(clock)
    clock.set_wall(clock.wall_ns() - 100 * SECOND_NS)

    ahead = []
    for _ in range(25):
        clock.advance(10)
        ahead.append((timeline.now_ns() - clock.wall_ns()) / SECOND_NS)

    assert ahead[0] == 95
    assert ahead[-1] == 0
    assert ahead == sorted(ahead, reverse=True)
