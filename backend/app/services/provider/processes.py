r"""Runs a helper program without letting it outlive, outgrow or outrun us.

The child gets a session of its own, so that it is stopped with all its children; it is
niced, so that answering requests comes first; it gets an environment without our
secrets; what it prints is kept up to a bound.

>>> asyncio.run(run_program([sys.executable, "-c", "print(input())"], b"hello"))
b'hello\n'
"""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import PurePath

from app.core.vocabulary import ErrorType
from app.services.provider.contract import ProviderError

_KEPT_BYTES = 65536
_NICENESS = 10
_PASSED_ON = ("PATH", "LANG", "LC_ALL", "TMPDIR", "HOME", "SYSTEMROOT")


async def run_program(command: Sequence[str], given: bytes = b"") -> bytes:
    """What a program prints, run to its end with ``given`` on its standard input.

    Raises:
        ProviderError: it could not be started or ended badly (provider_unavailable).
    """
    async with started(command) as process:
        output, errors = await process.communicate(given)
    if process.returncode:
        raise failed(command, process.returncode, errors)
    return output[:_KEPT_BYTES]


@asynccontextmanager
async def started(command: Sequence[str]) -> AsyncIterator[asyncio.subprocess.Process]:
    """A running program with all three pipes; at the block's end it is gone, whatever happened.

    Raises:
        ProviderError: the program could not be started (provider_unavailable).
    """
    try:
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=_environment(),
            start_new_session=True,
        )
    except OSError as error:
        raise ProviderError(
            ErrorType.PROVIDER_UNAVAILABLE,
            f"{PurePath(command[0]).name} cannot be started ({type(error).__name__}): "
            "is it installed?",
        ) from None
    # Gone already is as good as niced.
    with suppress(ProcessLookupError, PermissionError):
        os.setpriority(os.PRIO_PROCESS, process.pid, _NICENESS)
    try:
        yield process
    finally:
        await _stop(process)


def failed(command: Sequence[str], code: int, errors: bytes) -> ProviderError:
    """The error for a program that ended badly, with the last line that it printed."""
    last = errors[-_KEPT_BYTES:].decode("utf-8", "replace").strip().rpartition("\n")[2]
    return ProviderError(
        ErrorType.PROVIDER_UNAVAILABLE,
        f"{PurePath(command[0]).name} ended with code {code}: {last[:200]}",
    )


async def _stop(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    # Shielded: a cancelled stage must not leave a zombie behind.
    await asyncio.shield(process.wait())


def _environment() -> dict[str, str]:
    """No settings, no secrets; our own import path, for a child that runs our code."""
    passed_on = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    return passed_on | {"PYTHONPATH": os.pathsep.join(part for part in sys.path if part)}
