"""What strangers invent costs no series, no memory and no line of ours (behaviours 9, 10, 23)."""

import json

from fastapi import FastAPI
from moved import requests_counted
from wire import Wire, ask

from tocsin.telemetry.testing.captured import CapturedTelemetry


def _app() -> FastAPI:
    app = FastAPI(openapi_url=None)
    app.add_api_route("/lessons/{lesson}", lambda lesson: {"lesson": lesson})
    app.add_api_route("/raises", _raises)
    return app


def _raises() -> None:
    raise ValueError("unforeseen")


async def test_ten_thousand_inventions_leave_a_real_failure_its_own_series():
    """Host, method, path, query and agent, all made up, move one series per status (0.3, D09)."""
    app = _app()

    with CapturedTelemetry(app=app) as captured:
        for number in range(10_000):
            headers = {"Host": f"{number}.example", "User-Agent": f"scanner/{number}"}
            await ask(app, f"SCAN{number}", f"/x/{number}?q={number}", headers=headers)
        await ask(app, "GET", "/raises")
        samples = captured.exposition().count("\n")

    assert requests_counted(captured) == {
        ("_OTHER", "<unmatched>", "404"): 10_000,
        ("GET", "/raises", "500"): 1,
    }
    assert samples < 400


async def test_the_path_is_logged_without_its_query_and_without_people():
    """A query carries searches and tokens; a segment may carry a pupil's address."""
    app = _app()

    with CapturedTelemetry(app=app) as captured:
        await ask(app, "GET", "/lessons/ada@school.example?token=abc123secret&email=ada@x.org")
        await ask(app, "GET", "/wp-admin/ada@school.example?password=hunter2")

    written = captured.stream.getvalue().decode()
    urls = [line["httpRequest"]["requestUrl"] for line in captured.access_lines()]
    assert urls[0].startswith("/lessons/")
    for planted in ("ada@", "abc123secret", "hunter2", "x.org"):
        assert planted not in written


async def test_a_user_agent_is_cut_and_redacted():
    """It is anybody's text: 10 KB of it, or somebody's address, never reach the log."""
    app = _app()
    agent = "Lesson/1 (contact ada@school.example) " + "x" * 10_240

    with CapturedTelemetry(app=app) as captured:
        await ask(app, "GET", "/lessons/1", headers={"User-Agent": agent})

    logged = captured.access_line()["httpRequest"]["userAgent"]
    assert logged.startswith("Lesson/1 (contact ")
    assert len(logged) <= 256
    assert "ada@school.example" not in logged


async def test_text_that_looks_like_a_log_line_forges_no_field():
    """Quotes, braces and line breaks in headers and path stay text in one field."""
    app = _app()
    forged = '"},"severity":"EMERGENCY","user":"admin"}\n{"message":"forged'
    wire = Wire("GET", "/lessons/x", headers={"User-Agent": forged})
    wire.scope["path"] = f"/lessons/{forged}"

    with CapturedTelemetry(app=app) as captured:
        await wire.ask(app)

    lines = captured.lines()
    assert len(lines) == 1
    assert lines[0]["severity"] == "INFO"
    assert "user" not in lines[0]
    assert json.dumps(lines[0])


async def test_a_path_of_a_megabyte_is_one_short_line():
    """The line stays far below what Cloud Logging takes for an entry."""
    app = _app()
    wire = Wire("GET", "/")
    wire.scope["path"] = "/scan/" + "ab/" * 350_000

    with CapturedTelemetry(app=app) as captured:
        await wire.ask(app)

    assert len(captured.stream.getvalue()) < 4096
