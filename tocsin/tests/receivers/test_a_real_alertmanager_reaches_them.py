"""A real Alertmanager, configured as for a drill, and everybody whom it tells."""

import json
import threading
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import yaml

from tocsin.rehearsal.drills import routing
from tocsin.rehearsal.engines.programs import Program
from tocsin.rehearsal.receivers.desk import ReceiversDesk

pytestmark = [pytest.mark.servers, pytest.mark.xdist_group("alertmanager")]

CHANNELS = routing.channels_by_severity(None)
WITHIN_S = 15.0


@pytest.fixture(scope="module")
def desk() -> Iterator[ReceiversDesk]:
    """The receivers."""
    with ReceiversDesk() as open_desk:
        yield open_desk


@pytest.fixture(scope="module")
def alertmanager(desk, tmp_path_factory) -> Iterator[Program]:
    """The program, told of these receivers."""
    folder = tmp_path_factory.mktemp("alertmanager")
    config = routing.configuration(desk, CHANNELS, ["security", "engineering"])
    (folder / "config.yml").write_text(yaml.safe_dump(config))
    program = Program("prometheus-alertmanager", "prometheus-alertmanager", "/-/ready")
    with program.started(
        folder,
        lambda port: [
            f"--config.file={folder / 'config.yml'}",
            f"--storage.path={folder / 'data'}",
            f"--web.listen-address=127.0.0.1:{port}",
            "--web.external-url=http://alertmanager.example/",
            "--web.route-prefix=/",
            "--cluster.listen-address=",
        ],
    ):
        yield program


def post(alertmanager: Program, alert: str, severity: str, *, is_over: bool = False) -> None:
    """Tell it of one alarm, as Prometheus does."""
    now = datetime.now(UTC)
    ends = now - timedelta(seconds=1) if is_over else now + timedelta(minutes=5)
    body = {
        "labels": {"alertname": alert, "severity": severity, "owner": "security"},
        "annotations": {"summary": "Over 5 % «fail»", "impact": "Pupils see an error page."},
        "startsAt": (now - timedelta(seconds=30)).isoformat(),
        "endsAt": ends.isoformat(),
        "generatorURL": "http://prometheus.example/graph",
    }
    asked = urllib.request.Request(  # noqa: S310 - a child of this test
        f"{alertmanager.url}/api/v2/alerts",
        data=json.dumps([body]).encode(),
        headers={"content-type": "application/json"},
    )
    urllib.request.urlopen(asked, timeout=5).close()  # noqa: S310 - as above


def told(desk: ReceiversDesk, alert: str, *, is_resolved: bool) -> set[str]:
    """The channels that took notice of it, once those of its severity had time to."""
    pause = threading.Event()
    for _ in range(round(WITHIN_S / 0.05)):
        channels = {
            one.channel
            for one in desk.inbox
            if one.is_accepted and one.tells(alert) and one.is_resolved is is_resolved
        }
        if channels >= {"slack", "email"}:
            pause.wait(0.5)  # whoever else is told, is told at the same time
            return {one.channel for one in desk.inbox if one.tells(alert)}
        pause.wait(0.05)
    return set()


@pytest.mark.parametrize(
    ("alert", "severity"), [("ServiceDown", "critical"), ("ElevatedRateLimiting", "warning")]
)
def test_each_severity_reaches_its_channels_at_the_beginning_and_at_the_end(
    alertmanager, desk, alert, severity
):
    """A critical alarm pages, writes and posts; a warning never pages; each tells its end (D50)."""
    post(alertmanager, alert, severity)
    began = told(desk, alert, is_resolved=False)
    post(alertmanager, alert, severity, is_over=True)
    ended = told(desk, alert, is_resolved=True)

    assert began == set(CHANNELS[severity])
    assert ended == set(CHANNELS[severity])


def test_nothing_that_alertmanager_sends_is_refused(alertmanager, desk):
    """Real notifications pass the receivers' checks, and go to the owner's room and mailbox."""
    post(alertmanager, "HighErrorRate", "critical")
    told(desk, "HighErrorRate", is_resolved=False)

    mine = [one for one in desk.inbox if one.tells("HighErrorRate")]

    assert [one.faults for one in desk.inbox if one.faults] == []
    assert {one.to for one in mine} == {routing.ROUTING_KEY, "security", "security@drill.example"}
    assert all("Over 5 % «fail»" in one.text for one in mine)
