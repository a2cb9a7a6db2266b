"""Cloud Logging's rules: for writing, for the agent that reads standard output, for queries.

No text of a refusal of ``entries.write`` was found in public: all wording is ours. Not
held: quotas per minute; the age of page tokens; audit logs' larger entries.

>>> len({rule.name for rule in RULES}) == len(RULES)
True
"""

from typing import Final

from tocsin.rehearsal.cloud.rulebook import Rule

_PROTOS: Final = "https://github.com/googleapis/googleapis/blob/master/google/"
_SERVICE: Final = _PROTOS + "logging/v2/logging.proto"
_ENTRY: Final = _PROTOS + "logging/v2/log_entry.proto"
_STRUCT: Final = (
    "https://github.com/protocolbuffers/protobuf/blob/main/src/google/protobuf/struct.proto"
)
_QUOTAS: Final = "https://docs.cloud.google.com/logging/quotas"
_LANGUAGE: Final = "https://docs.cloud.google.com/logging/docs/view/logging-query-language"
_AGENT: Final = (
    "https://github.com/GoogleCloudPlatform/fluent-plugin-google-cloud"
    "/blob/master/lib/fluent/plugin/out_google_cloud.rb"
)

REQUEST_SIZE: Final = Rule(
    "logs.request.size", "A write has at most 10 MB, or none of it is taken.", _QUOTAS
)
RESOURCES: Final = Rule(
    "logs.request.resources",
    "A write has entries for at most 1,000 projects, folders, organizations and accounts.",
    _SERVICE,
)
WHOLE: Final = Rule(
    "logs.request.whole",
    "Without `partialSuccess` one bad entry keeps all of a write's entries out.",
    _SERVICE,
)
NO_DETAILS: Final = Rule(
    "logs.request.no_details",
    "A failed write of which nothing was kept carries no errors by entry.",
    _SERVICE,
)
LOG_NAME: Final = Rule(
    "logs.entry.log_name",
    "An entry names its log: `projects/P/logs/LOG_ID`, the id URL-encoded.",
    _ENTRY,
)
LOG_ID: Final = Rule(
    "logs.entry.log_id",
    "A log id has less than 512 characters: letters, digits, `/`, `_`, `-`, `.`.",
    _ENTRY,
)
RESOURCE: Final = Rule("logs.entry.resource", "An entry has a monitored resource.", _ENTRY)
ENTRY_SIZE: Final = Rule("logs.entry.size", "An entry has at most 256 KiB.", _QUOTAS)
PROTO_PAYLOAD: Final = Rule(
    "logs.entry.proto_payload",
    "`protoPayload` holds an AuditLog or a RequestLog, nothing else.",
    _ENTRY,
)
NUMBER: Final = Rule(
    "logs.entry.number", "`jsonPayload` holds no number that JSON cannot write.", _STRUCT
)
FUTURE: Final = Rule("logs.entry.future", "A timestamp is at most 24 hours ahead of now.", _QUOTAS)
RETENTION: Final = Rule(
    "logs.entry.retention",
    "An entry older than the bucket keeps entries (30 days) is taken, and not stored.",
    _SERVICE,
)
LABEL_COUNT: Final = Rule("logs.entry.label_count", "64 labels of an entry are kept.", _QUOTAS)
LABEL_KEY: Final = Rule(
    "logs.entry.label_key", "A label's key is cut after 512 bytes, with an ellipsis.", _ENTRY
)
LABEL_VALUE: Final = Rule(
    "logs.entry.label_value", "A label's value is cut after 64 KiB, with an ellipsis.", _ENTRY
)
DUPLICATE: Final = Rule(
    "logs.entry.duplicate",
    "Of entries of one project, timestamp and insertId a query gives one.",
    _ENTRY,
)

LIST_RESOURCES: Final = Rule(
    "logs.list.resources", "A query names at least one resource, and at most 100.", _SERVICE
)
LIST_FILTER_SIZE: Final = Rule(
    "logs.list.filter_size", "A filter has at most 20,000 characters.", _SERVICE
)
LIST_FILTER: Final = Rule(
    "logs.list.filter", "A filter is written in the Logging query language.", _LANGUAGE
)
LIST_ORDER: Final = Rule(
    "logs.list.order", "`orderBy` is `timestamp asc` or `timestamp desc`.", _SERVICE
)
LIST_PAGE_SIZE: Final = Rule(
    "logs.list.page_size", "A page size is neither negative nor more than 1,000.", _SERVICE
)
LIST_PAGE_TOKEN: Final = Rule(
    "logs.list.page_token", "A page token is one that the same query was given.", _SERVICE
)

LINE_LABELS: Final = Rule(
    "logs.line.labels", "Labels that are not all text are refused, all of them.", _AGENT
)
LINE_LATENCY: Final = Rule(
    "logs.line.latency", "A latency that is not like `1.42 s` is left out.", _AGENT
)
LINE_SEVERITY: Final = Rule(
    "logs.line.severity", "A severity that nobody uses becomes DEFAULT.", _AGENT
)
LINE_TIME: Final = Rule(
    "logs.line.time", "A time that cannot be read becomes the time of reading.", _AGENT
)

RULES: Final = (
    REQUEST_SIZE,
    RESOURCES,
    WHOLE,
    NO_DETAILS,
    LOG_NAME,
    LOG_ID,
    RESOURCE,
    ENTRY_SIZE,
    PROTO_PAYLOAD,
    NUMBER,
    FUTURE,
    RETENTION,
    LABEL_COUNT,
    LABEL_KEY,
    LABEL_VALUE,
    DUPLICATE,
    LIST_RESOURCES,
    LIST_FILTER_SIZE,
    LIST_FILTER,
    LIST_ORDER,
    LIST_PAGE_SIZE,
    LIST_PAGE_TOKEN,
    LINE_LABELS,
    LINE_LATENCY,
    LINE_SEVERITY,
    LINE_TIME,
)
