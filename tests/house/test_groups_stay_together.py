"""Tests that share a costly part run in one process, so that the part is made once."""

import os

import pytest


@pytest.mark.xdist_group("kept_together")
def test_a_group_is_known_to_whoever_deals_the_tests_out(request):
    """pytest-xdist deals by the end of a test's id; where it has none, groups are scattered."""
    if "PYTEST_XDIST_WORKER" not in os.environ:
        pytest.skip("one process runs all tests")

    assert request.node.nodeid.endswith("@kept_together")
