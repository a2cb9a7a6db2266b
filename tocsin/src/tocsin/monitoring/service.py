r"""A service as its ``tocsin.toml`` describes it: where alarms, panels and pages lie.

Paths in the file are relative to it. ``metrics``, ``drills`` and ``exporting`` are import paths
(``package.module:name``), found from ``import_from`` on. Nothing is imported until it is asked for.

>>> import tempfile
>>> folder = Path(tempfile.mkdtemp())
>>> _ = (folder / "tocsin.toml").write_text('name = "shop"\nmetrics = "shop:metrics"\n')
>>> service = Service.load(folder)
>>> service.name, service.rule_files[0].name, service.drills
('shop', 'alerts.yaml', None)
"""

import sys
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from tocsin.errors import DeclarationError
from tocsin.monitoring.catalogue import Catalogue, Metric, foreign_metrics, metrics_of
from tocsin.monitoring.rules import RuleBook, read_rules

FILE: Final = "tocsin.toml"
_LOOKED_FOR: Final = (FILE, f"monitoring/{FILE}", f"*/monitoring/{FILE}")
_PATHS: Final = {
    "dashboards": "dashboards",
    "rendered": "rendered",
    "runbooks": "runbooks",
    "cases": "cases",
    "scenario": "scenarios/week.yaml",
}
_IF_THERE: Final = {
    "slos": "slos.yaml",
    "escalation": "escalation.yaml",
    "foreign_metrics": "foreign_metrics.yaml",
    "traffic": "traffic.toml",
    "prices": "prices.toml",
}
_TEXTS: Final = ("name", "metrics", "import_from", "prefix", "drills", "exporting", "terraform")
_TABLES: Final = ("label_values", "kept")
_KEYS: Final = frozenset({*_PATHS, *_IF_THERE, *_TEXTS, *_TABLES, "rules"})


@dataclass(frozen=True, kw_only=True)
class Service:
    """What belongs to one service; paths are absolute, and optional files may be absent."""

    file: Path
    name: str
    metrics: str
    import_from: Path
    prefix: str
    """before each of its metrics' names in PromQL"""
    rule_files: tuple[Path, ...]
    dashboards: Path
    rendered: Path
    runbooks: Path
    cases: Path
    scenario: Path
    slos: Path | None = None
    escalation: Path | None = None
    foreign_metrics: Path | None = None
    traffic: Path | None = None
    """how much of what happens, for a bill"""
    prices: Path | None = None
    """other prices than those that the toolkit brings"""
    terraform: Path | None = None
    """the folder that orders checks, buckets and alarms"""
    exporting: str | None = None
    """import path of what returns the settings that a bill depends on"""
    drills: str | None = None
    label_values: Mapping[str, Any] = field(default_factory=dict)
    """values of open labels: by ``label`` or ``metric.label`` a list, or what returns one"""
    kept: Mapping[str, str] = field(default_factory=dict)
    """metrics that no alarm and no panel uses, and why they are kept"""

    @classmethod
    def load(cls, path: Path | None = None) -> "Service":
        """Read a ``tocsin.toml``, or the one in a folder; without a path, the nearest above.

        Raises:
            DeclarationError: there is none, or it is wrong.
        """
        file = _found(path)
        try:
            data = tomllib.loads(file.read_text(encoding="utf-8"))
        except (OSError, tomllib.TOMLDecodeError) as error:
            raise DeclarationError(f"{file}: {error}") from error
        return _made(file, data)

    def rules(self) -> RuleBook:
        """All its alerting rules.

        Raises:
            DeclarationError: a rule file is wrong.
        """
        return read_rules(self.rule_files)

    def catalogue(self) -> Catalogue:
        """Its own metrics and those of others.

        Raises:
            DeclarationError: they cannot be imported or read.
        """
        own = [self._listed(one) for one in metrics_of(self.named(self.metrics), self.prefix)]
        others = foreign_metrics(self.foreign_metrics) if self.foreign_metrics else []
        return Catalogue([*own, *others])

    def named(self, import_path: str) -> Any:
        """What an import path of this service names.

        Raises:
            DeclarationError: there is no such thing.
        """
        folder = str(self.import_from)
        if folder not in sys.path:
            sys.path.insert(0, folder)
        module, colon, name = import_path.partition(":")
        if not colon:
            raise DeclarationError(
                f"{self.file}: {import_path!r} is no import path: write package.module:name"
            )
        try:
            return getattr(import_module(module), name)
        except (ImportError, AttributeError) as error:
            raise DeclarationError(f"{self.file}: {import_path!r}: {error}") from error

    def _listed(self, metric: Metric) -> Metric:
        """The metric with the values of its open labels, where somebody can list them."""
        plain = metric.name.removeprefix(self.prefix)
        for name, label in metric.labels.items():
            source = self.label_values.get(f"{plain}.{name}", self.label_values.get(name))
            if label.values is None and source is not None:
                metric = metric.with_values(name, tuple(dict.fromkeys(self._values(source))))
        return metric

    def _values(self, source: Any) -> Iterator[str]:
        listed: Iterable[Any] = self.named(source)() if isinstance(source, str) else source
        yield from map(str, listed)


def _found(path: Path | None) -> Path:
    if path is not None:
        file = path / FILE if path.is_dir() else path
        if file.is_file():
            return file.resolve()
        raise DeclarationError(f"{file}: there is no such file")
    for folder in (Path.cwd(), *Path.cwd().parents):
        for pattern in _LOOKED_FOR:
            found = sorted(folder.glob(pattern))
            if len(found) > 1:
                named = ", ".join(str(one.relative_to(folder)) for one in found)
                raise DeclarationError(f"{folder} has {named}: name one with --service PATH")
            if found:
                return found[0]
    raise DeclarationError(f"no {FILE} here or above: name one with --service PATH")


def _made(file: Path, data: Mapping[str, Any]) -> Service:
    unknown = sorted(set(data) - _KEYS)
    if unknown:
        raise DeclarationError(
            f"{file}: {unknown[0]!r} is no key: there are {', '.join(sorted(_KEYS))}"
        )
    _refuse_wrong_types(file, data)
    folder = file.resolve().parent
    paths: dict[str, Any] = {
        key: (folder / data.get(key, otherwise)).resolve() for key, otherwise in _PATHS.items()
    }
    optional: dict[str, Any] = {key: _if_there(file, data, key) for key in _IF_THERE}
    return Service(
        file=file,
        name=data["name"],
        metrics=data["metrics"],
        import_from=(folder / data.get("import_from", ".")).resolve(),
        prefix=data.get("prefix", ""),
        rule_files=tuple(folder / one for one in data.get("rules", ["alerts.yaml"])),
        drills=data.get("drills"),
        exporting=data.get("exporting"),
        terraform=(folder / data["terraform"]).resolve() if "terraform" in data else None,
        label_values=data.get("label_values", {}),
        kept=data.get("kept", {}),
        **paths,
        **optional,
    )


def _refuse_wrong_types(file: Path, data: Mapping[str, Any]) -> None:
    for key in ("name", "metrics"):
        if key not in data:
            raise DeclarationError(f"{file}: {key!r} is missing")
    for key, value in data.items():
        wanted: type = dict if key in _TABLES else list if key == "rules" else str
        if not isinstance(value, wanted):
            raise DeclarationError(f"{file}: {key!r} must be a {wanted.__name__}, not {value!r}")


def _if_there(file: Path, data: Mapping[str, Any], key: str) -> Path | None:
    """A file that was named must be there; one that was not may be."""
    path = file.resolve().parent / data.get(key, _IF_THERE[key])
    if key in data and not path.is_file():
        raise DeclarationError(f"{file}: {key!r} names {path}, which is no file")
    return path if path.is_file() else None
