"""Rules about the chain itself: alarm → panel, alarm → runbook, metric → any of them, and back.

>>> keeps("shop_orders_*", "custom_googleapis_com:shop_orders_total")
True
"""

from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Final

from tocsin.monitoring.checks.chain import Chain, base
from tocsin.monitoring.checks.findings import Finding
from tocsin.monitoring.checks.names import mentions
from tocsin.monitoring.sources import Alert, Source

_NO_RUNBOOKS: Final = frozenset({"README.md", "index.md", "TEMPLATE.md"})


def missing_runbook(chain: Chain) -> Iterator[Finding]:
    """Whoever is woken finds a page that is there and speaks of this alarm."""
    for alert in chain.alerts:
        named = alert.text("annotations.runbook")
        if not named:
            continue  # missing-field's
        file = _runbook(chain, named)
        if file is None:
            yield Finding(
                "missing-runbook",
                alert.place("annotations.runbook"),
                f"{alert.name}: its runbook {named} is not there",
                "write it: what it means, what to look at, what to do",
            )
        elif alert.name not in chain.runbooks[file]:
            yield Finding(
                "missing-runbook",
                alert.place("annotations.runbook"),
                f"{alert.name}: the page {named} does not speak of it by its name",
                f"name {alert.name} on the page, in its heading",
            )


def orphan_runbook(chain: Chain) -> Iterator[Finding]:
    """A page that no alarm leads to is read by nobody, and grows stale."""
    used = {_runbook(chain, one.text("annotations.runbook")) for one in chain.alerts}
    for file, text in chain.runbooks.items():
        if file not in used and file.name not in _NO_RUNBOOKS:
            yield Finding(
                "orphan-runbook",
                Source.whole(file, text).place(),
                f"no alarm leads to {file.name}",
                "name it in an alarm's annotation `runbook`, or take it away",
            )


def unseen_alert(chain: Chain) -> Iterator[Finding]:
    """Whoever is woken must be able to see what the alarm saw: some panel shows its metric."""
    if not chain.dashboards:
        return
    shown = {
        base(name)
        for one in chain.questions
        if one.kind == "panel" and one.tree is not None
        for name in mentions(one.tree)
    }
    for question, tree in chain.of_alerts:
        names = {base(name) for name in mentions(tree)}
        if question.alert is not None and not names & shown:
            yield Finding(
                "unseen-alert",
                question.alert.place(),
                f"{question.asker}: no panel shows {' or '.join(sorted(names))}",
                "add a panel with what the alarm compares",
            )


def dead_metric(chain: Chain) -> Iterator[Finding]:
    """What no alarm, panel or service level uses costs money, unless somebody says why."""
    used = {
        base(name)
        for one in chain.questions
        if one.kind != "runbook" and one.tree is not None
        for name in mentions(one.tree)
    }
    for metric in chain.catalogue:
        name = metric.name
        if metric.origin != "service" or base(name) in used or _short(name) in chain.levels:
            continue
        if not any(keeps(kept, name) for kept in chain.kept):
            yield Finding(
                "dead-metric",
                chain.settings.place("[kept]"),
                f"no alarm, panel or service level uses {name}",
                f'use it, drop it, or keep it with a reason: [kept] {_short(name)} = "…"',
            )
    yield from _kept_for_nothing(chain, used)


def duplicate_alert(chain: Chain) -> Iterator[Finding]:
    """Two alarms of one name cannot be told apart at night."""
    seen: dict[str, Alert] = {}
    for alert in chain.alerts:
        if alert.name in seen:
            first = seen[alert.name].place()
            yield Finding(
                "duplicate-alert",
                alert.place(),
                f"{alert.name} stands also at {first.file.name}:{first.line}",
                "give each alarm a name of its own",
            )
        seen.setdefault(alert.name, alert)


def keeps(kept: str, name: str) -> bool:
    """Whether a name in the settings is this metric's: without the domain or with it.

    ``*`` stands for any letters, since a toolkit's own metrics come in families.
    """
    return fnmatchcase(name, kept) or fnmatchcase(_short(name), kept)


def _kept_for_nothing(chain: Chain, used: set[str]) -> Iterator[Finding]:
    names = [metric.name for metric in chain.catalogue]
    for kept, reason in chain.kept.items():
        known = [name for name in names if keeps(kept, name)]
        says = ""
        if not known:
            says = "is declared nowhere"
        elif all(base(name) in used for name in known):
            says = "is used: it needs no excuse"
        elif not reason.strip():
            says = "is kept without a reason"
        if says:
            yield Finding(
                "dead-metric",
                chain.settings.place(kept),
                f"[kept] {kept} {says}",
                "take the line away" if reason.strip() else "say what it is kept for",
            )


def _short(name: str) -> str:
    return name.rpartition(":")[2]


def _runbook(chain: Chain, named: str) -> Path | None:
    """The page that an annotation names, among those in the runbooks' folder."""
    known = {file.resolve(): file for file in chain.runbooks}
    for root in chain.roots:
        found = known.get((root / named).resolve())
        if named and found is not None:
            return found
    return None
