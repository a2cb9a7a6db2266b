"""Reads the schema of hashicorp/google out of the PyPI wheel ``cdktn-provider-google``.

The wheel carries the provider's resources as generated TypeScript, which says of every field
whether it is a block, of what type, and required, optional or computed; its comments name the
values of enumerations. It does not say defaults, which changes replace a resource, or which
arguments exclude each other: those stay unknown to the stand-in.

    python wheel.py WHEEL SCHEMA.json

>>> snake("authTokenWo")
'auth_token_wo'
"""

import base64
import io
import json
import re
import sys
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

RESOURCES = (
    "google_billing_budget",
    "google_logging_metric",
    "google_logging_project_bucket_config",
    "google_logging_project_sink",
    "google_monitoring_alert_policy",
    "google_monitoring_dashboard",
    "google_monitoring_notification_channel",
    "google_monitoring_uptime_check_config",
    "google_project_iam_member",
    "google_project_service",
    "google_service_account",
)
DATA_SOURCES = ("google_project",)
PROVIDER = "package/lib/provider/index.js"

_PRIMITIVES = {"string": "string", "number": "number", "boolean": "bool", "any": "dynamic"}
_FLAGS = re.compile(
    r"// (\w+) - computed: (\w+), optional: (\w+), required: (\w+)\s*\n"
    r"\s*(.*)\n(?:(?:\s*public get .*\n)?\s*return (.*))?"
)
_ENTRY = re.compile(
    r"(\w+): \{\s*value: (.*?),\s*isBlock: (true|false),\s*"
    r'type: "(\w+)",\s*storageClassType: "([\w.]+)"',
    re.DOTALL,
)
_CLASS = re.compile(
    r"^export class (\w+) extends cdktn\.Terraform(?:Resource|DataSource)", re.MULTILINE
)
_COMMENT = re.compile(r"/\*\*(.*?)\*/\s*readonly (\w+)\??:", re.DOTALL)
_GETTERS = {
    "String": "string",
    "Number": "number",
    "Boolean": "bool",
    "List": ["list", "string"],
    "NumberList": ["list", "number"],
    "StringMap": ["map", "string"],
    "NumberMap": ["map", "number"],
    "BooleanMap": ["map", "bool"],
}


def snake(camel: str) -> str:
    """Terraform's spelling of a TypeScript name."""
    return re.sub(r"(?<!^)([A-Z])", lambda found: "_" + found[1].lower(), camel)


def _stored(kind: str, storage: str) -> Any:
    """A type as the plugin protocol writes it, from the generator's word for it."""
    for suffix, shape in (("List", "list"), ("Map", "map")):
        inner = _PRIMITIVES.get(storage.removesuffix(suffix))
        if storage.endswith(suffix) and inner:
            return ["set" if kind == "set" else shape, inner]
    return _PRIMITIVES[storage]


class Module:
    """One resource's compiled module; the TypeScript lies in its source map."""

    def __init__(self, javascript: str) -> None:
        """Take the compiled text."""
        self._js = javascript.replace("\r", "")
        packed = re.search(r"sourceMappingURL=data:application/json;base64,(\S+)", self._js)
        assert packed, "the module carries no source map"
        sources = json.loads(base64.b64decode(packed[1]))["sourcesContent"]
        self.ts = sources[0].replace("\r", "")

    def root(self, name: str) -> dict[str, Any]:
        """The block of a resource, a data source or the provider."""
        return self._block(name, "synthesizeHclAttributes()", f"{name}Config")

    def _block(self, cls: str, emitter: str, interface: str) -> dict[str, Any]:
        flags, comments = self._flags(cls), self._comments(interface)
        block: dict[str, Any] = {"attributes": {}, "blocks": {}}
        for name, value, is_block, kind, storage in self._entries(emitter):
            mode = self._mode(*flags.get(name, ("false", "true", "false"))[:3])
            nested = re.search(r"(?<![\w.])(\w+)ToHclTerraform\b", value)
            if nested is None:
                block["attributes"][name] = {"type": _stored(kind, storage), "mode": mode}
                allowed = re.search(r"Possible values: (\[[^\]]*\])", comments.get(name, ""))
                if allowed:
                    block["attributes"][name]["enum"] = json.loads(allowed[1])
                continue
            inner = self._nested(nested[1])
            if is_block == "true":
                block["blocks"][name] = self._as_block(inner, kind, mode, value)
            else:
                object_ = [kind, _object(inner)]
                block["attributes"][name] = {"type": object_, "mode": mode}
        for name, (*_, line, getter) in flags.items():
            if name not in block["attributes"] and name not in block["blocks"]:
                kind_ = self._computed(line, getter)
                block["attributes"][name] = {"type": kind_, "mode": "computed"}
        return block

    def _nested(self, function: str) -> dict[str, Any]:
        pascal = function[0].upper() + function[1:]
        return self._block(
            f"{pascal}OutputReference", f"function {function}ToHclTerraform(", pascal
        )

    @staticmethod
    def _as_block(inner: dict[str, Any], kind: str, mode: str, value: str) -> dict[str, Any]:
        single = kind != "struct" and "listMapperHcl" not in value
        return {
            "nesting": "single" if kind == "struct" else kind,
            "min": int(mode == "required"),
            "max": int(single),
            "block": inner,
        }

    @staticmethod
    def _mode(computed: str, _optional: str, required: str) -> str:
        if required == "true":
            return "required"
        return "optional_computed" if computed == "true" else "optional"

    def _entries(self, emitter: str) -> list[tuple[str, ...]]:
        start = self._js.find(emitter)
        end = "\n}\n" if emitter.startswith("function") else "\n    }\n"
        return _ENTRY.findall(self._js[start : self._js.find(end, start)])

    def _flags(self, cls: str) -> dict[str, tuple[str, ...]]:
        return {one[0]: one[1:] for one in _FLAGS.findall(self._body(f"class {cls} extends"))}

    def _comments(self, interface: str) -> dict[str, str]:
        body = re.search(
            rf"^export interface {interface}\b.*?^\}}", self.ts, re.MULTILINE | re.DOTALL
        )
        found = _COMMENT.findall(body[0] if body else "")
        return {snake(name): text for text, name in found}

    def _body(self, head: str) -> str:
        found = re.search(rf"^export {head}\b.*?^\}}", self.ts, re.MULTILINE | re.DOTALL)
        return found[0] if found else ""

    def _computed(self, line: str, getter: str) -> Any:
        nested = re.search(
            r'= new (\w+?)(List|Map|OutputReference)\(this, "\w+"(?:, (true|false))?', line
        )
        if nested:
            inner = self._block(f"{nested[1]}OutputReference", "no such emitter", nested[1])
            kind = {"Map": "map"}.get(nested[2], "set" if nested[3] == "true" else "list")
            return [kind, _object(inner)]
        mapped = re.search(r"= new cdktn\.(\w+)Map\(", line)
        if mapped:
            return ["map", _PRIMITIVES.get(mapped[1].lower(), "string")]
        plain = re.search(r"get(\w+)Attribute\(", getter)
        if plain is None:
            return "dynamic"
        found = _GETTERS[plain[1]]
        return ["set", found[1]] if "Fn.tolist" in getter else found


def _object(block: dict[str, Any]) -> list[Any]:
    return ["object", {name: one["type"] for name, one in block["attributes"].items()}]


def _modules(wheel: Path) -> Iterator[tuple[str, Module]]:
    """The wanted modules in one pass: the bundle is a stream of 300 MB."""
    wanted = {_path(name) for name in RESOURCES} | {PROVIDER}
    wanted |= {_path("data_" + name) for name in DATA_SOURCES}
    with zipfile.ZipFile(wheel) as archive:
        (bundle,) = (name for name in archive.namelist() if name.endswith(".jsii.tgz"))
        stream = io.BytesIO(archive.read(bundle))
    with tarfile.open(fileobj=stream, mode="r:gz") as members:
        for member in members:
            if member.name in wanted:
                wanted.discard(member.name)
                content = members.extractfile(member)
                assert content, member.name
                yield member.name, Module(content.read().decode())
            if not wanted:
                return
    raise SystemExit(f"{wheel.name} lacks {', '.join(sorted(wanted))}")


def _path(name: str) -> str:
    folder = name.removeprefix("google_").replace("_", "-")
    return f"package/lib/{folder}/index.js"


def schema_of(wheel: Path) -> dict[str, Any]:
    """What the stand-in serves: the provider, its version, resources and data sources."""
    found = dict(_modules(wheel))
    provider = found.pop(PROVIDER)
    version = re.search(r"providerVersion: '([\d.]+)'", provider.ts)
    assert version, "the provider's version is not in the wheel"
    served: dict[str, Any] = {
        "provider_version": version[1],
        "provider": provider.root("GoogleProvider"),
        "resources": {},
        "data_sources": {},
    }
    served["provider"]["attributes"].pop("alias", None)
    for name in RESOURCES:
        served["resources"][name] = _root_of(found[_path(name)])
    for name in DATA_SOURCES:
        served["data_sources"][name] = _root_of(found[_path("data_" + name)])
    return served


def _root_of(module: Module) -> dict[str, Any]:
    cls = _CLASS.search(module.ts)
    assert cls, "the module declares no resource"
    return module.root(cls[1])


if __name__ == "__main__":
    Path(sys.argv[2]).write_text(json.dumps(schema_of(Path(sys.argv[1])), indent=1, sort_keys=True))
