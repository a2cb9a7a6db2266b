"""What becomes of a resource's values: refused, planned, settled.

A value is what msgpack says; UNKNOWN stands for one that the cloud will choose.

>>> block = {"attributes": {"name": {"type": "string", "mode": "computed"}}, "blocks": {}}
>>> settled(block, planned(block, {"name": None}, None, {}), "projects/p/things/1")
{'name': 'projects/p/things/1'}
"""

import json
from collections.abc import Iterator
from typing import Any, Final

import msgpack
from standin.schema import is_write_only

UNKNOWN: Final = msgpack.ExtType(0, b"\x00")
Path = tuple[str | int, ...]
Fault = tuple[str, Path]


def is_unknown(value: object) -> bool:
    """Whether the value is not known yet (12: not known, but something about it is)."""
    return isinstance(value, msgpack.ExtType)


def _inner(block: dict[str, Any], value: dict[str, Any]) -> Iterator[tuple[Path, Any, Any]]:
    """Each nested block that is known: where it is, its schema, its value."""
    for name, nested in block["blocks"].items():
        found = value.get(name)
        if found is None or is_unknown(found):
            continue
        if nested["nesting"] == "single":
            yield (name,), nested, found
            continue
        for number, item in enumerate(found):
            if isinstance(item, dict):
                yield (name, number), nested, item


def _with(out: dict[str, Any], path: Path, item: Any) -> None:
    """Put a nested block's new value to its place, leaving the old list as it is."""
    name, *number = path
    if not number:
        out[str(name)] = item
        return
    items = list(out[str(name)])
    items[int(number[0])] = item
    out[str(name)] = items


def faults(block: dict[str, Any], value: dict[str, Any], at: Path = ()) -> Iterator[Fault]:
    """What the provider would refuse: values that the cloud chooses, words it does not know."""
    for name, attribute in block["attributes"].items():
        given = value.get(name)
        if given is None or is_unknown(given):
            continue
        if attribute["mode"] == "computed" or (name == "id" and not at):
            yield f'Can\'t configure a value for "{name}": the cloud chooses it', (*at, name)
        for one in given if isinstance(given, list) else [given]:
            if isinstance(one, str) and one and one not in attribute.get("enum", [one]):
                expected = f"expected {name} to be one of {attribute['enum']}, got {one}"
                yield expected, (*at, name)
        if name.endswith("_json") and not _is_json(given):
            yield f'"{name}" contains an invalid JSON', (*at, name)
    for path, nested, item in _inner(block, value):
        # Terraform cannot address an element of a set by number.
        place = path[:1] if nested["nesting"] == "set" else path
        yield from faults(nested["block"], item, (*at, *place))


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def planned(
    block: dict[str, Any],
    proposed: dict[str, Any],
    before: dict[str, Any] | None,
    provider: dict[str, Any],
) -> dict[str, Any]:
    """What Terraform shows as the plan: what the cloud chooses is unknown until it is made."""
    out = dict(proposed)
    for name, attribute in block["attributes"].items():
        if is_write_only(name):
            out[name] = None
        elif attribute["mode"].endswith("computed") and out.get(name) is None:
            chosen = (before or {}).get(name)
            if name in ("project", "region") and attribute["mode"] == "optional_computed":
                chosen = chosen or provider.get(name)
            out[name] = UNKNOWN if chosen is None else chosen
    for path, nested, item in _inner(block, proposed):
        _with(out, path, planned(nested["block"], item, None, provider))
    return out


def settled(block: dict[str, Any], plan: dict[str, Any], name: str) -> dict[str, Any]:
    """What stands in the state afterwards: each unknown has a value made up from ``name``."""
    out = dict(plan)
    for attribute, declared in block["attributes"].items():
        if is_write_only(attribute):
            out[attribute] = None
        elif is_unknown(out.get(attribute)):
            hint = name if attribute in ("name", "id") else name.rpartition("/")[2]
            out[attribute] = _made_up(declared["type"], declared.get("enum", [hint])[0])
    for path, nested, item in _inner(block, out):
        _with(out, path, settled(nested["block"], item, f"{name}/{path[0]}"))
    return out


def _made_up(type_: Any, hint: str) -> Any:
    if isinstance(type_, str):
        return {"string": hint, "number": 0, "bool": False, "dynamic": hint}[type_]
    return {} if type_[0] == "map" else None if type_[0] == "object" else []


def emptied(block: dict[str, Any], identity: str) -> dict[str, Any]:
    """What an import knows before the first reading: the id alone."""
    out: dict[str, Any] = dict.fromkeys(block["attributes"])
    for name, nested in block["blocks"].items():
        out[name] = None if nested["nesting"] == "single" else []
    return out | {"id": identity}
