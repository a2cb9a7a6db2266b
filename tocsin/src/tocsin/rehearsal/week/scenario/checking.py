"""A scenario against the catalogue: a series that the service does not export is no rehearsal.

So a metric, a label or a value that is renamed in the code stops the week at once.
"""

from collections.abc import Iterable, Mapping

from tocsin.errors import DeclarationError
from tocsin.monitoring.catalogue import Catalogue, Metric
from tocsin.rehearsal.week.scenario.declared import Counter, Scenario

EACH = ("new", "each")
"""A pseudonym of this event's own, or of each count's own."""


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

    def check(name: str, labels: Mapping[str, str], place: str, *, all_of_them: bool) -> None:
        metric = metric_named(catalogue, prefix, name, place)
        _check_labels(metric, labels, place)
        missing = sorted(set(metric.labels) - set(labels)) if all_of_them else []
        if missing:
            raise DeclarationError(f"{place}: {name} has a label {missing[0]!r} too: give it")

    counted = {one.metric for one in scenario.counters}
    for counter in scenario.counters:
        for labels in leaves(counter):
            check(counter.metric, labels, counter.place, all_of_them=True)
    for histogram in scenario.histograms:
        check(histogram.metric, {}, histogram.place, all_of_them=False)
        if histogram.counts not in counted:
            raise DeclarationError(f"{histogram.place}: no counter {histogram.counts!r} here")
    for gauge in scenario.gauges:
        check(gauge.metric, gauge.labels, gauge.place, all_of_them=True)
    for event in scenario.events:
        for effect in event.effects:
            if effect.metric:
                is_whole = effect.kind == "add"
                check(effect.metric, effect.labels, effect.place, all_of_them=is_whole)


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
