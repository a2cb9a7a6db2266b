"""The service under test: three small endpoints, the worst case for any ratio."""

from fastapi import FastAPI
from pydantic import BaseModel


class Echo(BaseModel):
    name: str
    qty: int
    tags: list[str] = []


async def ping():
    return {"ok": True, "service": "bench"}


async def item(item_id: str, q: str | None = None):
    return {"item_id": item_id, "q": q}


async def echo(payload: Echo):
    return {"name": payload.name, "qty": payload.qty, "tags": payload.tags}


def service() -> FastAPI:
    """A fresh application; every variant gets one of its own."""
    app = FastAPI()
    app.get("/ping")(ping)
    app.get("/items/{item_id}")(item)
    app.post("/echo")(echo)
    return app
