"""Alertmanager's configuration for a drill: which alarm goes by which channels.

Severity decides the channels (``escalation.yaml`` where the service has one), the owner decides
whose room and mailbox. Times are short, because the drill's times are.

>>> channels = channels_by_severity(None)
>>> channels["warning"]
('slack', 'email')
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from tocsin.monitoring import alertmanager
from tocsin.monitoring.escalation import Channel, read_escalation
from tocsin.rehearsal.receivers.desk import ReceiversDesk

SENDER: Final = "alarms@drill.example"
ROUTING_KEY: Final = "drill".ljust(32, "0")
_USUAL: Final[Mapping[str, tuple[Channel, ...]]] = {
    "critical": ("pagerduty", "slack", "email"),
    "warning": ("slack", "email"),
}
_HEADLINE: Final = (
    "[{{ .Status | toUpper }}] {{ .CommonLabels.alertname }}: "
    '{{ index (index .Alerts 0).Annotations "summary" }}'
)
_BODY: Final = (
    "{{ range .Alerts }}{{ .Annotations.summary }} {{ .Annotations.impact }} "
    "{{ .Annotations.detail }}\n{{ end }}"
)


def channels_by_severity(escalation: Path | None) -> Mapping[str, tuple[Channel, ...]]:
    """Which channels an alarm of each severity takes.

    Raises:
        DeclarationError: the table cannot be read, or leaves somebody unheard.
    """
    if escalation is None:
        return _USUAL
    table = read_escalation(escalation)
    return {name: one.channels for name, one in table.severities.items()}


def mailbox_of(owner: str) -> str:
    """Where letters to an owner go."""
    return f"{owner}@drill.example"


def configuration(
    desk: ReceiversDesk, channels: Mapping[str, Sequence[Channel]], owners: Sequence[str]
) -> dict[str, Any]:
    """Alertmanager's file; the receivers are those of ``desk``."""
    pairs = [(severity, owner) for severity in channels for owner in owners]
    routes = [alertmanager.route(severity, owner) for severity, owner in pairs]
    receivers = [
        {
            "name": alertmanager.receiver(severity, owner),
            **_receiver(desk, channels[severity], severity, owner),
        }
        for severity, owner in pairs
    ]
    return {
        "global": {
            "pagerduty_url": desk.pagerduty_url,
            "smtp_smarthost": f"127.0.0.1:{desk.smtp_port}",
            "smtp_from": SENDER,
            "smtp_hello": "drill.example",
            "smtp_require_tls": False,
        },
        "route": {
            "receiver": "nobody",
            "group_by": list(alertmanager.GROUPED_BY),
            "group_wait": "0s",
            "group_interval": "1s",
            "repeat_interval": "4h",
            "routes": routes,
        },
        "receivers": [{"name": "nobody"}, *receivers],
    }


def _receiver(
    desk: ReceiversDesk, channels: Sequence[Channel], severity: str, owner: str
) -> dict[str, Any]:
    made: dict[str, Any] = {}
    if "pagerduty" in channels:
        made["pagerduty_configs"] = [
            {"routing_key": ROUTING_KEY, "severity": severity, "description": _HEADLINE}
        ]
    if "slack" in channels:
        slack = {"api_url": f"{desk.slack_url}{owner}", "title": _HEADLINE, "text": _BODY}
        made["slack_configs"] = [{**slack, "send_resolved": True}]
    if "email" in channels:
        headers = {"Subject": _HEADLINE}
        made["email_configs"] = [
            {"to": mailbox_of(owner), "send_resolved": True, "headers": headers}
        ]
    return made
