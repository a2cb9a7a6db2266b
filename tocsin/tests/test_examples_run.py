"""Every example in a docstring of the toolkit's telemetry runs as it is printed."""

import doctest
import importlib
import pkgutil
from types import ModuleType

import pytest

import tocsin.telemetry

MODULES = sorted(
    one.name for one in pkgutil.walk_packages(tocsin.telemetry.__path__, "tocsin.telemetry.")
)


def _examples(module: ModuleType) -> list[doctest.DocTest]:
    return [one for one in doctest.DocTestFinder().find(module) if one.examples]


def test_there_are_examples():
    """A walk that found no module would prove nothing."""
    telling = [name for name in MODULES if _examples(importlib.import_module(name))]

    assert "tocsin.telemetry.logs.loggers" in telling
    assert len(telling) > 30


@pytest.mark.parametrize("name", ["tocsin.clock", "tocsin.errors", *MODULES])
def test_the_examples_of_a_module_run(name):
    """What a reader copies works (D22)."""
    told: list[str] = []
    runner = doctest.DocTestRunner()

    for example in _examples(importlib.import_module(name)):
        runner.run(example, out=told.append)

    assert runner.summarize(verbose=False).failed == 0, "".join(told)
