"""The synthetic journey on the real service: well, and ill at each step.

It alone moves vividly_journey_steps_total and vividly_journey_step_duration_ms.
"""

import json
from datetime import UTC, datetime

import httpx
import pytest
from cloud_desk import PREFIX, sent_to
from journey.conftest import API, PASSWORD, assert_discreet, requests_of, steps
from real.programs import free_port

from tocsin.rehearsal.cloud.running import RunningCloud

pytestmark = [pytest.mark.servers, pytest.mark.xdist_group("journey")]

ALL_WELL = [("sign_in", "well", "-"), ("ask", "well", "-"), ("lesson", "well", "-")]
OWN = ("journey_", "telemetry_")


def test_a_pupil_signs_in_asks_and_plays_the_lesson(journey, service):
    """Each step is told with its time, no word of the way is, and the session is ended (R121)."""
    done = journey.gone(service.base_url)

    assert steps(done) == ALL_WELL
    assert done.returncode == 0
    assert any("/auth/logout" in str(line.get("httpRequest")) for line in service.log_lines)
    assert_discreet(done.stdout + done.stderr)
    assert {json.loads(line)["message"] for line in done.stdout.splitlines()} == {"journey_step"}


def test_what_it_met_arrives_in_the_cloud_and_nothing_else(journey, service):
    """Steps by how they ended, their times, and no process of the service that there is not."""
    with RunningCloud() as cloud:
        done = journey.gone(service.base_url, **sent_to(cloud, EXPORT_EVERY_S="2"))
        with cloud.world.lock:
            well = cloud.monitoring.total(f"{PREFIX}journey_steps_total", result="well")
            times = cloud.monitoring.series(f"{PREFIX}journey_step_duration_ms")
            written = {one.metric_type.removeprefix(PREFIX) for one in cloud.monitoring.series()}

    assert done.returncode == 0
    assert (well, len(times)) == (3, 3)
    assert [name for name in written if not name.startswith(OWN)] == []


def test_how_each_part_fared_is_kept(journey, service, tmp_path):
    """The status page reads three parts of today."""
    kept = tmp_path / "status"

    journey.gone(service.base_url, STATUS_HISTORY_FOLDER=str(kept))

    (day,) = [path for path in kept.iterdir() if path.suffix == ".json"]
    assert day.stem == datetime.now(UTC).date().isoformat()
    assert all(part in day.read_text() for part in ("sign_in", "ask", "lesson"))


def test_a_history_that_cannot_be_written_spoils_no_walk(journey, service, tmp_path):
    """It is told in the log, and the walk is as well as it was."""
    (tmp_path / "file").write_text("not a folder")

    done = journey.gone(service.base_url, STATUS_HISTORY_FOLDER=str(tmp_path / "file"))

    assert done.returncode == 0
    assert "journey_not_kept" in done.stdout


def test_a_password_that_is_wrong_is_refused_at_the_door(journey, service):
    """The first step that is ill is the last; the service's number of the request is told."""
    done = journey.gone(service.base_url, JOURNEY_PASSWORD="Wrong-" + PASSWORD)

    (line,) = [json.loads(one) for one in done.stdout.splitlines()]
    assert steps(done) == [("sign_in", "ill", "refused")]
    assert done.returncode == 1
    assert line["severity"] == "WARNING"
    assert line["answered_as"] in {one.get("request_id") for one in service.log_lines}
    assert_discreet(done.stdout + done.stderr, "incorrect", "problem")


def test_a_lesson_that_nobody_makes_is_too_slow_and_wanted_no_longer(journey, without_worker):
    """Signing in and asking are well; what did not come in time is cancelled."""
    done = journey.gone(without_worker.base_url, "--lesson-within", "1.5")

    assert [one[:2] for one in steps(done)] == [
        ("sign_in", "well"),
        ("ask", "well"),
        ("lesson", "ill"),
    ]
    assert steps(done)[-1][2] == "too_slow"
    assert done.returncode == 1
    assert [one["status"] for one in requests_of(without_worker)] == ["cancelled"]


def test_nobody_there_has_a_status_of_its_own(journey):
    """A probe that cannot reach anybody says so, and blames no step of the service."""
    done = journey.gone(f"http://127.0.0.1:{free_port()}")

    assert steps(done) == [("sign_in", "ill", "unreachable")]
    assert done.returncode == 3
    assert_discreet(done.stdout + done.stderr)


@pytest.mark.parametrize(
    ("more", "changed", "named"),
    [
        ([], {"JOURNEY_PASSWORD": ""}, "JOURNEY_EMAIL, JOURNEY_PASSWORD"),
        (["--every", "3600"], {}, "--every: from 1 to 300"),
        (["--lesson-within", "0"], {}, "--lesson-within"),
        (["--base-url", "https://me:my-secret@vividly.example"], {}, "--base-url"),
        (["--base-url", "vividly.example"], {}, "--base-url"),
    ],
)
def test_wrong_use_is_one_line_that_shows_no_secret(journey, more, changed, named):
    """It says what is wrong and how to mend it, and ends with 2."""
    done = journey.gone("http://127.0.0.1:1", *more, **changed)

    assert done.returncode == 2
    assert named in done.stderr
    assert "my-secret" not in done.stderr


def test_the_account_is_a_pupils_and_no_more(service):
    """What walks may do what a pupil may: the figures of others are not for it."""
    with httpx.Client(base_url=service.base_url) as http:
        login = {"email": "journey@vividly.example", "password": PASSWORD}
        token = http.post(f"{API}/auth/login", json=login).json()["access_token"]
        answer = http.get(f"{API}/monitoring/metrics", headers={"authorization": f"Bearer {token}"})

    assert answer.status_code == 403
