"""What `tocsin cost` reckons of declarations and counts, held against what really arrives.

Callers play a short day on the real API and worker, and count what they did themselves. The
plan is Vividly's own with those counts in place of a month's; the cloud counts what came.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from cloud_desk import sent_to
from real.service import services_in
from school_hour import Day, lived

from tocsin.monitoring.cost.measured import Usage, usage_of
from tocsin.monitoring.cost.plan import Plan, plan_of
from tocsin.monitoring.cost.prices import PriceList, read_prices
from tocsin.monitoring.cost.traffic import Event, Seen
from tocsin.monitoring.cost.volume import Points, Volumes, volumes_of
from tocsin.monitoring.service import Service
from tocsin.rehearsal.cloud.running import RunningCloud

pytestmark = [pytest.mark.servers, pytest.mark.xdist_group("a_bill")]

MONITORING = Path(__file__).parents[2] / "monitoring"
EVERY_S = 2.0
LASTS_S = 16.0
PUPILS = 3
ALL_TRACES = 1.0
A_TENTH = 0.10


@dataclass(frozen=True)
class Held:
    """What was reckoned beside what came."""

    reckoned: Volumes
    arrived: Usage
    prices: PriceList

    def metric_bytes(self, points: Points) -> float:
        """What a bill makes of points."""
        return self.prices.metric_bytes(points.scalars, points.distributions)

    def samples(self, points: Points) -> float:
        """What the other product's bill makes of them."""
        return self.prices.samples(points.scalars, points.distributions, points.filled_buckets)


@pytest.fixture(scope="module")
def held(tmp_path_factory) -> Held:
    """One day for all; the plan is told the callers' counts and how long each process ran."""
    ran_s = {}
    with RunningCloud() as cloud, services_in(tmp_path_factory.mktemp("bill")) as start:
        env = sent_to(cloud, TRACE_RATIO=str(ALL_TRACES), EXPORT_EVERY_S=str(EVERY_S))
        api = start("uvicorn", env=env)
        began = {"api": time.monotonic()}
        worker = start("worker", env=env)
        began["worker"] = time.monotonic()
        day = Day(api.base_url)
        lived(day, PUPILS, LASTS_S)
        for name, process in (("worker", worker), ("api", api)):
            ran_s[name] = time.monotonic() - began[name]
            process.stop()
        arrived = usage_of(cloud.world.usage.told())
    prices = read_prices()
    return Held(volumes_of(plan_for(day, ran_s), prices), arrived, prices)


def plan_for(day: Day, ran_s: dict[str, float]) -> Plan:
    """Vividly's own plan with this day's counts; no metrics are made of lines here."""
    plan = plan_of(Service.load(MONITORING), "prod")
    longest_s = max(ran_s.values())
    seen = {"api": (*exporters(), *answered(plan, day)), "worker": exporters()}
    processes = {
        name: replace(known, count=ran_s[name] / longest_s, starts=1, seen=seen[name])
        for name, known in plan.traffic.processes.items()
        if name in ran_s
    }
    traffic = replace(
        plan.traffic,
        hours=longest_s / 3600,
        processes=processes,
        events=counted(plan, day),
        log_metrics={},
    )
    plan = replace(plan, traffic=traffic)
    return plan.with_exporting(every_s=EVERY_S, trace_ratio=ALL_TRACES)


def exporters() -> tuple[Seen, ...]:
    """What a process sends by: here lines too go to the cloud, and not to an agent."""
    names = {"exporter": ("metrics", "spans", "logs")}
    one = {"version": ("one",), "revision": ("one",)}
    return (Seen(names, ("vividly_telemetry_export_*",)), Seen(one, ("vividly_release_*",)))


def answered(plan: Plan, day: Day) -> Iterator[Seen]:
    """What starts with each route, then routes and statuses that callers met, from one address."""
    yield plan.traffic.processes["api"].seen[0]
    for method, route, status in day.answers:
        values = {"method": (method,), "endpoint": (route,), "status_code": (str(status),)}
        yield Seen(values, ("vividly_http_re*",))
        limited = {"endpoint": (route,), "ip_address": ("here",)}
        yield Seen(limited, ("vividly_rate_limit_hits_total", "vividly_rate_limit_m*"))
    yield Seen({"ip_address": ("here",)}, ("vividly_brute_force_attempts_total",))
    yield Seen({"endpoint": ("/health/ready",), "status_code": ("200",)}, ("vividly_http_probe_*",))


def counted(plan: Plan, day: Day) -> dict[str, Event]:
    """The events of this day; there is no Cloud Run that writes lines of its own."""
    here = {name: one for name, one in plan.traffic.events.items() if "cloud_run" not in name}
    return {name: replace(one, per_month=day.events[name]) for name, one in here.items()}


def test_metrics_are_reckoned_within_a_tenth_by_bytes(held):
    """Series of the declarations times rounds are the points that came (R239)."""
    reckoned = held.metric_bytes(held.reckoned.points)

    assert reckoned == pytest.approx(held.metric_bytes(held.arrived.points), rel=A_TENTH)


def test_samples_are_not_reckoned_below_what_comes(held):
    """A short day fills fewer buckets than a long one, for which the reckoning is made (R239)."""
    reckoned = held.samples(held.reckoned.points)

    arrived = held.samples(held.arrived.points)
    assert arrived * (1 - A_TENTH) <= reckoned <= arrived * 1.5


def test_log_lines_are_reckoned_within_a_tenth(held):
    """What the traffic file says of each event's lines is what they weigh (R240)."""
    assert held.reckoned.log_bytes == pytest.approx(held.arrived.log_bytes, rel=A_TENTH)


def test_spans_are_reckoned_within_a_tenth(held):
    """What the traffic file says of each event's spans is what is sent (R243)."""
    assert held.reckoned.spans == pytest.approx(held.arrived.spans, rel=A_TENTH)
