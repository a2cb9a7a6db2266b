"""What one process says of itself, put together from its settings, and taken out at its end.

>>> import io
>>> from app.core.config import Settings
>>> from tocsin.clock import SystemClock
>>> settings = Settings(environment="test", secret_key="k" * 32, telemetry_key="t" * 32)
>>> make_telemetry(settings, clock=SystemClock(), stream=io.BytesIO()).settings.service
'vividly-api'
"""

from typing import BinaryIO, Final

from app.core.config import Settings
from app.core.exporting import Exporting
from app.core.logging import telemetry_settings
from app.core.metrics import HTTP, metrics_client
from tocsin.clock import Clock
from tocsin.telemetry.assembly import Telemetry

_FLUSH_WITHIN_S: Final = 2.0
"""Twice, with the exports' 4 s between: 8 of the 10 s that Cloud Run gives."""


def make_telemetry(
    settings: Settings, *, clock: Clock, stream: BinaryIO | None = None
) -> Telemetry:
    """Telemetry on the metrics of this service; lines go to ``stream``, else standard output."""
    return Telemetry(
        telemetry_settings(settings, stream),
        metrics=metrics_client,
        http=HTTP,
        pseudonym_key=settings.telemetry_key.get_secret_value().encode(),
        stream=stream,
        clock=clock,
    )


def end_telemetry(telemetry: Telemetry, exporting: Exporting, *, outlived_by_server: bool) -> None:
    """Take out all that is still here; the last thing that a process does.

    Nothing else of the loop runs any more, so this may block.
    """
    with telemetry.guard("lifespan.errors"):
        telemetry.errors.close()
    # Lines first: the last of them are also exported.
    telemetry.logs.flush(_FLUSH_WITHIN_S)
    with telemetry.guard("lifespan.exporting"):
        exporting.close()
    if outlived_by_server:
        # The server tells of its own end, in our shape, after we have ended.
        telemetry.logs.flush(_FLUSH_WITHIN_S)
    else:
        telemetry.close(_FLUSH_WITHIN_S)
