"""Several worker processes are one service: their page is the sum of what they recorded."""

import os

import pytest
from metrics_workers import Workers, page
from prometheus_client.parser import text_string_to_metric_families

from tocsin.telemetry.guard import Guard
from tocsin.telemetry.metrics import MetricsClient, bounded
from tocsin.telemetry.metrics.worker_directory import WorkerDirectory

NEW = ("shop_orders_total", "new")


@pytest.fixture
def workers(tmp_path):
    started = Workers(tmp_path / "metrics")
    yield started
    started.stop()


def test_the_page_is_the_sum_of_what_the_workers_recorded(workers):
    """Whichever worker is asked, it tells what all have counted (behaviour 19)."""
    one, two, three = workers.start(3)

    one.tell("[orders.inc(kind='new') for _ in range(100)]")
    two.tell("[orders.inc(0.5, kind='new') for _ in range(100)]")
    three.tell("[waits.observe(second) for second in (0.5, 5, 50)]")
    one.tell("waits.observe(5)")

    assert page(one) == page(two) == page(three)
    seen = page(three)
    assert seen[NEW] == 150
    assert seen["shop_waits_seconds_count",] == 4
    assert seen["shop_waits_seconds_sum",] == 60.5
    assert seen["shop_waits_seconds_bucket", "1.0"] == 1
    assert seen["shop_waits_seconds_bucket", "10.0"] == 3


def test_known_label_sets_are_on_the_page_at_zero(workers):
    """A first event shows as a rise among workers too."""
    (worker,) = workers.start()

    worker.tell("client.start()")

    assert page(worker)[NEW] == 0


def test_gauges_become_one_number_as_they_were_declared(workers):
    """Sums, extremes and the latest word, each as the declaration says."""
    one, two = workers.start(2)

    one.tell("(in_flight.inc(3), pool.set(7), free.set(1), depth.set(10), peak.set(90))")
    two.tell("(in_flight.inc(2), pool.set(5), free.set(4), depth.set(20), peak.set(80))")

    seen = page(one)
    assert seen["shop_requests_running",] == 5
    assert seen["shop_pool_connections",] == 7
    assert seen["shop_pool_free_connections",] == 1
    assert seen["shop_queue_items",] == 20
    assert seen["shop_peak_items",] == 90


def test_a_worker_that_never_set_a_gauge_has_no_say_in_it(workers):
    """A fresh worker's zero is not the smallest pool, whether it is the older or the younger."""
    older, setting, younger = workers.start(3)

    older.tell("client.start()")
    setting.tell("(free.set(4), depth.set(7))")
    younger.tell("client.start()")

    assert page(younger)["shop_pool_free_connections",] == 4
    assert page(younger)["shop_queue_items",] == 7


def test_a_killed_worker_leaves_its_counts_and_takes_its_live_gauges(workers):
    """An abrupt end loses no event, and a dead worker is not counted as one that lives."""
    dying, living = workers.start(2)
    dying.tell("[orders.inc(kind='new') for _ in range(1000)]")
    dying.tell("(in_flight.inc(3), pool.set(99), depth.set(8), peak.set(90))")
    living.tell("(orders.inc(kind='new'), in_flight.inc(), pool.set(5))")

    dying.kill()

    seen = page(living)
    assert seen[NEW] == 1001
    assert seen["shop_requests_running",] == 1
    assert seen["shop_pool_connections",] == 5
    assert seen["shop_queue_items",] == 8
    assert seen["shop_peak_items",] == 90


def test_the_dead_are_told_from_the_living_before_they_are_folded(workers):
    """A reader that may not fold just now sees the same as one that did."""
    dying, living = workers.start(2)
    dying.tell("(orders.inc(kind='new'), in_flight.inc(3), pool.set(99))")
    living.tell("(in_flight.inc(), pool.set(5))")

    dying.kill()

    seen = living.tell(
        "[directory.snapshot().series[name] for name in "
        "('shop_orders_total', 'shop_requests_running', 'shop_pool_connections')]"
    )
    orders, running, connections = eval(seen)  # noqa: S307 - our own repr
    assert orders["new",] == [1.0]
    assert running[()][0] == 1.0
    assert connections[()][0] == 5.0
    assert len(workers.files()) == 2


def test_dead_workers_files_do_not_pile_up(workers):
    """Ten generations of workers leave one archive, and every event (behaviour 19)."""
    (watcher,) = workers.start()

    for _ in range(5):
        short_lived = workers.start(2)
        for worker in short_lived:
            worker.tell("[orders.inc(0.1, kind='new') for _ in range(10)]")
            worker.tell("[waits.observe(5) for _ in range(10)]")
            worker.kill()
        page(watcher)

    seen = page(watcher)
    assert len(workers.files()) == 1
    assert seen[NEW] == pytest.approx(10)
    assert seen["shop_waits_seconds_bucket", "10.0"] == 100
    assert seen["shop_waits_seconds_sum",] == 500


def test_a_starting_worker_folds_those_that_died(workers):
    """Where nobody scrapes, a restart cleans up by itself."""
    for _ in range(3):
        (worker,) = workers.start()
        worker.tell("orders.inc(kind='new')")
        worker.kill()

    (last,) = workers.start()
    last.tell("client.start()")

    assert len(workers.files()) == 1
    assert page(last)[NEW] == 3


def test_two_processes_that_fold_at_once_count_nothing_twice(workers):
    """Every process may fold at any time: totals are exact all the while."""
    folders = workers.start(3)
    for round_ in range(1, 4):
        dying = workers.start(2)
        for worker in dying:
            worker.tell("[orders.inc(kind='new') for _ in range(50)]")
        for worker in dying:
            worker.kill()

        for folder in folders:
            folder.ask("[directory.fold_the_dead() for _ in range(30)] and None")
        for folder in folders:
            folder.answer()

        assert page(folders[0])[NEW] == 100 * round_


def test_a_fold_that_was_killed_half_way_is_not_counted_twice(workers):
    """Files that stand in the archive and in the directory are read once."""
    dying, living = workers.start(2)
    dying.tell("orders.inc(7, kind='new')")
    living.tell("client.start()")
    dying.kill()
    (dead,) = (name for name in workers.files() if f"-{dying.pid}-" in name)
    kept = (workers.directory / dead).read_bytes()
    living.tell("directory.fold_the_dead()")

    (workers.directory / dead).write_bytes(kept)

    assert living.tell("directory.snapshot().series['shop_orders_total']['new',]") == "[7.0]"
    assert page(living)[NEW] == 7
    assert dead not in workers.files()
    assert page(living)[NEW] == 7


def test_what_was_counted_before_a_fork_is_counted_once(workers):
    """Under gunicorn --preload a parent's events are not multiplied by children (behaviour 2)."""
    (parent,) = workers.start()
    parent.tell("(orders.inc(5, kind='new'), in_flight.inc())")

    statuses = [parent.tell("fork_and_count(3)") for _ in range(4)]

    assert statuses == ["0"] * 4
    assert page(parent)[NEW] == 5 + 4 * 3
    assert page(parent)["shop_requests_running",] == 1


def test_a_fork_of_a_process_alone_begins_from_nothing():
    """Without a directory too a child exports what it counted itself, and no more."""
    client = MetricsClient("shop")
    orders = client.counter("orders_total")
    size = client.gauge("pool_connections", across_workers="livemax")
    orders.inc(5)
    size.set(7)

    client.store.begin_anew_in_child()
    orders.inc()

    assert orders.value() == 1
    assert size.value() == 7


def test_a_fork_before_the_first_recording_is_counted_too(workers):
    """A child that is the first to record makes a file of its own."""
    (parent,) = workers.start()

    parent.tell("fork_and_count(3)")
    parent.tell("orders.inc(kind='new')")

    assert page(parent)[NEW] == 4


def test_a_living_child_does_not_keep_its_dead_parent_alive(workers):
    """A forked child lets go of its parent's file, so that the dead parent is seen as dead."""
    parent, other = workers.start(2)
    other.tell("client.start()")
    parent.tell("(in_flight.inc(5), orders.inc(kind='new'))")
    orphan = int(parent.tell("fork_and_linger()"))

    parent.kill()
    seen = page(other)
    os.kill(orphan, 9)

    assert seen["shop_requests_running",] == 0
    assert seen[NEW] == 1


def test_the_archive_keeps_clients_within_bounds(workers):
    """Workers come and go; their clients' series do not add up for ever, and the sum is true."""
    (watcher,) = workers.start()
    for number in range(6):
        (worker,) = workers.start()
        worker.tell(f"[refusals.inc(client=f'{number}aaaaaaaaa0{{n}}') for n in range(3)]")
        worker.kill()
        page(watcher)

    seen = page(watcher)
    own = [name for name in seen if name[0] == "shop_refusals_total"]
    bound = int(watcher.tell("refusals.spec.max_series"))
    displaced = seen["shop_telemetry_displaced_events_total", "shop_refusals_total"]
    assert len(own) <= bound
    assert sum(seen[name] for name in own) + displaced == 18


def test_a_displaced_client_leaves_the_page_of_all_workers(workers):
    """Room in a worker's file is used again, and nobody reads what stood there."""
    (worker,) = workers.start()
    for number in range(40):
        worker.tell(f"(clock.skip(hours=1), refusals.inc(client='{number:012x}'))")

    seen = page(worker)
    size = worker.tell("client.store._file._used")
    for number in range(40, 60):
        worker.tell(f"(clock.skip(hours=1), refusals.inc(client='{number:012x}'))")

    assert worker.tell("client.store._file._used") == size
    own = {name[1]: value for name, value in seen.items() if name[0] == "shop_refusals_total"}
    displaced = seen["shop_telemetry_displaced_events_total", "shop_refusals_total"]
    assert own == {f"{number:012x}": 1 for number in (37, 38, 39)}
    assert displaced == 37


def test_processor_time_adds_up_and_memory_is_that_of_the_living(workers):
    """Process metrics are right with several workers."""
    dying, living = workers.start(2)
    dying.tell("(sum(range(10_000_000)), process.sample())")
    living.tell("process.sample()")
    both = page(living)

    dying.kill()
    one = page(living)

    assert one["shop_process_cpu_seconds_total",] == both["shop_process_cpu_seconds_total",] > 0.1
    assert one["shop_process_resident_memory_bytes",] < both["shop_process_resident_memory_bytes",]
    assert one["shop_process_start_time_seconds",] > 1.7e9


def test_metrics_of_other_libraries_are_on_the_page(workers):
    """What prometheus_client's own multi-process mode wrote there is told with ours."""
    (worker,) = workers.start()
    worker.tell("client.start()")

    worker.tell("__import__('prometheus_client').Counter('theirs', 'Not ours.').inc(4)")

    assert page(worker)["theirs_total",] == 4


def test_a_directory_that_cannot_be_used_is_told_and_costs_no_recording(tmp_path):
    """Without its file a worker counts in memory, and says so."""
    blocked = tmp_path / "file"
    blocked.write_text("not a directory")
    client = MetricsClient("shop", worker_directory=blocked / "metrics")
    orders = client.counter("orders_total")

    orders.inc()
    orders.inc()

    assert orders.value() == 2
    assert client.self_metrics.failures.value(site="metrics.worker_file") == 1


def test_a_directory_that_cannot_be_used_is_raised_under_test(tmp_path):
    """A strict guard shows why there is no file."""
    blocked = tmp_path / "file"
    blocked.write_text("not a directory")
    client = MetricsClient("shop", worker_directory=blocked / "metrics")
    client.guard = Guard(strict=True)

    with pytest.raises(NotADirectoryError):
        client.start()


def test_a_full_disk_is_an_error_at_the_start_and_not_a_crash_later(workers):
    """Room is reserved beforehand; where there is none the worker counts in memory, and says so."""
    (worker,) = workers.start()
    worker.tell("resource.setrlimit(resource.RLIMIT_FSIZE, (65536, resource.RLIM_INFINITY))")

    worker.tell("[orders.inc(kind='new') for _ in range(5)]")

    seen = page(worker)
    assert seen[NEW] == 5
    assert seen["shop_telemetry_failures_total", "metrics.worker_file"] == 1
    assert workers.files() == []


def test_a_disk_that_fills_later_costs_no_count(workers):
    """What the file has no room for is counted in memory, and is on that worker's own page."""
    (worker,) = workers.start()
    worker.tell("orders.inc(kind='new')")
    worker.tell("resource.setrlimit(resource.RLIMIT_FSIZE, (1, resource.RLIM_INFINITY))")

    worker.tell("count_late(5000)")

    seen = page(worker)
    assert sum(value for name, value in seen.items() if name[0] == "shop_late_total") == 5000
    assert seen[NEW] == 1
    assert seen["shop_telemetry_failures_total", "metrics.worker_file"] == 1


def test_importing_and_declaring_touches_no_directory(tmp_path):
    """Nothing is written before something is recorded: imports do not act."""
    client = MetricsClient("shop", worker_directory=tmp_path / "metrics")

    client.counter("orders_total")

    assert not (tmp_path / "metrics").exists()


def test_counts_go_on_over_a_restart_with_other_buckets(tmp_path):
    """A new version's buckets are shown; the old version's other counts are kept."""
    old = MetricsClient("shop", worker_directory=tmp_path)
    old.counter("orders_total").inc(3)
    old.histogram("waits_seconds", buckets=(1, 2)).observe(1)
    old.close()
    new = MetricsClient("shop", worker_directory=tmp_path)
    new.counter("orders_total").inc()
    new.histogram("waits_seconds", buckets=(5,)).observe(1)

    text = new.exposition()[0].decode()

    samples = {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }
    assert samples["shop_orders_total",] == 4
    assert samples["shop_waits_seconds_bucket", "5.0"] == 1
    assert ("shop_waits_seconds_bucket", "2.0") not in samples
    new.close()


def test_more_series_than_were_reckoned_with_still_fit(tmp_path):
    """A metric that is declared late makes the file grow."""
    client = MetricsClient("shop", worker_directory=tmp_path)
    client.start()
    late = client.histogram(
        "late_seconds",
        labels=(bounded("page", 2000),),
        buckets=[bound / 10 for bound in range(1, 150)],
        max_series=2002,
    )
    for number in range(2000):
        late.observe(1, page=f"p{number}")

    merged = WorkerDirectory(tmp_path, "shop").snapshot()

    assert {sum(cells[1:]) for cells in merged.series["shop_late_seconds"].values()} == {1}
    assert len(merged.series["shop_late_seconds"]) == 2000
    client.close()
