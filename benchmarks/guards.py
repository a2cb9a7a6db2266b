"""What the guards cost an allowed anonymous request, in memory mode, without a server.

    cd benchmarks && PYTHONPATH=../backend:../tocsin/src ../.venv/bin/python guards.py

One empty ASGI application in turns: bare, bare again (the control: what this bench cannot
tell apart), behind the security headers, behind headers and rate limits. Thirty clients
take turns, then a thousand, each with a window of its own: of a thousand that are equally
busy most have no series of their own in the metrics, and finding that out costs more.
CPU time of this process; medians over the rounds.
"""

import asyncio
import gc
import statistics
import time

from fastapi import FastAPI
from starlette.types import ASGIApp, Receive, Scope, Send

from app.api.refusals import too_many_requests
from app.core.config import Settings
from app.middleware.rate_limits import RateLimitMiddleware
from app.middleware.security import security_headers
from app.services.protection.assembly import Protection
from tocsin.clock import SystemClock
from tocsin.telemetry.identity import Pseudonyms
from tocsin.telemetry.routes import RouteTable

ROUNDS = 40
REQUESTS = 2_000
CLIENTS = (30, 1_000)
GENEROUS = {"reads.per_client": "100000/minute"}
HEADERS = [
    (b"host", b"api.vividly.example"),
    (b"user-agent", b"Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101 Firefox/140.0"),
    (b"accept", b"application/json"),
    (b"accept-encoding", b"gzip, deflate, br"),
]
ANSWER = [(b"content-type", b"application/json"), (b"content-length", b"2")]


async def bare(_scope: Scope, _receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": ANSWER})
    await send({"type": "http.response.body", "body": b"{}"})


async def sink(_message):
    return None


def variants() -> dict[str, ASGIApp]:
    settings = Settings.load(
        environment="staging",
        secret_key="s" * 32,
        telemetry_key="t" * 32,
        rate_limits=GENEROUS,
    )
    clock = SystemClock()
    pseudonyms = Pseudonyms(b"t" * 32)
    protection = Protection.build(settings, pseudonyms=pseudonyms, clock=clock)
    app = FastAPI()
    for number in range(20):
        app.add_api_route(f"/api/v1/room{number}/{{thing_id}}", lambda thing_id: thing_id)
    headers = security_headers(app, settings)
    limited = RateLimitMiddleware(
        bare,
        limits=protection.limits,
        clients=protection.clients,
        template=RouteTable(app).template,
        owner=lambda _scope: "",
        refuse=too_many_requests,
        clock=clock,
    )
    return {
        "bare": bare,
        "bare again": bare,
        "headers": headers(bare),
        "headers and limits": headers(limited),
    }


async def round_us(app: ASGIApp, clients: int) -> float:
    scopes = [
        {
            "type": "http",
            "method": "GET",
            "path": "/api/v1/room7/42",
            "root_path": "",
            "headers": HEADERS,
            "client": (f"10.1.{number % clients >> 8}.{number % clients & 255}", 50_000),
        }
        for number in range(REQUESTS)
    ]
    started = time.process_time_ns()
    for scope in scopes:
        await app(scope, None, sink)
    return (time.process_time_ns() - started) / REQUESTS / 1000


async def compare(clients: int) -> None:
    apps = variants()
    found: dict[str, list[float]] = {name: [] for name in apps}
    for _ in range(ROUNDS):
        for name, app in apps.items():
            found[name].append(await round_us(app, clients))
        gc.collect()
    control = statistics.median(found["bare"])
    for name, rounds in found.items():
        median, deciles = statistics.median(rounds), statistics.quantiles(rounds, n=10)
        print(
            f"{clients:5} clients  {name:20} {median:6.2f} us   over bare {median - control:6.2f}"
            f"   [{deciles[0]:.2f} .. {deciles[-1]:.2f}]"
        )


gc.disable()
for number_of_clients in CLIENTS:
    asyncio.run(compare(number_of_clients))
