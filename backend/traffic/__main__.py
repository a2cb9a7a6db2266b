"""The command behind `make traffic`: a school morning for a given time.

    python -m traffic --url http://127.0.0.1:8000 --seconds 60 --pupils 12

Ends with 0 when every answer was in order, 1 when the service failed or was not there,
2 on wrong use.
"""

import argparse
import asyncio
import secrets
import sys
import time
from collections.abc import Coroutine
from random import Random
from typing import Any

import httpx

from traffic.client import Visitor, loopback_addresses_work
from traffic.school import Pupil, guess_passwords, probe, scan
from traffic.tally import Tally

PUPILS_PER_SCHOOL = 4


def arguments(argv: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="traffic", description=__doc__.partition("\n")[0])
    parser.add_argument("--url", default="http://127.0.0.1:8000")
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--pupils", type=int, default=12)
    parser.add_argument("--pace", type=float, default=1.0, help="2 lives twice as fast")
    parser.add_argument("--seed", type=int, default=None, help="repeat one morning")
    asked = parser.parse_args(argv)
    if asked.seconds <= 0 or asked.pupils < 1 or asked.pace <= 0:
        parser.error("--seconds and --pace must be above 0, --pupils at least 1")
    return asked


class Morning:
    """Everybody who comes, each from an address of their own school or home."""

    def __init__(self, asked: argparse.Namespace, random: Random) -> None:
        self.asked = asked
        self.random = random
        self.tally = Tally()
        self.many_addresses = loopback_addresses_work()
        self.visitors: list[Visitor] = []
        self.run_name = f"{random.getrandbits(32):08x}"

    def visitor(self, address: str) -> Visitor:
        """Somebody new, from this address where the machine allows it."""
        chosen = address if self.many_addresses and "127.0.0.1" in self.asked.url else None
        visitor = Visitor(self.asked.url, chosen, self.tally, time.monotonic)
        self.visitors.append(visitor)
        return visitor

    def everybody(self) -> list[Coroutine[Any, Any, None]]:
        """What each of them does, until cancelled."""
        pace = self.asked.pace
        pupils = [self._pupil(number) for number in range(self.asked.pupils)]
        return [
            *(pupil.live() for pupil in pupils),
            guess_passwords(self.visitor("127.66.0.1"), self.random, pupils[0].email, pace),
            scan(self.visitor("127.66.0.2"), self.random, pace),
            probe(self.visitor("127.0.0.1"), pace),
        ]

    def _pupil(self, number: int) -> Pupil:
        school = 1 + number // PUPILS_PER_SCHOOL
        return Pupil(
            visitor=self.visitor(f"127.1.{school // 250}.{1 + school % 250}"),
            tally=self.tally,
            random=Random(self.random.getrandbits(64)),  # noqa: S311 - a morning, not a secret
            email=f"pupil-{number}-{self.run_name}@school.example",
            password=f"Lesson-{secrets.token_hex(6)}1",
            pace=self.asked.pace,
        )


def say(text: str) -> None:
    """Talk to the person; what the command found goes to standard output."""
    print(text, file=sys.stderr)


def is_there(url: str) -> bool:
    """Whether anything answers at ``url``."""
    try:
        httpx.get(f"{url}/health", timeout=5.0)
    except httpx.TransportError:
        return False
    return True


async def report(tally: Tally, began_s: float) -> None:
    """Tell the tally: on a terminal in one line that changes, else every ten seconds."""
    live = sys.stderr.isatty()
    while True:
        await asyncio.sleep(1 if live else 10)
        line = tally.line(time.monotonic() - began_s)
        print(
            f"\r{line}\x1b[K" if live else line,
            end="" if live else "\n",
            file=sys.stderr,
            flush=True,
        )


async def morning(asked: argparse.Namespace) -> Tally:
    """Let everybody come for the given time."""
    seed = asked.seed if asked.seed is not None else secrets.randbits(32)
    scene = Morning(asked, Random(seed))  # noqa: S311 - a morning, not a secret
    say(f"{asked.pupils} pupils, {asked.seconds:.0f} s, against {asked.url} (--seed {seed})")
    began_s = time.monotonic()
    everything = [*scene.everybody(), report(scene.tally, began_s)]
    tasks = [asyncio.create_task(one) for one in everything]
    try:
        done, _ = await asyncio.wait(
            tasks, timeout=asked.seconds, return_when=asyncio.FIRST_EXCEPTION
        )
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for visitor in scene.visitors:
            await visitor.close()
    return scene.tally


def main() -> int:
    """Run the morning and tell how it went."""
    asked = arguments()
    began_s = time.monotonic()
    if not is_there(asked.url):
        say(f"Nobody answers at {asked.url}: is the service up? `make run` starts it.")
        return 1
    try:
        tally = asyncio.run(morning(asked))
    except KeyboardInterrupt:
        return 130
    say(f"\n{tally.line(max(time.monotonic() - began_s, 1e-9))}")
    for status, count in sorted(tally.statuses.items()):
        print(f"{status}  {count}")
    for outcome, count in sorted(tally.outcomes.items()):
        print(f"{outcome}  {count}")
    return int(bool(tally.server_errors) or bool(tally.unreachable))


if __name__ == "__main__":
    sys.exit(main())
