"""What each alarm must ring for, and what it must stay silent on, just beside its threshold.

Series are in promtool's own notation, a sample a minute as the service exports them.
"""

from dataclasses import dataclass

P = "custom_googleapis_com:vividly_"
UPTIME = "monitoring_googleapis_com:uptime_check_check_passed"


@dataclass(frozen=True)
class Case:
    """One story: ``series`` by name, and whether ``alert`` fires ``at`` a moment of it."""

    alert: str
    story: str
    series: dict[str, str]
    at: str
    rings: bool
    every: str = "1m"


def requests(status, task="a"):
    labels = f'namespace="prod",task_id="{task}",method="GET",endpoint="/x",status_code="{status}"'
    return f"{P}http_request_total{{{labels}}}"


def steady(**per_minute):
    return {requests(code.removeprefix("of_")): f"0+{n}x90" for code, n in per_minute.items()}


def lockouts(account, client="c1"):
    labels = f'namespace="prod",task_id="a",ip_address="{client}",email="{account}"'
    return f"{P}brute_force_lockouts_total{{{labels}}}"


def sprayed(accounts, client="c1"):
    """Each account's first lockout is the first that is seen of its series."""
    return {lockouts(f"u{n}", client): f"_x{n * 2} 1x90" for n in range(accounts)}


def checked(passing, failing):
    up = {
        f'{UPTIME}{{check_id="vividly-health-x",checker_location="u{n}"}}': "1x90" for n in passing
    }
    down = {
        f'{UPTIME}{{check_id="vividly-health-x",checker_location="d{n}"}}': "1x20 0x70"
        for n in failing
    }
    return up | down


def answers(within_1_5_s, within_2_s, within_2_5_s, endpoint="/x"):
    """Requests a minute, by the bound that they stay within."""
    labels = f'namespace="prod",task_id="a",method="GET",endpoint="{endpoint}"'
    name = f"{P}http_request_duration_seconds"
    rising = [within_1_5_s, within_1_5_s + within_2_s, within_1_5_s + within_2_s + within_2_5_s]
    found = {
        f'{name}_bucket{{{labels},le="{le}"}}': f"0+{n}x90"
        for le, n in zip(("1.5", "2.0", "2.5"), rising, strict=True)
    }
    found[f'{name}_bucket{{{labels},le="+Inf"}}'] = f"0+{rising[-1]}x90"
    found[f"{name}_count{{{labels}}}"] = f"0+{rising[-1]}x90"
    return found


def pool(in_use, task):
    labels = f'{{namespace="prod",task_id="{task}"}}'
    return {
        f"{P}database_pool_connections_in_use{labels}": in_use,
        f"{P}database_pool_connections_max{labels}": "20x90",
    }


def failures(per_minute):
    name = f"{P}auth_login_failures_total"
    return {
        f'{name}{{namespace="prod",task_id="a",reason="invalid_password"}}': f"0+{per_minute}x90"
    }


OLD = lockouts("u0")
CASES = (
    Case("BruteForceAttack", "six accounts, one lockout each", sprayed(6), "30m", rings=True),
    Case("BruteForceAttack", "five accounts, one lockout each", sprayed(5), "30m", rings=False),
    Case(
        "BruteForceAttack", "many clients behind `other`", sprayed(9, "other"), "30m", rings=False
    ),
    Case(
        "BruteForceAttack",
        "six on a known pair",
        {OLD: "0x100 1 2 3 4 5 6 6x60"},
        "110m",
        rings=True,
    ),
    Case("BruteForceAttack", "an hour later", {OLD: "0x100 1 2 3 4 5 6 6x90"}, "175m", rings=False),
    Case(
        "BruteForceAttack",
        "exactly five, sampled out of step",
        {OLD: "0x100 1 2 3 4 5 5x200"},
        "80m",
        rings=False,
        every="45s",
    ),
    Case("AuthenticationFailuresSpike", "99 in ten minutes", failures(9.9), "40m", rings=False),
    Case("AuthenticationFailuresSpike", "102 in ten minutes", failures(10.2), "40m", rings=True),
    Case("DDoSAttempt", "995 refusals", steady(of_200=2000, of_429=199), "40m", rings=False),
    Case("DDoSAttempt", "1005 refusals", steady(of_200=2000, of_429=201), "40m", rings=True),
    Case("DDoSAttempt", "no refusal", steady(of_200=9000), "40m", rings=False),
    Case("ServiceDown", "three of five locations fail", checked("ab", "cde"), "23m30s", rings=True),
    Case("ServiceDown", "before two minutes", checked("ab", "cde"), "22m30s", rings=False),
    Case("ServiceDown", "two of five locations fail", checked("abc", "de"), "60m", rings=False),
    Case(
        "ServiceDown",
        "no check reports any more",
        {f'{UPTIME}{{check_id="vividly-health-x",checker_location="u"}}': "1x20"},
        "29m",
        rings=True,
    ),
    Case("HighErrorRate", "5.2 % of many", steady(of_200=948, of_500=52), "40m", rings=True),
    Case("HighErrorRate", "4.9 % of many", steady(of_200=951, of_500=49), "40m", rings=False),
    Case(
        "HighErrorRate",
        "a broken night: 10.5 errors",
        steady(of_200=1, of_503=2.1),
        "40m",
        rings=True,
    ),
    Case("HighErrorRate", "9.5 errors at night", steady(of_200=1, of_503=1.9), "40m", rings=False),
    Case("HighErrorRate", "no traffic at all", steady(of_200=0, of_500=0), "40m", rings=False),
    Case(
        "HighErrorRate",
        "a deploy begins every count anew",
        {
            requests("200"): "0+1000x30",
            requests("500"): "500+2x30",
            requests("200", "b"): "_x30 0+1000x60",
            requests("500", "b"): "_x30 0+2x60",
        },
        "33m",
        rings=False,
    ),
    Case("ElevatedRateLimiting", "10.3 %", steady(of_200=897, of_429=103), "40m", rings=True),
    Case("ElevatedRateLimiting", "9.9 %", steady(of_200=901, of_429=99), "40m", rings=False),
    Case("ElevatedRateLimiting", "51 refusals", steady(of_200=10, of_429=10.2), "40m", rings=True),
    Case("ElevatedRateLimiting", "49 refusals", steady(of_200=10, of_429=9.8), "40m", rings=False),
    Case("PerformanceDegradation", "94.5 % within 2 s", answers(890, 55, 55), "12m30s", rings=True),
    Case(
        "PerformanceDegradation",
        "for less than 10 minutes",
        answers(890, 55, 55),
        "10m",
        rings=False,
    ),
    Case("PerformanceDegradation", "95.5 % within 2 s", answers(900, 55, 45), "60m", rings=False),
    Case("PerformanceDegradation", "51 requests", answers(0, 0, 10.2), "40m", rings=True),
    Case("PerformanceDegradation", "49 requests", answers(0, 0, 9.8), "40m", rings=False),
    Case(
        "PerformanceDegradation",
        "slow downloads",
        answers(0, 0, 90, "/api/v1/content/requests/{request_id}/artefact"),
        "40m",
        rings=False,
    ),
    Case(
        "DatabaseConnectionIssues",
        "one full pool of two",
        pool("4x10 17x60", "a") | pool("1x90", "b"),
        "13m30s",
        rings=True,
    ),
    Case(
        "DatabaseConnectionIssues",
        "before 2 minutes",
        pool("4x10 17x60", "a"),
        "12m30s",
        rings=False,
    ),
    Case("DatabaseConnectionIssues", "exactly 80 %", pool("16x90", "a"), "60m", rings=False),
)
