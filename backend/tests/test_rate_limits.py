"""Rate limits: who is counted as whom, what a refusal says, what a school may do."""

import asyncio
from itertools import chain

import pytest
from guarded import HERE, GuardedService, counted, sign_in

from app.core.config import ConfigurationError
from app.core.metrics import (
    LIMIT_STORE_ERRORS,
    RATE_LIMIT_EXCEEDED,
    RATE_LIMIT_HITS,
    RATE_LIMIT_LATENCY,
    metrics_client,
)
from app.services.protection.rules import DEFAULT_LIMITS, RuleBook

STATUS = "/api/v1/content/requests/42"
FEW = {"content.status": "5/minute", "content.status.per_client": "5/minute"}


@pytest.fixture
def guarded(settings_with, clock):
    def make(**overrides):
        return GuardedService(settings_with(**overrides), clock)

    return make


async def statuses(browser, path, times, **headers):
    return [(await browser.get(path, headers=headers)).status_code for _ in range(times)]


async def test_a_refused_request_says_when_to_return(guarded, clock):
    """Retry-After is whole seconds; a second before it is refused, at it admitted."""
    browser = guarded(rate_limits=FEW).client()
    await statuses(browser, STATUS, 5)
    clock.advance(17.25)

    refused = await browser.get(STATUS)
    wait_s = int(refused.headers["retry-after"])
    clock.advance(wait_s - 1)
    too_early = await browser.get(STATUS)
    clock.advance(1)
    in_time = await browser.get(STATUS)

    assert (refused.status_code, wait_s) == (429, 43)
    assert too_early.status_code == 429
    assert in_time.status_code == 200


async def test_a_refusal_is_a_problem_document(guarded):
    """The same form as every other error, with the wait as a member for programs."""
    browser = guarded(rate_limits=FEW).client()
    await statuses(browser, STATUS, 5)

    refused = await browser.get(STATUS)

    assert refused.headers["content-type"] == "application/problem+json"
    assert refused.json()["type"] == "urn:vividly:problem:too-many-requests"
    assert refused.json()["retry_after_s"] == 60


async def test_every_answer_says_how_much_is_left(guarded, clock):
    """Limit, remaining and reset stand on allowed and refused answers alike (D32)."""
    browser = guarded(rate_limits=FEW).client()

    told = []
    for _ in range(6):
        headers = (await browser.get(STATUS)).headers
        told.append([int(headers[f"ratelimit-{name}"]) for name in ("limit", "remaining", "reset")])
        clock.advance(1)

    assert told == [[5, 4, 60], [5, 3, 59], [5, 2, 58], [5, 1, 57], [5, 0, 56], [5, 0, 55]]


async def test_reset_and_retry_after_mean_the_same_moment(guarded):
    """As draft-ietf-httpapi-ratelimit-headers asks of a throttled answer."""
    browser = guarded(rate_limits=FEW).client()
    await statuses(browser, STATUS, 5)

    refused = await browser.get(STATUS)

    assert refused.headers["ratelimit-reset"] == refused.headers["retry-after"]


async def test_a_refusal_carries_security_headers_and_can_be_read_across_origins(guarded):
    """What refuses stands inside of CORS and of the security headers (D31, D32)."""
    browser = guarded(rate_limits=FEW).client(origin="https://vividly.example")
    await statuses(browser, STATUS, 5)

    refused = await browser.get(STATUS)

    assert refused.status_code == 429
    assert refused.headers["x-content-type-options"] == "nosniff"
    assert refused.headers["access-control-allow-origin"] == "https://vividly.example"


async def test_an_unforeseen_error_still_says_how_much_is_left(guarded):
    """A 500 is an answer too, although Starlette gives it outside of the limiter."""
    browser = guarded().client()

    answer = await browser.get("/api/v1/boom")

    assert answer.status_code == 500
    assert answer.headers["ratelimit-remaining"] == "1199"


async def test_a_request_runs_once_whatever_becomes_of_it(guarded):
    """A handler that raises is not run again, and is counted as one request (D81)."""
    service = guarded()

    answer = await service.client().get("/api/v1/boom")

    assert answer.status_code == 500
    assert service.ran["boom"] == 1


async def test_of_requests_that_race_exactly_the_limit_is_served(guarded):
    """Forty at once with five allowed: five run."""
    service = guarded(rate_limits=FEW)
    browser = service.client()

    answers = await asyncio.gather(*(browser.get(STATUS) for _ in range(40)))

    assert sorted(answer.status_code for answer in answers) == [200] * 5 + [429] * 35
    assert service.ran["status"] == 5


@pytest.mark.parametrize("header", ["x-forwarded-for", "x-real-ip", "forwarded", "true-client-ip"])
async def test_no_header_makes_another_client_of_a_caller(guarded, header):
    """Without a proxy of ours in front, only the socket's peer counts (D75)."""
    browser = guarded(rate_limits=FEW).client()

    found = [
        (await browser.get(STATUS, headers={header: f"203.0.113.{number}"})).status_code
        for number in range(6)
    ]

    assert found == [200] * 5 + [429]


async def test_behind_a_proxy_only_the_proxys_own_entry_counts(guarded):
    """What the caller writes in front of it changes nothing; what the proxy wrote does (D75)."""
    browser = guarded(rate_limits=FEW, trusted_proxies=1).client("10.0.0.1")

    spoofing = [
        *chain.from_iterable(
            [
                await statuses(browser, STATUS, 1, **{"x-forwarded-for": f"6.6.6.{n}, {HERE}"})
                for n in range(6)
            ]
        )
    ]
    neighbour = await statuses(browser, STATUS, 1, **{"x-forwarded-for": "198.51.100.9"})

    assert spoofing == [200] * 5 + [429]
    assert neighbour == [200]


async def test_one_ipv6_network_is_one_client(guarded):
    """A caller may use each of its 2^64 addresses once, and is still one caller."""
    service = guarded(rate_limits=FEW)

    found = [
        (await service.client(f"2001:db8:1:2::{number:x}").get(STATUS)).status_code
        for number in range(1, 7)
    ]
    beside = await service.client("2001:db8:1:3::1").get(STATUS)

    assert found == [200] * 5 + [429]
    assert beside.status_code == 200


async def test_callers_of_a_socket_for_both_families_are_told_apart(guarded):
    """It shows IPv4 addresses within one IPv6 network; they are clients of their own."""
    service = guarded(rate_limits={"content.status.per_client": "1/minute"})

    answers = [
        (await service.client(address).get(STATUS)).status_code
        for address in ("::ffff:192.0.2.7", "::ffff:192.0.2.8", "192.0.2.7")
    ]

    assert answers == [200, 200, 429]


async def test_a_token_lifts_no_ceiling_where_the_body_says_who_asks(guarded):
    """Else each account of one's own would be a fresh address to guess from."""
    service = guarded(rate_limits={"auth.login.per_client": "2/minute"})

    answers = [
        (
            await sign_in(
                service.client(), f"{name}@school.example", authorization=service.bearer(name)
            )
        ).status_code
        for name in ("ada", "ben", "cy")
    ]

    assert answers == [200, 200, 429]


async def test_a_verified_account_is_one_caller_wherever_it_is(guarded):
    """Its limit follows the account across addresses, and its neighbours keep theirs."""
    service = guarded(rate_limits=FEW)
    ada, ben = service.bearer("ada"), service.bearer("ben")

    at_school = await statuses(service.client(), STATUS, 3, authorization=ada)
    at_home = await statuses(service.client("198.51.100.9"), STATUS, 3, authorization=ada)
    neighbour = await statuses(service.client(), STATUS, 1, authorization=ben)

    assert at_school + at_home == [200] * 5 + [429]
    assert neighbour == [200]


@pytest.mark.parametrize("shown", ["Bearer forged", "Bearer " + "x" * 100_000, "Basic YTpi", ""])
async def test_a_token_that_is_not_ours_buys_nothing(guarded, shown):
    """Whoever cannot be verified is counted by address, whatever it claims."""
    service = guarded(rate_limits={"content.status.per_client": "5/minute"})

    found = await statuses(service.client(), STATUS, 6, authorization=shown)

    assert found == [200] * 5 + [429]


async def test_a_lockout_says_when_to_return_in_every_header(guarded):
    """A 429 that the sign-in decided on is told like one of the limiter's own."""
    browser = guarded().client()
    for _ in range(5):
        await sign_in(browser, "ada@school.example", "guess")

    refused = await sign_in(browser, "ada@school.example", "right")

    assert refused.status_code == 429
    assert refused.headers["retry-after"] == "300"
    assert refused.headers["ratelimit-remaining"] == "0"
    assert refused.headers["ratelimit-reset"] == "300"


async def test_a_sign_in_tells_the_tighter_of_its_two_limits(guarded):
    """The account's ten a minute, not the address's 1,200, is what the caller has to heed."""
    browser = guarded().client()

    headers = (await sign_in(browser, "ada@school.example")).headers

    assert (headers["ratelimit-limit"], headers["ratelimit-remaining"]) == ("10", "9")


async def test_sign_ins_for_one_account_are_limited_although_they_succeed(guarded):
    """Ten a minute for one account from one address, right password or not; then refused."""
    browser = guarded().client()

    found = [(await sign_in(browser, "ada@school.example")).status_code for _ in range(11)]
    respelt = await sign_in(browser, " ADA@School.example")

    assert found == [200] * 10 + [429]
    assert respelt.status_code == 429


async def test_each_request_is_counted_once_and_each_refusal(guarded):
    """Checks, refusals and time spent, by route template, never by path (D15, R069 to R072)."""
    browser = guarded(rate_limits={"reads.per_client": "5/minute"}).client()
    route = {"endpoint": "/api/v1/counted/{number}"}

    for number in range(8):
        await browser.get(f"/api/v1/counted/{number}")

    assert counted(RATE_LIMIT_HITS, **route) == 8
    assert counted(RATE_LIMIT_EXCEEDED, **route) == 3
    assert counted(RATE_LIMIT_LATENCY, **route) == 8


async def test_every_429_is_counted_whoever_decided_on_it(guarded):
    """R070: a lockout's refusal is one too, although the limiter let it pass."""
    browser = guarded().client()

    await statuses(browser, "/api/v1/always-locked", 3)

    assert counted(RATE_LIMIT_EXCEEDED, endpoint="/api/v1/always-locked") == 3


async def test_no_address_or_mailbox_is_in_a_label(guarded):
    """Clients and accounts stand in the metrics by pseudonym, or in `other` (N3, D-6)."""
    browser = guarded().client("203.0.113.79")
    for _ in range(6):
        await sign_in(browser, "zoe@school.example", "guess")

    page = metrics_client.exposition()[0].decode()

    assert "brute_force_lockouts_total{" in page
    assert "203.0.113" not in page
    assert "school.example" not in page


@pytest.mark.parametrize("variable", ["TESTING", "DEBUG", "CI", "DISABLE_RATE_LIMITS"])
async def test_no_variable_switches_the_guards_off(guarded, monkeypatch, variable):
    """The tests' own service is limited like the deployed one: only its clock is held (D64)."""
    monkeypatch.setenv(variable, "true")
    browser = guarded(rate_limits=FEW).client()

    limited = await statuses(browser, STATUS, 6)
    guesses = [await sign_in(browser, "ada@school.example", "guess") for _ in range(6)]

    assert limited == [200] * 5 + [429]
    assert [answer.status_code for answer in guesses] == [401] * 5 + [429]


class BrokenWindows:
    """A store that fails in a way that nobody foresaw."""

    async def take(self, *quotas):
        raise KeyError(quotas)

    async def look(self, quota):
        raise KeyError(quota)


async def test_a_broken_limiter_refuses_nobody_and_is_counted(settings, clock):
    """Every request is served once, and each unmade judgement is heard of."""
    service = GuardedService(settings, clock, windows=BrokenWindows())
    errors = LIMIT_STORE_ERRORS.value(purpose="limits")

    found = await statuses(service.client(), STATUS, 3)

    assert found == [200] * 3
    assert service.ran["status"] == 3
    assert LIMIT_STORE_ERRORS.value(purpose="limits") - errors == 3


def test_a_mistyped_rule_stops_the_start_with_a_line_each():
    """Every fault is told at once: what, where, how to mend it."""
    overrides = {"auth.logn": "5/minute", "auth.login": "often", "reads": "0/minute"}

    with pytest.raises(ConfigurationError) as refused:
        RuleBook.with_overrides(overrides)

    assert len(refused.value.lines) == 3
    assert refused.value.lines[0].startswith("RATE_LIMITS: no limit is called 'auth.logn': use one")
    assert "RATE_LIMITS: auth.login: 'often' is no limit: write it like 10/minute" in str(
        refused.value
    )


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("auth.register", "5 in 3600 s"),
        ("auth.login", "10 in 60 s"),
        ("auth.refresh", "30 in 60 s"),
        ("auth.logout", "20 in 60 s"),
        ("auth.reset_request", "3 in 3600 s"),
        ("auth.reset_confirm", "5 in 3600 s"),
        ("content.generate", "20 in 60 s"),
        ("content.status", "60 in 60 s"),
        ("reads", "100 in 60 s"),
        ("writes", "30 in 60 s"),
        ("default", "100 in 60 s"),
    ],
)
def test_the_figures_per_person_are_the_plans(name, text):
    """The OWASP set that was documented and never in force (D84)."""
    assert str(RuleBook.with_overrides({})[name].limit) == text
    assert name in DEFAULT_LIMITS
