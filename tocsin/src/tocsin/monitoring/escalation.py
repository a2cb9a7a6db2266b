"""Who is told of an alarm, how soon, and what then: the one table, read and refused.

Terraform reads the same file; here it is read for Alertmanager and for the page. What would leave
an alarm unheard is refused: a channel that nobody serves, an owner without an address for it, a
length of time that Google does not take.

>>> table = escalation_in(Path("a"), '''
... severities:
...   warning: {meaning: Soon., google: WARNING, channels: [email], acknowledge_within: 4h,
...     auto_close: 1d}
... owners:
...   shop: {about: sales, first_responder: Ann, email: shop-oncall}
... ''')
>>> table.told("warning", "shop")
(('email', 'shop-oncall'),)
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Final, Literal, get_args

from tocsin.errors import DeclarationError
from tocsin.monitoring.durations import seconds
from tocsin.monitoring.sources import read

Channel = Literal["pagerduty", "slack", "email"]
CHANNELS: Final[tuple[Channel, ...]] = get_args(Channel)
GOOGLES: Final = ("CRITICAL", "ERROR", "WARNING")
"""https://cloud.google.com/monitoring/api/ref_v3/rest/v3/projects.alertPolicies (Severity)"""
AUTO_CLOSE: Final = ("30m", "7d")
"""https://cloud.google.com/monitoring/alerts/incidents-events (incident autoclose duration)"""
_TEXTS: Final = ("acknowledgement", "silences", "test_fire")
_SEVERITY: Final = frozenset({"meaning", "google", "channels", "acknowledge_within", "auto_close"})
_SEVERITY_MAY: Final = frozenset({"escalate", "remind_every"})
_OWNER: Final = frozenset({"about", "first_responder"})


@dataclass(frozen=True)
class Step:
    """Whom it reaches next, where nobody answered."""

    after: str
    to: str


@dataclass(frozen=True)
class Severity:
    """How loud an alarm is. Lengths of time are spelled as in the file."""

    meaning: str
    google: str
    channels: tuple[Channel, ...]
    acknowledge_within: str
    auto_close: str
    escalate: tuple[Step, ...] = ()
    remind_every: str | None = None


@dataclass(frozen=True)
class Owner:
    """Who looks first, and under which name in each channel."""

    about: str
    first_responder: str
    addresses: Mapping[Channel, str]


@dataclass(frozen=True)
class Escalation:
    """The whole table."""

    severities: Mapping[str, Severity]
    owners: Mapping[str, Owner]
    acknowledgement: str = ""
    silences: str = ""
    test_fire: str = ""

    def told(self, severity: str, owner: str) -> tuple[tuple[Channel, str], ...]:
        """Channel and address of all who are told.

        Raises:
            DeclarationError: the table knows no such severity or owner.
        """
        for what, name, known in (
            ("severity", severity, self.severities),
            ("owner", owner, self.owners),
        ):
            if name not in known:
                raise DeclarationError(
                    f"the escalation table knows no {what} {name!r}: it has {', '.join(known)}"
                )
        addresses = self.owners[owner].addresses
        return tuple((one, addresses[one]) for one in self.severities[severity].channels)


class _Page:
    """The text, to say of a wrong entry where it stands."""

    def __init__(self, file: Path, text: str) -> None:
        self.file, self.lines = file, text.splitlines()

    def wrong(self, entry: str, why: str) -> DeclarationError:
        starts = (n for n, line in enumerate(self.lines, 1) if line.strip().startswith(f"{entry}:"))
        return DeclarationError(f"{self.file}:{next(starts, 1)}: {entry}: {why}")


def read_escalation(file: Path) -> Escalation:
    """The table of a file.

    Raises:
        DeclarationError: it cannot be read, or would leave an alarm unheard.
    """
    return escalation_in(file, read(file))


def escalation_in(file: Path, text: str) -> Escalation:
    """The table in a text; ``file`` is for messages.

    Raises:
        DeclarationError: as above.
    """
    import yaml  # noqa: PLC0415 - an extra

    page = _Page(file, text)
    try:
        data = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise DeclarationError(f"{file}: it is no YAML: {error}") from error
    if not isinstance(data, dict):
        raise DeclarationError(f"{file}: it is a table with `severities` and `owners`")
    _refuse_keys(page, file.name, data, frozenset({"severities", "owners"}), frozenset(_TEXTS))
    severities = {str(k): _severity(page, str(k), v) for k, v in _entries(page, data, "severities")}
    owners = {str(k): _owner(page, str(k), v) for k, v in _entries(page, data, "owners")}
    _refuse_unreached(page, severities, owners)
    texts = {name: str(data.get(name, "")).strip() for name in _TEXTS}
    return Escalation(severities, owners, **texts)


def _entries(page: _Page, data: Mapping[str, Any], name: str) -> list[tuple[str, Any]]:
    if not isinstance(data[name], dict) or not data[name]:
        raise page.wrong(name, "it is a table with at least one entry")
    return list(data[name].items())


def _refuse_keys(
    page: _Page, entry: str, data: object, needed: frozenset[str], more: frozenset[str]
) -> None:
    if not isinstance(data, dict):
        raise page.wrong(entry, f"it is a table with {', '.join(sorted(needed))}")
    missing, strange = sorted(needed - set(data)), sorted(set(data) - needed - more)
    if missing:
        raise page.wrong(entry, f"{missing[0]!r} is missing")
    if strange:
        raise page.wrong(entry, f"{strange[0]!r} is no key: use {', '.join(sorted(needed | more))}")


def _severity(page: _Page, name: str, data: Mapping[str, Any]) -> Severity:
    _refuse_keys(page, name, data, _SEVERITY, _SEVERITY_MAY)
    if data["google"] not in GOOGLES:
        raise page.wrong(name, f"google is one of {', '.join(GOOGLES)}, not {data['google']!r}")
    channels = data["channels"]
    if not isinstance(channels, list) or not channels or set(channels) - set(CHANNELS):
        raise page.wrong(name, f"channels is a list out of {', '.join(CHANNELS)}")
    closes_s = _length_s(page, name, data["auto_close"])
    least_s, most_s = map(seconds, AUTO_CLOSE)
    if not least_s <= closes_s <= most_s:
        raise page.wrong(name, f"Google takes an auto_close of {' to '.join(AUTO_CLOSE)}")
    if "remind_every" in data:
        _length_s(page, name, data["remind_every"])
    steps = _steps(page, name, data)
    return Severity(**{**data, "channels": tuple(channels), "escalate": steps})


def _steps(page: _Page, name: str, data: Mapping[str, Any]) -> tuple[Step, ...]:
    for one in data.get("escalate", ()):
        _refuse_keys(page, name, one, frozenset({"after", "to"}), frozenset())
    steps = tuple(Step(**one) for one in data.get("escalate", ()))
    lengths = [data["acknowledge_within"], *(one.after for one in steps)]
    times = [_length_s(page, name, one) for one in lengths]
    if any(later <= earlier for earlier, later in pairwise(times)):
        raise page.wrong(name, "each step comes later than the one before and than acknowledging")
    return steps


def _length_s(page: _Page, name: str, length: object) -> float:
    try:
        return seconds(str(length))
    except DeclarationError as error:
        raise page.wrong(name, str(error)) from error


def _owner(page: _Page, name: str, data: Mapping[str, Any]) -> Owner:
    _refuse_keys(page, name, data, _OWNER, frozenset(CHANNELS))
    addresses = {one: str(data[one]) for one in CHANNELS if data.get(one)}
    return Owner(data["about"], data["first_responder"], addresses)


def _refuse_unreached(
    page: _Page, severities: Mapping[str, Severity], owners: Mapping[str, Owner]
) -> None:
    """Each owner must be reachable by each channel that any severity takes."""
    for severity, one in severities.items():
        for owner, entry in owners.items():
            for channel in one.channels:
                if channel not in entry.addresses:
                    raise page.wrong(owner, f"{severity} goes by {channel}: name its {channel}")
