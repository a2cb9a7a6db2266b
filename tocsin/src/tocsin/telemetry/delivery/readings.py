"""The numbers of this process as exporters need them, ours and those of other libraries.

Our own are copied from their cells, a few at a time, so that a recording waits for no
exporter; what was inherited is added. Other libraries' collectors, registered beside ours
in prometheus_client's registry, are asked for their samples: counters, gauges, histograms,
and of summaries the count and the sum. A collector that fails costs no other its numbers.

>>> from prometheus_client import Counter
>>> from tocsin.telemetry.metrics import MetricsClient
>>> client = MetricsClient("shop")
>>> Counter("cache_hits", "Hits.", registry=client.registry).inc(3)
>>> [(one.name, one.cells) for one in Readings(client).take() if "cache" in one.name]
[('cache_hits_total', [3.0])]
"""

from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Any, Final

from prometheus_client.metrics import MetricWrapperBase
from prometheus_client.metrics_core import Metric

from tocsin.telemetry.delivery.inheritance import Inheritance
from tocsin.telemetry.metrics import MetricsClient
from tocsin.telemetry.metrics.catalogue import Kind
from tocsin.telemetry.metrics.exemplars import Exemplar
from tocsin.telemetry.metrics.instrument import Instrument
from tocsin.telemetry.metrics.store import Series

_AT_ONCE: Final = 64
_NANOSECONDS: Final = 1_000_000_000
_UNITS: Final = {"seconds": "s", "ms": "ms", "bytes": "By", "ratio": "1"}


@dataclass(slots=True, eq=False)
class Reading:
    """One series at one moment; ``cells`` as in ``Shape.width``: a gauge has its value first."""

    name: str
    kind: Kind
    help: str
    label_names: tuple[str, ...]
    label_values: tuple[str, ...]
    started_ns: int
    cells: list[float]
    buckets: tuple[float, ...] = ()
    origin: object = None
    """The same object for the same series as long as it counts on."""
    exemplars: tuple[Exemplar, ...] = ()
    """Those of a histogram that are new since it was last read, by rising value."""


def unit_of(name: str) -> str:
    """The unit that a metric's name ends in, in UCUM's spelling.

    >>> unit_of("shop_sent_bytes_total"), unit_of("shop_wait_seconds"), unit_of("shop_orders_total")
    ('By', 's', '1')
    """
    return _UNITS.get(name.removesuffix("_total").rpartition("_")[2], "1")


def _every(_name: str) -> bool:
    return True


class Readings:
    """Reads one client's registry; ``redact`` is asked for labels of other libraries' series.

    ``wanted`` says of a metric's name whether it is read at all: a small process that shares a
    service's declarations must not write zeros for what it does not do.
    """

    def __init__(
        self,
        client: MetricsClient,
        *,
        inheritance: Inheritance | None = None,
        redact: Callable[[str], str] = str,
        wanted: Callable[[str], bool] = _every,
    ) -> None:
        self._client = client
        self._wanted = wanted
        self._inheritance = inheritance
        self._redact = redact
        self._redacted: dict[str, str] = {}
        self._read_ns = 0
        self._seen_ns: dict[tuple[str, tuple[str, ...]], int] = {}
        if inheritance is not None:
            inheritance.follow(self._copied_by_forks)

    def take(self) -> Iterator[Reading]:
        """All series that are wanted, as they are now."""
        for reading in chain(self._own(), self._foreign()):
            if self._wanted(reading.name):
                yield reading

    def _own(self) -> Iterator[Reading]:
        store = self._client.store
        since_ns, self._read_ns = self._read_ns, store.clock.wall_ns()
        with store.lock:
            everything = store.all_series()
        for begin in range(0, len(everything), _AT_ONCE):
            some = everything[begin : begin + _AT_ONCE]
            with store.lock:
                rows = [
                    (series, series.values(), tuple((series.exemplars or {}).values()))
                    for series in some
                    if store.has(series)
                ]
            for series, cells, exemplars in rows:
                reading = self._of(series, cells)
                if exemplars:
                    new = (one for one in map(Exemplar._make, exemplars) if one.wall_ns >= since_ns)
                    reading.exemplars = tuple(sorted(new))
                yield reading

    def _of(self, series: Series, cells: list[float]) -> Reading:
        inherited = self._inheritance.of(series) if self._inheritance is not None else None
        if inherited is not None:
            cells = [mine + theirs for mine, theirs in zip(cells, inherited, strict=True)]
        shape = series.shape
        return Reading(
            name=shape.name,
            kind=shape.kind,
            help=shape.help,
            label_names=shape.label_names,
            label_values=series.labels,
            started_ns=series.started_ns,
            cells=cells,
            buckets=shape.buckets,
            origin=series,
        )

    def _foreign(self) -> Iterator[Reading]:
        for collector in self._collectors():
            metrics: list[Metric] = []
            with self._client.guard("delivery.collector"):
                metrics.extend(collector.collect())
            for metric in metrics:
                with self._client.guard("delivery.collector"):
                    yield from [self._ours(one) for one in _told_apart(self._read(metric))]

    def _ours(self, reading: Reading) -> Reading:
        if self._inheritance is not None and reading.kind != "gauge":
            reading.cells = self._inheritance.ours(_identity(reading), reading.cells)
        return reading

    def _copied_by_forks(self) -> dict[Hashable, list[float]]:
        """What other libraries' metrics count; not what is asked of the process each time."""
        return {
            _identity(reading): reading.cells
            for collector in self._collectors()
            if isinstance(collector, MetricWrapperBase)
            for metric in collector.collect()
            for reading in _told_apart(self._read(metric))
            if reading.kind != "gauge"
        }

    def _collectors(self) -> list[Any]:
        # The registry has no public list of its collectors, and to collect through it would
        # cost our own series their slow form each time.
        known: Iterable[Any] = getattr(self._client.registry, "_collector_to_names", ())
        return [one for one in list(known) if not isinstance(one, Instrument)]

    def _read(self, metric: Metric) -> Iterator[Reading]:
        if metric.type in ("histogram", "gaugehistogram"):
            yield from self._histograms(metric)
            return
        began = _created(metric)
        for sample in metric.samples:
            if sample.name.endswith("_created") and metric.type in ("counter", "summary"):
                continue
            counts = metric.type == "counter" or (
                metric.type == "summary" and sample.name.endswith(("_count", "_sum"))
            )
            kind: Kind = "counter" if counts else "gauge"
            began_s = began.get(_key(sample.labels), 0.0)
            yield self._one(
                sample.name,
                kind,
                sample.labels,
                [sample.value],
                told=metric.documentation,
                began_s=began_s,
            )

    def _histograms(self, metric: Metric) -> Iterator[Reading]:
        began = _created(metric)
        groups: dict[tuple[tuple[str, str], ...], dict[float, float]] = {}
        sums: dict[tuple[tuple[str, str], ...], float] = {}
        for sample in metric.samples:
            rest = tuple(item for item in sample.labels.items() if item[0] != "le")
            if sample.name.endswith("_bucket"):
                groups.setdefault(rest, {})[float(sample.labels["le"])] = sample.value
            elif sample.name.endswith("_sum"):
                sums[rest] = sample.value
        for rest, upto in groups.items():
            bounds = sorted(upto)
            counts = [upto[bound] for bound in bounds]
            own = [now - then for now, then in zip(counts, [0.0, *counts], strict=False)]
            cells = [sums.get(rest, 0.0), *own]
            reading = self._one(
                metric.name,
                "histogram",
                dict(rest),
                cells,
                told=metric.documentation,
                began_s=began.get(_key(dict(rest)), 0.0),
            )
            reading.buckets = tuple(bounds[:-1])
            if reading.buckets:
                yield reading

    def _one(
        self,
        name: str,
        kind: Kind,
        labels: dict[str, str],
        cells: list[float],
        *,
        told: str,
        began_s: float,
    ) -> Reading:
        items = _key(labels)
        values = tuple(self._redacted_text(value) for _, value in items)
        # Without its own word, it began when we first saw it.
        seen_ns = self._seen_ns.setdefault((name, values), self._client.store.clock.wall_ns())
        return Reading(
            name=name,
            kind=kind,
            help=told,
            label_names=tuple(key for key, _ in items),
            label_values=values,
            started_ns=round(began_s * _NANOSECONDS) or seen_ns,
            cells=cells,
        )

    def _redacted_text(self, text: str) -> str:
        known = self._redacted.get(text)
        if known is None:
            known = self._redacted[text] = self._redact(text)
        return known


def _identity(reading: Reading) -> Hashable:
    return reading.name, reading.label_names, reading.label_values


def _key(labels: dict[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple(sorted(labels.items()))


def _created(metric: Metric) -> dict[tuple[tuple[str, str], ...], float]:
    return {
        _key(sample.labels): sample.value
        for sample in metric.samples
        if sample.name.endswith("_created")
    }


def _told_apart(readings: Iterable[Reading]) -> list[Reading]:
    """One reading per series: labels that redaction made alike count together."""
    known: dict[Hashable, Reading] = {}
    for reading in readings:
        first = known.setdefault(_identity(reading), reading)
        if first is not reading and first.kind != "gauge" and first.buckets == reading.buckets:
            first.cells = [
                one + other for one, other in zip(first.cells, reading.cells, strict=True)
            ]
    return list(known.values())
