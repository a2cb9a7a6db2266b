"""One drill from the first program that is started to the verdict."""

import signal
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any, Final

from tocsin.clock import Clock, SystemClock
from tocsin.rehearsal.drills import routing
from tocsin.rehearsal.drills.conducting import Conductor
from tocsin.rehearsal.drills.declared import Cause, Drills
from tocsin.rehearsal.drills.scaling import by_alert
from tocsin.rehearsal.drills.stack import Plan, Stack, running_stack
from tocsin.rehearsal.drills.verdict import Verdict, counted, strays

_HEALTHY_S: Final = 6.0
_NS_PER_S: Final = 1e9


@dataclass(frozen=True, kw_only=True)
class Performance:
    """``rules`` are the scaled ones; ``escalation`` says which severity goes where."""

    drills: Drills
    rules: Mapping[str, Any]
    escalation: Path | None
    speed: float
    clock: Clock = field(default_factory=SystemClock)

    def carried_out(self, causes: Sequence[Cause]) -> Verdict:
        """Start everything, cause one after the other, judge."""
        began_ns = self.clock.monotonic_ns()
        say = self._sayer(began_ns)
        plan = self._plan()
        with (
            _interruptible(),
            tempfile.TemporaryDirectory(prefix="tocsin-drill-") as folder,
            running_stack(plan, folder=Path(folder), clock=self.clock, say=say) as stack,
        ):
            conductor = Conductor(
                stack, rules=by_alert(self.rules), channels=plan.channels, say=say
            )
            quiet = conductor.stay_healthy(_HEALTHY_S)
            for cause in causes:
                conductor.perform(cause)
            conductor.wait_for_ends(max((one.within_s for one in causes), default=0.0))
            return Verdict(
                speed=self.speed,
                timelines=conductor.timelines,
                quiet_s=_HEALTHY_S,
                told_while_healthy=quiet,
                strays=sorted(set(_strays(stack, conductor, plan))),
                deliveries=counted(stack.desk.inbox),
                took_s=(self.clock.monotonic_ns() - began_ns) / _NS_PER_S,
            )

    def _plan(self) -> Plan:
        rules = by_alert(self.rules).values()
        return Plan(
            drills=self.drills,
            rules=self.rules,
            channels=routing.channels_by_severity(self.escalation),
            owners=sorted({str(rule["labels"]["owner"]) for rule in rules}),
            speed=self.speed,
        )

    def _sayer(self, began_ns: int) -> Callable[[str], None]:
        def say(text: str) -> None:
            at_s = (self.clock.monotonic_ns() - began_ns) / _NS_PER_S
            sys.stderr.write(f"{at_s:6.1f} s  {text}\n")
            sys.stderr.flush()

        return say


def _strays(stack: Stack, conductor: Conductor, plan: Plan) -> Iterator[str]:
    rules = by_alert(plan.rules)
    return strays(
        episodes=stack.watch.episodes(),
        spans=conductor.spans,
        inbox=stack.desk.inbox,
        severities={alert: str(rule["labels"]["severity"]) for alert, rule in rules.items()},
        channels=plan.channels,
        people=stack.stage.people(),
        ours=[routing.SENDER, *map(routing.mailbox_of, plan.owners)],
        summing=plan.drills.summing,
    )


@contextmanager
def _interruptible() -> Iterator[None]:
    """SIGTERM and Ctrl-C end a drill in order: everything that was started is stopped."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    if threading.current_thread() is not threading.main_thread():
        yield  # whoever runs a drill beside other things sees to signals
        return
    # Ctrl-C too: whoever was started in the background of a shell is told to ignore it.
    numbers = (signal.SIGTERM, signal.SIGINT)
    before = {number: signal.signal(number, interrupt) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
