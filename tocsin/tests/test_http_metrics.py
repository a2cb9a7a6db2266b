"""Every request moves the right series, once, whatever strangers invent."""

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tocsin.telemetry.guard import Guard
from tocsin.telemetry.http_metrics import OTHER_METHOD, UNMATCHED, HttpMetrics
from tocsin.telemetry.metrics import MetricsClient

LESSON = "/lessons/{lesson_id}"


@pytest.fixture
def client():
    return MetricsClient("shop")


@pytest.fixture
def http(client):
    return HttpMetrics(client)


def bucket_of(histogram, **labels):
    """The index of the one bucket that was moved."""
    series = histogram.existing(labels)
    return [index for index, count in enumerate(series.values()[1:]) if count]


def test_a_finished_request_moves_its_series_once(http):
    """Count, duration, first byte and both sizes: one each."""
    http.finished("GET", LESSON, 200, 0.3, 0.2, 100, 5_000)

    assert http.requests.value(method="GET", endpoint=LESSON, status_code=200) == 1
    assert http.duration.sum(method="GET", endpoint=LESSON) == 0.3
    assert http.first_byte.sum(method="GET", endpoint=LESSON) == 0.2
    assert http.request_size.sum(endpoint=LESSON) == 100
    assert http.response_size.sum(endpoint=LESSON) == 5_000
    assert http.stream_duration.count(endpoint=LESSON) == 0
    assert http.requests.total_events() == http.duration.total_events() == 1


def test_the_second_request_of_a_kind_adds_to_the_first(http):
    """What was looked up for the first request is right for the next."""
    for _ in range(3):
        http.finished("POST", LESSON, 202, 0.1, 0.1, 10, 20)

    assert http.requests.value(method="POST", endpoint=LESSON, status_code=202) == 3
    assert http.duration.count(method="POST", endpoint=LESSON) == 3
    assert http.response_size.sum(endpoint=LESSON) == 60


@pytest.mark.parametrize(
    ("duration_s", "below", "above"), [(1.4, 1.0, 1.5), (1.9, 1.5, 2.0), (2.1, 2.0, 2.5)]
)
def test_durations_are_told_apart_around_two_seconds(http, duration_s, below, above):
    """Alert 6 asks for 2 s, so bounds stand close on both of its sides."""
    bounds = (0.0, *http.duration.spec.shape.buckets)

    http.finished("GET", LESSON, 200, duration_s, 0.1, 0, 0)

    (index,) = bucket_of(http.duration, method="GET", endpoint=LESSON)
    assert (bounds[index], bounds[index + 1]) == (below, above)


def test_a_stream_counts_as_long_as_the_user_waited_for_it(http):
    """An hour of events does not wreck the latency; the hour is in a series of its own."""
    http.finished("GET", "/events", 200, 3600.0, 0.2, 0, 10_000, streamed=True)

    assert http.duration.sum(method="GET", endpoint="/events") == 0.2
    assert http.stream_duration.sum(endpoint="/events") == 3600
    assert http.requests.value(method="GET", endpoint="/events", status_code=200) == 1


def test_a_request_that_was_never_answered_has_no_first_byte(http):
    """A client that left before the answer is counted, without inventing a time."""
    http.finished("GET", LESSON, 499, 1.0, None, 0, 0)

    assert http.requests.value(method="GET", endpoint=LESSON, status_code=499) == 1
    assert http.first_byte.count(method="GET", endpoint=LESSON) == 0
    assert http.duration.count(method="GET", endpoint=LESSON) == 1


@pytest.mark.parametrize(
    "measured",
    [
        (-1.0, 0.1, 0, 0),
        (0.1, 0.2, 0, 0),
        (float("nan"), None, 0, 0),
        (float("inf"), 0.1, 0, 0),
        (0.1, 0.1, -1, 0),
        (0.1, 0.1, 0, None),
        (None, None, None, None),
    ],
)
def test_nonsense_measurements_spoil_no_histogram_and_lose_no_request(client, http, measured):
    """The request counts once; the nonsense is counted as a failure of telemetry."""
    http.finished("GET", LESSON, 200, *measured)

    assert http.requests.value(method="GET", endpoint=LESSON, status_code=200) == 1
    assert http.duration.total_events() == 0
    assert client.self_metrics.failures.total_events() == 1


def test_nonsense_measurements_are_raised_under_test(client, http):
    """A strict guard shows the middleware's mistake."""
    client.guard = Guard(strict=True)

    with pytest.raises(TypeError, match="times and sizes"):
        http.finished("GET", LESSON, 200, -1.0, None, 0, 0)


def test_ten_thousand_invented_requests_leave_a_real_routes_errors_apart(client, http):
    """Series stay within the stated bound, and a real 5xx is still its own (behaviour 9)."""
    http.known_routes([("GET", LESSON), ("POST", "/lessons")])

    for number in range(10_000):
        http.finished(f"M{number}", f"/scan/{number}", 400 + number % 99, 0.1, 0.1, 0, 0)
        http.finished("GET", UNMATCHED, 404, 0.1, 0.1, 0, 0)
    http.finished("GET", LESSON, 503, 0.1, 0.1, 0, 0)
    http.finished("POST", "/lessons", 500, 0.1, 0.1, 0, 0)

    assert http.requests.value(method="GET", endpoint=LESSON, status_code=503) == 1
    assert http.requests.value(method="POST", endpoint="/lessons", status_code=500) == 1
    assert http.requests.value(method="GET", endpoint=UNMATCHED, status_code=404) == 10_000
    assert http.requests.total_events() == 20_002
    assert all(
        len(instrument.all_series()) <= instrument.spec.max_series
        for instrument in client._instruments.values()
    )
    assert len(http._records) < 4_000


def test_every_method_on_every_route_leaves_room_for_server_errors(http):
    """A scan with all methods and statuses of all known routes hides no 5xx."""
    routes = [("GET", f"/route{number}") for number in range(150)]
    http.known_routes(routes)

    for _, endpoint in routes:
        for method in ("GET", "POST", "PUT", "DELETE", "BREW"):
            for status in (200, 400, 401, 403, 404, 405, 409, 422):
                http.finished(method, endpoint, status, 0.1, 0.1, 0, 0)
    http.finished("GET", "/route149", 503, 0.1, 0.1, 0, 0)

    assert http.requests.value(method="GET", endpoint="/route149", status_code=503) == 1
    assert len(http.requests.all_series()) <= http.requests.spec.max_series


def test_invented_methods_share_one_name(http):
    """Thirty invented methods are one series."""
    for number in range(30):
        http.finished(f"BREW{number}", LESSON, 405, 0.1, 0.1, 0, 0)

    assert http.requests.value(method=OTHER_METHOD, endpoint=LESSON, status_code=405) == 30


def test_known_routes_show_their_alarms_at_zero(client, http):
    """The first 500 and the first 429 of a route are rises, not births."""
    http.known_routes([("GET", LESSON), ("BREW", "/coffee")])

    text = client.exposition()[0].decode()

    line = 'shop_http_request_total{endpoint="%s",method="%s",status_code="%s"} 0.0'
    assert line % (LESSON, "GET", 500) in text
    assert line % (LESSON, "GET", 429) in text
    assert line % ("/coffee", OTHER_METHOD, 500) in text


def test_routes_beyond_the_room_are_told(client):
    """A service with more routes than room hears of it at its start."""
    http = HttpMetrics(client, max_endpoints=2)

    left_out = http.known_routes([("GET", "/a"), ("GET", "/b"), ("POST", "/b"), ("GET", "/c")])

    assert left_out == ["/c"]


def test_probes_are_kept_apart(http):
    """A health check is in its own series and in no indicator (D35, behaviour 34)."""
    http.probe("/health", 200, 0.001)

    assert http.probes.value(endpoint="/health", status_code=200) == 1
    assert http.probe_duration.count(endpoint="/health") == 1
    assert http.requests.total_events() == 0


def test_a_failed_background_task_has_its_own_series(http):
    """Its request was answered and stays counted as it was."""
    http.background_task_failed(LESSON)

    assert http.background_failures.value(endpoint=LESSON) == 1
    assert http.requests.total_events() == 0


@pytest.mark.parametrize(
    ("code", "told"),
    [(1000, "1000"), (1006, "1006"), (3999, "3xxx"), (4404, "4xxx"), (9, "other"), (None, "other")],
)
def test_a_websocket_is_followed_from_its_opening_to_its_close(http, code, told):
    """Connections, messages, life and close code; an invented code is its range (behaviour 16)."""
    http.websocket_opened()
    http.websocket_message("/ws", "received")
    http.websocket_message("/ws", "sent")
    http.websocket_message("/ws", "sent")
    open_now = http.websockets.connections.value()

    http.websocket_closed("/ws", code, 12.5)

    assert (open_now, http.websockets.connections.value()) == (1, 0)
    assert http.websockets.messages.value(endpoint="/ws", direction="sent") == 2
    assert http.websockets.duration.sum(endpoint="/ws") == 12.5
    assert http.websockets.closes.value(endpoint="/ws", code=told) == 1


def test_the_page_is_readable_by_prometheus(client, http):
    """The parser that ships with the client library reads back what was recorded."""
    http.finished("GET", LESSON, 200, 0.3, 0.2, 100, 5_000)

    families = {
        family.name: family
        for family in text_string_to_metric_families(client.exposition()[0].decode())
    }

    duration = families["shop_http_request_duration_seconds"]
    assert duration.type == "histogram"
    assert families["shop_http_request"].type == "counter"
    assert [sample.value for sample in duration.samples if sample.labels.get("le") == "0.5"] == [1]
