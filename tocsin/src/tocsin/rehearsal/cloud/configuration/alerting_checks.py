"""What Google's definitions forbid in alert policies, channels and uptime checks.

The rules stand in the comments of ``alert.proto``, ``notification.proto`` and
``uptime.proto`` (https://github.com/googleapis/googleapis/tree/master/google/monitoring/v3);
no refusal of the live service was found, so the words are ours.

>>> from google.cloud.monitoring_v3 import AlertPolicy
>>> [check.rule.name for check in POLICIES if check.broken(AlertPolicy.pb()())]
['configuration.policy.conditions']
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from tocsin.rehearsal.cloud.configuration.checks import Check
from tocsin.rehearsal.cloud.rulebook import Rule

_PROTOS: Final = "https://github.com/googleapis/googleapis/blob/master/google/monitoring/v3/"
_ALERT: Final = _PROTOS + "alert.proto"
_CHANNEL: Final = _PROTOS + "notification.proto"
_UPTIME: Final = _PROTOS + "uptime.proto"

_LABEL_NAME: Final = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
_LABEL_KEY: Final = re.compile(r"[a-z][a-z0-9_-]*")
_LABEL_VALUE: Final = re.compile(r"[a-z0-9_-]*")
_GREATER_OR_LESS: Final = frozenset({1, 3})
_PERIODS_S: Final = frozenset({0, 60, 300, 600, 900})


def _check(name: str, says: str, source: str, broken: Callable[[Any], bool], refusal: str) -> Check:
    return Check(Rule(f"configuration.{name}", says, source), broken, refusal)


def _conditions(policy: Any, form: str) -> Iterator[Any]:
    for condition in policy.conditions:
        if condition.HasField(form):
            yield getattr(condition, form)


def _prometheus(policy: Any) -> Iterator[Any]:
    return _conditions(policy, "condition_prometheus_query_language")


def _filtered(policy: Any) -> Iterator[Any]:
    yield from _conditions(policy, "condition_threshold")
    yield from _conditions(policy, "condition_absent")


def _seconds(duration: Any) -> float:
    return float(duration.seconds) + float(duration.nanos) / 1e9


def _alone(form: str) -> Callable[[Any], bool]:
    return lambda policy: len(policy.conditions) > 1 and any(_conditions(policy, form))


def _labels_unfit(labels: Mapping[str, str]) -> bool:
    unfit = any(
        not _LABEL_KEY.fullmatch(key)
        or not _LABEL_VALUE.fullmatch(value)
        or max(len(key), len(value)) > 63  # noqa: PLR2004 - as the definition says it
        for key, value in labels.items()
    )
    return unfit or len(labels) > 64  # noqa: PLR2004 - as the definition says it


def _user_labels(sort: str, source: str) -> Check:
    return _check(
        f"{sort}.user_labels",
        "At most 64 user labels, of 63 lowercase letters, digits, `_` and `-`, a letter first.",
        source,
        lambda item: _labels_unfit(item.user_labels),
        "Field user_labels had an invalid value: at most 64, in lowercase, of at most 63.",
    )


def _display_name(sort: str, source: str) -> Check:
    return _check(
        f"{sort}.display_name",
        "A display name has at most 512 characters.",
        source,
        lambda item: len(item.display_name) > 512,  # noqa: PLR2004
        "Field display_name had an invalid value: it has more than 512 characters.",
    )


POLICIES: Final[tuple[Check, ...]] = (
    _check(
        "policy.conditions",
        "A policy has 1 to 6 conditions.",
        _ALERT,
        lambda policy: not 1 <= len(policy.conditions) <= 6,  # noqa: PLR2004
        "Field alert_policy.conditions had an invalid value: there must be 1 to 6.",
    ),
    _check(
        "policy.mql_alone",
        "An MQL condition is the only one of its policy.",
        _ALERT,
        _alone("condition_monitoring_query_language"),
        "Field alert_policy.conditions had an invalid value: an MQL condition stands alone.",
    ),
    _check(
        "policy.log_match_alone",
        "A condition on log lines is the only one of its policy.",
        _ALERT,
        _alone("condition_matched_log"),
        "Field alert_policy.conditions had an invalid value: a log condition stands alone.",
    ),
    _check(
        "policy.log_match_rate",
        "A policy on log lines says how often it notifies.",
        _ALERT,
        lambda policy: (
            any(_conditions(policy, "condition_matched_log"))
            and not policy.alert_strategy.HasField("notification_rate_limit")
        ),
        "Field alert_policy.alert_strategy.notification_rate_limit is required by log conditions.",
    ),
    _check(
        "policy.query",
        "A PromQL condition has a query.",
        _ALERT,
        lambda policy: any(not one.query.strip() for one in _prometheus(policy)),
        "Field condition_prometheus_query_language.query had an invalid value: it is empty.",
    ),
    _check(
        "policy.evaluation_interval",
        "A PromQL condition is evaluated at multiples of 30 s.",
        _ALERT,
        lambda policy: any(
            one.HasField("evaluation_interval")
            and (_seconds(one.evaluation_interval) <= 0 or _seconds(one.evaluation_interval) % 30)
            for one in _prometheus(policy)
        ),
        "Field evaluation_interval had an invalid value: it must be a positive multiple of 30s.",
    ),
    _check(
        "policy.duration",
        "No duration is negative; of thresholds it is a multiple of 60 s.",
        _ALERT,
        lambda policy: (
            any(_seconds(one.duration) < 0 for one in _prometheus(policy))
            or any(
                _seconds(one.duration) < 0 or _seconds(one.duration) % 60
                for one in _conditions(policy, "condition_threshold")
            )
        ),
        "Field duration had an invalid value: negative, or of a threshold no multiple of 60s.",
    ),
    _check(
        "policy.absence",
        "An absence lasts at least 120 s, in multiples of 60 s.",
        _ALERT,
        lambda policy: any(
            _seconds(one.duration) < 120 or _seconds(one.duration) % 60  # noqa: PLR2004
            for one in _conditions(policy, "condition_absent")
        ),
        "Field condition_absent.duration had an invalid value: 120s or more, by minutes.",
    ),
    _check(
        "policy.comparison",
        "A threshold compares with GT or LT only.",
        _ALERT,
        lambda policy: any(
            one.comparison not in _GREATER_OR_LESS
            for one in _conditions(policy, "condition_threshold")
        ),
        "Field condition_threshold.comparison had an invalid value: use COMPARISON_GT or _LT.",
    ),
    _check(
        "policy.filter",
        "A filter of thresholds and absences has at most 2048 characters.",
        _ALERT,
        lambda policy: any(len(one.filter) > 2048 for one in _filtered(policy)),  # noqa: PLR2004
        "Field filter had an invalid value: it has more than 2048 characters.",
    ),
    _check(
        "policy.alignment",
        "Thresholds and absences are aligned over 60 s at least.",
        _ALERT,
        lambda policy: any(
            _seconds(aggregation.alignment_period) < 60  # noqa: PLR2004
            for one in _filtered(policy)
            for aggregation in one.aggregations
        ),
        "Field alignment_period had an invalid value: it must be 60s or more.",
    ),
    _check(
        "policy.rule_group",
        "The name of a rule group has at most 2048 characters.",
        _ALERT,
        lambda policy: any(len(one.rule_group) > 2048 for one in _prometheus(policy)),  # noqa: PLR2004
        "Field rule_group had an invalid value: it has more than 2048 characters.",
    ),
    _check(
        "policy.alert_rule",
        "The name of an alert rule is a Prometheus label name of at most 2048 characters.",
        _ALERT,
        lambda policy: any(
            one.alert_rule
            and (not _LABEL_NAME.fullmatch(one.alert_rule) or len(one.alert_rule) > 2048)  # noqa: PLR2004
            for one in _prometheus(policy)
        ),
        "Field alert_rule had an invalid value: it must be a valid Prometheus label name.",
    ),
    _check(
        "policy.documentation",
        "Documentation: Markdown of 8,192 characters and 10,240 bytes, at most 3 links.",
        _ALERT,
        lambda policy: (
            len(policy.documentation.content) > 8_192  # noqa: PLR2004
            or len(policy.documentation.content.encode()) > 10_240  # noqa: PLR2004
            or len(policy.documentation.links) > 3  # noqa: PLR2004
            or policy.documentation.mime_type not in {"", "text/markdown"}
        ),
        "Field alert_policy.documentation had an invalid value: 8192 characters, 10240 bytes "
        "and 3 links at most, text/markdown only.",
    ),
    _check(
        "policy.prompts",
        "A prompt for notifications is not left unspecified.",
        _ALERT,
        lambda policy: 0 in policy.alert_strategy.notification_prompts,
        "Field notification_prompts had an invalid value: NOTIFICATION_PROMPT_UNSPECIFIED.",
    ),
    _display_name("policy", _ALERT),
    _user_labels("policy", _ALERT),
)

CHANNELS: Final[tuple[Check, ...]] = (
    _display_name("channel", _CHANNEL),
    _user_labels("channel", _CHANNEL),
    _check(
        "channel.description",
        "A channel's description has at most 1024 characters.",
        _CHANNEL,
        lambda channel: len(channel.description) > 1024,  # noqa: PLR2004
        "Field description had an invalid value: it has more than 1024 characters.",
    ),
)

UPTIME: Final[tuple[Check, ...]] = (
    _check(
        "uptime.period",
        "A check runs every 60, 300, 600 or 900 s.",
        _UPTIME,
        lambda check: _seconds(check.period) not in _PERIODS_S,
        "Field period had an invalid value: it must be 60s, 300s, 600s or 900s.",
    ),
    _check(
        "uptime.timeout",
        "A check waits 1 to 60 s.",
        _UPTIME,
        lambda check: not 1 <= _seconds(check.timeout) <= 60,  # noqa: PLR2004
        "Field timeout had an invalid value: it must be between 1s and 60s.",
    ),
    _check(
        "uptime.content",
        "What an answer must hold has at most 1024 bytes.",
        _UPTIME,
        lambda check: any(
            len(one.content.encode()) > 1024  # noqa: PLR2004
            for one in check.content_matchers
        ),
        "Field content_matchers had an invalid value: content has more than 1024 bytes.",
    ),
    _check(
        "uptime.headers",
        "A check sends at most 100 headers.",
        _UPTIME,
        lambda check: len(check.http_check.headers) > 100,  # noqa: PLR2004
        "Field http_check.headers had an invalid value: there are more than 100.",
    ),
    _check(
        "uptime.pings",
        "A check sends at most 3 pings.",
        _UPTIME,
        lambda check: check.http_check.ping_config.pings_count > 3,  # noqa: PLR2004
        "Field ping_config.pings_count had an invalid value: it must be 3 or less.",
    ),
)
