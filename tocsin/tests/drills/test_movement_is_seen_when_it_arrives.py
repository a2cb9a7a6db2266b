"""«Exported» is the moment at which the rule's own series change in the cloud, and no other."""

import pytest

from tocsin.rehearsal.cloud.monitoring.shelf import SeriesName, StoredPoint
from tocsin.rehearsal.cloud.running import RunningCloud
from tocsin.rehearsal.drills.movement import Movement

METRIC = "custom.googleapis.com/shop/http_request_total"
RULE = (
    'sum(rate(custom_googleapis_com:shop_http_request_total{status_code=~"5.."}[5m]))'
    " / sum(rate(custom_googleapis_com:shop_http_request_total[5m])) > 0.05"
)


def arrive(cloud: RunningCloud, status: str, value: int, *, metric: str = METRIC) -> None:
    """A point of the series with this status."""
    name = SeriesName("demo", metric, (("status_code", status),), "global", ())
    with cloud.world.lock:
        now_ns = cloud.world.clock.wall_ns()
        cloud.monitoring.shelf.add(name, "CUMULATIVE", "DOUBLE", StoredPoint(1, now_ns, value))


@pytest.fixture
def cloud() -> RunningCloud:
    """A shelf on which the service has been counting."""
    made = RunningCloud()
    arrive(made, "200", 5)
    arrive(made, "500", 0)
    return made


@pytest.mark.parametrize(
    ("status", "value", "metric", "seen"),
    [
        ("500", 1, METRIC, True),
        ("503", 1, METRIC, True),
        ("200", 9, METRIC, False),
        ("500", 0, METRIC, False),
        ("500", 1, "custom.googleapis.com/shop/other_total", False),
    ],
)
def test_only_what_the_alarm_is_about_counts_as_exported(cloud, status, value, metric, seen):
    """Ordinary traffic and unchanged numbers are no sign of an incident (behaviour 39)."""
    movement = Movement(cloud, RULE)

    arrive(cloud, status, value, metric=metric)

    assert movement.has_begun() is seen
