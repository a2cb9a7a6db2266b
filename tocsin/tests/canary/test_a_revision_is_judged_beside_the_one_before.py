"""A rollout goes on, stops, or waits, by what a real Prometheus says of each revision."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.request import Request, urlopen

import numpy as np
import pytest

from tocsin.cli.main import main
from tocsin.rehearsal.engines.engine import ENGINES
from tocsin.rehearsal.week.series import Series, Week

pytestmark = pytest.mark.servers
START = 1_780_272_000
MINUTES = 20
BUCKETS_MS = ("100.0", "500.0", "2500.0", "+Inf")
REVISIONS = {
    "api-1": (900, 0.9, 0.01),
    "api-2": (50, 0.05, 0.01),
    "broken": (50, 5, 0.01),
    "slow": (50, 0, 0.3),
    "quiet": (1, 0, 0.0),
}


def revision(name: str, ok: float, bad: float, slow: float) -> Iterator[Series]:
    """What Cloud Run measures of it: requests a minute, by class and by duration."""
    of = {"monitored_resource": "cloud_run_revision", "service_name": "api", "revision_name": name}
    beats = np.arange(MINUTES + 1, dtype=np.float64)
    for code, rate in (("2xx", ok), ("5xx", bad)):
        labels = of | {"response_code_class": code}
        yield Series("run_googleapis_com:request_count", labels, beats * rate)
    for le, share in zip(BUCKETS_MS, (0.5, 1 - slow, 1.0, 1.0), strict=True):
        counts = beats * (ok + bad) * share
        yield Series("run_googleapis_com:request_latencies_bucket", of | {"le": le}, counts)


@pytest.fixture(scope="module")
def cloud() -> Iterator[str]:
    """Google's address of PromQL, with a real Prometheus behind it whose now is the data's end."""
    series = [one for name, of in REVISIONS.items() for one in revision(name, *of)]
    with ENGINES["prometheus"]() as engine:
        engine.load(Week(START, 60, tuple(series)))

        class Google(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                assert self.path == "/v1/projects/p/location/global/prometheus/api/v1/query"
                asked = self.rfile.read(int(self.headers["Content-Length"]))
                at = f"&time={START + MINUTES * 60}".encode()
                url = f"{engine.url}/api/v1/query"
                with urlopen(Request(url, asked + at)) as answer:  # noqa: S310 - our own child
                    said = answer.read()
                self.send_response(200)
                self.end_headers()
                self.wfile.write(said)

            def log_message(self, *_: object) -> None:
                """Nobody reads it."""

        server = HTTPServer(("127.0.0.1", 0), Google)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()
        server.server_close()


def ask(cloud: str, *more: str) -> int:
    said = ["canary", "--project", "p", "--run-service", "api", "--endpoint", cloud]
    return main([*said, *more])


def test_a_good_revision_may_have_more_traffic(cloud, capsys):
    """It fails and dawdles as seldom as the one before (D57)."""
    status = ask(cloud, "--revision", "api-2", "--against", "api-1")

    assert status == 0
    assert capsys.readouterr().out.splitlines() == [
        "api-2: it may have more",
        "  0.1 % of its requests fail, of the one before 0.1 %: 1.0 % may",
        "  1.0 % of its requests take over 500 ms, of the one before 1.0 %: 5.0 % more may",
    ]


def test_a_revision_that_fails_is_stopped_whatever_the_others_do(cloud, capsys):
    """One request in eleven: the old revision's many good ones hide nothing (D57)."""
    status = ask(cloud, "--revision", "broken", "--against", "api-1")

    assert status == 1
    assert "9.1 % of its requests fail, of the one before 0.1 %" in capsys.readouterr().out


def test_a_revision_that_is_slower_is_stopped(cloud, capsys):
    """Beside the one that it replaces, not beside a number (D57)."""
    status = ask(cloud, "--revision", "slow", "--against", "api-1")

    assert status == 1
    assert "30.0 % of its requests take over 500 ms" in capsys.readouterr().out


@pytest.mark.parametrize("name", ["quiet", "nobody"])
def test_too_little_traffic_is_no_yes(cloud, capsys, name):
    """What cannot be told is told so, with a status of its own (D57)."""
    status = ask(cloud, "--revision", name, "--against", "api-1")

    assert status == 4
    assert "nobody can tell yet" in capsys.readouterr().out


def test_a_script_reads_the_verdict_as_json(cloud, capsys):
    """Verdict, reasons, and on how many requests they stand."""
    ask(cloud, "--revision", "broken", "--json")

    told = json.loads(capsys.readouterr().out)
    assert told["verdict"] == "back"
    assert told["requests"] == pytest.approx(550, rel=0.01)
    assert len(told["reasons"]) == 1


def test_a_cloud_that_does_not_answer_is_no_yes(capsys):
    """Nobody listens at that port (D57)."""
    status = ask("http://127.0.0.1:1", "--revision", "api-2")

    assert status == 3
    assert "does not answer" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("more", "named"),
    [
        (["--minutes", "0"], "--minutes 0: at least one"),
        (["--most-errors", "5"], "--most-errors 5.0: a share, as 0.01 for 1 %"),
        (["--sure", "99"], "--sure 99.0: between 0.5 and 1, as 0.99"),
        (["--against", "api-2"], "--against api-2: the same revision as the new one"),
    ],
)
def test_what_cannot_be_asked_is_refused_by_name(capsys, more, named):
    """Wrong use has a status of its own, and says how it is meant."""
    status = ask("http://127.0.0.1:1", "--revision", "api-2", *more)

    assert status == 2
    assert named in capsys.readouterr().err
