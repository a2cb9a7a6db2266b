"""The verdict on a new revision, with its reasons: more traffic, none, or wait.

Two promises are held against what was seen: few of its requests fail, and no more of them are
slow than of the revision that it replaces («slow» is what that one does not exceed in 95 of 100).
Each is *broken* if chance can hardly have made it look so bad, *kept* if chance can hardly have
made it look so good, and else nobody can tell yet. An old revision that fails as often is no
reason to keep it.

>>> new = Figures(1000, 60, {100.0: 990, float("inf"): 1000})
>>> old = Figures(9000, 9, {100.0: 8900, float("inf"): 9000})
>>> told = judged(new, old, Limits())
>>> told.verdict.name, told.reasons[0]
('BACK', '6.0 % of its requests fail, of the one before 0.1 %: 1.0 % may')
"""

from dataclasses import dataclass
from enum import Enum

from tocsin.monitoring.canary.figures import Figures
from tocsin.monitoring.canary.intervals import Share, difference


class Verdict(Enum):
    """What to do with its traffic."""

    MORE = "it may have more"
    BACK = "it must not have more: send its traffic back"
    WAIT = "nobody can tell yet: leave it as it is, and ask again"


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What a revision may do, and how sure a verdict has to be."""

    most_errors: float = 0.01
    """share of its requests that may end in 5xx"""
    most_slow: float = 0.05
    """by how much its share of slow requests may exceed that of the one before"""
    doubt: float = 0.02
    """how much above a limit may still be possible when it is said to be kept"""
    sure: float = 0.99
    """that a verdict is not chance's"""


@dataclass(frozen=True)
class Judgement:
    """A verdict with what led to it."""

    verdict: Verdict
    reasons: tuple[str, ...]


def judged(new: Figures, old: Figures | None, limits: Limits) -> Judgement:
    """The verdict on the new revision; without an old one only its errors are judged."""
    findings = [_errors(new.failed, old.failed if old else None, limits)]
    bound_ms = old.p95_bound_ms if old else None
    if old is not None and bound_ms is not None:
        findings.append(_slowness(new, old, bound_ms, limits))
    for verdict in (Verdict.BACK, Verdict.WAIT):
        found = tuple(reason for said, reason in findings if said is verdict)
        if found:
            return Judgement(verdict, found)
    return Judgement(Verdict.MORE, tuple(reason for _, reason in findings))


def _errors(new: Share, old: Share | None, limits: Limits) -> tuple[Verdict, str]:
    low, high = new.interval(limits.sure)
    over = low - limits.most_errors
    at_most = high - limits.most_errors
    beside = ""
    if old is not None and old.all > 0:
        least, most = difference(new, old, limits.sure)
        over, at_most = min(over, least), min(at_most, most)
        beside = f", of the one before {_percent(old.seen)}"
    verdict = _verdict(over, at_most, limits)
    fail = f"{_percent(new.seen)} of its requests fail{beside}: {_percent(limits.most_errors)} may"
    return verdict, _told(verdict, fail, new, high)


def _slowness(new: Figures, old: Figures, bound_ms: float, limits: Limits) -> tuple[Verdict, str]:
    slow, usual = new.slower_than(bound_ms), old.slower_than(bound_ms)
    least, most = difference(slow, usual, limits.sure)
    verdict = _verdict(least - limits.most_slow, most - limits.most_slow, limits)
    take = (
        f"{_percent(slow.seen)} of its requests take over {bound_ms:.0f} ms, "
        f"of the one before {_percent(usual.seen)}: {_percent(limits.most_slow)} more may"
    )
    return verdict, _told(verdict, take, slow, usual.seen + most)


def _verdict(over: float, at_most: float, limits: Limits) -> Verdict:
    """By how much a limit is overstepped at least, and at most."""
    if over > 0:
        return Verdict.BACK
    return Verdict.MORE if at_most <= limits.doubt else Verdict.WAIT


def _told(verdict: Verdict, what: str, share: Share, high: float) -> str:
    if verdict is not Verdict.WAIT:
        return what
    if share.all <= 0:
        return "it has had no request"
    return f"{what}; with {share.all:.0f} requests it may as well be {_percent(min(1.0, high))}"


def _percent(share: float) -> str:
    return f"{share * 100:.1f} %"
