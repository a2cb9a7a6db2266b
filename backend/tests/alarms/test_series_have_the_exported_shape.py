"""A rehearsed week is made of such series as the real service exports."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

import httpx
import pytest
from alarms.test_rule_cases import SERVICE
from cloud_desk import PROJECT, Arrived, ask, sent_to, until

from tocsin.rehearsal.cloud.running import RunningCloud
from tocsin.rehearsal.week.scenario.building import week_of
from tocsin.rehearsal.week.scenario.reading import read_scenario

pytestmark = pytest.mark.servers
Shape = dict[str, set[frozenset[str]]]
NEVER_SO_SOON = ("_dropped_total", "_overflow_total", "lockouts", "content_generation_errors")
POSTGRESQL_ONLY = "database_server"


@pytest.fixture
def cloud() -> Iterator[RunningCloud]:
    with RunningCloud(prometheus="auto") as running:
        yield running


def shape_of(series: Iterable[Mapping[str, str]]) -> tuple[Shape, dict[str, set[str]]]:
    """By name: the sets of labels, and the bounds."""
    labels: Shape = defaultdict(set)
    bounds: dict[str, set[str]] = defaultdict(set)
    for one in series:
        labels[one["__name__"]].add(frozenset(one) - {"__name__"})
        if "le" in one:
            bounds[one["__name__"]].add(one["le"])
    return labels, bounds


def exported(cloud: RunningCloud) -> list[dict[str, str]]:
    """All series of ours, as PromQL shows them."""
    path = f"{cloud.http_url}/v1/projects/{PROJECT}/location/global/prometheus/api/v1/series"
    ours = {"match[]": f'{{__name__=~"{SERVICE.prefix}vividly_.+"}}'}
    answer = httpx.get(path, params=ours, timeout=60)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, str]] = answer.json()["data"]
    return [
        {key: value for key, value in one.items() if key not in ("instance", "exported_job")}
        for one in found
    ]


def test_names_labels_and_bounds_are_those_of_a_real_export(running_service, cloud):
    """What the alarms are rehearsed on is what they will be asked on (behaviour 36)."""
    service = running_service(env=sent_to(cloud, EMBEDDED_WORKER="true"))
    ask(service, 3)
    wrong = {"email": "nobody@school.example", "password": "Wrong-4711"}
    httpx.post(f"{service.base_url}/api/v1/auth/login", json=wrong, timeout=30)
    until(lambda: Arrived(cloud).counted(endpoint="/api/v1/auth/login") >= 1)
    week = week_of(
        read_scenario(SERVICE.scenario), SERVICE.catalogue(), prefix=SERVICE.prefix, seed=1
    )

    ours, our_bounds = shape_of({"__name__": one.name, **one.labels} for one in week.series)
    real, real_bounds = shape_of(exported(cloud))

    compared = {name for name in ours if name in real}
    missing = {
        name
        for name in ours
        if name.startswith(SERVICE.prefix) and name not in real
        if not any(word in name for word in (*NEVER_SO_SOON, POSTGRESQL_ONLY))
    }
    assert missing == set()
    assert len(compared) > 12
    assert {name: ours[name] for name in compared} == {name: real[name] for name in compared}
    assert {name: our_bounds[name] for name in our_bounds} == {
        name: real_bounds[name] for name in our_bounds
    }
