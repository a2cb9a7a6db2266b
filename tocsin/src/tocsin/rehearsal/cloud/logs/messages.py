"""Cloud Logging's messages as plain protobuf, and small readings of them.

>>> project_of("projects/demo/logs/run.googleapis.com%2Fstdout")
'demo'
>>> log_id_of("projects/demo/logs/run.googleapis.com%2Fstdout")
'run.googleapis.com/stdout'
"""

from typing import Any, Final
from urllib.parse import unquote

from google.cloud.logging_v2 import types

LogEntry: Final[Any] = types.LogEntry.pb()
WriteLogEntriesRequest: Final[Any] = types.WriteLogEntriesRequest.pb()
WriteLogEntriesResponse: Final[Any] = types.WriteLogEntriesResponse.pb()
WriteLogEntriesPartialErrors: Final[Any] = types.WriteLogEntriesPartialErrors.pb()
ListLogEntriesRequest: Final[Any] = types.ListLogEntriesRequest.pb()
ListLogEntriesResponse: Final[Any] = types.ListLogEntriesResponse.pb()
ListLogsRequest: Final[Any] = types.ListLogsRequest.pb()
ListLogsResponse: Final[Any] = types.ListLogsResponse.pb()
ListResourcesRequest: Final[Any] = types.ListMonitoredResourceDescriptorsRequest.pb()
ListResourcesResponse: Final[Any] = types.ListMonitoredResourceDescriptorsResponse.pb()
DeleteLogRequest: Final[Any] = types.DeleteLogRequest.pb()

NS_PER_S: Final = 10**9


def project_of(log_name: str) -> str:
    """The project (folder, organization, account) of a log."""
    parts = log_name.split("/")
    return parts[1] if len(parts) > 1 else ""


def log_id_of(log_name: str) -> str:
    """The log's id, decoded."""
    return unquote(log_name.partition("/logs/")[2])


def ns_of(stamp: Any) -> int:
    """A ``Timestamp`` in nanoseconds."""
    return int(stamp.seconds) * NS_PER_S + int(stamp.nanos)


def set_ns(stamp: Any, time_ns: int) -> None:
    """Write nanoseconds into a ``Timestamp``."""
    stamp.seconds, stamp.nanos = divmod(time_ns, NS_PER_S)
