"""Where everything is found: health and metrics at the root, the API below /api/v1."""

from fastapi import APIRouter, FastAPI

from app.api.v1.endpoints import auth, content, health, metrics, monitoring

API: str = "/api/v1"


def add_routes(app: FastAPI) -> None:
    """Give ``app`` every endpoint of the service."""
    app.include_router(health.router)
    app.include_router(metrics.router)
    api = APIRouter(prefix=API)
    for endpoints in (auth, content, monitoring):
        api.include_router(endpoints.router)
    app.include_router(api)
