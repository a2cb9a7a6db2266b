"""A small service behind the real guards: what they protect is made up, they are not.

Its sign-in takes any account with the password ``right`` and asks the guards in the order
in which the real one does; its other endpoints only count how often they ran. Passwords
are compared instead of hashed, so that a school's bell minute takes seconds.
"""

from collections import Counter
from dataclasses import replace
from typing import Any

import httpx
from fastapi import FastAPI, Request
from fastapi.responses import StreamingResponse
from starlette.middleware.cors import CORSMiddleware

from app.api import problems
from app.api.refusals import too_many_requests
from app.core.config import Settings
from app.core.metrics import metrics_client
from app.middleware.security import add_rate_limits, security_headers
from app.services.protection.assembly import Protection
from app.services.protection.limits import Limits
from app.services.protection.windows import Windows
from app.services.tokens import TokenMint
from tocsin.clock import Clock
from tocsin.telemetry.identity import Pseudonyms

HERE = "192.0.2.7"
LOGIN = "/api/v1/auth/login"
RIGHT = "right"


class GuardedService:
    """The service, its guards, and how often each endpoint ran."""

    def __init__(self, settings: Settings, clock: Clock, *, windows: Windows | None = None) -> None:
        self.pseudonyms = Pseudonyms(settings.telemetry_key.get_secret_value().encode())
        self.protection = Protection.build(settings, pseudonyms=self.pseudonyms, clock=clock)
        if windows is not None:
            rules = self.protection.limits.rules
            limits = Limits(rules, windows, self.pseudonyms, clock)
            self.protection = replace(self.protection, limits=limits)
        self.tokens = TokenMint(
            settings.secret_key.get_secret_value(),
            clock=clock,
            access_token_s=settings.access_token_s,
        )
        self.ran: Counter[str] = Counter()
        self.app = self._enclosed(settings, clock)

    def client(self, address: str = HERE, **headers: str) -> httpx.AsyncClient:
        """A browser at ``address``."""
        transport = httpx.ASGITransport(
            app=self.app, client=(address, 50_000), raise_app_exceptions=False
        )
        return httpx.AsyncClient(transport=transport, base_url="http://testserver", headers=headers)

    def bearer(self, user_id: str) -> str:
        """An Authorization header of that account."""
        return f"Bearer {self.tokens.access_token(user_id=user_id, session_id='s-' + user_id)}"

    def _enclosed(self, settings: Settings, clock: Clock) -> FastAPI:
        app = FastAPI(docs_url="/docs")
        problems.install(app)
        self._add_routes(app)
        add_rate_limits(
            app, self.protection, tokens=self.tokens, refuse=too_many_requests, clock=clock
        )
        app.add_middleware(CORSMiddleware, allow_origins=["https://vividly.example"])
        build, headers = app.build_middleware_stack, security_headers(app, settings)
        app.build_middleware_stack = lambda: headers(build())  # type: ignore[method-assign]
        return app

    def _add_routes(self, app: FastAPI) -> None:
        @app.post(LOGIN)
        async def login(request: Request) -> dict[str, str]:
            body = await request.json()
            await self._sign_in(request.state.client, body["email"], body["password"])
            return {"signed": "in"}

        @app.get("/api/v1/content/requests/{request_id}")
        async def status(request_id: str) -> dict[str, str]:
            self.ran["status"] += 1
            return {"status": request_id}

        @app.get("/api/v1/boom")
        async def boom() -> None:
            self.ran["boom"] += 1
            raise ZeroDivisionError

        @app.get("/api/v1/stream")
        async def stream() -> StreamingResponse:
            return StreamingResponse(iter(["one", "two"]), headers={"cache-control": "private"})

        # Two addresses of their own for tests that count, because metrics outlive a test.
        @app.get("/api/v1/counted/{number}")
        async def counted(number: int) -> dict[str, int]:
            return {"number": number}

        @app.get("/api/v1/always-locked")
        async def always_locked() -> None:
            raise problems.Problem.of_status(429, headers={"Retry-After": "300"})

    async def _sign_in(self, client: str, email: str, password: str) -> None:
        self.ran["login"] += 1
        lockouts = self.protection.lockouts
        await self.protection.limits.check_account("auth.login", client, email)
        wait_s = await lockouts.locked_for_s(client, email)
        if wait_s:
            headers = {"Retry-After": str(wait_s)}
            raise problems.Problem.of_status(429, headers=headers)
        self.ran["password"] += 1
        if password != RIGHT:
            await lockouts.failed(client, email)
            raise problems.Problem.of_status(401)
        await lockouts.succeeded(client, email)


async def sign_in(
    browser: httpx.AsyncClient, email: str, password: str = RIGHT, **headers: Any
) -> httpx.Response:
    """Try to sign in."""
    return await browser.post(LOGIN, json={"email": email, "password": password}, headers=headers)


def counted(instrument: Any, **labels: str) -> float:
    """What was counted under these labels, by whomever: a client's own series or `other`.

    Events of series that gave up their seat meanwhile count too, where no label is asked for.
    """
    displaced = metrics_client.self_metrics.displaced
    return float(
        sum(
            sample.value
            for metric in instrument.collect()
            for sample in metric.samples
            if sample.name.endswith(("_total", "_count"))
            and labels.items() <= sample.labels.items()
        )
    ) + (0.0 if labels else displaced.value(metric=instrument.name))
