"""What the pages about the cloud show, runs; so do the examples in its docstrings."""

import doctest
import importlib
import pkgutil
import re
from pathlib import Path

import pytest

import tocsin.cli
import tocsin.rehearsal

DOCS = Path(__file__).parents[2] / "docs"
BLOCK = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)
MODULES = sorted(
    one.name
    for package in (tocsin.cli, tocsin.rehearsal)
    for one in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
)


@pytest.mark.servers
def test_the_page_about_the_cloud_runs_from_top_to_bottom(cloud):
    """Whoever copies the page's Python sends one of each kind, and no rule is broken."""
    page = (DOCS / "cloud.md").read_text()
    blocks = BLOCK.findall(page)
    names: dict[str, object] = {}

    for block in blocks:
        here = block.replace("127.0.0.1:8086", cloud.grpc_address)
        exec(here.replace("http://127.0.0.1:8085", cloud.http_url), names)  # noqa: S102

    assert names["summary"]["held"] == {
        "metrics": 1,
        "series": 1,
        "log entries": 2,
        "traces": 1,
        "spans": 1,
        "error groups": 1,
    }
    assert len(cloud.configuration.all("policies")) == 1
    assert cloud.world.rules.breaches == {}


@pytest.mark.servers
@pytest.mark.parametrize("page", ["cloud-faults.md", "cloud-rules.md"])
def test_the_other_pages_run(page):
    """The examples with faults and without rules run as they are printed."""
    blocks = BLOCK.findall((DOCS / page).read_text())

    for block in blocks:
        exec(block, {})  # noqa: S102

    assert blocks


@pytest.mark.servers
@pytest.mark.parametrize("name", MODULES)
def test_the_examples_of_a_module_run(name):
    """What a reader of the cloud's code copies works."""
    told: list[str] = []
    runner = doctest.DocTestRunner()

    for example in doctest.DocTestFinder().find(importlib.import_module(name)):
        runner.run(example, out=told.append)

    assert runner.summarize(verbose=False).failed == 0, "".join(told)
