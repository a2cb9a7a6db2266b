"""The service's methods, as gRPC and REST call them.

Paths are those of ``metric_service.proto``:
https://github.com/googleapis/googleapis/blob/master/google/monitoring/v3/metric_service.proto

>>> project_of(Rulebook(), "projects/p")
'p'
"""

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final, Protocol

from google.api.metric_pb2 import MetricDescriptor
from google.api.monitored_resource_pb2 import MonitoredResourceDescriptor
from google.cloud.monitoring_v3 import types
from google.protobuf.empty_pb2 import Empty
from google.protobuf.message import Message

from tocsin.rehearsal.cloud.monitoring import rules
from tocsin.rehearsal.cloud.monitoring.answers import Problem, refusal
from tocsin.rehearsal.cloud.monitoring.descriptors import Descriptors, copied
from tocsin.rehearsal.cloud.monitoring.reading import Reader, page, resources
from tocsin.rehearsal.cloud.refusals import Refusal, invalid_argument, not_found
from tocsin.rehearsal.cloud.rpc import Http, Rpc
from tocsin.rehearsal.cloud.rulebook import Rulebook
from tocsin.rehearsal.cloud.world import World

SERIES_PER_WRITE: Final = 200
_SERVICE: Final = "google.monitoring.v3.MetricService"
_PROJECT: Final = re.compile(r"projects/([^/]+)")
_BELOW: Final = re.compile(r"projects/([^/]+)/(\w+)/(.+)")
_SERIES: Final = "/v3/{name=projects/*}/timeSeries"
_DESCRIPTORS: Final = "/v3/{name=projects/*}/metricDescriptors"
_ONE_DESCRIPTOR: Final = "/v3/{name=projects/*/metricDescriptors/**}"
_RESOURCES: Final = "/v3/{name=projects/*}/monitoredResourceDescriptors"
_ONE_RESOURCE: Final = "/v3/{name=projects/*/monitoredResourceDescriptors/**}"


class _Shelves(Protocol):
    world: World

    def write(
        self, project: str, series: Sequence[Any], *, broken: bool = False
    ) -> list[Problem]: ...

    def describe(self, project: str, wanted: MetricDescriptor) -> MetricDescriptor: ...

    def forget(self, project: str, metric_type: str) -> bool: ...


class Methods:
    """One handler for each method; raw messages in and out."""

    def __init__(self, shelves: _Shelves, reader: Reader, descriptors: Descriptors) -> None:
        self._shelves = shelves
        self._held = shelves.world.rules
        self._reader = reader
        self._descriptors = descriptors

    def rpcs(self) -> Iterable[Rpc]:
        """The methods, for whoever serves them."""
        yield _rpc(self.create_time_series, Empty, Http("POST", _SERIES, "*"))
        yield _rpc(self.list_time_series, types.ListTimeSeriesResponse, Http("GET", _SERIES))
        described = Http("POST", _DESCRIPTORS, "metric_descriptor")
        yield _rpc(self.create_metric_descriptor, MetricDescriptor, described)
        yield _rpc(self.get_metric_descriptor, MetricDescriptor, Http("GET", _ONE_DESCRIPTOR))
        yield _rpc(self.delete_metric_descriptor, Empty, Http("DELETE", _ONE_DESCRIPTOR))
        yield _rpc(
            self.list_metric_descriptors,
            types.ListMetricDescriptorsResponse,
            Http("GET", _DESCRIPTORS),
        )
        yield _rpc(
            self.list_monitored_resource_descriptors,
            types.ListMonitoredResourceDescriptorsResponse,
            Http("GET", _RESOURCES),
        )
        yield _rpc(
            self.get_monitored_resource_descriptor,
            MonitoredResourceDescriptor,
            Http("GET", _ONE_RESOURCE),
        )

    def create_time_series(self, request: Any) -> Empty:
        """Write; the good series are kept even if the answer is a refusal."""
        project = project_of(self._held, request.name)
        number = len(request.time_series)
        if self._held.broken(rules.EMPTY, when=not number):
            raise invalid_argument("Request was missing field timeSeries.")
        if self._held.broken(rules.CAP, when=number > SERIES_PER_WRITE):
            raise invalid_argument(
                "Field timeSeries had an invalid value: A maximum of 200 TimeSeries can be "
                "written in a single request."
            )
        fault = self._shelves.world.faults.take(f"{_SERVICE}/CreateTimeSeries", "partial_failure")
        broken = fault is not None
        if problems := self._shelves.write(project, request.time_series, broken=broken):
            raise refusal(problems, number)
        return Empty()

    def list_time_series(self, request: Any) -> Any:
        """Read raw series back."""
        return self._reader.series(project_of(self._held, request.name), request)

    def create_metric_descriptor(self, request: Any) -> MetricDescriptor:
        """Make a descriptor, or bring one up to date."""
        project = project_of(self._held, request.name)
        return self._shelves.describe(project, request.metric_descriptor)

    def get_metric_descriptor(self, request: Any) -> MetricDescriptor:
        """One descriptor."""
        found = self._descriptors.get(*_parts(request.name, "metricDescriptors"))
        if found is None:
            raise _no_descriptor(request.name)
        return copied(found)

    def delete_metric_descriptor(self, request: Any) -> Empty:
        """Delete a descriptor, and what was written under it."""
        if not self._shelves.forget(*_parts(request.name, "metricDescriptors")):
            raise _no_descriptor(request.name)
        return Empty()

    def list_metric_descriptors(self, request: Any) -> Any:
        """Descriptors by filter and page."""
        project = project_of(self._held, request.name)
        found, token = self._reader.descriptors(project, request)
        return types.ListMetricDescriptorsResponse.pb()(
            metric_descriptors=found, next_page_token=token
        )

    def list_monitored_resource_descriptors(self, request: Any) -> Any:
        """The resources that take users' metrics; the filter is not looked at."""
        known = resources(project_of(self._held, request.name))
        found, token = page(known, size=request.page_size or len(known), token=request.page_token)
        return types.ListMonitoredResourceDescriptorsResponse.pb()(
            resource_descriptors=found, next_page_token=token
        )

    def get_monitored_resource_descriptor(self, request: Any) -> MonitoredResourceDescriptor:
        """One of them."""
        project, wanted = _parts(request.name, "monitoredResourceDescriptors")
        for one in resources(project):
            if one.type == wanted:
                return one
        raise not_found(f"Could not find a monitored resource descriptor '{request.name}'.")


def project_of(held: Rulebook, name: str) -> str:
    """The project that a request names.

    Raises:
        Refusal: it names none.
    """
    match = _PROJECT.fullmatch(name)
    if held.broken(rules.PROJECT, when=match is None):
        raise invalid_argument(
            f'Field name had an invalid value of "{name}": it must be projects/PROJECT_ID.'
        )
    return match[1] if match else name


def _parts(name: str, collection: str) -> tuple[str, str]:
    match = _BELOW.fullmatch(name)
    if match is None or match[2] != collection:
        raise invalid_argument(
            f'Field name had an invalid value of "{name}": it must be '
            f"projects/PROJECT_ID/{collection}/TYPE."
        )
    return match[1], match[3]


def _no_descriptor(name: str) -> Refusal:
    return not_found(f"Could not find a metric descriptor '{name}'.")


def _rpc(handle: Callable[[Any], Message], response: Any, http: Http) -> Rpc:
    method = "".join(word.capitalize() for word in handle.__name__.split("_"))
    request = getattr(types, f"{method}Request")
    raw = response.pb() if hasattr(response, "pb") else response
    return Rpc(_SERVICE, method, request.pb(), raw, handle, (http,))
