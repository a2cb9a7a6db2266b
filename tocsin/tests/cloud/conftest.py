"""A cloud for each test that asks for one.

Tests elsewhere take the fixture with ``from tocsin.rehearsal.cloud.running import
RunningCloud`` and three lines of their own.
"""

from collections.abc import Iterator

import pytest

from tocsin.rehearsal.cloud.running import RunningCloud


@pytest.fixture
def cloud() -> Iterator[RunningCloud]:
    """A cloud with all rules, on free ports, empty."""
    with RunningCloud() as running:
        yield running
