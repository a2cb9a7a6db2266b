"""What `python -m app run` makes for itself when a developer has configured nothing.

Keys and the demo administrator's password are generated once, kept in
``var/development.env`` for this user's eyes alone and used again next time, so that
tokens and pseudonyms survive a restart. Nothing of it happens outside development: there
a missing setting stops the start.
"""

import ipaddress
import os
import secrets
from collections.abc import Mapping, MutableMapping
from pathlib import Path

from app.core.config import ConfigurationError
from tocsin.errors import DeclarationError
from tocsin.telemetry.settings import Environment

FOLDER = Path("var")
"""Where a run on this machine keeps what it makes."""
FILE_NAME = "development.env"
_SECRET_BYTES = 32
_PASSWORD_BYTES = 12
_MINE_ALONE = 0o600
_HEADING = (
    "# Made by `python -m app run` for development on this machine; delete it to make anew.\n"
)


def prepare(environ: MutableMapping[str, str], folder: Path) -> None:
    """Fill in what a development run lacks; ``environ`` as given always wins.

    Raises:
        ConfigurationError: ``folder`` cannot be used, or its file is not ours to read.
    """
    if not _is_development(environ):
        return
    environ["ENVIRONMENT"] = Environment.DEVELOPMENT.value
    try:
        kept = _kept(folder / FILE_NAME)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise ConfigurationError(
            [f"{folder}/: cannot be used: {reason.lower()}: make it a folder that you may write to"]
        ) from None
    for name, value in kept.items():
        if not environ.get(name):  # an empty variable counts as not set
            environ[name] = value


def _is_development(environ: Mapping[str, str]) -> bool:
    named = environ.get("ENVIRONMENT", "")
    if named:
        try:
            return Environment.parse(named) is Environment.DEVELOPMENT
        except DeclarationError:
            return False  # the settings say what is wrong with it
    # Generated keys and a demo account must never meet the world because one variable
    # was forgotten in a deployment.
    return _is_loopback(environ.get("HOST") or "127.0.0.1")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _kept(path: Path) -> dict[str, str]:
    """What the file holds, completed and written anew if something was missing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    known = _read(path)
    complete = _generated() | known
    if complete != known:
        _write(path, complete)
    path.chmod(_MINE_ALONE)
    return complete


def _generated() -> dict[str, str]:
    return {
        "SECRET_KEY": secrets.token_hex(_SECRET_BYTES),
        "TELEMETRY_KEY": secrets.token_hex(_SECRET_BYTES),
        # The prefix keeps every rule on passwords content: lower, upper, digit.
        "DEMO_ADMIN_PASSWORD": f"Demo-1{secrets.token_urlsafe(_PASSWORD_BYTES)}",
    }


def _read(path: Path) -> dict[str, str]:
    if not path.exists():
        return {}
    pairs = (line.partition("=") for line in path.read_text("utf-8", "replace").splitlines())
    return {name: value for name, _, value in pairs if name in _generated() and value}


def _write(path: Path, values: Mapping[str, str]) -> None:
    # Made with its final rights and moved into place whole: never readable by others,
    # never half there.
    draft = path.with_suffix(f".{os.getpid()}.tmp")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, _MINE_ALONE)
    with open(descriptor, "w", encoding="utf-8") as file:  # noqa: PTH123 - of a descriptor
        file.write(_HEADING)
        file.writelines(f"{name}={value}\n" for name, value in values.items())
    draft.replace(path)
