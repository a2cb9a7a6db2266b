"""The page of the cloud's rules is what its code holds now."""

import subprocess
import sys


def test_the_page_of_the_clouds_rules_is_current(root):
    """Whoever reads which of Google's rules are held reads the truth."""
    command = [sys.executable, "scripts/list_cloud_rules.py"]

    printed = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True).stdout

    assert (root / "tocsin" / "docs" / "cloud-rules.md").read_text() == printed, (
        f"write it anew: {' '.join(['python', *command[1:]])} > tocsin/docs/cloud-rules.md"
    )
