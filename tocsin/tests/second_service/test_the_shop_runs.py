"""The shop takes orders, and its page holds what its alarms ask for."""

import doctest
import importlib
import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from tocsin.monitoring.checks.chain import chain_of
from tocsin.monitoring.promql.tree import selectors
from tocsin.monitoring.service import Service
from tocsin.telemetry.testing import HandClock, parse_lines

SERVICE = Service.load(Path(__file__).parents[2] / "examples" / "shop" / "monitoring")
CARD = "4111111111111111"


class Provider:
    """A payment provider that answers as it was told, in this order; then it charges."""

    def __init__(self, *answers: str) -> None:
        self._answers = list(answers)

    async def __call__(self, _card: str) -> str:
        """One call."""
        answer = self._answers.pop(0) if self._answers else "charged"
        if answer == "silence":
            raise ConnectionError("no answer")
        return answer


@pytest.fixture
def shop(monkeypatch):
    """Runs a shop with this provider; a client of it."""
    monkeypatch.setenv("ENVIRONMENT", "test")
    monkeypatch.setenv("TELEMETRY_KEY", "a-key-of-sixteen-bytes-or-more")

    @asynccontextmanager
    async def running(provider, clock=None, stream=None) -> AsyncIterator[httpx.AsyncClient]:
        app = SERVICE.named("shop.service:make_app")(provider, clock, stream or io.BytesIO())
        async with app.router.lifespan_context(app):
            transport = httpx.ASGITransport(app=app)
            async with httpx.AsyncClient(transport=transport, base_url="http://shop") as http:
                yield http

    return running


def samples(page: str) -> list[tuple[str, dict[str, str], float]]:
    return [
        (one.name, one.labels, one.value)
        for family in text_string_to_metric_families(page)
        for one in family.samples
    ]


@pytest.mark.parametrize("module", ["metrics", "orders"])
def test_the_examples_of_the_shop_run(module):
    """What its pages of code show is so."""
    SERVICE.named("shop.metrics:metrics")

    done = doctest.testmod(importlib.import_module(f"shop.{module}"))

    assert (done.failed, done.attempted > 0) == (0, True)


async def test_an_order_is_paid_declined_or_failed(shop):
    """A provider that is silent once is asked again; twice, and nothing is charged."""
    async with shop(
        Provider("charged", "declined", "silence", "charged", *["silence"] * 2)
    ) as http:
        answers = [await http.post("/orders", json={"card": CARD}) for _ in range(4)]

    assert [one.status_code for one in answers] == [201, 402, 201, 503]


async def test_no_card_is_written(shop):
    """Neither into a line nor onto the page (R124)."""
    stream = io.BytesIO()
    async with shop(Provider("charged", *["silence"] * 2), stream=stream) as http:
        for _ in range(2):
            await http.post("/orders", json={"card": CARD})
        page = (await http.get("/metrics")).text

    messages = [line["message"] for line in parse_lines(stream.getvalue())]
    assert {"order_paid", "order_not_charged"} <= set(messages)
    assert CARD not in page + stream.getvalue().decode()


async def test_the_oldest_order_grows_older_until_it_is_packed(shop):
    """In seconds, as the alarm compares them."""
    clock = HandClock()
    async with shop(Provider(), clock=clock) as http:
        number = (await http.post("/orders", json={"card": CARD})).json()["order"]
        clock.advance(7300)
        late = (await http.get("/metrics")).text
        packed = [await http.post(f"/orders/{number}/packed") for _ in range(2)]
        empty = (await http.get("/metrics")).text

    name = "shop_oldest_unpacked_order_age_seconds"
    assert (name, {}, 7300.0) in samples(late)
    assert (name, {}, 0.0) in samples(empty)
    assert [one.status_code for one in packed] == [204, 404]


async def test_the_page_has_every_series_that_an_alarm_asks_for(shop):
    """Name and label values, as a running shop exports them (D44, behaviour 36)."""
    async with shop(Provider("declined", *["silence"] * 2)) as http:
        for _ in range(3):
            await http.post("/orders", json={"card": CARD})
        exported = samples((await http.get("/metrics")).text)

    asked = [one for _, tree in chain_of(SERVICE).of_alerts for one, _ in selectors(tree)]
    missing = [
        one.name
        for one in asked
        if not any(
            name == one.name and all(labels.get(m.label) == m.value for m in one.matchers)
            for name, labels, _ in exported
        )
    ]
    assert missing == []
    assert len(asked) > 7
