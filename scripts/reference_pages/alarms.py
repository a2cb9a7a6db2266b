"""Every alarm: what it asks, who hears of it, where it is seen and what to do then."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from reference_pages.markdown import code, page, table
from tocsin.errors import DeclarationError
from tocsin.monitoring.dashboards.service_boards import boards_of
from tocsin.monitoring.durations import spelled
from tocsin.monitoring.escalation import Severity, read_escalation
from tocsin.monitoring.rules import Rule
from tocsin.monitoring.service import Service

ABOUT = """\
The rules are [alerts.yaml](../../monitoring/alerts.yaml) and
[slo_alerts.yaml](../../monitoring/slo_alerts.yaml), [written as decision 12
says](../decisions/0012-how-alarms-are-written.md). Who is told: [ESCALATION.md](../ESCALATION.md).
A drill (`make drill`) causes the incident for real; where there is none, the reason stands there.
"""


def alarms_page(service: Service) -> str:
    """A table of all, then each with its expression."""
    rules = service.rules()
    shown = _shown(service)
    names = ("alarm", "severity", "owner", "plan", "waits", "shown on", "drill", "runbook")
    rows = [_row(rule, shown.get(rule.alert, []), _drill(service, rule)) for rule in rules]
    body = [f"{len(rules)} alarms.", "", *table(names, rows)]
    severities = read_escalation(service.escalation).severities if service.escalation else {}
    for rule in rules:
        body += ["", *_section(rule, severities)]
    return page("Alarms", ABOUT, source="the rules", body=body)


def _shown(service: Service) -> Mapping[str, list[str]]:
    found: dict[str, list[str]] = {}
    for board in boards_of(service):
        for panel in board.panels:
            for alert in (*panel.alerts, *panel.see):
                found.setdefault(alert, []).append(f"{board.name}: {panel.title}")
    return found


def _drill(service: Service, rule: Rule) -> str:
    if service.drills is None:
        return "none"
    drills = service.named(service.drills)
    if drills.cause_of(rule.alert) is not None:
        return "yes"
    excuse = {**drills.not_drilled, **drills.summing}.get(rule.alert)
    if excuse is None:
        raise DeclarationError(f"{rule.place}: {rule.alert}: no drill, and no reason why not")
    return f"no: {excuse}"


def _row(rule: Rule, shown: list[str], drill: str) -> tuple[object, ...]:
    labels, notes = rule.labels, rule.annotations
    file = Path(notes["runbook"])
    return (
        f"[{rule.alert}](#{rule.alert.lower()})",
        labels["severity"],
        labels["owner"],
        notes.get("plan", ""),
        spelled(rule.for_s) if rule.for_s else "not",
        "<br>".join(shown),
        drill,
        f"[{file.stem}](../runbooks/{file.name})",
    )


def _section(rule: Rule, severities: Mapping[str, Severity]) -> Iterator[str]:
    notes, severity = rule.annotations, rule.labels["severity"]
    yield from (f"## {rule.alert}", "", f"{notes['summary']}. {notes['impact']}", "")
    yield f"*Why this number:* {notes['threshold']}"
    yield ""
    level = severities[severity]
    told = ", ".join(level.channels)
    yield f"Asked every {spelled(rule.interval_s)}; told by {told}; to be acknowledged within"
    yield f"{level.acknowledge_within}. Declared in {code(rule.file.name)}."
    yield from ("", "```promql", rule.expr.strip(), "```")
