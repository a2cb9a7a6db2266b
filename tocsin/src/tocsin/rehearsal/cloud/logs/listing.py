"""``entries.list`` and ``logs.list``: which entries, in which order, a page at a time."""

import hashlib
from collections.abc import Iterable
from typing import Any, Final

from tocsin.rehearsal.cloud.logs import rules as r
from tocsin.rehearsal.cloud.logs.messages import (
    ListLogEntriesResponse,
    ListLogsResponse,
    ListResourcesResponse,
    ns_of,
)
from tocsin.rehearsal.cloud.logs.query import Query, QueryError, everything
from tocsin.rehearsal.cloud.logs.vetting import refused
from tocsin.rehearsal.cloud.rulebook import Rulebook

FILTER_CHARS: Final = 20_000
PAGE_SIZE: Final = 50
PAGE_SIZE_AT_MOST: Final = 1_000
RESOURCES_AT_MOST: Final = 100
RESOURCES: Final = {
    "global": ("project_id",),
    "generic_task": ("project_id", "location", "namespace", "job", "task_id"),
    "generic_node": ("project_id", "location", "namespace", "node_id"),
    "cloud_run_revision": (
        "project_id",
        "service_name",
        "revision_name",
        "location",
        "configuration_name",
    ),
    "cloud_run_job": ("project_id", "job_name", "location"),
    "k8s_container": (
        "project_id",
        "location",
        "cluster_name",
        "namespace_name",
        "pod_name",
        "container_name",
    ),
    "gce_instance": ("project_id", "instance_id", "zone"),
}
_ORDERS: Final = ("", "timestamp asc", "timestamp desc")


def list_entries(request: Any, entries: Iterable[Any], rules: Rulebook) -> Any:
    """One page of what the request asks for.

    Raises:
        Refusal: a rule forbids the request.
    """
    _refuse_malformed(request, rules)
    query = _query(request.filter, rules)
    start = _start(request, rules)
    size = request.page_size if 0 < request.page_size <= PAGE_SIZE_AT_MOST else PAGE_SIZE
    owners = tuple(_owner(name) + "/" for name in request.resource_names)
    found = [entry for entry in entries if entry.log_name.startswith(owners)]
    found = [entry for entry in found if query.matches(entry)]
    found.sort(
        key=lambda entry: (ns_of(entry.timestamp), entry.insert_id),
        reverse=request.order_by == "timestamp desc",
    )
    answer = ListLogEntriesResponse(entries=found[start : start + size])
    if start + size < len(found):
        answer.next_page_token = f"{_fingerprint(request)}.{start + size}"
    return answer


def list_logs(request: Any, entries: Iterable[Any]) -> Any:
    """The names of the logs that have entries."""
    names = (request.parent, *request.resource_names)
    owners = tuple(_owner(name) + "/" for name in names if name)
    return ListLogsResponse(
        log_names=sorted({one.log_name for one in entries if one.log_name.startswith(owners)})
    )


def list_resources(_request: Any) -> Any:
    """The monitored resources that are known here, a few of Google's many."""
    answer = ListResourcesResponse()
    for kind, labels in RESOURCES.items():
        descriptor = answer.resource_descriptors.add(type=kind, display_name=kind)
        for label in labels:
            descriptor.labels.add(key=label)
    return answer


def _owner(resource_name: str) -> str:
    """The project of a resource name: a view of a bucket shows its project's entries."""
    return "/".join(resource_name.split("/")[:2])


def _refuse_malformed(request: Any, rules: Rulebook) -> None:
    count = len(request.resource_names)
    if rules.broken(r.LIST_RESOURCES, when=not 0 < count <= RESOURCES_AT_MOST):
        raise refused(r.LIST_RESOURCES, "resource_names", f"{count} names")
    if rules.broken(r.LIST_FILTER_SIZE, when=len(request.filter) > FILTER_CHARS):
        raise refused(r.LIST_FILTER_SIZE, "filter", f"{len(request.filter)} characters")
    if rules.broken(r.LIST_ORDER, when=request.order_by not in _ORDERS):
        raise refused(r.LIST_ORDER, "order_by", request.order_by)
    if rules.broken(r.LIST_PAGE_SIZE, when=not 0 <= request.page_size <= PAGE_SIZE_AT_MOST):
        raise refused(r.LIST_PAGE_SIZE, "page_size", str(request.page_size))


def _query(text: str, rules: Rulebook) -> Query:
    try:
        return Query(text)
    except QueryError as error:
        if rules.broken(r.LIST_FILTER, when=True):
            raise refused(r.LIST_FILTER, "filter", f"{error}") from None
        return everything()


def _start(request: Any, rules: Rulebook) -> int:
    if not request.page_token:
        return 0
    mark, _, start = request.page_token.partition(".")
    known = mark == _fingerprint(request) and start.isascii() and start.isdigit()
    if rules.broken(r.LIST_PAGE_TOKEN, when=not known):
        raise refused(r.LIST_PAGE_TOKEN, "page_token", request.page_token)
    return int(start) if known else 0


def _fingerprint(request: Any) -> str:
    asked = "\n".join((*request.resource_names, request.filter, request.order_by))
    return hashlib.sha256(asked.encode()).hexdigest()[:16]
