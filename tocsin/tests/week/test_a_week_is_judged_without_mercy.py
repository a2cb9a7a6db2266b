"""The verdict on a week tells each miss and each false alarm."""

from tocsin.rehearsal.week.firing import Firing
from tocsin.rehearsal.week.running import Run
from tocsin.rehearsal.week.series import Incident
from tocsin.rehearsal.week.telling import as_data, told
from tocsin.rehearsal.week.verdict import SETTLES_S, judged

FLOOD = Incident("a flood", 3600, 7200, must=("Flood",), may=("Slow",), least_s={"Flood": 60.0})


def test_an_alarm_that_does_not_ring_is_missed():
    """Silence during an incident is a broken promise."""
    verdict = judged("prometheus", [FLOOD], {"Flood": []})

    assert [one.alert for one in verdict.missed] == ["Flood"]
    assert not verdict.is_good


def test_an_alarm_that_rings_before_the_incident_is_false_and_does_not_count_as_found():
    """Whoever rings all day has found nothing."""
    verdict = judged("prometheus", [FLOOD], {"Flood": [Firing(0, 90_000)]})

    assert [one.alert for one in verdict.missed] == ["Flood"]
    assert [one.firing for one in verdict.false_firings] == [Firing(0, 90_000)]


def test_what_an_incident_may_raise_is_no_false_alarm():
    """A flood may be slow; it may not bring the service down."""
    rang = {
        "Flood": [Firing(3700, 7300)],
        "Slow": [Firing(4000, 5000)],
        "Down": [Firing(4000, 4100)],
    }

    verdict = judged("prometheus", [FLOOD], rang)

    assert [(one.alert, one.during) for one in verdict.false_firings] == [("Down", "a flood")]


def test_an_alarm_long_after_its_incident_is_false():
    """An hour's window may ring late; half a day late is another matter."""
    late = Firing(7200 + SETTLES_S + 1, 7200 + SETTLES_S + 60)

    verdict = judged("prometheus", [FLOOD], {"Flood": [Firing(3700, 7300), late]})

    assert [one.firing for one in verdict.false_firings] == [late]


def test_times_are_told_from_the_incidents_start_and_end():
    """Detection from its start, clearing from its end, beside the physical minimum."""
    (found,) = judged("prometheus", [FLOOD], {"Flood": [Firing(3720, 7500)]}).found

    assert (found.detected_s, found.cleared_s, found.least_s) == (120, 300, 60.0)


def test_the_table_names_what_went_wrong():
    """Reader and program see the same misses."""
    verdict = judged("prometheus", [FLOOD], {"Flood": [], "Down": [Firing(0, 60)]})
    run = Run(seed=7, verdict=verdict, samples=10, series=2, took_s=1.0)

    table, (data,) = told([run]), as_data([run])

    assert "MISSED  Flood did not ring for «a flood» (prometheus, seed 7)" in table
    assert "FALSE   Down rang on Mon 00:00 for 1m00s (prometheus, seed 7)" in table
    assert "0 of 1 incidents found, 1 false firings" in table
    assert (data["good"], data["false_firings"][0]["alert"]) == (False, "Down")
