"""Everything that a drill needs, started in the order in which it depends on one another.

Rehearsal cloud, the service on its stage, the uptime check, the receivers, Alertmanager and
Prometheus with the scaled rules. All of it ends with the block, in the opposite order.
"""

import json
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import yaml

from tocsin.clock import Clock
from tocsin.monitoring.durations import seconds
from tocsin.monitoring.escalation import Channel
from tocsin.rehearsal.cloud.monitoring.rules import SAMPLING
from tocsin.rehearsal.cloud.running import RunningCloud
from tocsin.rehearsal.drills import feeding, routing
from tocsin.rehearsal.drills.declared import Backdrop, Drills, NotReadyError, Stage
from tocsin.rehearsal.drills.scaling import scaled
from tocsin.rehearsal.drills.watch import Watch
from tocsin.rehearsal.engines.programs import Program
from tocsin.rehearsal.receivers.desk import ReceiversDesk
from tocsin.rehearsal.uptime.prober import Prober
from tocsin.rehearsal.uptime.written import CHECK_PASSED, Written

PROJECT: Final = "drill"
_EXPORT_EVERY_S: Final = 60.0
_SEEN: Final = "/api/v1/query?query=monitoring_googleapis_com:uptime_check_check_passed"
_SHORTEST_PROBE_S: Final = 1.0
_SCRAPED_EVERY: Final = "500ms"
_EVALUATED_EVERY: Final = "30s"
_LOOKBACK: Final = "5m"
_SHORTEST_LOOKBACK: Final = "8s"
_FIRST_EXPORT_WITHIN_S: Final = 30.0
_POLL_S: Final = 0.1


@dataclass(frozen=True)
class Stack:
    """What runs."""

    cloud: RunningCloud
    stage: Stage
    desk: ReceiversDesk
    watch: Watch
    clock: Clock


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What is to run."""

    drills: Drills
    rules: Mapping[str, Any]
    channels: Mapping[str, Sequence[Channel]]
    owners: Sequence[str]
    speed: float


@contextmanager
def running_stack(
    plan: Plan, *, folder: Path, clock: Clock, say: Callable[[str], None]
) -> Iterator[Stack]:
    """The whole, from a healthy service on.

    Raises:
        ProgramMissingError: a program that is needed is missing.
        NotReadyError: something did not come up in time.
    """
    with ExitStack() as stack:
        # Google wants 5 s between two points of a series: scaled, that is no time at all.
        cloud = RunningCloud(without={SAMPLING.name})
        feeding.FeedDoor.joined_to(cloud, project=PROJECT)
        stack.enter_context(cloud)
        desk = stack.enter_context(ReceiversDesk(clock=clock))
        say("starting the service")
        backdrop = Backdrop(
            folder=folder,
            project=PROJECT,
            google_endpoint=cloud.grpc_address,
            export_every_s=_EXPORT_EVERY_S / plan.speed,
            faults=cloud.faults,
        )
        stage = stack.enter_context(plan.drills.stage(backdrop))
        stack.enter_context(_prober(cloud, stage, plan))
        say("starting Alertmanager and Prometheus")
        alertmanager = stack.enter_context(_alertmanager(desk, plan, folder))
        prometheus = stack.enter_context(_prometheus(cloud, alertmanager, plan, folder))
        _wait_for_telemetry(cloud)
        _give_rules(prometheus, plan, folder)
        watch = stack.enter_context(Watch(prometheus.url, clock=clock))
        yield Stack(cloud, stage, desk, watch, clock)


def _prober(cloud: RunningCloud, stage: Stage, plan: Plan) -> Prober:
    check = plan.drills.uptime
    check = replace(check, every_s=max(check.every_s / plan.speed, _SHORTEST_PROBE_S))
    host = stage.url.partition("://")[2]
    written = Written(
        cloud.world, cloud.monitoring, project=PROJECT, check_id=check.check_id, host=host
    )
    return Prober(check, url=stage.url, tell=written)


def _wait_for_telemetry(cloud: RunningCloud) -> None:
    pause = threading.Event()
    for _ in range(round(_FIRST_EXPORT_WITHIN_S / _POLL_S)):
        with cloud.world.lock:
            names = cloud.monitoring.shelf.names()
        types = {name.metric_type for name in names}
        if CHECK_PASSED in types and len(types) > 1:
            return
        pause.wait(_POLL_S)
    raise NotReadyError(f"the service exported nothing within {_FIRST_EXPORT_WITHIN_S:.0f} s")


def _alertmanager(desk: ReceiversDesk, plan: Plan, folder: Path) -> Program:
    config = folder / "alertmanager.yml"
    text = yaml.safe_dump(
        routing.configuration(desk, plan.channels, plan.owners), allow_unicode=True
    )
    config.write_text(text)
    program = Program("prometheus-alertmanager", "prometheus-alertmanager", "/-/ready")
    return program.started(
        folder,
        lambda port: [
            f"--config.file={config}",
            f"--storage.path={folder / 'alertmanager'}",
            f"--web.listen-address=127.0.0.1:{port}",
            "--web.external-url=http://alertmanager.example/",
            "--web.route-prefix=/",
            "--cluster.listen-address=",
            "--log.level=warn",
        ],
    )


def _prometheus(cloud: RunningCloud, alertmanager: Program, plan: Plan, folder: Path) -> Program:
    config = {
        "global": {
            "scrape_interval": _SCRAPED_EVERY,
            "scrape_timeout": _SCRAPED_EVERY,
            "evaluation_interval": scaled(_EVALUATED_EVERY, plan.speed),
        },
        "rule_files": ["rules.yml"],
        "alerting": {"alertmanagers": [{"static_configs": [_target(alertmanager.url)]}]},
        "scrape_configs": [
            {
                "job_name": "cloud",
                "honor_labels": True,
                "metrics_path": feeding.PATH,
                "static_configs": [_target(cloud.http_url)],
            }
        ],
    }
    (folder / "prometheus.yml").write_text(yaml.safe_dump(config))
    lookback = max(scaled(_LOOKBACK, plan.speed), _SHORTEST_LOOKBACK, key=seconds)
    return Program("prometheus", "prometheus", "/-/ready").started(
        folder,
        lambda port: [
            f"--config.file={folder / 'prometheus.yml'}",
            f"--storage.tsdb.path={folder / 'prometheus'}",
            f"--web.listen-address=127.0.0.1:{port}",
            "--web.external-url=http://prometheus.example/",
            "--web.route-prefix=/",
            f"--query.lookback-delta={lookback}",
            "--web.enable-lifecycle",
            "--log.level=warn",
        ],
    )


def _give_rules(prometheus: Program, plan: Plan, folder: Path) -> None:
    """Let it judge once it has something to judge: it scrapes for the first time after 5 s."""
    pause = threading.Event()
    for _ in range(round(_FIRST_EXPORT_WITHIN_S / _POLL_S)):
        with urllib.request.urlopen(f"{prometheus.url}{_SEEN}", timeout=5) as answer:  # noqa: S310 - our own child
            if json.load(answer)["data"]["result"]:
                break
        pause.wait(_POLL_S)
    else:
        raise NotReadyError(f"Prometheus saw nothing within {_FIRST_EXPORT_WITHIN_S:.0f} s")
    (folder / "rules.yml").write_text(yaml.safe_dump(dict(plan.rules), allow_unicode=True))
    asked = urllib.request.Request(f"{prometheus.url}/-/reload", method="POST")  # noqa: S310 - as above
    try:
        urllib.request.urlopen(asked, timeout=5).close()  # noqa: S310 - as above
    except urllib.error.HTTPError as error:
        raise NotReadyError(f"Prometheus refuses the rules: {error.read().decode()}") from error


def _target(url: str) -> dict[str, list[str]]:
    return {"targets": [url.partition("://")[2]]}
