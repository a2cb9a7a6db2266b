"""`traffic.toml`: a slip in it would make the bill too small, so it is refused with its place."""

import re
import tomllib
from pathlib import Path

import pytest
from priced import ORDERS, PROCESS, WAITED, plan, traffic

from tocsin.errors import DeclarationError
from tocsin.monitoring.cost.plan import refuse_unknown_names
from tocsin.monitoring.cost.series import commonly
from tocsin.monitoring.cost.traffic import read_traffic, traffic_of


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"colour": "red"}, "'colour' is no key"),
        ({"hours": 0}, "hours is 0"),
        ({"hours": float("nan")}, "hours is nan"),
        ({"processes": []}, "write tables such as [processes.NAME]"),
        ({"processes": {"api": 3}}, "processes.api is 3"),
        ({"processes": {"api": {"cuont": 3}}}, "processes.api: 'cuont' is no key"),
        ({"processes": {"api": {"count": -1}}}, "count is -1: it can be 0 or more"),
        ({"processes": {"api": {"count": True}}}, "count is a number, not True"),
        ({"processes": {"api": {"seen": {}}}}, "[[processes.NAME.seen]]"),
        ({"processes": {"api": {"seen": [{"route": 1.5}]}}}, "route is a text, a list of them"),
        ({"processes": {"api": {"exports": 3}}}, "exports is a text, a list of them"),
        ({"processes": {"api": {"seen": [{"of": 3}]}}}, "of is a text, a list of them"),
        ({"events": {"request": {"lines": "one"}}}, "events.request: lines is a number, not 'one'"),
        ({"events": {"request": {"bucket": 7}}}, "bucket is a text, not 7"),
        ({"series": {"shop_orders_total": "many"}}, "series: shop_orders_total is a number"),
        ({"series": 4}, "series is 4: write a table of numbers"),
        ({"promised": {"pizza": {}}}, "promised: 'pizza' is no key"),
    ],
)
def test_a_slip_is_told_with_its_place(more, says):
    """What stands where, and what may stand there (D92)."""
    with pytest.raises(DeclarationError, match=r"^traffic\.toml: ") as told:
        traffic(**more)

    assert says in str(told.value)


@pytest.mark.parametrize("missing", ["processes", "events"])
def test_what_is_missing_is_named(missing):
    """Without processes or events there is nothing to reckon."""
    data = {"processes": {}, "events": {}}
    del data[missing]

    with pytest.raises(DeclarationError, match=f"'{missing}' is missing"):
        traffic_of("traffic.toml", data)


@pytest.mark.parametrize("text", [None, "count = ", "\x00"])
def test_a_file_that_is_none_is_told_with_its_name(tmp_path, text):
    """It is not there, or it is no TOML."""
    file = tmp_path / "traffic.toml"
    if text is not None:
        file.write_text(text)

    with pytest.raises(DeclarationError, match=r"traffic\.toml"):
        read_traffic(file)


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"series": {"shop_oders_total": 3}}, "no metric 'shop_oders_total'"),
        ({"processes": {"api": {"exports": "shup_*"}}}, "no metric is called shup_*"),
        ({"log_metrics": {"error_line": 3}}, "Terraform orders no 'error_line'"),
        (
            {"processes": {"api": {**PROCESS, "seen": [{"of": "shup_*", "route": "/"}]}}},
            "processes.api.seen: shup_*: no metric is called so",
        ),
        (
            {"processes": {"api": {**PROCESS, "seen": [{"rout": "/"}]}}},
            "processes.api.seen: no label 'rout'",
        ),
    ],
)
def test_a_name_that_nothing_bears_is_refused(more, says):
    """Else its series would be counted as none."""
    with pytest.raises(DeclarationError) as told:
        refuse_unknown_names(plan(traffic=traffic(**more)), "traffic.toml")

    assert says in str(told.value)


def test_other_traffic_keeps_the_shares():
    """Twice the requests are twice of everything that comes with them."""
    events = {"request": {"per_month": 100}, "order": {"per_month": 10}}

    doubled = traffic(events=events).with_requests(200)

    assert {name: one.per_month for name, one in doubled.events.items()} == {
        "request": 200,
        "order": 20,
    }


@pytest.mark.parametrize("per_month", [-1, float("nan"), float("inf")])
def test_a_number_of_requests_that_cannot_be_is_refused(per_month):
    """An option's slip is no free month."""
    with pytest.raises(DeclarationError, match="there cannot be"):
        traffic().with_requests(per_month)


def test_without_an_event_of_that_name_nothing_can_be_scaled():
    """The error says which event is meant."""
    with pytest.raises(DeclarationError, match=r"events\.request"):
        traffic(events={}).with_requests(10)


def test_closed_labels_have_all_their_series_from_the_start():
    """But for the value that strangers fold into."""
    assert commonly(ORDERS, ()) == 2


def test_an_open_label_has_the_values_that_were_seen_and_each_once():
    """Rows that overlap are not counted twice, and none is counted that nobody named."""
    rows = traffic(
        processes={"api": {"seen": [{"route": ["/a", "/b"]}, {"route": "/b"}, {"route": 3}]}}
    )

    assert commonly(WAITED, rows.processes["api"].seen) == 5
    assert commonly(WAITED, ()) == 0


def test_no_more_series_are_seen_than_a_metric_admits():
    """The declaration's bound holds for a bill as well."""
    rows = traffic(processes={"api": {"seen": [{"route": 900}]}})

    assert commonly(WAITED, rows.processes["api"].seen) == WAITED.at_most


def test_the_pages_smallest_file_is_one():
    """What stands in the handbook to be copied can be read."""
    page = Path(__file__).parents[2] / "docs" / "cost.md"
    (example,) = re.findall(r"```toml\n(.*?)```", page.read_text(), re.DOTALL)

    read = traffic_of("cost.md", tomllib.loads(example))

    assert read.processes["api"].seen[0].values["endpoint"] == ("/orders", "/orders/{number}")
    assert read.events["request"].per_month == 100_000
