"""When a changed number of a rule's own series arrives in the cloud.

Of a rule's selectors the most particular ones are watched (``status_code="429"`` rather than all
requests), as they are what its incident moves first.

>>> from tocsin.rehearsal.cloud.running import RunningCloud
>>> Movement(RunningCloud(), "up == 0").has_begun()
False
"""

import re
from collections.abc import Mapping
from typing import Final

from google.api.distribution_pb2 import Distribution

from tocsin.monitoring.promql.reading import parsed
from tocsin.monitoring.promql.tree import Matcher, Node, selectors
from tocsin.rehearsal.cloud.monitoring.shelf import SeriesName, Value
from tocsin.rehearsal.cloud.promql.names import labels_of, metric_name
from tocsin.rehearsal.cloud.running import RunningCloud

_OF_HISTOGRAMS: Final = re.compile(r"_(bucket|sum|count)\Z")
_NOT_OF_POINTS: Final = frozenset({"le"})


class Movement:
    """Remembers how the series stood when it was made."""

    def __init__(self, cloud: RunningCloud, expr: str) -> None:
        self._cloud = cloud
        found = [one for one, _ in selectors(parsed(expr))]
        most = max((len(one.matchers) for one in found), default=0)
        self._selectors = [one for one in found if len(one.matchers) == most]
        self._before = self._state()

    def has_begun(self) -> bool:
        """Whether one has changed, or is new."""
        return self._state() != self._before

    def _state(self) -> Mapping[SeriesName, float | str]:
        world, shelf = self._cloud.world, self._cloud.monitoring.shelf
        with world.lock:
            return {
                name: _reading(shelf.points(name)[-1].value)
                for name in shelf.names()
                if any(_is_of(one, name) for one in self._selectors)
            }


def _is_of(selector: Node, name: SeriesName) -> bool:
    called = metric_name(name.metric_type)
    if selector.name != called and _OF_HISTOGRAMS.sub("", selector.name) != called:
        return False
    labels = labels_of(dict(name.metric_labels), name.resource_type, dict(name.resource_labels))
    return all(
        _matches(labels.get(one.label, ""), one)
        for one in selector.matchers
        if one.label not in _NOT_OF_POINTS
    )


def _matches(has: str, matcher: Matcher) -> bool:
    is_pattern = "~" in matcher.operator
    is_it = bool(re.fullmatch(matcher.value, has)) if is_pattern else has == matcher.value
    return is_it is not matcher.operator.startswith("!")


def _reading(value: Value) -> float | str:
    return int(value.count) if isinstance(value, Distribution) else value
