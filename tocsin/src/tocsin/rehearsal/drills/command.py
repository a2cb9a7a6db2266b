"""``tocsin rehearse drill [ALERT...]``: cause incidents, follow their alarms, tell the verdict.

Exit status: 0 every alarm rang, reached its people and cleared; 1 a promise was broken;
2 wrong use; 3 a program is missing or did not start.
"""

import argparse
import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from tocsin.errors import DeclarationError
from tocsin.rehearsal.drills.declared import (
    Cause,
    DrilledService,
    Drills,
    NotReadyError,
)
from tocsin.rehearsal.drills.scaling import by_alert, scaled_rules, shown
from tocsin.rehearsal.engines.programs import ProgramMissingError

FASTEST: Final = 30.0
"""A minute between exports becomes two seconds. Google wants 5 s between the dates of two points,
so an exporter has to date them ahead, at most five minutes: that lasts for three."""
_INTERRUPTED: Final = 130


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
    from tocsin.monitoring.service import Service  # noqa: PLC0415 - what --help does without

    service: DrilledService = Service.load(arguments.service)
    drills = _declared(service)
    if not 1 <= arguments.speed <= FASTEST:
        raise DeclarationError(f"--speed {arguments.speed:g}: it lies between 1 and {FASTEST:g}")
    rules = _rules(service, drills, arguments.speed)
    if arguments.show_rules:
        sys.stdout.write(shown(rules))
        return 0
    if arguments.list:
        sys.stdout.write("".join(_listed(drills, by_alert(rules))))
        return 0
    return _carried_out(service, drills, rules, arguments)


def _carried_out(
    service: DrilledService, drills: Drills, rules: Mapping[str, Any], arguments: argparse.Namespace
) -> int:
    causes = _chosen(drills, arguments.alerts, by_alert(rules))
    # Read when gRPC is loaded: programs are started while it runs, and it would complain.
    os.environ.setdefault("GRPC_ENABLE_FORK_SUPPORT", "false")
    from tocsin.rehearsal.drills.performing import Performance  # noqa: PLC0415 - see above
    from tocsin.rehearsal.drills.telling import tell  # noqa: PLC0415 - as above

    performance = Performance(
        drills=drills, rules=rules, escalation=service.escalation, speed=arguments.speed
    )
    try:
        verdict = performance.carried_out(causes)
    except (ProgramMissingError, NotReadyError) as error:
        sys.stderr.write(f"tocsin: {error}\n")
        return 3
    except KeyboardInterrupt:
        sys.stderr.write("tocsin: the drill was broken off; everything it started has ended\n")
        return _INTERRUPTED
    told = json.dumps(verdict.as_json(), indent=2) + "\n" if arguments.json else tell(verdict)
    sys.stdout.write(told)
    return 0 if verdict.is_good else 1


def _declared(service: DrilledService) -> Drills:
    if not service.drills:
        raise DeclarationError(
            f'{service.file}: no drills are declared: add drills = "module:NAME", '
            "an object of tocsin.rehearsal.drills.declared.Drills"
        )
    found = service.named(service.drills)
    if not isinstance(found, Drills):
        raise DeclarationError(
            f"{service.file}: drills = {service.drills!r} is no "
            "tocsin.rehearsal.drills.declared.Drills"
        )
    return found


def _rules(service: DrilledService, drills: Drills, speed: float) -> Mapping[str, Any]:
    thresholds = {
        alert: changes for one in drills.causes for alert, changes in one.thresholds.items()
    }
    return scaled_rules(service.rule_files, speed=speed, thresholds=thresholds if speed > 1 else {})


def _chosen(drills: Drills, alerts: Sequence[str], rules: Mapping[str, object]) -> list[Cause]:
    for alert in alerts:
        if alert not in rules:
            raise DeclarationError(f"{alert} is no alarm: there are {', '.join(rules)}")
        if drills.cause_of(alert) is None:
            raise DeclarationError(f"{alert} cannot be drilled: {drills.why_not(alert)}")
    unknown = [one for cause in drills.causes for one in cause.alerts if one not in rules]
    if unknown:
        raise DeclarationError(f"{', '.join(unknown)}: a cause but no rule: is the name right?")
    return [one for one in drills.causes if not alerts or not set(alerts).isdisjoint(one.alerts)]


def _listed(drills: Drills, rules: Mapping[str, object]) -> Iterator[str]:
    width = max(map(len, rules), default=0)
    for alert in rules:
        cause = drills.cause_of(alert)
        told = cause.deed if cause else f"not drilled: {drills.why_not(alert)}"
        yield f"{alert:{width}}  {told}\n"
