"""``tocsin cloud``: the rehearsal cloud as a program, until SIGTERM or Ctrl-C.

It answers whoever reaches it, without asking who they are: an address that is not this
machine's own must be allowed explicitly. How to use it stands in ``tocsin/docs/cloud.md``.

>>> parsed_fault("unavailable:CreateTimeSeries:3")
WantedFault(kind='unavailable', on='CreateTimeSeries', times=3, seconds=0.0)
"""

import argparse
import signal
import sqlite3
import sys
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Any, Final

from tocsin.errors import DeclarationError

if TYPE_CHECKING:
    from tocsin.rehearsal.cloud.running import RunningCloud


_LAST_PORT: Final = 65_535


@dataclass(frozen=True)
class WantedFault:
    """A fault from the command line; ``times`` 0 is for ever."""

    kind: str
    on: str = "*"
    times: int = 0
    seconds: float = 0.0


def add_to(commands: Any) -> None:
    """Declare the subcommand."""
    parser = commands.add_parser(
        "cloud", help="a small Google Cloud that refuses what Google refuses"
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (%(default)s)")
    parser.add_argument("--port", type=int, default=8085, help="HTTP: REST, page (%(default)s)")
    parser.add_argument("--grpc-port", type=int, default=8086, help="gRPC (%(default)s)")
    parser.add_argument("--data-dir", type=Path, help="keep what is received in this folder")
    parser.add_argument(
        "--without", nargs="+", default=[], metavar="RULE", help="rules that shall not hold"
    )
    parser.add_argument(
        "--faults",
        nargs="+",
        default=[],
        metavar="FAULT",
        help="KIND[:METHOD[:TIMES[:SECONDS]]], for example unavailable:CreateTimeSeries:3",
    )
    parser.add_argument(
        "--prometheus",
        choices=("auto", "off"),
        default="auto",
        help="answer PromQL by a real Prometheus, where one is installed (%(default)s)",
    )
    parser.add_argument(
        "--allow-remote", action="store_true", help="listen on an address that others reach"
    )
    parser.set_defaults(run=run)


def run(chosen: argparse.Namespace) -> int:
    """Serve until told to stop.

    Raises:
        DeclarationError: what was asked for cannot be.
    """
    _refuse_strangers(chosen)
    _refuse_no_ports(chosen.port, chosen.grpc_port)
    wanted = [parsed_fault(text) for text in chosen.faults]
    running = _made(chosen)
    stop = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    try:
        with running:
            _ask(running, wanted)
            sys.stdout.write(_banner(running, chosen))
            sys.stdout.flush()
            stop.wait()
    except OSError as error:
        what = f"use {error.filename}" if error.filename else "listen"
        raise DeclarationError(f"cannot {what}: {error.strerror or error}") from error
    except sqlite3.DatabaseError as error:
        raise DeclarationError(
            f"cannot use {chosen.data_dir}: {error} (a cloud has its folder for itself)"
        ) from error
    return 0


def parsed_fault(text: str) -> WantedFault:
    """What ``KIND[:METHOD[:TIMES[:SECONDS]]]`` says.

    Raises:
        DeclarationError: it says nothing that can be done.
    """
    kind, *rest = text.split(":")
    try:
        on, times, seconds = [*rest, *("*", "0", "0")[len(rest) :]]
        return WantedFault(kind, on, int(times), float(seconds))
    except ValueError as error:
        raise DeclarationError(
            f"--faults {text!r} is not KIND[:METHOD[:TIMES[:SECONDS]]], "
            "for example unavailable:CreateTimeSeries:3"
        ) from error


def _refuse_strangers(chosen: argparse.Namespace) -> None:
    try:
        local = chosen.host == "localhost" or ip_address(chosen.host).is_loopback
    except ValueError as error:
        raise DeclarationError(f"--host {chosen.host!r} is no IP address") from error
    if not local and not chosen.allow_remote:
        raise DeclarationError(
            f"--host {chosen.host} lets other machines in, and this cloud asks nobody who they "
            "are: add --allow-remote if that is meant"
        )


def _refuse_no_ports(*ports: int) -> None:
    for port in ports:
        if not 0 <= port <= _LAST_PORT:
            raise DeclarationError(f"{port} is no port: they go from 0 (any) to {_LAST_PORT}")


def _made(chosen: argparse.Namespace) -> "RunningCloud":
    try:
        from tocsin.rehearsal.cloud.all_rules import RULES  # noqa: PLC0415 - an extra
        from tocsin.rehearsal.cloud.running import RunningCloud  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise DeclarationError(
            f'the cloud needs {error.name}: pip install "tocsin[rehearsal]"'
        ) from error
    unknown = set(chosen.without) - {rule.name for rule in RULES}
    if unknown:
        raise DeclarationError(
            f"--without names no rule of this cloud: {', '.join(sorted(unknown))}; "
            "tocsin/docs/cloud-rules.md lists them"
        )
    return RunningCloud(
        without=chosen.without,
        data_dir=chosen.data_dir,
        prometheus=chosen.prometheus,
        host=chosen.host,
        http_port=chosen.port,
        grpc_port=chosen.grpc_port,
    )


def _ask(running: "RunningCloud", wanted: list[WantedFault]) -> None:
    for fault in wanted:
        times = {"times": fault.times} if fault.times else {}
        try:
            running.faults.ask(fault.kind, on=fault.on, seconds=fault.seconds, **times)
        except ValueError as error:
            raise DeclarationError(f"--faults: {error}") from error


def _banner(running: "RunningCloud", chosen: argparse.Namespace) -> str:
    kept = f"kept in {chosen.data_dir}" if chosen.data_dir else "kept in memory only"
    faults = f"  faults   {', '.join(chosen.faults)}\n" if chosen.faults else ""
    without = f"  without  {', '.join(chosen.without)}\n" if chosen.without else ""
    return (
        "A small Google Cloud is open. Ctrl-C stops it.\n"
        f"  page     {running.http_url}/\n"
        f"  REST     {running.http_url}\n"
        f"  gRPC     {running.grpc_address} (without TLS)\n"
        f"  received {kept}\n{faults}{without}"
    )
