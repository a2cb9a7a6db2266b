"""The tree that the house rules look at."""

import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def root() -> Path:
    """The checkout."""
    return ROOT


@pytest.fixture(scope="session")
def tracked(root: Path) -> list[Path]:
    """Every file that git tracks or would track."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=root,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    return [root / name for name in listed if (root / name).is_file()]


@pytest.fixture(scope="session")
def python_files(tracked: list[Path]) -> list[Path]:
    """Our Python, without what migrations freeze."""
    return [path for path in tracked if path.suffix == ".py" and "versions" not in path.parts]


@pytest.fixture(scope="session")
def product_files(python_files: list[Path], root: Path) -> list[Path]:
    """The Python that is installed: not tests, benchmarks or scripts."""
    homes = (root / "tocsin" / "src", root / "backend" / "app")
    return [path for path in python_files if any(path.is_relative_to(home) for home in homes)]
