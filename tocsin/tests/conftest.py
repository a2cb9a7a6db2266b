"""Tests that fork do it where nothing else runs.

A process that holds gRPC clients, servers and their threads cannot be forked safely: the
child inherits their locks as they stood. So a test marked ``fresh_process`` is handed to
a pytest of its own, and passes or fails as that one does.
"""

import os
import subprocess
import sys

import pytest

INSIDE = "PYTEST_FRESH_PROCESS"
WITHIN_S = 100


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem):
    """Run a marked test in a process that has run no other."""
    if pyfuncitem.get_closest_marker("fresh_process") is None or os.environ.get(INSIDE):
        return None
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", pyfuncitem.nodeid],
        cwd=pyfuncitem.config.rootpath,
        env={**os.environ, INSIDE: "1"},
        capture_output=True,
        text=True,
        timeout=WITHIN_S,
        check=False,
    )
    if done.returncode != 0 or "1 passed" not in done.stdout:
        pytest.fail(done.stdout + done.stderr, pytrace=False)
    return True
