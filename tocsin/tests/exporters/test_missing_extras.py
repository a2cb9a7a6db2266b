"""A service without an extra runs; one that asks for it is told what to install."""

import subprocess
import sys

import pytest

WITHOUT = """
import sys
for name in {blocked!r}:
    sys.modules[name] = None
import tocsin.telemetry.assembly
import tocsin.telemetry.testing.captured
try:
    import {module}
except Exception as error:
    print(type(error).__name__, error)
"""
GOOGLE = ("google", "google.cloud", "google.api_core", "google.api_core.exceptions", "grpc")
HERE = "tocsin.telemetry.exporters."


@pytest.mark.servers
@pytest.mark.parametrize(
    ("module", "blocked", "extra"),
    [
        (HERE + "cloud_logging", GOOGLE, "gcp"),
        (HERE + "error_reporting", GOOGLE, "gcp"),
        (HERE + "sentry", ("sentry_sdk",), "sentry"),
    ],
)
def test_a_missing_library_is_named_with_the_extra_that_brings_it(module, blocked, extra):
    """Errors, logs and middleware import without it (D30, D68)."""
    program = WITHOUT.format(module=module, blocked=blocked)

    told = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True
    )

    assert told.stdout.startswith("DeclarationError ")
    assert f'pip install "tocsin[{extra}]"' in told.stdout
