"""Questions to Cloud Monitoring that have no answer, and those that do."""

import pytest
from cloud.violations.kind import Desk
from cloud.violations.monitoring_shapes import METRIC, PROJECT, ask, describe, series, write
from google.cloud.monitoring_v3 import types

from tocsin.rehearsal.cloud.refusals import Refusal

UNREADABLE = [
    'metric.type = "x',
    "metric.type",
    "metric.type =",
    'metric.type < "x"',
    'metric.type = monitoring.regex.full_match("x")',
    'metric.type = starts_with("x"',
    '(metric.type = "x"',
    'metric.type = "x" )',
    "(" * 5_000,
    "NOT " * 5_000,
]


@pytest.mark.parametrize("text", UNREADABLE)
def test_a_filter_that_cannot_be_read_is_refused(text):
    """No filter is half understood: what is not known is refused, with the place."""
    desk = Desk()
    request = types.ListMetricDescriptorsRequest.pb()(name=PROJECT, filter=text)

    with pytest.raises(Refusal, match="Field filter had an invalid value") as refused:
        desk.call("ListMetricDescriptors", request)

    assert refused.value.status == "INVALID_ARGUMENT"


def test_what_this_cloud_does_not_do_it_says():
    """Aligned series are not given unaligned."""
    desk = Desk()
    request = ask(aggregation={"alignment_period": {"seconds": 60}})

    with pytest.raises(Refusal) as refused:
        desk.call("ListTimeSeries", request)

    assert refused.value.status == "UNIMPLEMENTED"


@pytest.mark.parametrize(
    ("method", "request_of"),
    [
        ("GetMetricDescriptor", types.GetMetricDescriptorRequest),
        ("DeleteMetricDescriptor", types.DeleteMetricDescriptorRequest),
    ],
)
def test_what_is_not_there_is_not_found(method, request_of):
    """A metric that the project does not have is NOT_FOUND, a name of no form INVALID_ARGUMENT."""
    desk = Desk()
    absent = request_of.pb()(name=f"{PROJECT}/metricDescriptors/{METRIC}")
    no_name = request_of.pb()(name=METRIC)

    with pytest.raises(Refusal) as missing:
        desk.call(method, absent)
    with pytest.raises(Refusal) as unreadable:
        desk.call(method, no_name)

    assert (missing.value.status, unreadable.value.status) == ("NOT_FOUND", "INVALID_ARGUMENT")


def test_a_point_makes_no_descriptor_in_a_full_project():
    """A new type that would be one descriptor too many costs its point, and only that."""
    desk = Desk()
    for number in range(9_999):
        desk.call("CreateMetricDescriptor", describe(f"custom.googleapis.com/x/{number}"))

    problems = desk.monitoring.write(
        "school", [series(metric="custom.googleapis.com/last"), series()]
    )

    assert [(problem.index, problem.code) for problem in problems] == [(1, 8)]
    assert len(desk.monitoring.descriptors()) == 10_000


def test_projects_do_not_see_one_another():
    """The same series in two projects are two, and each project lists its own."""
    desk = Desk()
    for project in (PROJECT, "projects/other"):
        desk.call(
            "CreateTimeSeries", write(series(resource="global", resource_labels={}), name=project)
        )

    answer = desk.call("ListTimeSeries", ask())

    (listed,) = answer.time_series
    assert listed.resource.labels["project_id"] == "school"
    assert len(desk.monitoring.series(METRIC)) == 2
    assert len(desk.monitoring.series(METRIC, "other")) == 1


def test_all_resources_are_listed_in_pages():
    """Paging through the resources shows each once."""
    desk = Desk()
    found, token = [], ""

    for _ in range(10):
        request = types.ListMonitoredResourceDescriptorsRequest.pb()(
            name=PROJECT, page_size=5, page_token=token
        )
        answer = desk.call("ListMonitoredResourceDescriptors", request)
        found += [one.type for one in answer.resource_descriptors]
        token = answer.next_page_token
        if not token:
            break

    assert len(found) == len(set(found)) >= 12
    assert "generic_task" in found
