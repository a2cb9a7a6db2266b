"""Rules about an alarm's fields: who is called, what is said, how often it is asked.

>>> _length_s("1h30m"), _length_s("soon")
(5400.0, None)
"""

from collections.abc import Iterator
from typing import Final

from tocsin.errors import DeclarationError
from tocsin.monitoring.checks.chain import Chain
from tocsin.monitoring.checks.findings import Finding
from tocsin.monitoring.durations import seconds

NEEDED: Final = {
    "labels.severity": "how loud it is",
    "labels.owner": "who is called first",
    "annotations.summary": "what has happened, in one line",
    "annotations.impact": "what the user feels",
    "annotations.threshold": "why this number",
    "annotations.runbook": "the page to open",
}
_PLAIN: Final = ("annotations.summary", "annotations.impact", "annotations.threshold")
_STEP_S: Final = 30


def missing_field(chain: Chain) -> Iterator[Finding]:
    """An alarm without these wakes somebody who cannot help, or nobody."""
    for alert in chain.alerts:
        for field, what in NEEDED.items():
            if not alert.text(field).strip():
                yield Finding(
                    "missing-field",
                    alert.place(),
                    f"{alert.name} does not say {what}",
                    f"add `{field.rpartition('.')[2]}` to its {field.partition('.')[0]}",
                )


def unknown_recipient(chain: Chain) -> Iterator[Finding]:
    """A severity or an owner that the escalation table does not know reaches nobody (D50)."""
    for alert in chain.alerts:
        for label, known in chain.recipients.items():
            value = alert.text(f"labels.{label}")
            if value and value not in known:
                yield Finding(
                    "unknown-recipient",
                    alert.place(f"labels.{label}"),
                    f"{alert.name}: the escalation table has no {label} {value!r}",
                    f"it has: {', '.join(sorted(known))}",
                )


def template_in_summary(chain: Chain) -> Iterator[Finding]:
    """Google's documentation field knows no Go templates: they would be shown as they stand."""
    for alert in chain.alerts:
        for field in _PLAIN:
            if "{{" in alert.text(field):
                yield Finding(
                    "template-in-summary",
                    alert.fields[field].source.place("{{"),
                    f"{alert.name}: a template in `{field.rpartition('.')[2]}`",
                    "say it in plain words, and move the template to `detail`",
                )


def off_the_beat(chain: Chain) -> Iterator[Finding]:
    """Google asks every 30 s or a multiple; what holds for less than one asking is no wait.

    Of ``PrometheusQueryLanguageCondition``: «evaluation_interval … Must be a positive multiple
    of 30 seconds» (google/monitoring/v3/alert.proto).
    """
    for alert in chain.alerts:
        every = _length_s(alert.interval.value) if alert.interval else float(_STEP_S)
        if alert.interval and (not every or every % _STEP_S):
            yield Finding(
                "off-the-beat",
                alert.interval.source.place(alert.interval.value),
                f"{alert.name}: asked every {alert.interval.value}, which Google refuses",
                "take a positive multiple of 30s as the group's interval",
            )
        holds = alert.text("for")
        wait_s = _length_s(holds) if holds else 0.0
        if wait_s is None or (every and wait_s % every):
            yield Finding(
                "off-the-beat",
                alert.place("for"),
                f"{alert.name}: `for: {holds}` is no multiple of its interval",
                "take 0s or a multiple of the interval",
            )


def _length_s(text: str) -> float | None:
    """How long ``text`` is; ``None`` of what is no length, which is a finding here."""
    try:
        return seconds(text)
    except DeclarationError:
        return None
