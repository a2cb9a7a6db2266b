"""``gcloud`` as a client of the rehearsal cloud, without an account."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tocsin.rehearsal.cloud.running import RunningCloud

APIS = ("MONITORING", "LOGGING", "CLOUDERRORREPORTING", "SERVICEUSAGE")
PATIENT_S = 110


def program() -> str:
    """The path of ``gcloud``; without it the test is left out, and says why."""
    found = shutil.which("gcloud")
    if found is None:
        pytest.skip(
            "gcloud is not on the path: it is in no package registry (not PyPI, not Debian), "
            "install it from https://cloud.google.com/sdk/docs/install to run this test"
        )
    return found


class Gcloud:
    """Runs commands against one cloud, with a configuration folder of its own."""

    def __init__(self, cloud: RunningCloud, folder: Path) -> None:
        self._program = program()
        self._folder = folder
        self._environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "CLOUDSDK_CONFIG": str(folder / "gcloud"),
            "CLOUDSDK_AUTH_DISABLE_CREDENTIALS": "true",
            "CLOUDSDK_CORE_PROJECT": "demo-project",
            "CLOUDSDK_CORE_DISABLE_PROMPTS": "1",
            "CLOUDSDK_CORE_DISABLE_USAGE_REPORTING": "true",
            "CLOUDSDK_COMPONENT_MANAGER_DISABLE_UPDATE_CHECK": "true",
            **{f"CLOUDSDK_API_ENDPOINT_OVERRIDES_{api}": f"{cloud.http_url}/" for api in APIS},
        }

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """One command, whatever comes of it."""
        return subprocess.run(
            [self._program, *words, "--format=json"],
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=PATIENT_S,
            check=False,
        )

    def get(self, *words: str):
        """What a command that succeeds prints, read as JSON."""
        done = self.run(*words)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout or "null")

    def file(self, name: str, content: object) -> str:
        """The path of a file with this JSON."""
        path = self._folder / name
        path.write_text(json.dumps(content))
        return str(path)
