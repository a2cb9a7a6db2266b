"""Names of attributes: those of OpenTelemetry's stable conventions, whoever recorded them.

Instrumentations of version 0.66 still use the older names unless an environment variable
says otherwise; a library must not set one for its host, so names are brought up to date
here (https://opentelemetry.io/docs/specs/semconv/non-normative/http-migration/ and
.../db-migration/). What names a person or a machine of a stranger goes altogether.

>>> up_to_date({"http.method": "GET", "http.status_code": 200, "db.user": "ada"})
{'http.request.method': 'GET', 'http.response.status_code': 200}
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

QUERY: Final = "db.query.text"
SYSTEM: Final = "db.system.name"
NAMESPACE: Final = "db.namespace"
URL: Final = "url.full"
SERVER: Final = "server.address"

_NEW_NAMES: Final = MappingProxyType(
    {
        "http.method": "http.request.method",
        "http.status_code": "http.response.status_code",
        "http.url": URL,
        "http.scheme": "url.scheme",
        "http.host": SERVER,
        "http.user_agent": "user_agent.original",
        "http.flavor": "network.protocol.version",
        "net.peer.name": SERVER,
        "net.peer.port": "server.port",
        "net.transport": "network.transport",
        "db.statement": QUERY,
        "db.system": SYSTEM,
        "db.name": NAMESPACE,
        "db.operation": "db.operation.name",
    }
)
_NEVER: Final = frozenset(
    {
        "db.user",
        "client.address",
        "client.port",
        "net.peer.ip",
        "net.host.name",
        "network.peer.address",
        "url.path",
        "url.query",
        "http.target",
        "http.client_ip",
        "enduser.id",
    }
)


def up_to_date(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """``attributes`` under their present names, without those that never leave."""
    return {
        _NEW_NAMES.get(name, name): value
        for name, value in attributes.items()
        if name not in _NEVER
    }
