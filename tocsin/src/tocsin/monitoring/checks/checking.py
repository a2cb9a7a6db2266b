"""All rules over one chain, and all findings at once.

>>> "unknown-metric" in NAMES, len(RULES) == len(NAMES) - 1
(True, True)
"""

from collections.abc import Callable, Collection, Iterator
from typing import Final

from tocsin.errors import DeclarationError
from tocsin.monitoring.checks import (
    allowances,
    counters,
    fields,
    grouping,
    links,
    names,
    percentiles,
    ratios,
    units,
    values,
)
from tocsin.monitoring.checks.chain import Chain
from tocsin.monitoring.checks.findings import Finding

Rule = Callable[[Chain], Iterator[Finding]]

_FUNCTIONS: Final[tuple[Rule, ...]] = (
    names.unreadable_expression,
    names.unknown_metric,
    names.unknown_label,
    values.impossible_value,
    counters.rate_of_gauge,
    counters.raw_counter,
    counters.increase_of_sum,
    counters.unseen_births,
    ratios.unguarded_ratio,
    percentiles.unguarded_quantile,
    percentiles.quantile_of_means,
    percentiles.unreachable_quantile,
    ratios.sides_never_meet,
    grouping.open_label,
    grouping.mixed_environments,
    units.unit_mismatch,
    links.missing_runbook,
    links.orphan_runbook,
    links.unseen_alert,
    links.dead_metric,
    links.duplicate_alert,
    fields.missing_field,
    fields.unknown_recipient,
    fields.template_in_summary,
    fields.off_the_beat,
)
RULES: Final = {one.__name__.replace("_", "-"): one for one in _FUNCTIONS}
NAMES: Final = frozenset({*RULES, allowances.RULE})


def findings_of(chain: Chain, wanted: Collection[str] = ()) -> list[Finding]:
    """What is wrong, from the top of each file to its end; ``wanted`` rules only, if any.

    Raises:
        DeclarationError: there is no such rule.
    """
    unknown = sorted(set(wanted) - NAMES)
    if unknown:
        raise DeclarationError(
            f"--rule {unknown[0]!r} is no rule: there are {', '.join(sorted(NAMES))}"
        )
    chosen = [rule for name, rule in RULES.items() if not wanted or name in wanted]
    found = [finding for rule in chosen for finding in rule(chain)]
    all_ran = len(chosen) == len(RULES) or allowances.RULE in wanted
    if all_ran and len(chosen) < len(RULES):  # to know which are idle, all must be tried
        found = [finding for rule in _FUNCTIONS for finding in rule(chain)]
    left = allowances.sifted(chain, found, NAMES, all_ran=all_ran)
    kept = {one.order: one for one in left if not wanted or one.rule in wanted}
    return [kept[order] for order in sorted(kept)]
