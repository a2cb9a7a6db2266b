"""The stand-in refuses what Google's provider would: a green check means something."""

import subprocess
from pathlib import Path

import pytest
from terraform.workshop import ROOT

pytestmark = [pytest.mark.servers, pytest.mark.xdist_group("terraform")]

MISTAKES = {
    "a misspelt argument": (
        "uptime_checks.tf",
        "timeout ",
        "timeuot ",
        '"timeuot" is not expected',
    ),
    "a misspelt block": (
        "uptime_checks.tf",
        "http_check {",
        "http_chekc {",
        "Unsupported block type",
    ),
    "a missing argument": (
        "alert_policies.tf",
        'combiner     = "OR"',
        "",
        '"combiner" is required',
    ),
    "an unknown word": ("alert_policies.tf", '"OR"', '"XOR"', "expected combiner to be one of"),
    "a list for a text": ("uptime_checks.tf", '"10s"', '["10s"]', "string required"),
    "what the cloud chooses": (
        "uptime_checks.tf",
        '"10s"',
        '"10s"\n  uptime_check_id = "mine"',
        "the cloud chooses it",
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_validate_refuses_what_the_schema_does_not_know(workshop, mistake):
    """Each kind of mistake is found before anything is planned."""
    file, good, bad, message = MISTAKES[mistake]
    text = (workshop.folder / file).read_text()
    (workshop.folder / file).write_text(text.replace(good, bad, 1))

    refusal = workshop.run("validate", "-no-color", ends=1)

    assert message in " ".join(refusal.replace("│", " ").split())
    assert good in text


def test_a_value_from_the_rules_is_refused_when_it_is_planned(workshop):
    """What comes out of YAML is unknown to validate, and seen by plan."""
    table = workshop.monitoring / "escalation.yaml"
    table.write_text(table.read_text().replace("CRITICAL", "DIRE"))
    workshop.run("validate")

    refusal = workshop.plan("prod", ends=1)

    assert "expected severity to be one of" in " ".join(refusal.replace("│", " ").split())


def test_the_stand_ins_examples_run(tools):
    """What its docstrings show is what it does."""
    standin = ROOT / ".venv-standin"
    environment = {
        "PYTHONPATH": str(Path(__file__).parent),
        "GOOGLE_STANDIN_SCHEMA": str(standin / "google.json"),
    }
    imports = "import doctest, standin.provider, standin.schema, standin.values, standin.wheel; "
    modules = "standin.provider, standin.schema, standin.values, standin.wheel"
    question = f"print([doctest.testmod(one).failed for one in ({modules})])"

    done = subprocess.run(
        [standin / "bin" / "python", "-c", imports + question],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout.splitlines()[-1] == "[0, 0, 0, 0]", done.stdout
