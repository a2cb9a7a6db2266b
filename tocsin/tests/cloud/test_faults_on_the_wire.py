"""Every fault of transport, met by Google's own clients over real connections."""

import socket
import threading
import time

import grpc
import httpx
import pytest
from google.api_core import exceptions
from google.cloud import monitoring_v3
from google.cloud.logging_v2.services.logging_service_v2 import LoggingServiceV2Client
from google.cloud.logging_v2.services.logging_service_v2.transports import (
    LoggingServiceV2GrpcTransport,
)
from google.cloud.monitoring_v3.services.alert_policy_service.transports import (
    AlertPolicyServiceGrpcTransport,
)

from tocsin.rehearsal.cloud.carriage import CARRIED
from tocsin.rehearsal.cloud.faults import KINDS, FaultNotMetError
from tocsin.rehearsal.cloud.running import RunningCloud

pytestmark = pytest.mark.servers

PROJECT = "projects/demo"
CREATE = "CreateAlertPolicy"
PATIENT_S = 30.0


def client_of(cloud: RunningCloud) -> monitoring_v3.AlertPolicyServiceClient:
    # A connection of its own: gRPC's clients would else share one, the cut one included.
    channel = grpc.insecure_channel(
        cloud.grpc_address, options=[("grpc.use_local_subchannel_pool", 1)]
    )
    return monitoring_v3.AlertPolicyServiceClient(
        transport=AlertPolicyServiceGrpcTransport(channel=channel)
    )


def create(client, name: str = "one", timeout: float = PATIENT_S):
    """Create a policy without the client's own retries."""
    condition = {
        "display_name": "c",
        "condition_prometheus_query_language": {"query": "up < 1"},
    }
    policy = {"display_name": name, "combiner": "OR", "conditions": [condition]}
    return client.create_alert_policy(
        name=PROJECT, alert_policy=policy, retry=None, timeout=timeout
    )


def names(cloud: RunningCloud) -> list[str]:
    return [policy.display_name for policy in cloud.configuration.all("policies")]


@pytest.mark.parametrize(
    ("kind", "raised"),
    [
        ("unavailable", exceptions.ServiceUnavailable),
        ("deadline_exceeded", exceptions.DeadlineExceeded),
        ("resource_exhausted", exceptions.ResourceExhausted),
        ("internal", exceptions.InternalServerError),
    ],
)
def test_an_answered_fault_has_its_status_and_does_nothing(cloud, kind, raised):
    """The client meets the status that was asked for, as often as asked, and nothing is kept."""
    client = client_of(cloud)

    with cloud.faults.ask(kind, on=CREATE, times=2) as fault:
        for _ in range(2):
            with pytest.raises(raised):
                create(client)
        kept_meanwhile = names(cloud)
        create(client)

    assert fault.happened == 2
    assert kept_meanwhile == []
    assert names(cloud) == ["one"]


def test_a_slow_answer_comes_late(cloud):
    """A slow call takes the seconds that were asked for, and succeeds."""
    client = client_of(cloud)
    began = time.monotonic()

    with cloud.faults.ask("slow", on=CREATE, times=1, seconds=0.4):
        create(client)

    assert time.monotonic() - began >= 0.4
    assert names(cloud) == ["one"]


def test_a_hanging_call_is_never_answered(cloud):
    """Only the client's own deadline ends a call that hangs, and nothing is kept of it."""
    client = client_of(cloud)

    with cloud.faults.ask("hang", on=CREATE, times=1), pytest.raises(exceptions.DeadlineExceeded):
        create(client, timeout=0.3)

    assert names(cloud) == []


def test_a_reset_cuts_the_connection_before_anything_is_done(cloud):
    """The connection dies under the client, nothing is kept, and the next one is answered."""
    client = client_of(cloud)

    with cloud.faults.ask("reset", on=CREATE, times=1), pytest.raises(exceptions.GoogleAPIError):
        create(client)
    kept = names(cloud)
    create(client_of(cloud), "two")

    assert kept == []
    assert names(cloud) == ["two"]


def test_a_lost_answer_is_done_though_the_client_cannot_know(cloud):
    """The call is handled, then the connection is cut: who repeats it does it twice."""
    client = client_of(cloud)

    with (
        cloud.faults.ask("lost_answer", on=CREATE, times=1),
        pytest.raises(exceptions.GoogleAPIError),
    ):
        create(client, "lost")
    create(client_of(cloud), "lost")

    assert names(cloud) == ["lost", "lost"]


def test_calls_in_wrong_order_are_handled_after_the_next(cloud):
    """The call that meets the fault is handled when the next one has been."""
    client = client_of(cloud)

    with cloud.faults.ask("wrong_order", on=CREATE, times=1, seconds=PATIENT_S) as fault:
        first = threading.Thread(target=create, args=(client, "first"))
        first.start()
        while not fault.happened:
            first.join(0.01)
        create(client, "second")
        first.join()

    assert names(cloud) == ["second", "first"]


def test_a_reset_over_http_is_a_reset(cloud):
    """A REST client meets a dead connection too, not a status."""
    with (
        cloud.faults.ask("reset", on="ListAlertPolicies", times=1) as fault,
        pytest.raises(httpx.TransportError),
    ):
        httpx.get(f"{cloud.http_url}/v3/{PROJECT}/alertPolicies", timeout=PATIENT_S)

    assert fault.happened == 1


def test_a_fault_over_http_has_the_http_status(cloud):
    """UNAVAILABLE is 503 to a REST client, in Google's JSON form."""
    with cloud.faults.ask("unavailable", on="AlertPolicyService/ListAlertPolicies", times=1):
        answer = httpx.get(f"{cloud.http_url}/v3/{PROJECT}/alertPolicies", timeout=PATIENT_S)

    assert answer.status_code == 503
    assert answer.json()["error"]["status"] == "UNAVAILABLE"


def test_a_fault_that_was_never_met_fails_the_test_that_asked(cloud):
    """Asking for trouble and not meeting it is an error, or a test would prove nothing."""
    with pytest.raises(FaultNotMetError, match="never met"):  # noqa: SIM117 - the order counts
        with cloud.faults.ask("unavailable", on=CREATE):
            pass

    assert names(cloud) == []


def test_every_kind_of_fault_is_somebodys():
    """Transport carries all kinds but the one that a service itself must meet."""
    assert set(CARRIED) == KINDS - {"partial_failure"}


def test_a_cloud_stops_at_once_though_calls_hang():
    """Stopping waits for no call that hangs, over gRPC or over HTTP."""
    cloud = RunningCloud()
    with cloud:
        cloud.faults.ask("hang")
        channel = grpc.insecure_channel(cloud.grpc_address)
        stub = channel.unary_unary(
            "/google.monitoring.v3.AlertPolicyService/ListAlertPolicies",
            monitoring_v3.ListAlertPoliciesRequest.serialize,
            monitoring_v3.ListAlertPoliciesResponse.deserialize,
        )
        hanging = stub.future(monitoring_v3.ListAlertPoliciesRequest(name=PROJECT))
        raw = socket.create_connection(("127.0.0.1", int(cloud.http_url.rpartition(":")[2])))
        raw.sendall(b"GET /v3/projects/demo/alertPolicies HTTP/1.1\r\nHost: x\r\n\r\n")
        while cloud.faults.asked[0].happened < 2:
            time.sleep(0.01)
        began = time.monotonic()
    took = time.monotonic() - began
    raw.close()

    assert took < PATIENT_S / 3
    assert isinstance(hanging.exception(timeout=PATIENT_S), grpc.RpcError)


def test_a_log_write_beyond_grpcs_own_limit_reaches_the_rule(cloud):
    """A write of more than 10 MB is refused by Google's rule, not by the transport."""
    channel = grpc.insecure_channel(cloud.grpc_address)
    client = LoggingServiceV2Client(transport=LoggingServiceV2GrpcTransport(channel=channel))
    entries = [{"text_payload": "x" * 200_000} for _ in range(55)]

    with pytest.raises(exceptions.InvalidArgument):
        client.write_log_entries(
            log_name=f"{PROJECT}/logs/app", resource={"type": "global"}, entries=entries
        )

    assert cloud.logs.entries() == []
