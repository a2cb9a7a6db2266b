"""The events that the code logs, read off its calls: name, severity, fields, module.

An event is the first text of a call that tells: ``log.info("login_failed", reason=…)``. A call
whose event is no text in place is refused, so no event stays out of the page.

>>> import ast
>>> [one.name for one in events_in(ast.parse('_log.info("cart_filled", items=3)'), "shop")]
['cart_filled']
"""

import ast
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

LOGS = {"log", "_log", "logger"}
SEVERITIES = {
    "debug": "DEBUG",
    "info": "INFO",
    "warning": "WARNING",
    "error": "ERROR",
    "exception": "ERROR",
    "critical": "CRITICAL",
}
# Functions of ours that tell what they are given, and as what.
TELLERS = {
    "tell": "by case",
    "_tell": "ERROR",
    "unhandled": "ERROR",
    "_heeded": "DEBUG",
    "say": "INFO",
    "Happening": "by case",
}
PASSED_ON = {"told"}  # what a teller hands on to its log
NO_FIELDS = {"exc_info", "extra", "level"}
OF_UNHANDLED = {"context", "kind", "request"}
EVENT = re.compile(r"[a-z]+(_[a-z]+)+|draining")


@dataclass(frozen=True, order=True)
class Event:
    """One event as one place tells it."""

    name: str
    severity: str
    fields: tuple[str, ...]
    module: str


def events_of(root: Path, homes: Sequence[str]) -> list[Event]:
    """Every event that the modules below these folders tell."""
    found = set()
    for home in homes:
        for file in sorted((root / home).rglob("*.py")):
            module = ".".join(file.relative_to(root / home).with_suffix("").parts)
            found |= set(events_in(ast.parse(file.read_text()), f"{Path(home).name}.{module}"))
    return sorted(found)


def events_in(tree: ast.Module, module: str) -> Iterator[Event]:
    """The events of one module.

    Raises:
        ValueError: a call of a log does not name its event in place.
    """
    constants = {
        node.target.id if isinstance(node, ast.AnnAssign) else node.targets[0].id: node.value.value
        for node in tree.body
        if isinstance(node, ast.Assign | ast.AnnAssign)
        and isinstance(node.targets[0] if isinstance(node, ast.Assign) else node.target, ast.Name)
        and isinstance(node.value, ast.Constant)
    }
    dicts = _dicts_by_call(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and (severity := _severity(node.func)):
            name = _name(node, constants)
            if not name and _speaks_for_itself(node):
                raise ValueError(f"{module}:{node.lineno}: the event is no text in place")
            if name:
                yield Event(name, severity, tuple(_fields(node, dicts.get(node, {}))), module)
        if isinstance(node, ast.Dict) and (entry := _entry(node)):
            yield Event(*entry, module)


def _severity(called: ast.expr) -> str:
    if isinstance(called, ast.Name):
        return TELLERS.get(called.id, "")
    if not isinstance(called, ast.Attribute):
        return ""
    of = _owner(called)
    if of in LOGS and called.attr in SEVERITIES:
        return SEVERITIES[called.attr]
    return TELLERS.get(called.attr, "") if of in {"self", "_errors"} else ""


def _owner(called: ast.Attribute) -> str:
    owner = called.value
    return owner.attr if isinstance(owner, ast.Attribute) else getattr(owner, "id", "")


def _speaks_for_itself(call: ast.Call) -> bool:
    """Whether it is a call of a log, and not of one that hands on what it was told."""
    if not isinstance(call.func, ast.Attribute) or _owner(call.func) not in LOGS:
        return False
    return not any(isinstance(one, ast.Name) and one.id in PASSED_ON for one in call.args)


def _name(call: ast.Call, constants: dict[str, object]) -> str:
    given = [*call.args, *(one.value for one in call.keywords if one.arg == "message")]
    for argument in given:
        text = argument.value if isinstance(argument, ast.Constant) else None
        if isinstance(argument, ast.Name):
            text = constants.get(argument.id)
        if isinstance(text, str) and EVENT.match(text):
            return text
    return ""


def _dicts_by_call(tree: ast.Module) -> dict[ast.Call, dict[str, list[str]]]:
    """For each call within a function the dicts made there, by name: the keys of each."""
    found: dict[ast.Call, dict[str, list[str]]] = {}
    for function in ast.walk(tree):
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            made = _dicts_of(function)
            found |= {node: made for node in ast.walk(function) if isinstance(node, ast.Call)}
    return found


def _dicts_of(function: ast.AST) -> dict[str, list[str]]:
    made: dict[str, list[str]] = {}
    for node in ast.walk(function):
        if not isinstance(node, ast.Assign):
            continue
        target = node.targets[0]
        if isinstance(target, ast.Name) and isinstance(node.value, ast.Dict):
            made.setdefault(target.id, []).extend(_texts(node.value.keys))
        if isinstance(target, ast.Subscript) and isinstance(target.value, ast.Name):
            made.setdefault(target.value.id, []).extend(_texts([target.slice]))
    return made


def _texts(nodes: Iterable[ast.expr | None]) -> list[str]:
    return [str(one.value) for one in nodes if isinstance(one, ast.Constant)]


def _fields(call: ast.Call, dicts: dict[str, list[str]]) -> Iterator[str]:
    called = call.func.attr if isinstance(call.func, ast.Attribute) else ""
    made = isinstance(call.func, ast.Name) and call.func.id == "Happening"
    left_out = NO_FIELDS | (OF_UNHANDLED if called == "unhandled" else set())
    for keyword in call.keywords:
        if keyword.arg in {"extra", "fields"} and isinstance(keyword.value, ast.Dict):
            yield from _texts(keyword.value.keys)
        elif keyword.arg is None and isinstance(keyword.value, ast.Name):
            yield from dicts.get(keyword.value.id, [])
        elif keyword.arg and keyword.arg not in left_out and not made:
            yield keyword.arg


def _entry(node: ast.Dict) -> tuple[str, str, tuple[str, ...]] | None:
    """A finished entry that is written as it stands."""
    held = {
        key.value: value
        for key, value in zip(node.keys, node.values, strict=True)
        if isinstance(key, ast.Constant)
    }
    message, severity = held.get("message"), held.get("severity")
    if not isinstance(message, ast.Constant) or not EVENT.match(str(message.value)):
        return None
    own = tuple(str(name) for name in held if name not in {"severity", "time", "message", "logger"})
    shown = str(severity.value) if isinstance(severity, ast.Constant) else "by case"
    return str(message.value), shown, tuple(one for one in own if "googleapis" not in one)
