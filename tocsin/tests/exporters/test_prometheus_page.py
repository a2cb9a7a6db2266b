"""The page of ``/metrics``, in the format that its reader asks for."""

import pytest
from prometheus_client.openmetrics.parser import (
    text_string_to_metric_families as parse_openmetrics,
)
from prometheus_client.parser import text_string_to_metric_families as parse_plain

from tocsin.telemetry.exporters.prometheus import page
from tocsin.telemetry.metrics import MetricsClient, one_of

# What Prometheus 2.42 sends.
PROMETHEUS = (
    "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
    "text/plain;version=0.0.4;q=0.5,*/*;q=0.1"
)


def counted(client):
    orders = client.counter("orders_total", "Orders.", labels=(one_of("channel", "web"),))
    orders.inc(3, channel="web")
    client.histogram("wait_seconds", "Waits.", buckets=(0.1, 1.0)).observe(0.5)
    return client


def samples(families):
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in families
        for sample in family.samples
    }


@pytest.mark.parametrize("workers", [False, True])
def test_both_formats_tell_the_same_numbers(tmp_path, workers):
    """A Prometheus that asks for OpenMetrics and a browser read the same counts (behaviour 19)."""
    directory = tmp_path if workers else None
    client = counted(MetricsClient("shop", worker_directory=directory))

    modern, modern_type = page(client, accept=PROMETHEUS)
    plain, plain_type = page(client, accept="text/html,*/*;q=0.8")

    told = samples(parse_openmetrics(modern.decode()))
    assert told == samples(parse_plain(plain.decode()))
    assert told["shop_orders_total", (("channel", "web"),)] == 3
    assert told["shop_wait_seconds_bucket", (("le", "1.0"),)] == 1
    assert modern_type.startswith("application/openmetrics-text; version=1.0.0")
    assert plain_type.startswith("text/plain; version=0.0.4")
    client.close()
