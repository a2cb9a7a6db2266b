"""The example service does what its page says, with a service that is not Vividly."""

import importlib.util
import io
from pathlib import Path

import httpx
import pytest

from tocsin.telemetry.testing import parse_lines

EXAMPLE = Path(__file__).parents[1] / "examples" / "library.py"


@pytest.fixture
def library(monkeypatch):
    """The example's module, with the environment that it asks for."""
    monkeypatch.setenv("ENVIRONMENT", "test")
    monkeypatch.setenv("TELEMETRY_KEY", "a-key-of-sixteen-bytes-or-more")
    spec = importlib.util.spec_from_file_location("library", EXAMPLE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


async def test_the_example_lends_logs_and_counts(library):
    """One loan and one refusal: two access lines, one event, two counts, and no name anywhere."""
    stream = io.BytesIO()
    app = library.make_app(stream)
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://library") as http:
            answers = [await http.post("/loans/emma?borrower=lovelace") for _ in range(2)]
            page = (await http.get("/metrics")).text

    written = stream.getvalue()
    lines = parse_lines(written)
    assert [answer.status_code for answer in answers] == [201, 409]
    assert [line["message"] for line in lines if line.get("route") == "/loans/{book}"] == [
        "POST /loans/{book} 201",
        "POST /loans/{book} 409",
    ]
    assert [line["book"] for line in lines if line["message"] == "book_lent"] == ["emma"]
    assert 'library_loans_total{outcome="lent"} 1.0' in page
    assert 'library_loans_total{outcome="out"} 1.0' in page
    assert b"lovelace" not in written
