"""Cloud Trace's rules: what the service refuses, and what it quietly cuts.

What is too long or too much is cut without an error; Google's page on quotas says so, and
its limits are newer and wider than those of the comments in the protos. A span that is too
old or too far ahead is taken and not kept: nothing tells of an error there either.

>>> len({rule.name for rule in RULES}) == len(RULES)
True
"""

from typing import Final

from tocsin.rehearsal.cloud.rulebook import Rule

_SPAN: Final = (
    "https://github.com/googleapis/googleapis/blob/master/google/devtools/cloudtrace/v2/trace.proto"
)
_SERVICE: Final = "https://github.com/googleapis/googleapis/blob/master/google/devtools/cloudtrace/v2/tracing.proto"
_QUOTAS: Final = "https://docs.cloud.google.com/trace/docs/quotas"

PROJECT: Final = Rule(
    "traces.request.project", "A batch names its project: `projects/ID`.", _SERVICE
)
SPAN_NAME: Final = Rule(
    "traces.span.name",
    "A span is named `projects/P/traces/<32 hex digits>/spans/<16 hex digits>`.",
    _SPAN,
)
ZERO_TRACE: Final = Rule("traces.span.zero_trace", "A trace id is not all zeros.", _SPAN)
ZERO_SPAN: Final = Rule("traces.span.zero_span", "A span id is not all zeros.", _SPAN)
SPAN_ID: Final = Rule(
    "traces.span.span_id", "`span_id` is given, and is the one in the span's name.", _SPAN
)
PARENT_ID: Final = Rule(
    "traces.span.parent_id", "`parent_span_id` is empty for a root, else 16 hex digits.", _SPAN
)
DISPLAY_NAME: Final = Rule("traces.span.display_name", "`display_name` is required.", _SPAN)
START: Final = Rule("traces.span.start_time", "`start_time` is required.", _SPAN)
END: Final = Rule("traces.span.end_time", "`end_time` is required.", _SPAN)
LONG_NAME: Final = Rule(
    "traces.span.long_name", "A display name is cut after 1,024 bytes, without an error.", _QUOTAS
)
ATTRIBUTES: Final = Rule(
    "traces.span.attributes",
    "1,024 attributes of a span are kept; which ones is not promised.",
    _QUOTAS,
)
ATTRIBUTE_KEY: Final = Rule(
    "traces.attribute.key", "An attribute's key is cut after 512 bytes, without an error.", _QUOTAS
)
ATTRIBUTE_VALUE: Final = Rule(
    "traces.attribute.value",
    "An attribute's value is cut after 65,532 bytes, without an error.",
    _QUOTAS,
)
EVENTS: Final = Rule("traces.span.events", "256 events of a span are kept.", _QUOTAS)
LINKS: Final = Rule("traces.span.links", "128 links of a span are kept.", _SPAN)
TOO_OLD: Final = Rule(
    "traces.span.too_old", "A span that began more than 14 days ago is not kept.", _QUOTAS
)
TOO_EARLY: Final = Rule(
    "traces.span.too_early", "A span that begins more than 3 days from now is not kept.", _QUOTAS
)
EVENT_AGE: Final = Rule(
    "traces.event.age", "An event more than 365 days before its span is not kept.", _QUOTAS
)
DUPLICATE: Final = Rule(
    "traces.span.duplicate",
    "A span cannot be updated: of two with one id the first is kept (Google promises neither).",
    _SERVICE,
)

RULES: Final = (
    PROJECT,
    SPAN_NAME,
    ZERO_TRACE,
    ZERO_SPAN,
    SPAN_ID,
    PARENT_ID,
    DISPLAY_NAME,
    START,
    END,
    LONG_NAME,
    ATTRIBUTES,
    ATTRIBUTE_KEY,
    ATTRIBUTE_VALUE,
    EVENTS,
    LINKS,
    TOO_OLD,
    TOO_EARLY,
    EVENT_AGE,
    DUPLICATE,
)
