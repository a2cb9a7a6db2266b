"""Writes the page that says which of Google's rules the rehearsal cloud holds, and which not.

Rules are read from the code that holds them; what is not held stands in NOT_HELD below:

    python scripts/list_cloud_rules.py > tocsin/docs/cloud-rules.md
"""

import sys
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tocsin" / "src"))

from tocsin.rehearsal.cloud.all_rules import RULES
from tocsin.rehearsal.cloud.rulebook import Rule

TITLES = {
    "monitoring": "Cloud Monitoring",
    "logs": "Cloud Logging",
    "errors": "Error Reporting",
    "traces": "Cloud Trace",
    "otlp": "Telemetry API (OTLP)",
    "configuration": "Policies, channels, checks, dashboards, buckets, log metrics",
}

NOT_HELD = {
    "Everywhere": (
        (
            "Credentials and rights",
            (
                "None are asked for and nobody is refused: names of roles are tested by Terraform, "
                "not here."
            ),
        ),
        (
            "Quotas by time (requests per minute, spans per day, 6,000 new descriptors a minute)",
            (
                "They depend on project and region, and some are being replaced. Ask for the fault "
                "`resource_exhausted` instead."
            ),
        ),
        (
            "Retention and down-sampling",
            "Google's tables were not found. Memory is bounded: drops are counted.",
        ),
        (
            "APIs that must be enabled first",
            "Every API is on. At Google a switched-off Cloud Trace API drops OTLP spans silently.",
        ),
        ("Organisations and folders", "A name begins with `projects/`."),
        ("Eventual consistency", "What was written can be read at once."),
    ),
    "Cloud Monitoring": (
        (
            "Messages that name resource and metric beside the index",
            "Seen since 2023 in more than one form; the older, shorter form is used.",
        ),
        (
            "200,000 active series of a resource",
            "The shelf holds 20,000 series and drops the one longest without a point.",
        ),
        (
            "Which resources take users' metrics",
            (
                "The list comes from users who quote Google's page; what is not on it is refused, "
                "though Google may take it."
            ),
        ),
        (
            "Which regions there are",
            "A location has to look like one. Google knows them by name.",
        ),
        ("Length of a metric's type", "Not found for users' metrics."),
        ("The grammar of units (UCUM)", "Any text is taken."),
        (
            "A cumulative value that falls without a new start",
            "Taken: no refusal of it was found.",
        ),
        ("A gap between two deltas", "The definition asks for none; only an overlap is refused."),
        (
            "`range` of a distribution",
            "Refused in 2017, «ignored» by later pages: taken, unless the distribution is empty.",
        ),
        (
            "New labels while a descriptor is being changed",
            "They join at once; Google's own tests have met «Unrecognized metric labels».",
        ),
        ("Aligned and reduced lists, MQL", "UNIMPLEMENTED: PromQL is answered by Prometheus."),
        ("`CreateServiceTimeSeries`", "Is for Google's own services."),
        ("`monitoring.regex`, groups and metadata in filters", "INVALID_ARGUMENT."),
    ),
    "PromQL": (
        (
            "Google's known differences from Prometheus",
            "The list was not found. A real Prometheus answers.",
        ),
        (
            "An error when `monitored_resource` is missing among several",
            "Prometheus adds the series up without a word.",
        ),
    ),
    "Cloud Logging": (
        (
            "What Cloud Run does with a line over 256 KiB",
            "Not found. Keep lines well below.",
        ),
        (
            "Severities as the managed agent reads them",
            "It is not open; the open agent's table is used.",
        ),
        ("Sinks, exclusions, views, audit logs", "Nothing of the service writes them."),
        (
            "Parts of the query language: `SEARCH`, `sample`, `ip_in_net`, `source`",
            "Refused by name, so that no filter seems to work that does not.",
        ),
        ("Tailing (`TailLogEntries`)", "Lists can be asked again."),
        ("The life of page tokens, 24 hours", "They hold as long as the cloud runs."),
    ),
    "Error Reporting": (
        (
            "Whether severity or resource decide what is captured",
            "That part of Google's page was not found: neither is looked at.",
        ),
        (
            "Grouping",
            "By exception and frames, as Google describes; its exact method is not public.",
        ),
        ("Notifications of new groups, five an hour", "Nobody is notified."),
        (
            "Exception groups (PEP 654)",
            (
                "Google's page does not speak of them: here the group's own frames count, and the "
                "types of its members."
            ),
        ),
        ("Stack traces of other languages than Python", "They are not read."),
        (
            "Time ranges and pages of `groupStats.list` and `events.list`",
            "All groups are given; of a group the newest 50 events.",
        ),
    ),
    "Cloud Trace": (
        ("Spans of Cloud Run itself, at most one in ten seconds", "There is no Cloud Run here."),
        (
            "Which of too many attributes are kept",
            "Google does not promise; here it is always the same ones.",
        ),
    ),
    "Configuration": (
        (
            "Limits of policies, channels, incidents, widgets and dashboards in a project",
            "Not found in any copy of Google's pages.",
        ),
        (
            "Bounds of `autoClose` and of reminders",
            "Not found; Google's own samples stay between 30 minutes and 7 days.",
        ),
        (
            "Labels that a channel's type needs; body, content type and regions of a check",
            "Taken as they are.",
        ),
        (
            "12 columns of a mosaic",
            "Stands in the definition, but Google's own samples have 48: 48 are taken.",
        ),
        ("Budgets", "Are not served."),
        ("Policies that fire, checks that probe", "Prometheus and Alertmanager do, in the drills."),
        ("Verification of channels", "No message is sent."),
    ),
}

HEAD = """\
# Google's rules in the rehearsal cloud

A client that works here should work at Google, so the cloud refuses what Google refuses, cuts
what Google cuts, and says so in Google's words where they were ever seen. Each rule has a name,
is broken on purpose by a test, and can be switched off:

```python
from tocsin.rehearsal.cloud.running import RunningCloud

with RunningCloud(without={"monitoring.order.sampling"}) as cloud:
    ...
print(cloud.world.rules.breaches)  # which rules your client ran into, and how often
```

**Google's words** means: this text was seen in an answer of the live service (numbers that Google
has raised since are today's). **Our words**: the rule stands in Google's definitions or pages,
but no refusal was found, or the rule cuts without a word; the status is Google's all the same.
"""


def page() -> str:
    """The whole page."""
    google = sum(rule.wording == "google" for rule in RULES)
    lines = [
        HEAD,
        (
            f"{len(RULES)} rules are held, {google} of them in Google's words and "
            f"{len(RULES) - google} in ours; what is [not held](#not-held) stands at the end."
        ),
        "",
        *_held(),
        "## Not held",
        "",
        *_not_held(),
        "This page is written by `python scripts/list_cloud_rules.py`; a test keeps it current.",
        "",
    ]
    return "\n".join(lines)


def _held() -> Iterator[str]:
    for service, title in TITLES.items():
        rules = [rule for rule in RULES if rule.name.partition(".")[0] == service]
        if rules:
            yield from (f"## {title}", "", "| rule | what is held | whose words | source |")
            yield "|---|---|---|---|"
            yield from (_row(rule) for rule in rules)
            yield ""


def _row(rule: Rule) -> str:
    words = {"google": "Google's", "ours": "ours"}[rule.wording]
    source = f"[source]({rule.source})" if rule.source.startswith("http") else rule.source
    says = rule.says.replace("|", "\\|")
    return f"| `{rule.name}` | {says} | {words} | {source} |"


def _not_held() -> Iterator[str]:
    for title, gaps in NOT_HELD.items():
        yield from (f"### {title}", "", "| not held | why, and what happens instead |")
        yield "|---|---|"
        yield from (f"| {what} | {why} |" for what, why in gaps)
        yield ""


if __name__ == "__main__":
    sys.stdout.write(page())
