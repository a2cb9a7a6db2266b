"""Every example in a docstring of the rehearsal runs as it is printed."""

import doctest
import importlib
import pkgutil

import pytest

import tocsin.rehearsal

MODULES = sorted(
    one.name for one in pkgutil.walk_packages(tocsin.rehearsal.__path__, "tocsin.rehearsal.")
)


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_of_a_module_of_the_cloud_run(name):
    """What a reader copies from the cloud's modules works."""
    told: list[str] = []
    runner = doctest.DocTestRunner()

    for example in doctest.DocTestFinder().find(importlib.import_module(name)):
        runner.run(example, out=told.append)

    assert runner.summarize(verbose=False).failed == 0, "".join(told)
