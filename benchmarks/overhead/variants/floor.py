"""FastAPI alone, and the least that any middleware costs."""

from overhead.service import service
from overhead.variant import Built


class PassOn:
    def __init__(self, app):
        self.app = app

    async def __call__(self, scope, receive, send):
        await self.app(scope, receive, send)


class PassOnSend:
    def __init__(self, app):
        self.app = app

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def passed_on(message):
            await send(message)

        await self.app(scope, receive, passed_on)


def build_bare() -> Built:
    return Built(service())


build_bare_2 = build_bare


def build_asgi_noop() -> Built:
    app = service()
    app.add_middleware(PassOn)
    return Built(app)


def build_asgi_noop_send() -> Built:
    app = service()
    app.add_middleware(PassOnSend)
    return Built(app)
