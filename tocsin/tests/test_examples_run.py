"""Every example in a docstring of the toolkit runs as it is printed."""

import doctest
import importlib
import pkgutil
import re
from pathlib import Path
from types import ModuleType

import pytest

import tocsin

MODULES = sorted(
    one.name
    for one in pkgutil.walk_packages(tocsin.__path__, "tocsin.")
    if not one.name.endswith("__main__")  # they act
    and not one.name.startswith("tocsin.rehearsal.cloud.")  # cloud/test_pages_and_examples_run.py
)


def _examples(module: ModuleType) -> list[doctest.DocTest]:
    return [one for one in doctest.DocTestFinder().find(module) if one.examples]


def test_there_are_examples():
    """A walk that found no module would prove nothing."""
    telling = [name for name in MODULES if _examples(importlib.import_module(name))]

    assert {"tocsin.telemetry.logs.loggers", "tocsin.monitoring.durations"} <= set(telling)
    assert len(telling) > 100


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_of_a_module_run(name):
    """What a reader copies works (D22)."""
    told: list[str] = []
    runner = doctest.DocTestRunner()

    for example in _examples(importlib.import_module(name)):
        runner.run(example, out=told.append)

    assert runner.summarize(verbose=False).failed == 0, "".join(told)


def test_the_readmes_example_runs(monkeypatch):
    """The code of the toolkit's own page works as it is printed, from top to bottom (D22)."""
    page = Path(__file__).parents[1] / "README.md"
    code = "\n".join(re.findall(r"```python\n(.*?)```", page.read_text(), re.DOTALL))
    monkeypatch.setenv("ENVIRONMENT", "production")
    monkeypatch.setenv("TELEMETRY_KEY", "a key of more than sixteen bytes")
    made: dict[str, object] = {}

    exec(code, made)  # noqa: S102 - it is what the page tells people to run
    made["telemetry"].close()

    assert [courier.name for courier in made["delivery"].couriers] == ["metrics"]
