"""The five methods that every sort of configuration has, in Google's naming.

>>> from google.cloud import monitoring_v3
>>> class Room:
...     create = list = get = update = delete = staticmethod(lambda request: request)
>>> sort = Sort("google.monitoring.v3.AlertPolicyService", "AlertPolicy", "AlertPolicies",
...             types=monitoring_v3, collection="/v3/{name=projects/*}/alertPolicies",
...             one="/v3/{name=projects/*/alertPolicies/*}", field="alert_policy")
>>> [rpc.method for rpc in sort.rpcs(Room())][:2]
['CreateAlertPolicy', 'ListAlertPolicies']
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from google.protobuf.empty_pb2 import Empty

from tocsin.rehearsal.cloud.rpc import Http, Rpc


@dataclass(frozen=True)
class Sort:
    """How Google names one sort of thing, in gRPC and in REST.

    ``field`` is the request's field that holds the thing; ``update`` the path of PATCH
    where it is not made of ``one``.
    """

    service: str
    singular: str
    plural: str
    types: Any
    collection: str
    one: str
    field: str
    update: str = ""
    update_verb: str = "PATCH"

    def rpcs(self, room: Any) -> Iterator[Rpc]:
        """The methods, served by ``room``'s create, list, get, update and delete."""
        kind = getattr(self.types, self.singular).pb()
        create, change = f"Create{self.singular}", f"Update{self.singular}"
        nested = self.one.replace("{name=", f"{{{self.field}.name=")
        forms = (
            (create, kind, room.create, Http("POST", self.collection, self.field)),
            (
                f"List{self.plural}",
                getattr(self.types, f"List{self.plural}Response").pb(),
                room.list,
                Http("GET", self.collection),
            ),
            (f"Get{self.singular}", kind, room.get, Http("GET", self.one)),
            (change, kind, room.update, Http(self.update_verb, self.update or nested, self.field)),
            (f"Delete{self.singular}", Empty, room.delete, Http("DELETE", self.one)),
        )
        for method, answer, handle, http in forms:
            request = getattr(self.types, f"{method}Request").pb()
            yield Rpc(self.service, method, request, answer, handle, (http,))
