"""The page and its JSON show what arrived, and run nothing that came from outside."""

import json
from datetime import UTC, datetime

import httpx
import pytest

from tocsin.rehearsal.cloud.traces.span import StoredSpan

pytestmark = pytest.mark.servers
TRACE = "ab" * 16


@pytest.fixture
def http(cloud):
    """An HTTP client of the cloud."""
    with httpx.Client(base_url=cloud.http_url, timeout=30) as client:
        yield client


def gauge(end_s: int, value: float) -> dict:
    return {
        "metric": {"type": "custom.googleapis.com/depth", "labels": {"queue": "<b>"}},
        "resource": {"type": "global", "labels": {"project_id": "p"}},
        "points": [
            {
                "interval": {"endTime": {"seconds": end_s}},
                "value": {"doubleValue": value},
            }
        ],
    }


def span(span_id: str, parent_id: str, start_ns: int, end_ns: int, **more) -> StoredSpan:
    return StoredSpan(TRACE, span_id, parent_id, span_id, "", start_ns, end_ns, **more)


def test_the_page_loads_nothing_from_elsewhere(http):
    """Page, style and script are served from here, under a policy that forbids the rest."""
    answers = [http.get(path) for path in ("/", "/page.css", "/page.js")]

    assert [answer.status_code for answer in answers] == [200, 200, 200]
    assert all("default-src 'self'" in one.headers["content-security-policy"] for one in answers)
    text = "".join(answer.text for answer in answers).replace("http://www.w3.org/2000/svg", "")
    assert "http://" not in text
    assert "https://" not in text


def test_the_script_builds_text_nodes_only(http):
    """Nothing that came from outside can become HTML: no way of writing it is used."""
    script = http.get("/page.js").text

    for way in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("):
        assert way not in script


def test_a_metric_shows_its_total_and_its_line(http, cloud):
    """A gauge's card has its newest value and a line that keeps it."""
    now_s = cloud.world.clock.wall_ns() // 10**9
    for ago_s, value in ((60, 2.0), (0, 5.0)):
        body = gauge(now_s - ago_s, value)
        http.post("/v3/projects/p/timeSeries", content=_json(body, now_s - ago_s))

    (metric,) = http.get("/read/metrics").json()
    told = http.get("/read/series", params={"metric": metric["type"]}).json()

    assert (metric["kind"], metric["value"], metric["points"]) == ("GAUGE", 5.0, 2)
    assert (metric["line"][0], metric["line"][-1]) == (2.0, 5.0)
    assert told["series"][0]["labels"] == {"queue": "<b>"}


def _json(body: dict, seconds: int) -> str:
    time = datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")
    body["points"][0]["interval"]["endTime"] = time
    return json.dumps({"timeSeries": [body]})


def test_logs_are_found_in_loggings_language(http, cloud):
    """The filter is Google's own; one that cannot be read is said to be so."""
    for severity in ("INFO", "ERROR"):
        line = f'{{"severity": "{severity}", "message": "{severity} happened"}}'
        cloud.logs.take_line(line.encode(), project="p")

    found = http.get("/read/logs", params={"filter": "severity>=ERROR"}).json()
    unreadable = http.get("/read/logs", params={"filter": "severity >"})

    assert [one["message"] for one in found["entries"]] == ["ERROR happened"]
    assert found["found"] == 1
    assert (unreadable.status_code, "cannot be read" in unreadable.text) == (400, True)


def test_a_trace_is_told_from_root_to_leaves_across_services(http, cloud):
    """Children stand below their parents, whichever service made them; an orphan is a root."""
    now_ns = cloud.world.clock.wall_ns()
    at = now_ns - 10_000_000_000
    for one in (
        span("c" * 16, "b" * 16, at + 30, at + 40, service="worker", status="ERROR"),
        span("b" * 16, "a" * 16, at + 20, at + 50, service="worker"),
        span("a" * 16, "", at, at + 10, service="api"),
        span("d" * 16, "9" * 16, at + 60, at + 70, service="other"),
    ):
        cloud.traces.keep_span(one)

    (trace,) = http.get("/read/traces").json()["traces"]
    told = http.get("/read/spans", params={"trace": TRACE}).json()

    assert (trace["name"], trace["failed"], trace["spans"]) == ("a" * 16, True, 4)
    assert trace["services"] == ["api", "other", "worker"]
    assert [(one["name"][0], one["depth"]) for one in told] == [
        ("a", 0),
        ("b", 1),
        ("c", 2),
        ("d", 0),
    ]


def test_faults_are_asked_for_and_lifted_over_http(http, cloud):
    """A fault from the page meets calls until it is lifted, and its number is shown."""
    wish = {"kind": "unavailable", "on": "ListAlertPolicies"}
    path = "/v3/projects/p/alertPolicies"

    http.post("/faults", json=wish)
    met = http.get(path).status_code
    (shown,) = http.get("/read/faults").json()["asked"]
    http.post("/faults/lift", json={"number": shown["number"]})
    after = http.get(path).status_code

    assert (met, after) == (503, 200)
    assert (shown["happened"], shown["active"], shown["times"]) == (1, True, 0)
    assert cloud.faults.asked[0].happened == 1


@pytest.mark.parametrize(
    "sent",
    [
        {"json": {"kind": "explode"}},
        {"json": {"kind": "slow", "seconds": 1e9}},
        {"json": {"kind": "slow", "times": -1}},
        {"json": ["slow"]},
        {"content": b"{"},
        {"data": {"kind": "unavailable"}},
    ],
)
def test_a_fault_that_makes_no_sense_is_refused(http, cloud, sent):
    """Unknown kinds, endless waits, and forms of strange pages ask for nothing."""
    answer = http.post("/faults", **sent)

    assert answer.status_code == 400
    assert cloud.faults.asked == []


def test_broken_rules_and_errors_are_counted(http, cloud):
    """A breach is shown with what the rule says, an error group with its newest stack."""
    stack = 'Traceback (most recent call last):\n  File "a.py", line 1, in f\nValueError: no'
    report = {"serviceContext": {"service": "api"}, "message": stack}
    http.post("/v1beta1/projects/p/events:report", json=report)
    http.post("/v1beta1/projects/p/events:report", json={**report, "message": "no stack"})

    (group,) = http.get("/read/errors").json()
    breaches = http.get("/read/breaches").json()
    summary = http.get("/read/summary").json()

    assert (group["kind"], group["count"], group["sample"]) == ("ValueError", 1, stack)
    assert [one["count"] for one in breaches] == [1]
    assert breaches[0]["says"]
    assert (summary["breaches"], summary["held"]["error groups"]) == (1, 1)


def test_a_name_that_was_bent_to_this_machine_reads_nothing(http):
    """A web page elsewhere that lets its own name mean 127.0.0.1 gets no telemetry."""
    bent = http.get("/read/logs", headers={"host": "evil.example:8085"})
    own = http.get("/read/logs", headers={"host": "localhost:8085"})

    assert (bent.status_code, own.status_code) == (403, 200)
