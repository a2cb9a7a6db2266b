"""A copy of the Terraform configuration to work in, with the stand-in for Google's provider.

The copy differs from the repository in one file, ``backend_override.tf``: the state stays in the
folder instead of a bucket. No file of the configuration knows that there is a stand-in.
"""

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[3]
CONFIGURATION = ROOT / "backend" / "terraform" / "monitoring"
LOCAL_STATE = 'terraform {\n  backend "local" {}\n}\n'
SECRETS = {
    "TF_VAR_slack_token": "planted-slack-token",
    "TF_VAR_pagerduty_service_keys": json.dumps(
        {name: f"planted-key-of-{name}" for name in ("security", "engineering", "learning")}
    ),
}


def printed_by(script: str) -> str:
    """The last line that one of our scripts prints."""
    done = subprocess.run(
        [ROOT / "scripts" / script], check=True, stdout=subprocess.PIPE, text=True
    )
    return done.stdout.strip().rpartition("\n")[2]


class Workshop:
    """One copy, initialised, with what the cloud would have been told in ``told``."""

    def __init__(self, folder: Path, terraform: str, settings: str) -> None:
        """Copy and initialise."""
        shutil.copytree(ROOT / "backend" / "terraform", folder / "backend" / "terraform")
        shutil.copytree(ROOT / "backend" / "monitoring", folder / "backend" / "monitoring")
        self.monitoring = folder / "backend" / "monitoring"
        self.folder = folder / "backend" / "terraform" / "monitoring"
        (self.folder / "backend_override.tf").write_text(LOCAL_STATE)
        self._log = folder / "told.jsonl"
        self._terraform = terraform
        kept = {name: value for name, value in os.environ.items() if not name.startswith("TF_")}
        self._environment = kept | {
            "TF_CLI_CONFIG_FILE": settings,
            "TF_IN_AUTOMATION": "1",
            "GOOGLE_STANDIN_LOG": str(self._log),
        }
        self.run("init", "-input=false")

    def run(self, *arguments: str, ends: int = 0, secrets: bool = True) -> str:
        """What Terraform printed; it must have ended with ``ends``."""
        done = subprocess.run(
            [self._terraform, *arguments],
            cwd=self.folder,
            env=self._environment | (SECRETS if secrets else {}),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == ends, f"terraform {' '.join(arguments)}: {done.stdout}"
        return done.stdout

    def plan(self, environment: str, *more: str, ends: int = 0) -> str:
        """A plan of this environment, kept in the file ``plan``; what Terraform printed."""
        return self.run(
            "plan",
            "-no-color",
            "-input=false",
            f"-var-file=environments/{environment}.tfvars",
            "-out=plan",
            *more,
            ends=ends,
        )

    def shown(self, *what: str) -> dict[str, Any]:
        """The state, or the plan in ``what``, as JSON."""
        return json.loads(self.run("show", "-json", *what))

    def told(self) -> list[dict[str, Any]]:
        """What the cloud was told, in its order."""
        return [json.loads(line) for line in self._log.read_text().splitlines()]


def values_of(shown: dict[str, Any], type_name: str) -> dict[str, dict[str, Any]]:
    """The values of each resource of this type, by its key; a lone one by its name."""
    module = (shown.get("values") or shown["planned_values"])["root_module"]
    return {
        str(one.get("index", one["name"])): one["values"]
        for one in module["resources"]
        if one["type"] == type_name
    }
