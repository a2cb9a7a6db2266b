"""Google's clients are pointed at one place, and never at the wrong one."""

import pytest

from tocsin.errors import DeclarationError
from tocsin.telemetry.exporters.google import GoogleEndpoint, missing


def test_there_is_no_default_project():
    """Without a project nothing is made: prod once wrote into dev (D10)."""
    with pytest.raises(DeclarationError, match="no default"):
        GoogleEndpoint(project="")


@pytest.mark.parametrize("address", ["10.0.0.8:80", "telemetry.example.org:443", "8085"])
def test_nothing_leaves_the_machine_in_the_open(address):
    """An insecure endpoint is one of this machine, or none."""
    with pytest.raises(DeclarationError, match=r"127\.0\.0\.1"):
        GoogleEndpoint(project="p", address=address, insecure=True)


@pytest.mark.parametrize("address", ["127.0.0.1:80", "[::1]:80", "localhost:80"])
def test_this_machine_may_be_spoken_to_plainly(address):
    """A rehearsal cloud needs no certificate."""
    assert GoogleEndpoint(project="p", address=address, insecure=True).is_local


def test_a_missing_library_says_what_to_install():
    """The extra to install stands in the error."""
    error = missing("gcp", ImportError(name="grpc"))

    assert str(error) == 'grpc is not installed: pip install "tocsin[gcp]"'
