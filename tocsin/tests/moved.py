"""What the metrics say, read back from the page that Prometheus reads."""

from prometheus_client.parser import text_string_to_metric_families

from tocsin.telemetry.testing.captured import CapturedTelemetry


def series(captured: CapturedTelemetry, name: str) -> dict[tuple[str, ...], float]:
    """The samples of this name that are not 0, by their label values in declared order."""
    return {
        tuple(sample.labels.values()): sample.value
        for family in text_string_to_metric_families(captured.exposition())
        for sample in family.samples
        if sample.name == f"test_{name}" and sample.value
    }


def requests_counted(captured: CapturedTelemetry) -> dict[tuple[str, str, str], float]:
    """Requests by method, endpoint and status."""
    return {
        (sample.labels["method"], sample.labels["endpoint"], sample.labels["status_code"]): (
            sample.value
        )
        for family in text_string_to_metric_families(captured.exposition())
        for sample in family.samples
        if sample.name == "test_http_request_total" and sample.value
    }


def total(captured: CapturedTelemetry, name: str) -> float:
    """The sum over all series of this name."""
    return sum(series(captured, name).values())
