"""The command ``python -m app.journey``: go a pupil's way once, or every few minutes.

    python -m app.journey --url https://api.vividly.example
    python -m app.journey --url https://api.vividly.example --every 300

The alarm JourneyFailing asks for the rise of a counter, so it needs the second form: a process
that walks once has no value before its own. A walk makes a real lesson, so an account of its own
for each environment keeps them out of any pupil's list; every five minutes is 288 a day.

``JOURNEY_EMAIL`` and ``JOURNEY_PASSWORD`` are the account, made once by hand; they are never
on the command line, where every user of a machine can read them. Exit status: 0 well (or told
to stop), 1 a step was ill, 2 a setting is missing or wrong, 3 nobody answers.
"""

import argparse
import asyncio
import os
import random
import signal
import sys
from collections.abc import Awaitable, Sequence

import httpx

from app.__main__ import FOLDER, WRONG_USE
from app.composition import Services, compose
from app.core.config import ConfigurationError, Settings
from app.development import prepare
from app.journey.telling import exit_status, in_words, told
from app.journey.walk import Account, Limits, Taken, walked
from app.lifespan import end_telemetry
from tocsin.clock import SystemClock

_AGENT = "vividly-journey"
_JITTER = 0.1


def main(arguments: Sequence[str] | None = None) -> int:
    """Go, and return the exit status."""
    chosen = _chosen(arguments)
    try:
        prepare(os.environ, FOLDER)
        settings = Settings.load()
        account = _account(settings)
    except ConfigurationError as error:
        for line in error.lines:
            _say(f"vividly: {line}")
        return WRONG_USE
    return asyncio.run(_run(settings, account, chosen))


async def _run(settings: Settings, account: Account, chosen: argparse.Namespace) -> int:
    services = compose(settings, clock=SystemClock())
    services.telemetry.install()
    stop = asyncio.Event()
    for one in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(one, stop.set)
    try:
        services.exporting.start()
        limits = Limits(lesson_s=chosen.lesson_within)
        if chosen.every is None:
            return exit_status(await _unless(stop, _once(services, account, chosen.url, limits)))
        while not stop.is_set():
            await _unless(stop, _once(services, account, chosen.url, limits))
            # Probes that all start with a deploy would else knock in the same second for ever.
            pause_s = chosen.every * random.uniform(1 - _JITTER, 1 + _JITTER)  # noqa: S311 - no secret
            await _unless(stop, asyncio.sleep(pause_s, list[Taken]()))
        return 0
    finally:
        await services.database.close()
        end_telemetry(services, outlived_by_server=True)


async def _once(services: Services, account: Account, url: str, limits: Limits) -> list[Taken]:
    steps = []
    async with httpx.AsyncClient(base_url=url, headers={"user-agent": _AGENT}) as http:
        async for taken in walked(http, account, clock=services.clock, limits=limits):
            steps.append(told(taken))
            _say(in_words(taken))
    return steps


async def _unless(stop: asyncio.Event, work: Awaitable[list[Taken]]) -> list[Taken]:
    """What ``work`` comes to; nothing if it is told to stop before."""
    working, stopped = asyncio.ensure_future(work), asyncio.ensure_future(stop.wait())
    await asyncio.wait({working, stopped}, return_when=asyncio.FIRST_COMPLETED)
    stopped.cancel()
    if working.done():
        return working.result()
    working.cancel()
    await asyncio.wait({working})
    return []


def _account(settings: Settings) -> Account:
    password = settings.journey_password.get_secret_value() if settings.journey_password else ""
    if not settings.journey_email or not password:
        line = (
            "JOURNEY_EMAIL, JOURNEY_PASSWORD: the account that the journey signs in with is missing"
        )
        raise ConfigurationError([f"{line}: register one for it, and set both"])
    return Account(settings.journey_email, password)


def _chosen(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m app.journey", description="A pupil's way, gone once or every few minutes"
    )
    parser.add_argument("--url", required=True, help="where the API answers")
    parser.add_argument("--every", type=float, metavar="SECONDS", help="again and again")
    parser.add_argument("--lesson-within", type=float, default=Limits().lesson_s, metavar="SECONDS")
    chosen = parser.parse_args(arguments)
    if not chosen.url.startswith(("http://", "https://")):
        parser.error(f"--url {chosen.url}: begins with https:// or http://")
    if chosen.every is not None and chosen.every < 1:
        parser.error(f"--every {chosen.every:g}: at least a second")
    return chosen


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)  # noqa: T201 - this is for the person


if __name__ == "__main__":
    sys.exit(main())
