"""The page on escalation, made from the table and the rules: who hears of which alarm.

>>> from tocsin.monitoring.escalation import Severity
>>> _after(Severity("Soon.", "WARNING", ("email",), "4h", "1d"))
'nobody else'
"""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from tocsin.errors import DeclarationError
from tocsin.monitoring.escalation import CHANNELS, Escalation, Severity
from tocsin.monitoring.rules import Rule

WRITTEN: Final = "ESCALATION.md"
_TEXTS: Final = {
    "Acknowledge": "acknowledgement",
    "Silence": "silences",
    "Fire a test": "test_fire",
}


def page(table: Escalation, rules: Iterable[Rule], source: str) -> str:
    """The page's text.

    Raises:
        DeclarationError: an alarm's severity or owner is not in the table.
    """
    lines = [
        f"<!-- Made by `tocsin escalation` from {source} and the rules: change those. -->",
        "# Who is told of an alarm, how soon, and what then",
        *_severities(table),
        *_owners(table),
        *_alarms(table, rules),
    ]
    for title, name in _TEXTS.items():
        text = getattr(table, name)
        lines += ["", f"## {title}", "", text] if text else []
    return "\n".join(lines) + "\n"


def _severities(table: Escalation) -> Iterator[str]:
    yield from ("", "## Severities", "")
    yield "| Severity | Means | Told by | Acknowledge within | Then | Reminded | Closes itself |"
    yield "|---|---|---|---|---|---|---|"
    for name, one in table.severities.items():
        yield (
            f"| {name} | {one.meaning} | {', '.join(one.channels)} | {one.acknowledge_within} "
            f"| {_after(one)} | {_every(one.remind_every)} | after {one.auto_close} |"
        )


def _after(severity: Severity) -> str:
    steps = (f"after {one.after} {one.to}" for one in severity.escalate)
    return "; ".join(steps) or "nobody else"


def _every(length: str | None) -> str:
    return f"every {length}" if length else "no"


def _owners(table: Escalation) -> Iterator[str]:
    yield from ("", "## Owners", "")
    yield f"| Owner | Looks after | Looks first | {' | '.join(CHANNELS)} |"
    yield "|---" * (3 + len(CHANNELS)) + "|"
    for name, one in table.owners.items():
        addresses = " | ".join(one.addresses.get(channel, "") for channel in CHANNELS)
        yield f"| {name} | {one.about} | {one.first_responder} | {addresses} |"


def _alarms(table: Escalation, rules: Iterable[Rule]) -> Iterator[str]:
    yield from ("", "## Alarms", "", "| Alarm | Severity | Owner | Told | Runbook |")
    yield "|---|---|---|---|---|"
    for rule in rules:
        severity, owner = rule.labels.get("severity", ""), rule.labels.get("owner", "")
        try:
            told = table.told(severity, owner)
        except DeclarationError as error:
            raise DeclarationError(f"{rule.place}: {rule.alert}: {error}") from error
        addresses = ", ".join(f"{channel} {address}" for channel, address in told)
        yield f"| {rule.alert} | {severity} | {owner} | {addresses} | {_runbook(rule)} |"


def _runbook(rule: Rule) -> str:
    file = Path(rule.annotations.get("runbook", ""))
    return f"[{file.stem}](runbooks/{file.name})" if file.name else "none"
