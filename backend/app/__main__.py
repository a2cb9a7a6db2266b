"""The command `python -m app`: run the service, migrate its database, work off its queue.

    python -m app run       the API with an embedded worker; in development migrates first,
                            and has a small Google Cloud beside it (REHEARSAL_CLOUD)
    python -m app migrate   bring the database to the newest shape
    python -m app worker    a worker without the API

Everything is told by environment variables (docs/SETTINGS.md). Ends with 0 after an
orderly stop, 2 when a setting, the port or the database does not permit the start: one
line on standard error says which, and how to mend it.
"""

import argparse
import asyncio
import os
import sys
from collections.abc import Coroutine, Sequence
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from app.banner import banner
from app.core.config import ConfigurationError, Settings
from app.core.database import Database
from app.development import FILE_NAME, FOLDER, prepare
from app.models.migrate import MigrationError, upgrade
from app.models.revision import require_current
from app.rehearsal import rehearsal_cloud, wanted_by
from tocsin.telemetry.settings import Environment

WRONG_USE = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Carry out one command and return its exit code."""
    act = {"run": run, "migrate": migrate, "worker": worker}[_command(arguments)]
    try:
        prepare(os.environ, FOLDER)
        return act(Settings.load())
    except ConfigurationError as error:
        for line in error.lines:
            _say(line)
        return WRONG_USE
    except KeyboardInterrupt:
        return 0


def run(settings: Settings) -> int:
    """Serve the API until told to stop; in development beside a cloud of its own."""
    is_development = settings.environment is Environment.DEVELOPMENT
    if not is_development or settings.rehearsal_cloud == "off" or not wanted_by(os.environ):
        return _serve(settings)
    kept = FOLDER / "cloud" / str(settings.port) if settings.port else None
    with rehearsal_cloud(kept, _say) as doors:
        doors.point(os.environ)
        return _serve(Settings.load(), cloud_page=doors.page)


def _serve(settings: Settings, *, cloud_page: str = "") -> int:
    # What only this command needs is loaded by it alone: `migrate` is a matter of moments.
    from app.serving import serve  # noqa: PLC0415 - see above

    if settings.environment is Environment.DEVELOPMENT:
        migrate(settings)
    else:
        _on_database(_look_at_tables(settings))
    return serve(settings, lambda address: _announce(settings, address, cloud_page))


def migrate(settings: Settings) -> int:
    """Bring the database to the newest shape."""
    _on_database(upgrade(settings.database_url))
    return 0


def worker(settings: Settings) -> int:
    """Work off the queue until told to stop."""
    from app.working import work  # noqa: PLC0415 - as in run()

    _on_database(_look_at_tables(settings))
    asyncio.run(work(settings))
    return 0


def _command(arguments: Sequence[str] | None) -> str:
    parser = argparse.ArgumentParser(
        prog="python -m app",
        description="Vividly's API",
        epilog="Settings are environment variables: see docs/SETTINGS.md.",
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    commands.add_parser("run", help="serve the API; in development with all it needs")
    commands.add_parser("migrate", help="bring the database to the newest shape")
    commands.add_parser("worker", help="work off the queue, without the API")
    return str(parser.parse_args(arguments).command)


def _on_database(work: Coroutine[Any, Any, object]) -> None:
    try:
        asyncio.run(work)
    except MigrationError as error:
        raise ConfigurationError([f"DATABASE_URL: {error}"]) from None
    except (OSError, SQLAlchemyError) as error:
        # The error's text may hold the address, and with it a password.
        line = (
            f"DATABASE_URL: the database cannot be opened ({type(error).__name__}): "
            "see that it runs, that the address is right and that its folder is writable"
        )
        raise ConfigurationError([line]) from None


async def _look_at_tables(settings: Settings) -> None:
    database = Database(settings)
    try:
        await require_current(database)
    finally:
        await database.close()


def _announce(settings: Settings, address: str, cloud_page: str) -> None:
    on_terminal = sys.stderr.isatty()
    in_colour = on_terminal and "NO_COLOR" not in os.environ
    file = str(FOLDER / FILE_NAME)
    text = banner(
        settings,
        address,
        file,
        cloud_page=cloud_page,
        on_terminal=on_terminal,
        in_colour=in_colour,
    )
    print(text, file=sys.stderr, flush=True)  # noqa: T201 - this is for the person


def _say(line: str) -> None:
    print(f"vividly: {line}", file=sys.stderr)  # noqa: T201 - this is for the person


if __name__ == "__main__":
    sys.exit(main())
