"""``tocsin rehearse drill [ALERT...]``: cause incidents, follow their alarms, tell the verdict.

Exit status: 0 every alarm rang, reached its people and cleared; 1 a promise was broken;
2 wrong use; 3 a program is missing or did not start.
"""

import argparse
import json
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from types import FrameType
from typing import Any, Final

import yaml

from tocsin.clock import Clock, SystemClock
from tocsin.errors import DeclarationError
from tocsin.monitoring.service import Service
from tocsin.rehearsal.drills import routing
from tocsin.rehearsal.drills.conducting import Conductor
from tocsin.rehearsal.drills.declared import Cause, Drills, ProgramMissingError
from tocsin.rehearsal.drills.scaling import scaled_rules
from tocsin.rehearsal.drills.stack import NotReadyError, Plan, Stack, running_stack
from tocsin.rehearsal.drills.telling import tell
from tocsin.rehearsal.drills.verdict import Verdict, counted, strays

FASTEST: Final = 30.0
"""A minute between exports becomes two seconds. Google wants 5 s between the dates of two points,
so an exporter has to date them ahead, at most five minutes: that lasts for three."""
_HEALTHY_S: Final = 6.0
_NS_PER_S: Final = 1e9


def add_to(commands: Any) -> None:
    """Declare the subcommand."""
    parser = commands.add_parser(
        "drill", help="cause incidents on the real service, and follow each alarm to its end"
    )
    parser.add_argument("alerts", nargs="*", metavar="ALERT", help="which; all if none is named")
    parser.add_argument("--service", type=Path, metavar="TOML", help="the service's tocsin.toml")
    parser.add_argument("--json", action="store_true", help="the verdict as JSON")
    parser.add_argument(
        "--speed",
        type=float,
        default=FASTEST,
        metavar="N",
        help="how many times faster windows and waits pass (%(default)g, which is the most)",
    )
    parser.add_argument("--list", action="store_true", help="which alarms can be drilled, and how")
    parser.add_argument(
        "--show-rules", action="store_true", help="the rules with their times scaled"
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Carry it out; the exit status.

    Raises:
        DeclarationError: what was asked for cannot be.
    """
    service = Service.load(arguments.service)
    drills = _declared(service)
    if not 1 <= arguments.speed <= FASTEST:
        raise DeclarationError(f"--speed {arguments.speed:g}: it lies between 1 and {FASTEST:g}")
    rules = _rules(service, drills, arguments.speed)
    if arguments.show_rules:
        sys.stdout.write(yaml.safe_dump(rules, sort_keys=False, allow_unicode=True, width=100))
        return 0
    if arguments.list:
        sys.stdout.write("".join(_listed(drills, _by_alert(rules))))
        return 0
    drill = _Drill(service, drills, rules, arguments.speed)
    try:
        verdict = drill.carried_out(_chosen(drills, arguments.alerts, drill.by_alert))
    except (ProgramMissingError, NotReadyError) as error:
        sys.stderr.write(f"tocsin: {error}\n")
        return 3
    if arguments.json:
        sys.stdout.write(json.dumps(verdict.as_json(), indent=2) + "\n")
    else:
        sys.stdout.write(tell(verdict))
    return 0 if verdict.is_good else 1


@dataclass
class _Drill:
    """One run."""

    service: Service
    drills: Drills
    rules: Mapping[str, Any]
    speed: float
    clock: Clock = SystemClock()  # noqa: RUF009 - has no state

    @property
    def by_alert(self) -> Mapping[str, Mapping[str, Any]]:
        """The scaled rules."""
        return _by_alert(self.rules)

    def carried_out(self, causes: Sequence[Cause]) -> Verdict:
        """Start everything, cause one after the other, judge."""
        began_ns = self.clock.monotonic_ns()
        say = self._sayer(began_ns)
        channels = routing.channels_by_severity(self.service.escalation)
        owners = sorted({str(rule["labels"]["owner"]) for rule in self.by_alert.values()})
        plan = Plan(
            drills=self.drills,
            rules=self.rules,
            channels=channels,
            owners=owners,
            speed=self.speed,
        )
        with (
            _interruptible(),
            tempfile.TemporaryDirectory(prefix="tocsin-drill-") as folder,
            running_stack(plan, folder=Path(folder), clock=self.clock, say=say) as stack,
        ):
            conductor = Conductor(stack, rules=self.by_alert, channels=channels, say=say)
            quiet = conductor.stay_healthy(_HEALTHY_S)
            for cause in causes:
                conductor.perform(cause)
            conductor.wait_for_ends(max((one.within_s for one in causes), default=0.0))
            return Verdict(
                speed=self.speed,
                timelines=conductor.timelines,
                quiet_s=_HEALTHY_S,
                told_while_healthy=quiet,
                strays=sorted(set(self._strays(stack, conductor, owners))),
                deliveries=counted(stack.desk.inbox),
                took_s=(self.clock.monotonic_ns() - began_ns) / _NS_PER_S,
            )

    def _strays(self, stack: Stack, conductor: Conductor, owners: Sequence[str]) -> Iterator[str]:
        return strays(
            episodes=stack.watch.episodes(),
            spans=conductor.spans,
            inbox=stack.desk.inbox,
            severities={
                alert: str(rule["labels"]["severity"]) for alert, rule in self.by_alert.items()
            },
            channels=routing.channels_by_severity(self.service.escalation),
            people=stack.stage.people(),
            ours=[routing.SENDER, *map(routing.mailbox_of, owners)],
        )

    def _sayer(self, began_ns: int) -> Callable[[str], None]:
        def say(text: str) -> None:
            at_s = (self.clock.monotonic_ns() - began_ns) / _NS_PER_S
            sys.stderr.write(f"{at_s:6.1f} s  {text}\n")
            sys.stderr.flush()

        return say


def _declared(service: Service) -> Drills:
    if not service.drills:
        raise DeclarationError(
            f'{service.file}: no drills are declared: add drills = "module:NAME", '
            "an object of tocsin.rehearsal.drills.declared.Drills"
        )
    module, _, name = service.drills.partition(":")
    try:
        found = getattr(import_module(module), name)
    except (ImportError, AttributeError) as error:
        raise DeclarationError(f"{service.file}: drills = {service.drills!r}: {error}") from error
    if not isinstance(found, Drills):
        raise DeclarationError(
            f"{service.file}: drills = {service.drills!r} is no "
            "tocsin.rehearsal.drills.declared.Drills"
        )
    return found


def _rules(service: Service, drills: Drills, speed: float) -> Mapping[str, Any]:
    thresholds = {one.alert: one.thresholds for one in drills.causes} if speed > 1 else {}
    return scaled_rules(service.rule_files, speed=speed, thresholds=thresholds)


def _by_alert(rules: Mapping[str, Any]) -> Mapping[str, Mapping[str, Any]]:
    return {
        str(rule["alert"]): rule
        for group in rules["groups"]
        for rule in group["rules"]
        if "alert" in rule
    }


def _chosen(drills: Drills, alerts: Sequence[str], by_alert: Mapping[str, object]) -> list[Cause]:
    for alert in alerts:
        if drills.cause_of(alert) is None:
            reason = drills.not_drilled.get(alert, "no cause is declared for it")
            raise DeclarationError(f"{alert} cannot be drilled: {reason}")
    chosen = [one for one in drills.causes if one.alert in alerts or not alerts]
    for one in chosen:
        if one.alert not in by_alert:
            raise DeclarationError(f"{one.alert} has a cause but no rule: is its name right?")
    return chosen


def _listed(drills: Drills, by_alert: Mapping[str, object]) -> Iterator[str]:
    width = max(map(len, by_alert), default=0)
    for alert in by_alert:
        cause = drills.cause_of(alert)
        reason = drills.not_drilled.get(alert, "no cause is declared for it")
        yield f"{alert:{width}}  {cause.deed if cause else f'not drilled: {reason}'}\n"


@contextmanager
def _interruptible() -> Iterator[None]:
    """SIGTERM ends a drill like Ctrl-C: everything that was started is stopped."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
