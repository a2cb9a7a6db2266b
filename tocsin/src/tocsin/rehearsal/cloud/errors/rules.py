"""Error Reporting's rules: what a report must hold, what of a log entry counts as an error.

Texts of refusals were not found in public: all wording is ours. Conditions on an entry's
severity or resource were not found either, so none is held. Python's stack traces are read
and no other language's. How errors are grouped is no rule that anything breaks: see ``identity``.

>>> len({rule.name for rule in RULES}) == len(RULES)
True
"""

from typing import Final

from tocsin.rehearsal.cloud.rulebook import Rule

_REPORT: Final = (
    "https://github.com/googleapis/googleapis/blob/master/google/devtools"
    "/clouderrorreporting/v1beta1/report_errors_service.proto"
)
_COMMON: Final = (
    "https://github.com/googleapis/googleapis/blob/master/google/devtools"
    "/clouderrorreporting/v1beta1/common.proto"
)
_FORMAT: Final = "https://docs.cloud.google.com/error-reporting/docs/formatting-error-messages"

PROJECT: Final = Rule(
    "errors.report.project", "A report names its project: `projects/ID`.", _REPORT
)
MESSAGE: Final = Rule("errors.event.message", "`event.message` is required.", _REPORT)
SERVICE: Final = Rule(
    "errors.event.service", "`event.serviceContext.service` is required.", _REPORT
)
RESOURCE_TYPE: Final = Rule(
    "errors.event.resource_type", "A report does not set `serviceContext.resourceType`.", _COMMON
)
STACK: Final = Rule(
    "errors.event.stack",
    "Without `context.reportLocation` the message holds a header and a stack trace.",
    _REPORT,
)
FUNCTION: Final = Rule(
    "errors.event.function",
    "`reportLocation.functionName` is needed where the message holds no stack trace.",
    _COMMON,
)
PAST: Final = Rule(
    "errors.event.past", "`eventTime` is not older than logs are kept (30 days).", _REPORT
)
FUTURE: Final = Rule(
    "errors.event.future", "`eventTime` is at most 24 hours ahead of now.", _REPORT
)
UNREADABLE: Final = Rule(
    "errors.entry.unreadable",
    "A `stack_trace` or `exception` that is no stack trace in a known format is no error.",
    _FORMAT,
)

RULES: Final = (
    PROJECT,
    MESSAGE,
    SERVICE,
    RESOURCE_TYPE,
    STACK,
    FUNCTION,
    PAST,
    FUTURE,
    UNREADABLE,
)
