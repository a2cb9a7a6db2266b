"""The services of one cloud, made for one world.

A service is a plain object (see :mod:`tocsin.rehearsal.cloud.rpc`). It may also have

* ``asgi_routes() -> list[BaseRoute]``: HTTP paths that are no REST form of a method;
* ``async opened(http_url)`` and ``async closed()``: called when the cloud's doors are open,
  and before they close, for whoever runs a program of its own;
* ``recall(kind, body, received_ns)``: takes back what it gave to the journal.

>>> sorted(parts_of(World()))[:3]
['configuration', 'errors', 'logs']
"""

import importlib
from collections.abc import Mapping
from typing import Any, Final

from tocsin.rehearsal.cloud.world import World

_HOME: Final = "tocsin.rehearsal.cloud"
_PLAIN: Final = {
    "monitoring": "Monitoring",
    "logs": "Logs",
    "traces": "Traces",
    "configuration": "Configuration",
}


class Absent:
    """Stands where a service is not built yet: it serves nothing."""

    def rpcs(self) -> tuple[()]:
        """No method."""
        return ()


def _made(room: str, class_name: str, *given: Any, **named: Any) -> Any:
    try:
        module = importlib.import_module(f"{_HOME}.{room}")
    except ModuleNotFoundError as error:
        if not str(error.name).startswith(f"{_HOME}."):
            raise
        return Absent()
    made = getattr(module, class_name, None)
    return Absent() if made is None else made(*given, **named)


def parts_of(world: World, *, prometheus: str = "off") -> Mapping[str, Any]:
    """Every service by its name; ``prometheus`` is ``auto`` or ``off``."""
    parts = {room: _made(room, class_name, world) for room, class_name in _PLAIN.items()}
    # Error Reporting reads the log entries, and writes what is reported among them.
    parts["errors"] = _made("errors", "Errors", world, logs=parts["logs"])
    shelves = {name: parts[name] for name in ("monitoring", "traces", "logs")}
    parts["otlp"] = _made("otlp", "Otlp", world, **shelves)
    if prometheus != "off":
        parts["promql"] = _made("promql", "Promql", world, monitoring=parts["monitoring"])
    return parts
