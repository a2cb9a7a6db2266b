"""The REST front takes what Google's takes, and refuses what it refuses."""

import gzip

import httpx
import pytest
from google.auth.credentials import AnonymousCredentials
from google.cloud import monitoring_dashboard_v1
from google.cloud.monitoring_dashboard_v1.services.dashboards_service.transports import (
    DashboardsServiceRestTransport,
)
from google.rpc.status_pb2 import Status
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest

from tocsin.rehearsal.cloud.running import RunningCloud

pytestmark = pytest.mark.servers

POLICIES = "/v3/projects/demo/alertPolicies"
POLICY = {
    "displayName": "one",
    "combiner": "OR",
    "conditions": [{"displayName": "c", "conditionPrometheusQueryLanguage": {"query": "up < 1"}}],
}


@pytest.fixture
def http(cloud):
    """An HTTP client of the cloud."""
    with httpx.Client(base_url=cloud.http_url, timeout=30) as client:
        yield client


def test_what_is_created_can_be_changed_by_mask_and_deleted(http):
    """PATCH changes what its mask names and nothing else; DELETE forgets."""
    made = http.post(POLICIES, json=POLICY).json()
    path = f"/v3/{made['name']}"

    http.patch(path, params={"updateMask": "displayName"}, json={"displayName": "two"})
    changed = http.get(path).json()
    http.delete(path)

    assert changed["displayName"] == "two"
    assert changed["conditions"] == made["conditions"]
    assert http.get(path).json()["error"]["status"] == "NOT_FOUND"


def test_a_list_comes_in_pages(http):
    """The token of a page leads to the next, until all were given once."""
    for number in range(5):
        http.post(POLICIES, json={**POLICY, "displayName": str(number)})
    given, token = [], ""

    while token is not None:
        page = http.get(POLICIES, params={"pageSize": 2, "pageToken": token}).json()
        given.append([policy["displayName"] for policy in page["alertPolicies"]])
        token = page.get("nextPageToken")

    assert given == [["0", "1"], ["2", "3"], ["4"]]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"nme": 1}, "Unknown name \"nme\" at 'alert_policy': Cannot find field."),
        ({"combiner": "XOR"}, "(type.googleapis.com/google.monitoring.v3.AlertPolicy."),
        ({"displayName": 7}, "Invalid value at 'alert_policy.display_name' (TYPE_STRING), 7"),
        ({"conditions": {}}, "Invalid value at 'alert_policy.conditions'"),
        ({"combiner": ["OR"]}, "Proto field is not repeating, cannot start list."),
        ({"alertStrategy": {"autoClose": "30"}}, "(type.googleapis.com/google.protobuf.Duration)"),
    ],
)
def test_a_fault_in_json_is_named_with_its_place(http, change, says):
    """Unknown names, enum values and wrong types are refused in Google's words."""
    answer = http.post(POLICIES, json={**POLICY, **change})

    error = answer.json()["error"]
    assert (answer.status_code, error["status"]) == (400, "INVALID_ARGUMENT")
    assert says in error["message"]
    assert error["details"][0]["@type"] == "type.googleapis.com/google.rpc.BadRequest"


def test_a_body_that_is_no_json_is_refused(http):
    """Neither broken JSON nor JSON that is no object is taken."""
    answers = [http.post(POLICIES, content=body) for body in (b"{", b"[1]", b"\xff")]

    assert [answer.status_code for answer in answers] == [400, 400, 400]


def test_query_parameters_reach_nested_fields(http):
    """Dots lead into messages, repeated parameters make lists, unknown ones are refused."""
    described = {
        "type": "custom.googleapis.com/x",
        "metricKind": "GAUGE",
        "valueType": "DOUBLE",
    }
    http.post("/v3/projects/demo/metricDescriptors", json=described)
    path = "/v3/projects/demo/timeSeries"
    asked = {
        "filter": 'metric.type="custom.googleapis.com/x"',
        "interval.startTime": "2026-01-01T00:00:00Z",
        "interval.end_time": "2026-01-01T01:00:00Z",
        "alt": "json",
        "prettyPrint": "false",
    }

    known, unknown = (
        http.get(path, params=asked),
        http.get(path, params={**asked, "intervl.x": "1"}),
    )

    assert known.status_code == 200, known.text
    assert "Cannot bind query parameter. Field 'intervl.x'" in unknown.json()["error"]["message"]


def test_an_unknown_path_is_not_found_in_googles_form(http):
    """What no method has is NOT_FOUND."""
    answer = http.post("/v3/projects/demo/alertPolicies:frobnicate", json={})

    assert answer.status_code == 404
    assert answer.json()["error"]["status"] == "NOT_FOUND"


def test_a_compressed_binary_body_is_answered_in_kind(http, cloud):
    """OTLP over HTTP sends protobuf, gzipped; refusals are a binary Status."""
    headers = {"content-type": "application/x-protobuf"}
    body = ExportLogsServiceRequest().SerializeToString()

    taken = http.post(
        "/v1/logs", content=gzip.compress(body), headers={**headers, "content-encoding": "gzip"}
    )
    with cloud.faults.ask("unavailable", on="LogsService/Export", times=1):
        refused = http.post("/v1/logs", content=body, headers=headers)

    assert (taken.status_code, taken.headers["content-type"]) == (200, headers["content-type"])
    assert refused.status_code == 503
    assert Status.FromString(refused.content).code == 14


def test_googles_own_rest_transport_is_understood(cloud):
    """The dashboards' client library speaks REST too, with its own spelling of everything."""
    transport = DashboardsServiceRestTransport(
        host=cloud.http_url.removeprefix("http://"),
        url_scheme="http",
        credentials=AnonymousCredentials(),
    )
    client = monitoring_dashboard_v1.DashboardsServiceClient(transport=transport)

    made = client.create_dashboard(
        request={
            "parent": "projects/demo",
            "dashboard": {"display_name": "d", "grid_layout": {"widgets": [{"blank": {}}]}},
        }
    )
    listed = list(client.list_dashboards(request={"parent": "projects/demo"}))

    assert listed == [made]
    assert client.get_dashboard(request={"name": made.name}) == made


def test_a_channels_secret_is_neither_kept_nor_given_back(tmp_path):
    """The token of a channel is obscured in every answer, as Google's are, and in the journal."""
    channel = {
        "type": "slack",
        "labels": {"channel_name": "#alerts", "auth_token": "xoxb-very-secret"},
    }

    with RunningCloud(data_dir=tmp_path) as kept:
        path = f"{kept.http_url}/v3/projects/demo/notificationChannels"
        made = httpx.post(path, json=channel, timeout=30).json()
        listed = httpx.get(path, timeout=30).text

    assert made["labels"] == {"channel_name": "#alerts", "auth_token": "********"}
    assert "very-secret" not in listed
    assert all(b"very-secret" not in file.read_bytes() for file in tmp_path.iterdir())
