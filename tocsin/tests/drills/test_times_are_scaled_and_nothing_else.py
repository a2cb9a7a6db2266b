"""The rules of a drill are the service's own, but for their times."""

import pytest

from tocsin.errors import DeclarationError
from tocsin.rehearsal.drills.scaling import scaled_expression, scaled_rules


@pytest.mark.parametrize(
    ("expr", "faster"),
    [
        ("rate(x[5m])", "rate(x[10s])"),
        ("last_over_time(x[23h] offset 1h) > 5", "last_over_time(x[46m] offset 2m) > 5"),
        ("max_over_time(rate(x[5m])[1h:1m])", "max_over_time(rate(x[10s])[2m:2s])"),
        ("max_over_time(x[1h:])", "max_over_time(x[2m:])"),
        ("x offset -5m", "x offset -10s"),
        ("rate(x[1h30m])", "rate(x[3m])"),
        ("rate(x[7s])", "rate(x[233ms])"),
        ('x{path="[5m] offset 1h"} > 60', 'x{path="[5m] offset 1h"} > 60'),
        ("x{path='a\\'[5m]'}[1m]", "x{path='a\\'[5m]'}[2s]"),
        ("rate(x[5m]) # [5m] of traffic\n> 2", "rate(x[10s]) # [5m] of traffic\n> 2"),
        ("offset_total > 5", "offset_total > 5"),
    ],
)
def test_windows_and_offsets_shrink_and_counts_stay(expr, faster):
    """Only what is a time is divided; text, comments, names and thresholds stay."""
    assert scaled_expression(expr, 30) == faster


def test_a_rule_keeps_all_but_its_times(tmp_path):
    """Group interval, `for` and windows are divided by one factor; labels and texts stay."""
    file = tmp_path / "alerts.yaml"
    file.write_text(
        "groups:\n- name: g\n  interval: 30s\n  rules:\n  - alert: A\n    expr: age > 300\n"
        "    for: 10m\n    labels: {severity: warning}\n    annotations: {summary: after 5m}\n"
    )

    rules = scaled_rules([file], speed=30, thresholds={"A": {"> 300": "> 10"}})

    (group,) = rules["groups"]
    assert group["interval"] == "1s"
    assert group["rules"] == [
        {
            "alert": "A",
            "expr": "age > 10",
            "for": "20s",
            "labels": {"severity": "warning"},
            "annotations": {"summary": "after 5m"},
        }
    ]


def test_a_scaled_threshold_must_stand_in_its_rule(tmp_path):
    """A threshold that was changed in the rules is not passed over in silence."""
    file = tmp_path / "alerts.yaml"
    file.write_text("groups:\n- name: g\n  rules:\n  - alert: A\n    expr: age > 600\n")

    with pytest.raises(DeclarationError, match="stands 0 times"):
        scaled_rules([file], speed=30, thresholds={"A": {"> 300": "> 10"}})
