"""A worker's file is read as far as it makes sense, whatever state its writer died in."""

import pytest

from tocsin.telemetry.metrics.catalogue import Shape
from tocsin.telemetry.metrics.worker_file import WorkerFile, read_worker_file

ORDERS = Shape("shop_orders_total", "counter", "Orders.", ("kind",))


@pytest.fixture
def written(tmp_path):
    """The bytes of a file with two series."""
    file = WorkerFile(tmp_path / "one.worker", room=1, started_ns=1)
    for kind, amount in (("new", 2.5), ("again", 4.0)):
        cells, at = file.add(ORDERS, (kind,))
        cells[at] += amount
    file.abandon()
    return (tmp_path / "one.worker").read_bytes()


def test_what_was_written_is_read_back(written):
    """Shapes, labels and numbers are as they were, to the last bit."""
    snapshot = read_worker_file(written)

    assert snapshot.shapes == {ORDERS.name: ORDERS}
    assert snapshot.series == {ORDERS.name: {("new",): [2.5], ("again",): [4.0]}}


@pytest.mark.parametrize("data", [b"", b"TOCSIN1\n", b"\0" * 4096, b"something else" * 100])
def test_what_is_no_worker_file_is_empty(data):
    """A file that was killed at its birth has nothing to say."""
    assert read_worker_file(data).series == {}


def test_a_series_whose_name_is_half_written_is_left_out(written):
    """A torn key is not a label that never was; the series before it are read."""
    torn = written.replace(b"again", b"ag\0\0\0")

    snapshot = read_worker_file(torn)

    assert snapshot.series == {ORDERS.name: {("new",): [2.5]}}


@pytest.mark.parametrize("length", [1, 40, 100, 400, 450])
def test_a_file_that_ends_too_early_is_read_as_far_as_it_goes(written, length):
    """Nothing is read beyond the end, and nothing raises."""
    snapshot = read_worker_file(written[:length])

    assert set(snapshot.series.get(ORDERS.name, {})) <= {("new",), ("again",)}


def test_a_removed_series_is_read_no_more_and_its_room_is_used_again(tmp_path):
    """The next series of that size takes the place, from zero."""
    path = tmp_path / "one.worker"
    file = WorkerFile(path, room=1, started_ns=1)
    cells, at = file.add(ORDERS, ("new",))
    cells[at] = 5.0

    file.remove(cells, at)
    between = read_worker_file(path.read_bytes())
    _, again = file.add(ORDERS, ("old",))
    after = read_worker_file(path.read_bytes())
    file.abandon()

    assert between.series == {ORDERS.name: {}}
    assert after.series == {ORDERS.name: {("old",): [0.0]}}
    assert again == at
