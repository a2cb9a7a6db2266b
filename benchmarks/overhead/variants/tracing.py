"""OpenTelemetry's instrumentation of FastAPI, a tenth of the traces sampled."""

from opentelemetry.instrumentation.fastapi import FastAPIInstrumentor
from opentelemetry.metrics import NoOpMeterProvider
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.sampling import ParentBasedTraceIdRatio

from overhead.service import service
from overhead.variant import Built

QUEUE = 1 << 17  # the default of 2,048 would drop spans in a tight loop, and look cheaper


class Discarding(SpanExporter):
    def __init__(self):
        self.spans = 0

    def export(self, spans):
        self.spans += len(spans)
        return SpanExportResult.SUCCESS


def traced(app):
    """Instrument ``app``; returns its provider and its exporter."""
    provider = TracerProvider(
        sampler=ParentBasedTraceIdRatio(0.1), resource=Resource.create({"service.name": "bench"})
    )
    exporter = Discarding()
    provider.add_span_processor(BatchSpanProcessor(exporter, max_queue_size=QUEUE))
    FastAPIInstrumentor.instrument_app(
        app, tracer_provider=provider, meter_provider=NoOpMeterProvider()
    )
    return provider, exporter


def build_otel_trace_10() -> Built:
    app = service()
    provider, exporter = traced(app)
    return Built(app, drain=provider.force_flush, evidence=lambda: {"spans": exporter.spans})
