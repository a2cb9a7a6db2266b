"""Ready-made checks tell a full disk, a late heart, a wrong clock and a failing provider."""

import pytest

from tocsin.health import Status
from tocsin.health.dependencies import clock_skew, folder, heartbeat, outcomes
from tocsin.health.recent import RecentRequests
from tocsin.telemetry.http_metrics import HttpMetrics
from tocsin.telemetry.metrics import MetricsClient
from tocsin.telemetry.testing import HandClock

_NS = 1_000_000_000


async def test_a_folder_that_is_a_file_cannot_be_written_to(tmp_path):
    """What stands in the place of a folder is found before a lesson is lost."""
    place = tmp_path / "lessons"
    place.touch()

    with pytest.raises(OSError, match="lessons"):
        await folder(place, make=True)()


async def test_little_room_is_a_warning(tmp_path):
    """Both measures must be short: five percent of a large disk is plenty."""
    tight = folder(tmp_path, least_free_bytes=2**60, least_free_ratio=1.1)

    found = await tight()

    assert found.status is Status.WARN
    assert found.unit == "ratio"
    assert (await folder(tmp_path, least_free_bytes=2**60, least_free_ratio=0.0)()).status == "pass"


@pytest.mark.parametrize(("age_s", "status"), [(9, "pass"), (11, "fail")])
async def test_a_heart_that_beats_too_late_is_failing(age_s, status):
    """Ten seconds are the limit here."""
    clock = HandClock()
    last_ns = clock.wall_ns() - age_s * _NS

    async def last() -> int:
        return last_ns

    assert (await heartbeat(last, clock=clock, late_s=10)()).status == status


async def test_a_heart_that_never_beat_is_unknown():
    """Nothing was seen, so nothing is claimed."""

    async def never() -> None:
        return None

    assert (await heartbeat(never, clock=HandClock(), late_s=10)()).status is Status.UNKNOWN


@pytest.mark.parametrize(("off_s", "status"), [(1.5, "pass"), (-3.0, "warn"), (3.0, "warn")])
async def test_a_clock_that_is_seconds_off_is_told_with_its_sign(off_s, status):
    """Ours ahead is positive."""
    clock = HandClock()

    async def theirs() -> int:
        return clock.wall_ns() - round(off_s * _NS)

    found = await clock_skew(theirs, clock=clock, most_s=2.0)()

    assert (found.status, found.observed) == (status, off_s)


async def test_a_provider_is_judged_by_its_real_calls_and_by_new_ones_only():
    """No paid call per probe; and old failures do not fail it for ever."""
    counted = [(0.0, 0.0), (10.0, 9.0), (12.0, 9.0), (30.0, 9.0)]
    ask = outcomes(lambda: counted.pop(0))

    found = [(await ask()).status.value for _ in range(4)]

    assert found == ["unknown", "fail", "fail", "pass"]


def test_recent_figures_forget_what_is_older_than_the_window():
    """An error of an hour ago says nothing of now (R132)."""
    clock, http = HandClock(), HttpMetrics(MetricsClient("shop"))
    recent = RecentRequests(http, clock=clock, window_s=300)
    http.finished("GET", "/books", 500, 3.0, 3.0, 0, 1)
    recent.note()
    clock.advance(200)
    recent.note()
    for _ in range(19):
        http.finished("GET", "/books", 200, 0.02, 0.02, 0, 1)
    clock.advance(200)
    recent.note()
    clock.advance(200)
    recent.note()

    figures = recent.figures()

    assert (figures["requests"], figures["server_errors"]) == (19, 0)
    assert (figures["half_within_s"], figures["server_error_ratio"]) == (0.025, 0.0)
