r"""A rule file whose times pass faster, by one factor that is stated.

Windows, offsets, ``for`` and intervals are divided; everything else stays as it is: names,
labels, counts and ratios are those of the service's own file. Because counts stay, an
incident has to be as many times denser as the time is shorter.

>>> scaled_expression('sum(increase(x{path="[5m]"}[5m] offset 1h)) > 5', 60)
'sum(increase(x{path="[5m]"}[5s] offset 1m)) > 5'
"""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import yaml

from tocsin.errors import DeclarationError
from tocsin.monitoring.durations import seconds, spelled


class _Readable(yaml.SafeDumper):
    """Writes text of several lines as such."""


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.Node:
    style = "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Readable.add_representer(str, _text)

_DURATION: Final = r"(?:\d+(?:ms|[smhdwy]))+"
# Quoted text and comments come first, so that what looks like a duration in them stays.
_TOKEN: Final = re.compile(
    r"(?P<kept>\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*'|`[^`]*`|#[^\n]*)"
    rf"|\[\s*(?P<range>{_DURATION})\s*(?::\s*(?P<step>{_DURATION})?\s*)?\]"
    rf"|(?P<word>\boffset\s+-?\s*)(?P<offset>{_DURATION})"
)
_DURATION_FIELDS: Final = ("for", "keep_firing_for")


def scaled(text: str, speed: float) -> str:
    """A duration that passes so many times faster, to the millisecond.

    >>> scaled("1h30m", 60), scaled("45s", 30)
    ('1m30s', '1s500ms')

    Raises:
        DeclarationError: it is no duration.
    """
    return spelled(seconds(text) / speed)


def scaled_expression(expr: str, speed: float) -> str:
    """An expression whose ranges, subqueries and offsets are shorter."""

    def replaced(found: re.Match[str]) -> str:
        if found["kept"] is not None:
            return found["kept"]
        if found["word"] is not None:
            return found["word"] + scaled(found["offset"], speed)
        step = found["step"]
        colon = ":" if ":" in found[0] else ""
        return f"[{scaled(found['range'], speed)}{colon}{scaled(step, speed) if step else ''}]"

    return _TOKEN.sub(replaced, expr)


def scaled_rules(
    files: Sequence[Path],
    *,
    speed: float,
    thresholds: Mapping[str, Mapping[str, str]] | None = None,
) -> dict[str, Any]:
    """All groups of these files as one, with shorter times.

    ``thresholds`` says, alarm by alarm, which comparison with a *time* is replaced by which
    (``{"LessonQueueSlow": {"> 300": "> 5"}}``): an age in seconds must shrink like a window.

    Raises:
        DeclarationError: a file is no rule file, or a threshold does not stand in its rule.
    """
    groups: list[dict[str, Any]] = []
    for file in files:
        content = yaml.safe_load(file.read_text())
        if not isinstance(content, dict) or not isinstance(content.get("groups"), list):
            raise DeclarationError(f"{file}: no `groups:` in it: is it a Prometheus rule file?")
        groups += [_group(group, speed, thresholds or {}) for group in content["groups"]]
    return {"groups": groups}


def shown(rules: Mapping[str, Any]) -> str:
    """A rule file's text, expressions line by line as they were written."""
    return yaml.dump(dict(rules), Dumper=_Readable, sort_keys=False, allow_unicode=True, width=100)


def by_alert(rules: Mapping[str, Any]) -> Mapping[str, Mapping[str, Any]]:
    """The rules of all groups by the alarm's name."""
    return {
        str(rule["alert"]): rule
        for group in rules["groups"]
        for rule in group["rules"]
        if "alert" in rule
    }


def _group(
    group: Mapping[str, Any], speed: float, thresholds: Mapping[str, Mapping[str, str]]
) -> dict[str, Any]:
    made = {**group, "rules": [_rule(rule, speed, thresholds) for rule in group["rules"]]}
    if "interval" in group:
        made["interval"] = scaled(str(group["interval"]), speed)
    return made


def _rule(
    rule: Mapping[str, Any], speed: float, thresholds: Mapping[str, Mapping[str, str]]
) -> dict[str, Any]:
    made = dict(rule)
    made["expr"] = scaled_expression(str(rule["expr"]), speed)
    for old, new in thresholds.get(str(rule.get("alert")), {}).items():
        if made["expr"].count(old) != 1:
            raise DeclarationError(
                f"{rule['alert']}: {old!r} stands {made['expr'].count(old)} times in the "
                "expression: name a text that stands there once, as it is after scaling"
            )
        made["expr"] = made["expr"].replace(old, new)
    for field in _DURATION_FIELDS:
        if field in rule:
            made[field] = scaled(str(rule[field]), speed)
    return made
