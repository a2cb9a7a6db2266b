"""The page of promises is what the tests say now, and no promise lacks a test."""

import subprocess
import sys


def test_the_page_of_promises_is_current(root):
    """Every promise owed has a test, and the page lists them as they are."""
    command = [sys.executable, "scripts/list_promises.py"]

    printed = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True).stdout

    assert "**no test**" not in printed
    assert (root / "backend" / "docs" / "PROMISES.md").read_text() == printed, (
        f"write it anew: {' '.join(['python', *command[1:]])} > backend/docs/PROMISES.md"
    )
