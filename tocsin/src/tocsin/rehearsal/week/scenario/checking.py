"""A scenario against the catalogue: a series that the service does not export is no rehearsal.

So a metric, a label or a value that is renamed in the code stops the week at once.
"""

from collections.abc import Iterable, Iterator, Mapping

from tocsin.errors import DeclarationError
from tocsin.monitoring.catalogue import Catalogue, Metric
from tocsin.rehearsal.week.scenario.declared import Counter, Scenario


def metric_named(catalogue: Catalogue, prefix: str, name: str, place: str) -> Metric:
    """The metric, with the service's prefix or in full.

    Raises:
        DeclarationError: there is none.
    """
    found = catalogue.metric(prefix + name) or catalogue.metric(name)
    if found is None:
        raise DeclarationError(f"{place}: nobody exports {name!r}")
    return found


def refuse_what_nobody_exports(scenario: Scenario, catalogue: Catalogue, prefix: str) -> None:
    """Hold every name, label and value of the file against the catalogue.

    Raises:
        DeclarationError: one is not exported.
    """
    for name, labels, place, is_whole in _asked_for(scenario):
        metric = metric_named(catalogue, prefix, name, place)
        _check_labels(metric, labels, place)
        missing = sorted(set(metric.labels) - set(labels)) if is_whole else []
        if missing:
            raise DeclarationError(f"{place}: {name} has a label {missing[0]!r} too: give it")


def _asked_for(scenario: Scenario) -> Iterator[tuple[str, Mapping[str, str], str, bool]]:
    """Metric, labels, place, and whether these must be all of its labels."""
    counted = {one.metric for one in scenario.counters}
    for counter in scenario.counters:
        yield from ((counter.metric, one, counter.place, True) for one in leaves(counter))
        yield counter.metric, {}, counter.place, False
    for histogram in scenario.histograms:
        yield histogram.metric, {}, histogram.place, False
        if histogram.counts not in counted:
            raise DeclarationError(f"{histogram.place}: no counter {histogram.counts!r} here")
    for gauge in scenario.gauges:
        yield gauge.metric, gauge.labels, gauge.place, True
    for event in scenario.events:
        for effect in event.effects:
            if effect.metric:
                yield effect.metric, effect.labels, effect.place, effect.kind == "add"


def leaves(counter: Counter) -> Iterable[dict[str, str]]:
    """Every combination of a counter's splits."""
    found: list[dict[str, str]] = [{}] if counter.splits else []
    for split in counter.splits:
        found = [{**one, **leaf.labels} for one in found for leaf in split]
    return found


def _check_labels(metric: Metric, labels: Mapping[str, str], place: str) -> None:
    for name, value in labels.items():
        label = metric.labels.get(name)
        if label is None:
            raise DeclarationError(f"{place}: {metric.name} has no label {name!r}")
        if label.values is not None and value not in label.values:
            raise DeclarationError(f"{place}: {name} of {metric.name} is never {value!r}")
