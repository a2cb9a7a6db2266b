"""The table of requirements is whole, true and current."""

import subprocess
import sys
from importlib import util
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "list_requirements.py"


@pytest.fixture(scope="module")
def requirements():
    """The script, as a module."""
    spec = util.spec_from_file_location("list_requirements", SCRIPT)
    module = util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def place(tmp_path):
    """A checkout of one file and one test."""
    (tmp_path / "lamp.py").write_text("")
    (tmp_path / "test_lamp.py").write_text("def test_it_shines():\n    assert True\n")
    return tmp_path


def test_the_table_is_whole_and_current(root):
    """All 278, with no place or test that is not there; the page says what the rows say."""
    command = [sys.executable, "scripts/list_requirements.py"]

    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)

    assert done.stderr == ""
    assert (root / "backend" / "docs" / "REQUIREMENTS.md").read_text() == done.stdout, (
        f"write it anew: {' '.join(['python', *command[1:]])} > backend/docs/REQUIREMENTS.md"
    )


def test_a_whole_row_is_left_in_peace(requirements, place):
    """Met, with its place and its test; or not, with its reason."""
    rows = [
        requirements.Row("R1", "light", "met", ("lamp.py",), ("test_lamp.py::test_it_shines",)),
        requirements.Row("R2", "more light", "not", note="there is one lamp"),
    ]

    assert requirements.faults(rows, ["R1", "R2"], place) == []


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        ({"where": ("torch.py",)}, "R1: torch.py is not there"),
        ({"tests": ("test_lamp.py::test_it_glows",)}, "R1: no test test_it_glows in test_lamp.py"),
        ({"tests": ("lamp.py::test_it_shines",)}, "R1: no test test_it_shines in lamp.py"),
        ({"tests": ("test_sun.py::test_it_sets",)}, "R1: no test test_it_sets in test_sun.py"),
        ({"tests": ()}, "R1: no test, and no reason why"),
        ({"where": ()}, "R1: met nowhere"),
        ({"state": "part"}, "R1: not wholly met, and no reason why"),
        ({"state": "soon"}, "R1: 'soon' is no state: use one of met, part, not"),
        ({"number": "R2"}, "R1: no row"),
        ({"number": "R2"}, "R2: asked by nobody"),
    ],
)
def test_what_is_wrong_with_a_row_is_told(requirements, place, row, fault):
    """A dead place, a test of another name, a missing reason, a missing number."""
    whole = {
        "number": "R1",
        "says": "light",
        "state": "met",
        "where": ("lamp.py",),
        "tests": ("test_lamp.py::test_it_shines",),
    }

    found = requirements.faults([requirements.Row(**whole | row)], ["R1"], place)

    assert fault in found


def test_a_number_that_stands_twice_is_told(requirements, place):
    """Two answers to one requirement are none."""
    row = requirements.Row("R1", "light", "met", ("lamp.py",), ("test_lamp.py::test_it_shines",))

    assert requirements.faults([row, row], ["R1"], place) == ["R1: 2 rows"]


def test_a_row_with_an_unknown_key_is_refused(requirements, tmp_path):
    """A misspelt key would be left out without a word."""
    (tmp_path / "01-light.toml").write_text(
        'title = "Light"\n[R1]\nsays = "light"\nstate = "met"\ntest = ["test_lamp.py::test_a"]\n'
    )

    with pytest.raises(requirements.WrongRowsError, match=r"01-light.toml: R1: a row has"):
        requirements.parts_in(tmp_path)
