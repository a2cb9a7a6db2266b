"""What metrics a project has: made on purpose, or by the first point of a new type.

>>> from tocsin.rehearsal.cloud.rulebook import Rulebook
>>> shelf = Descriptors(Rulebook())
>>> made = shelf.create("p", MetricDescriptor(
...     type="custom.googleapis.com/x", metric_kind="GAUGE", value_type="INT64"))
>>> made.name
'projects/p/metricDescriptors/custom.googleapis.com/x'
"""

from collections import Counter
from collections.abc import Collection
from typing import Final

from google.api.label_pb2 import LabelDescriptor
from google.api.metric_pb2 import MetricDescriptor

from tocsin.rehearsal.cloud.monitoring import naming, rules
from tocsin.rehearsal.cloud.monitoring.answers import RESOURCE_EXHAUSTED, UnwritableError
from tocsin.rehearsal.cloud.refusals import Refusal, already_exists, invalid_argument
from tocsin.rehearsal.cloud.rulebook import Rulebook

KIND: Final = MetricDescriptor.MetricKind
TYPE: Final = MetricDescriptor.ValueType

AUTOMATIC: Final = "Auto-created custom metric."
"""Google's own text, seen in
https://github.com/google/exposure-notifications-verification-server/issues/1064"""

_AT_MOST: Final = {True: 10_000, False: 25_000}
"""Of ``custom.googleapis.com``, and of all other domains together."""
_WRITABLE: Final = frozenset({TYPE.BOOL, TYPE.INT64, TYPE.DOUBLE, TYPE.DISTRIBUTION})


class Descriptors:
    """All descriptors of all projects; whoever uses it holds the world's lock."""

    def __init__(self, held: Rulebook) -> None:
        self._held = held
        self._known: dict[tuple[str, str], MetricDescriptor] = {}
        self._labels: dict[tuple[str, str], set[str]] = {}
        self._number: Counter[tuple[str, bool]] = Counter()

    def get(self, project: str, metric_type: str) -> MetricDescriptor | None:
        """The descriptor, not a copy."""
        return self._known.get((project, metric_type))

    def every(self, project: str = "") -> list[MetricDescriptor]:
        """Those of one project, or all; not copies."""
        return [one for (of, _), one in self._known.items() if project in ("", of)]

    def create(self, project: str, wanted: MetricDescriptor) -> MetricDescriptor:
        """Make one, or bring texts and labels of an older one up to date; a copy.

        Raises:
            Refusal: it is none that a user can have.
        """
        self._check_form(wanted)
        self._check_labels(wanted)
        try:
            check_sort(self._held, wanted.type, wanted.metric_kind, wanted.value_type)
        except UnwritableError as error:
            raise invalid_argument(error.reason) from None
        older = self.get(project, wanted.type)
        if older is not None:
            self._check_conflict(older, wanted)
        elif reason := self.is_full(project, wanted.type):
            raise Refusal(RESOURCE_EXHAUSTED, reason)
        return copied(self.keep(project, wanted))

    def keep(self, project: str, wanted: MetricDescriptor) -> MetricDescriptor:
        """Put it on the shelf, no question asked; labels are never taken away."""
        made = copied(wanted)
        made.name = f"projects/{project}/metricDescriptors/{wanted.type}"
        older = self.get(project, wanted.type)
        if older is None:
            self._number[project, naming.domain(wanted.type) == naming.CUSTOM] += 1
        else:
            kept = {label.key for label in wanted.labels}
            made.labels.extend(label for label in older.labels if label.key not in kept)
        self._known[project, wanted.type] = made
        self._labels[project, wanted.type] = {label.key for label in made.labels}
        return made

    def delete(self, project: str, metric_type: str) -> bool:
        """Take one away; whether there was one."""
        self._labels.pop((project, metric_type), None)
        if self._known.pop((project, metric_type), None) is None:
            return False
        self._number[project, naming.domain(metric_type) == naming.CUSTOM] -= 1
        return True

    def is_full(self, project: str, metric_type: str) -> str:
        """Why no descriptor of this domain can be added, or nothing."""
        is_custom = naming.domain(metric_type) == naming.CUSTOM
        number, at_most = self._number[project, is_custom], _AT_MOST[is_custom]
        if not self._held.broken(rules.DESCRIPTOR_CAP, when=number >= at_most):
            return ""
        return f"Metric quota exhausted: a project has at most {at_most} descriptors of this sort."

    def label_keys(self, project: str, metric_type: str) -> Collection[str]:
        """The keys of its labels."""
        return self._labels.get((project, metric_type), ())

    def learn(self, descriptor: MetricDescriptor, project: str, keys: Collection[str]) -> None:
        """Add labels that a written series has and the descriptor has not."""
        known = self._labels[project, descriptor.type]
        for key in keys:
            if key not in known:
                descriptor.labels.append(LabelDescriptor(key=key))
                known.add(key)

    def _check_form(self, wanted: MetricDescriptor) -> None:
        field = f'Field metricDescriptor.type had an invalid value of "{wanted.type}": '
        if self._held.broken(rules.TYPE_FORM, when=not naming.well_formed(wanted.type)):
            raise invalid_argument(field + naming.FORM_REASON)
        domain = naming.domain(wanted.type)
        if self._held.broken(rules.DOMAIN, when=domain not in naming.USER_DOMAINS):
            raise invalid_argument(f"{field}Metrics of {domain} cannot be made by users.")

    def _check_labels(self, wanted: MetricDescriptor) -> None:
        is_workload = naming.domain(wanted.type) == naming.WORKLOAD
        for number, label in enumerate(wanted.labels):
            said = f'had an invalid value of "{label.key}": '
            plain = naming.key_is_plain(label.key, wanted.type)
            if self._held.broken(rules.LABEL_KEY, when=not plain):
                raise invalid_argument(
                    f"Field metricDescriptor.labels[{number}].key {said}{naming.KEY_REASON}"
                )
            if self._held.broken(rules.LABEL_KEY_LENGTH, when=naming.key_is_long(label.key)):
                raise invalid_argument(
                    f"Field labels[{number}].key {said}Label key is longer than 100 characters."
                )
            no_text = label.value_type != LabelDescriptor.STRING
            if self._held.broken(rules.DESCRIPTOR_LABEL_TYPE, when=is_workload and no_text):
                named = LabelDescriptor.ValueType.Name(label.value_type)
                raise invalid_argument(
                    f'Field labels[{number}].valueType had an invalid value of "{named}": Metric '
                    "labels for this user-defined metric are required to be of type 'STRING': "
                    f"{naming.WORKLOAD}"
                )
        self._check_number(wanted)

    def _check_number(self, wanted: MetricDescriptor) -> None:
        start = f"When creating metric {wanted.type}: the metric has"
        keys = [label.key for label in wanted.labels]
        if self._held.broken(rules.DESCRIPTOR_LABEL_TWICE, when=len(keys) != len(set(keys))):
            raise invalid_argument(f"Field labels had an invalid value: {start} a label twice.")
        at_most = naming.labels_at_most(wanted.type)
        if self._held.broken(rules.DESCRIPTOR_LABELS, when=len(keys) > at_most):
            raise invalid_argument(
                f"Field labels had an invalid value: {start} more than {at_most} labels."
            )

    def _check_conflict(self, older: MetricDescriptor, wanted: MetricDescriptor) -> None:
        differs = (older.metric_kind, older.value_type) != (wanted.metric_kind, wanted.value_type)
        if self._held.broken(rules.DESCRIPTOR_CONFLICT, when=differs):
            raise already_exists(
                "Errors during metric descriptor creation: {(metric: "
                f"{wanted.type}, error: The metric already exists.)}}."
            )


def copied(descriptor: MetricDescriptor) -> MetricDescriptor:
    """One that later writes leave as it is."""
    copy = MetricDescriptor()
    copy.CopyFrom(descriptor)
    return copy


def check_sort(held: Rulebook, metric_type: str, kind: int, value_type: int) -> None:
    """Refuse a kind and a value type that no user's metric has.

    Raises:
        UnwritableError: it is of such a sort.
    """
    named = KIND.Name(kind)
    is_delta = kind == KIND.DELTA and naming.domain(metric_type) != naming.PROMETHEUS
    made = f"When creating metric {metric_type}: "
    if held.broken(rules.DESCRIPTOR_KIND, when=is_delta or kind == KIND.METRIC_KIND_UNSPECIFIED):
        raise UnwritableError(
            f'Field metricDescriptor.metricKind had an invalid value of "{named}": {made}'
            "the metric kind is not supported for custom metrics."
        )
    if held.broken(rules.DESCRIPTOR_TYPE, when=value_type not in _WRITABLE):
        raise UnwritableError(
            "Field metricDescriptor.valueType had an invalid value of "
            f'"{TYPE.Name(value_type)}": {made}'
            "the value type is not supported for custom metrics."
        )
    if held.broken(rules.DESCRIPTOR_BOOL, when=value_type == TYPE.BOOL and kind != KIND.GAUGE):
        raise UnwritableError(
            f'Field metricDescriptor.metricKind had an invalid value of "{named}": {made}'
            "a value type of BOOL goes with GAUGE only."
        )
