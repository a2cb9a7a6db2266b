"""Error events to Sentry, scrubbed here and not there (extra ``sentry``).

    courier, reporter = init_sentry(dsn, telemetry.settings, telemetry.redactor)
    telemetry.errors.add(reporter)
    delivery = Delivery([courier, …], …)      # in every process: API and worker

None of Sentry's integrations is on. They hook into the framework (61 µs a request,
sentry-python issue 2116), read headers, bodies and local variables, and make events of
their own; here the same errors that reach Error Reporting reach Sentry, once, by the same
limiter, with the same trace id. Tracing is OpenTelemetry's.
"""

from tocsin.telemetry.exporters.sentry.reporter import SentryReporter, init_sentry
from tocsin.telemetry.exporters.sentry.scrubbing import Scrubber

__all__ = ["Scrubber", "SentryReporter", "init_sentry"]
