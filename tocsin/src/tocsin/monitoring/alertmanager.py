"""Alertmanager's configuration from the escalation table, for who evaluates rules outside Google.

Secrets stay out of it: PagerDuty's keys and Slack's addresses are named as files, which
Alertmanager reads itself (https://prometheus.io/docs/alerting/latest/configuration/). An alarm that
no route knows goes to the first severity's first owner: better the wrong room than none.

>>> from tocsin.monitoring.escalation import escalation_in
>>> table = escalation_in(Path("a"), '''
... severities: {warning: {meaning: Soon., google: WARNING, channels: [email],
...   acknowledge_within: 4h, auto_close: 1d}}
... owners: {shop: {about: sales, first_responder: Ann, email: shop-oncall}}
... ''')
>>> made = configuration(table, Doors("mail.example:25", "shop.example", Path("/run/secrets")))
>>> made["receivers"][0]["email_configs"][0]["to"]
'shop-oncall@shop.example'
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tocsin.monitoring.escalation import Escalation

GROUPED_BY: Final = ("alertname", "namespace")
"""One notification for an alarm in an environment, however many series it has."""
NOT_REMINDED: Final = "5d"
"""Alertmanager must repeat: this is as long as it remembers (--data.retention=120h)."""


@dataclass(frozen=True)
class Doors:
    """Through what notifications leave."""

    smtp_host_port: str
    mail_domain: str
    secrets: Path
    """folder with ``pagerduty-OWNER`` and ``slack-OWNER``"""


def configuration(table: Escalation, doors: Doors) -> dict[str, Any]:
    """The configuration, as YAML's plain values."""
    receivers = [
        {"name": receiver(severity, owner), **_configs(table, severity, owner, doors)}
        for severity in table.severities
        for owner in table.owners
    ]
    return {
        "global": {
            "smtp_smarthost": doors.smtp_host_port,
            "smtp_from": f"alarms@{doors.mail_domain}",
        },
        "route": {
            "receiver": receivers[0]["name"],
            "group_by": list(GROUPED_BY),
            "routes": list(_routes(table)),
        },
        "receivers": receivers,
    }


def receiver(severity: str, owner: str) -> str:
    """The name of those who hear of an owner's alarms of a severity."""
    return f"{severity}-{owner}"


def route(severity: str, owner: str) -> dict[str, Any]:
    """The way to them: an alarm's own labels decide."""
    return {
        "matchers": [f'severity="{severity}"', f'owner="{owner}"'],
        "receiver": receiver(severity, owner),
    }


def _routes(table: Escalation) -> Iterator[dict[str, Any]]:
    for severity, entry in table.severities.items():
        for owner in table.owners:
            repeat = entry.remind_every or NOT_REMINDED
            yield {**route(severity, owner), "repeat_interval": repeat}


def _configs(table: Escalation, severity: str, owner: str, doors: Doors) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for channel, address in table.told(severity, owner):
        made[f"{channel}_configs"] = [_config(channel, address, owner, doors)]
    return made


def _config(channel: str, address: str, owner: str, doors: Doors) -> dict[str, Any]:
    if channel == "email":
        return {"to": f"{address}@{doors.mail_domain}", "send_resolved": True}
    secret = str(doors.secrets / f"{channel}-{owner}")
    if channel == "slack":
        return {"api_url_file": secret, "channel": address, "send_resolved": True}
    return {"routing_key_file": secret, "send_resolved": True}
