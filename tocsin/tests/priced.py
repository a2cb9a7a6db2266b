"""A small service to be priced: its plan in memory, so that each figure can be had by hand."""

from pathlib import Path

from tocsin.monitoring.cost.plan import Alarm, Exporting, Plan
from tocsin.monitoring.cost.series import Instrument
from tocsin.monitoring.cost.terraform import LogBucket, Ordered, UptimeCheck
from tocsin.monitoring.cost.traffic import Traffic, traffic_of

STATUS = ("paid", "refused", "other")
ORDERS = Instrument(
    "shop_orders_total", is_distribution=False, labels={"status": STATUS}, at_most=3
)
WAITED = Instrument(
    "shop_wait_seconds", is_distribution=True, labels={"route": None}, at_most=50, buckets=12
)
PROCESS = {"count": 2, "starts": 10, "lines_per_start": 4, "line_bytes": 250}
REQUEST = {"per_month": 1000, "lines": 1, "line_bytes": 500, "spans": 3}
SHOP = Path(__file__).parents[1] / "examples" / "shop"


def traffic(**more: object) -> Traffic:
    """One kind of process, one kind of event."""
    seen = {"route": ["/orders", "/orders/{number}"]}
    data = {
        "hours": 100,
        "processes": {"api": {**PROCESS, "seen": [seen]}},
        "events": {"request": REQUEST},
    }
    return traffic_of("traffic.toml", {**data, **more})


def plan(**more: object) -> Plan:
    """A check from one place, a bucket for a year, an alarm about two metrics."""
    given = {
        "traffic": traffic(),
        "exporting": Exporting(every_s=60, trace_ratio=0.5),
        "instruments": (ORDERS, WAITED),
        "alarms": (Alarm("Slow", ("shop_wait_seconds", "shop_orders_total"), 60.0),),
        "ordered": Ordered(
            checks=(UptimeCheck("up", 60.0, ("EUROPE",)),),
            buckets=(LogBucket("ordinary", 30, takes_all=True), LogBucket("attacks", 365)),
            log_metrics=("error_lines",),
        ),
    }
    return Plan(**{**given, **more})
