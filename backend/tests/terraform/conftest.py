"""One applied copy of the configuration, for every test of this folder that only looks."""

import pytest
from terraform.workshop import ROOT, Workshop, printed_by


@pytest.fixture(scope="session")
def tools():
    """The real Terraform, and the settings under which Google's provider is the stand-in."""
    return printed_by("install-terraform"), printed_by("make-standin")


@pytest.fixture
def workshop(tools, tmp_path):
    """A fresh copy."""
    return Workshop(tmp_path, *tools)


@pytest.fixture(scope="session")
def applied(tools, tmp_path_factory):
    """A copy whose prod is planned and applied on an empty project."""
    made = Workshop(tmp_path_factory.mktemp("prod"), *tools)
    made.plan("prod")
    made.run("apply", "-input=false", "plan")
    return made


@pytest.fixture(scope="session")
def planned(applied):
    """What the plan said before anything was there."""
    return applied.shown("plan")


@pytest.fixture(scope="session")
def state(applied):
    """What is there now."""
    return applied.shown()


@pytest.fixture(scope="session")
def schema(tools):
    """The provider's schema, as the stand-in serves it."""
    return (ROOT / ".venv-standin" / "google.json").read_text()
