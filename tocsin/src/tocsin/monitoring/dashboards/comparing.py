"""What differs between two dashboards, place by place.

>>> list(differences({"a": 1, "b": [1, 2]}, {"a": 2, "b": [1]}))
['a: 1 here, 2 there', 'b[1]: 2 here, nothing there']
"""

import json
from collections.abc import Iterator
from typing import Any, Final

_NOTHING: Final = object()
_WIDTH: Final = 100


def differences(here: Any, there: Any, place: str = "") -> Iterator[str]:
    """Each place that differs, in words."""
    if isinstance(here, dict) and isinstance(there, dict):
        for key in sorted({*here, *there}):
            inner = f"{place}.{key}" if place else key
            yield from differences(here.get(key, _NOTHING), there.get(key, _NOTHING), inner)
    elif isinstance(here, list) and isinstance(there, list):
        for index in range(max(len(here), len(there))):
            yield from differences(_at(here, index), _at(there, index), f"{place}[{index}]")
    elif here != there:
        yield f"{place}: {_told(here)} here, {_told(there)} there"


def _at(values: list[Any], index: int) -> Any:
    return values[index] if index < len(values) else _NOTHING


def _told(value: Any) -> str:
    if value is _NOTHING:
        return "nothing"
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _WIDTH else f"{text[:_WIDTH]}…"
