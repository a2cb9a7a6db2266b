"""The services of one cloud, made for one world.

A service is a plain object (see :mod:`tocsin.rehearsal.cloud.rpc`). It may also have

* ``asgi_routes() -> list[BaseRoute]``: HTTP paths that are no REST form of a method;
* ``async opened(http_url)`` and ``async closed()``: called when the cloud's doors are open,
  and before they close, for whoever runs a program of its own;
* ``recall(kind, body, received_ns)``: takes back what it gave to the journal.

>>> sorted(parts_of(World()))[:3]
['configuration', 'errors', 'logs']
"""

from collections.abc import Mapping
from typing import Any

from tocsin.rehearsal.cloud.configuration import Configuration
from tocsin.rehearsal.cloud.errors import Errors
from tocsin.rehearsal.cloud.logs import Logs
from tocsin.rehearsal.cloud.monitoring import Monitoring
from tocsin.rehearsal.cloud.otlp import Otlp
from tocsin.rehearsal.cloud.promql import Promql
from tocsin.rehearsal.cloud.traces import Traces
from tocsin.rehearsal.cloud.world import World


def parts_of(world: World, *, prometheus: str = "off") -> Mapping[str, Any]:
    """Every service by its name; ``prometheus`` is ``auto`` or ``off``."""
    monitoring, logs, traces = Monitoring(world), Logs(world), Traces(world)
    parts = {
        "monitoring": monitoring,
        "logs": logs,
        # Error Reporting reads the log entries, and writes what is reported among them.
        "errors": Errors(world, logs=logs),
        "traces": traces,
        "configuration": Configuration(world),
        "otlp": Otlp(world, monitoring=monitoring, traces=traces, logs=logs),
    }
    if prometheus != "off":
        parts["promql"] = Promql(world, monitoring=monitoring)
    return parts
