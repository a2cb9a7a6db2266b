"""Service Usage: which of Google's APIs a project has switched on.

Enabling is done at once, and its operation says ``done``: ``gcloud`` polls until it does.
The messages of ``google.api.serviceusage.v1`` are in no package that we need otherwise;
the few that are used are declared here, numbered as in
https://github.com/googleapis/googleapis/tree/master/google/api/serviceusage/v1.

>>> from tocsin.rehearsal.cloud.world import World
>>> usage = Enabling(World())
>>> usage.enable(EnableServiceRequest.pb()(name="projects/p/services/run.googleapis.com")).done
True
"""

from collections.abc import Iterator
from typing import Any, Final

import proto
from google.longrunning.operations_pb2 import GetOperationRequest, Operation

from tocsin.rehearsal.cloud.configuration.collection import Collection
from tocsin.rehearsal.cloud.refusals import not_found
from tocsin.rehearsal.cloud.rpc import Http, Rpc
from tocsin.rehearsal.cloud.world import World

_PACKAGE: Final = "google.api.serviceusage.v1"
# Registered under a name of ours: a process that has Google's own package would else have
# two messages of one name. On the wire they are the same.
__protobuf__ = proto.module(package="tocsin.rehearsal.serviceusage.v1")
_DISABLED, _ENABLED = 1, 2
_ONE: Final = "/v1/{name=projects/*/services/*}"
_ALL: Final = "/v1/{parent=projects/*}/services"


class ServiceConfig(proto.Message):  # type: ignore[misc] # untyped base
    """What a service is called."""

    name = proto.Field(proto.STRING, number=1)
    title = proto.Field(proto.STRING, number=2)


class Service(proto.Message):  # type: ignore[misc]
    """A service, seen from a project."""

    name = proto.Field(proto.STRING, number=1)
    parent = proto.Field(proto.STRING, number=5)
    config = proto.Field(proto.MESSAGE, number=2, message=ServiceConfig)
    state = proto.Field(proto.INT32, number=4)


class EnableServiceRequest(proto.Message):  # type: ignore[misc]
    """``projects/P/services/S``."""

    name = proto.Field(proto.STRING, number=1)


class EnableServiceResponse(proto.Message):  # type: ignore[misc]
    """What is enabled now."""

    service = proto.Field(proto.MESSAGE, number=1, message=Service)


class BatchEnableServicesRequest(proto.Message):  # type: ignore[misc]
    """Several at once."""

    parent = proto.Field(proto.STRING, number=1)
    service_ids = proto.RepeatedField(proto.STRING, number=2)


class BatchEnableServicesResponse(proto.Message):  # type: ignore[misc]
    """What is enabled now."""

    services = proto.RepeatedField(proto.MESSAGE, number=1, message=Service)


class ListServicesRequest(proto.Message):  # type: ignore[misc]
    """``filter`` is ``state:ENABLED`` or ``state:DISABLED``."""

    parent = proto.Field(proto.STRING, number=1)
    page_size = proto.Field(proto.INT32, number=2)
    page_token = proto.Field(proto.STRING, number=3)
    filter = proto.Field(proto.STRING, number=4)


class ListServicesResponse(proto.Message):  # type: ignore[misc]
    """A page of them."""

    services = proto.RepeatedField(proto.MESSAGE, number=1, message=Service)
    next_page_token = proto.Field(proto.STRING, number=2)


class Enabling:
    """The services that were enabled."""

    def __init__(self, world: World) -> None:
        self.shelf = Collection(world, "configuration.service", Service.pb())
        self._operations = 0

    def rpcs(self) -> Iterator[Rpc]:
        """The methods."""
        service = f"{_PACKAGE}.ServiceUsage"
        for method, request, response, handle, http in (
            ("EnableService", EnableServiceRequest, None, self.enable, _post(f"{_ONE}:enable")),
            (
                "BatchEnableServices",
                BatchEnableServicesRequest,
                None,
                self.batch_enable,
                _post(f"{_ALL}:batchEnable"),
            ),
            ("GetService", EnableServiceRequest, Service, self.get, Http("GET", _ONE)),
            ("ListServices", ListServicesRequest, ListServicesResponse, self.list, _get(_ALL)),
        ):
            answer = Operation if response is None else response.pb()
            yield Rpc(service, method, request.pb(), answer, handle, (http,))
        yield Rpc(
            "google.longrunning.Operations",
            "GetOperation",
            GetOperationRequest,
            Operation,
            self.operation,
            (_get("/v1/{name=operations/**}"),),
        )

    def enable(self, request: Any) -> Operation:
        """Switch one on."""
        done = self._switched_on(request.name)
        return self._done(EnableServiceResponse.pb()(service=done))

    def batch_enable(self, request: Any) -> Operation:
        """Switch several on."""
        names = [f"{request.parent}/services/{one}" for one in request.service_ids]
        done = [self._switched_on(name) for name in names]
        return self._done(BatchEnableServicesResponse.pb()(services=done))

    def get(self, request: Any) -> Any:
        """A service that was never enabled is disabled."""
        if self.shelf.has(request.name):
            return self.shelf.get(request.name)
        return _service(request.name, _DISABLED)

    def list(self, request: Any) -> Any:
        """What is enabled; nobody here knows all that could be."""
        if request.filter == "state:DISABLED":
            return ListServicesResponse.pb()()
        prefix = f"{request.parent}/services/"
        page = self.shelf.page(prefix, size=request.page_size, token=request.page_token)
        return ListServicesResponse.pb()(services=page.items, next_page_token=page.next_token)

    def operation(self, request: Any) -> Operation:
        """Whatever was begun is done."""
        number = request.name.rpartition("/")[2]
        if not number.isdecimal() or int(number) > self._operations:
            raise not_found(f"{request.name} was not found.")
        return Operation(name=request.name, done=True)

    def _switched_on(self, name: str) -> Any:
        return self.shelf.put(_service(name, _ENABLED))

    def _done(self, answer: Any) -> Operation:
        self._operations += 1
        operation = Operation(name=f"operations/{self._operations}", done=True)
        operation.response.Pack(answer)
        return operation


def _service(name: str, state: int) -> Any:
    parent, _, service_id = name.partition("/services/")
    config = ServiceConfig.pb()(name=service_id)
    return Service.pb()(name=name, parent=parent, config=config, state=state)


def _post(path: str) -> Http:
    return Http("POST", path, "*")


def _get(path: str) -> Http:
    return Http("GET", path)
