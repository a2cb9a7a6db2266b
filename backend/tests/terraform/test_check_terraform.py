"""The command that a newcomer types."""

import subprocess

import pytest
from terraform.workshop import ROOT

pytestmark = [pytest.mark.servers, pytest.mark.xdist_group("terraform")]


def test_the_check_passes_from_a_clean_tree():
    """One command formats, validates, tests, plans, applies and plans nothing anew."""
    done = subprocess.run(
        ["scripts/check-terraform"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 failed" in done.stdout
    assert "No changes." in done.stdout
    assert "no secret in plan or state" in done.stdout
