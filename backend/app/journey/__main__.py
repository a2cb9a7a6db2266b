"""The command ``python -m app.journey``: go a pupil's way once, or every few minutes.

    python -m app.journey --base-url https://api.vividly.example
    python -m app.journey --base-url https://api.vividly.example --every 300

``JOURNEY_EMAIL`` and ``JOURNEY_PASSWORD`` are the account, made once by hand; they are never
on the command line, where every user of a machine can read them. Each step is a line: well or
ill, of which kind, and its time; no address, token or answer. Exit status: 0 well, or told to
stop where it goes on for ever; 1 a step was ill, or was cut short; 2 wrong use; 3 nobody answers.
"""

import argparse
import asyncio
import os
import random
import sys
from collections.abc import Sequence
from typing import Final
from urllib.parse import urlsplit

from app.core.config import ConfigurationError
from app.development import FOLDER, prepare
from app.journey.probe import Probe, Record, Rounds
from app.journey.settings import ProbeSettings
from app.journey.telling import in_words
from app.journey.walk import Limits
from tocsin.clock import SystemClock
from tocsin.health.history import History

MOST_EVERY_S: Final = 300.0
"""JourneyFailing rings when two walks within eleven minutes were ill."""
_WRONG_USE: Final = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Go, and return the exit status."""
    rounds = _chosen(arguments)
    try:
        prepare(os.environ, FOLDER)
        settings = ProbeSettings.load()
        return asyncio.run(_run(settings, rounds))
    except ConfigurationError as error:
        for line in error.lines:
            _say(f"vividly: {line}")
        return _WRONG_USE


async def _run(settings: ProbeSettings, rounds: Rounds) -> int:
    probe = Probe(
        settings,
        rounds,
        clock=SystemClock(),
        chance=random.Random(),  # noqa: S311 - no secret
        say=lambda taken: _say(in_words(taken)),
        record=_record(settings),
    )
    return await probe.run()


def _record(settings: ProbeSettings) -> Record | None:
    folder = settings.status_history_folder
    return History(folder).record if folder is not None else None


def _chosen(arguments: Sequence[str] | None) -> Rounds:
    parser = argparse.ArgumentParser(
        prog="python -m app.journey", description="A pupil's way, gone once or every few minutes"
    )
    parser.add_argument(
        "--base-url", "--url", dest="url", required=True, metavar="URL", help="where the API is"
    )
    parser.add_argument("--every", type=float, metavar="SECONDS", help="again and again")
    parser.add_argument("--lesson-within", type=float, default=Limits().lesson_s, metavar="SECONDS")
    chosen = parser.parse_args(arguments)
    if not _is_plain(chosen.url):
        # Not shown: it may hold a password.
        parser.error("--base-url: write https://host or http://host:port, and nothing else")
    if chosen.every is not None and not 1 <= chosen.every <= MOST_EVERY_S:
        parser.error(f"--every: from 1 to {MOST_EVERY_S:.0f}, or JourneyFailing cannot count")
    if not 0 < chosen.lesson_within <= Limits().lesson_s:
        parser.error(f"--lesson-within: more than 0, and {Limits().lesson_s:.0f} at most")
    limits = Limits(lesson_s=chosen.lesson_within)
    return Rounds(url=chosen.url, every_s=chosen.every, limits=limits)


def _is_plain(url: str) -> bool:
    try:
        parts = urlsplit(url)
        has_host = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
    return has_host and not (parts.username or parts.password or parts.query or parts.fragment)


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)  # noqa: T201 - this is for the person


if __name__ == "__main__":
    sys.exit(main())
