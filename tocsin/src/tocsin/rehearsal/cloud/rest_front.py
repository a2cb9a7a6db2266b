"""REST forms of the services' methods, as ``google.api.http`` describes them.

>>> RestFront([], carriage=None).routes()
[]
"""

from collections.abc import Callable, Iterable

from starlette.requests import Request
from starlette.routing import BaseRoute

from tocsin.rehearsal.cloud.carriage import Carriage
from tocsin.rehearsal.cloud.rpc import Rpc


class RestFront:
    """Turns HTTP requests into calls of ``rpcs``."""

    def __init__(self, rpcs: Iterable[Rpc], *, carriage: Carriage | None) -> None:
        self._rpcs = list(rpcs)
        self._carriage = carriage
        self.cut: Callable[[Request], None] = lambda _request: None

    def routes(self) -> list[BaseRoute]:
        """The routes."""
        return []
