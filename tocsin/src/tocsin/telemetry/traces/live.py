"""A span while its work goes on."""

from contextlib import AbstractContextManager
from typing import Any

from tocsin.telemetry.traces import Work


class LiveSpan:
    """One request, job or piece of work."""

    def work(self, name: str, attributes: dict[str, Any]) -> AbstractContextManager[Work]:
        """A piece of work below this one."""
        raise NotImplementedError

    def traceparent(self) -> str:
        """What a callee or a later job is told."""
        raise NotImplementedError
