"""Databases, HTTP clients and Redis as spans, by OpenTelemetry's own instrumentations.

Single engines and clients are given to them; nothing is patched for the whole process.
Where an instrumentation would work for an unsampled request only to throw it away, it is
not asked at all.
"""

from collections.abc import Iterable
from importlib import import_module
from typing import Any

from opentelemetry.metrics import NoOpMeterProvider
from opentelemetry.trace import TracerProvider

from tocsin.errors import DeclarationError
from tocsin.telemetry.context import current

_PACKAGE = "opentelemetry.instrumentation"


def instrument(
    provider: TracerProvider,
    engines: Iterable[Any],
    http_clients: Iterable[Any],
    redis_clients: Iterable[Any],
) -> None:
    """Have these engines and clients leave spans by ``provider``.

    Raises:
        DeclarationError: the library's OpenTelemetry instrumentation is not installed.
    """
    for engine in engines:
        _instrument_engine(provider, engine)
    meters = NoOpMeterProvider()
    for client in http_clients:
        instrumentor = _module("httpx").HTTPXClientInstrumentor
        instrumentor.instrument_client(client, tracer_provider=provider, meter_provider=meters)
    for client in redis_clients:
        _module("redis").RedisInstrumentor.instrument_client(client, tracer_provider=provider)


def _instrument_engine(provider: TracerProvider, engine: Any) -> None:
    # The instrumentor of the whole would patch `create_engine` for the process.
    tracer_class: Any = _module("sqlalchemy", ".engine").EngineTracer
    tracer = provider.get_tracer(f"{_PACKAGE}.sqlalchemy")
    usage = NoOpMeterProvider().get_meter("tocsin").create_up_down_counter("connections")

    class SampledEngineTracer(tracer_class):  # type: ignore[misc] # a class known at run time
        """Takes no time for statements of requests that are not sampled."""

        # A private method: if a later version calls it otherwise, this saves no time, no more.
        def _before_cur_exec(self, conn: Any, cursor: Any, statement: Any, *rest: Any) -> Any:
            context = current()
            if context is None or context.span is None:
                return statement, rest[0]
            return super()._before_cur_exec(conn, cursor, statement, *rest)

    SampledEngineTracer(tracer, getattr(engine, "sync_engine", engine), usage)


def _module(library: str, below: str = "") -> Any:
    try:
        return import_module(f"{_PACKAGE}.{library}{below}")
    except ModuleNotFoundError as error:
        raise DeclarationError(
            f"spans of {library} need its instrumentation, which is not installed: "
            f"pip install opentelemetry-instrumentation-{library}"
        ) from error
