"""E-mail and network addresses: who wrote, and from where.

A version looks like an IPv4 address when it has four numbers. It is told by what stands
before it (``version``, ``v``, ``==``, ``Chrome/``) or after it (``.tar.gz``, ``rc1``); with no
such sign it is hidden. Loopback and unspecified addresses say of nobody who they are.

>>> masked_network("from 192.0.2.7 to 127.0.0.1 by ada%40school.example, pip==1.2.3.4")
'from [redacted] to 127.0.0.1 by [redacted], pip==1.2.3.4'
"""

import ipaddress
import re
from typing import Final

from tocsin.telemetry.redaction.mask import MASK

# A run of local-part characters is consumed whole, whether or not an @ follows: that
# keeps the search linear where a search for `local@` would start again at each character.
_EMAIL: Final = re.compile(
    r"""
    (?:[\w.+!#$^~-]|(?<=\w)'(?=\w)|%(?!(?:25){0,3}40)[0-9A-Fa-f]{2})++
    (?P<domain>
      (?: @ | \uff20 | %(?:25){0,3}40 | \\u0040 | &\#64; )
      (?: \[[0-9A-Fa-f.:IPv]{2,60}\] | [\w-]++(?:(?:\.|%2[Ee])[\w-]++)++ )
    )?
    """,
    re.VERBOSE,
)
# Accounts of machines: Google's service accounts, and git's user on every forge.
_NOT_A_PERSON: Final = re.compile(r"git@[\w.-]+\Z|.*gserviceaccount\.com\Z")
_TOP_LEVEL: Final = re.compile(r"(?:\.|%2[Ee])(?=[\w-]*[^\W\d_])[\w-]{2,63}\Z|\]\Z")

_OCTET: Final = r"(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)"
_MAYBE_IPV4: Final = re.compile(r"[0-9]\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]")
_IPV4: Final = re.compile(
    rf"(?=[0-9])(?:(?<![\w.])|(?<=%[0-7][0-9A-Fa-f])){_OCTET}(?:\.{_OCTET}){{3}}"
    r"(?!\d|\.\d|-?(?:rc|alpha|beta|dev|post|a|b)\d|\.(?:tar|zip|whl|gz|tgz|jar|rpm|deb|exe)\b)"
)
_VERSION_BEFORE: Final = re.compile(
    r"""
    (?: (?i:version|release|\bver|\bbuild|\brev)[ :="'(]{0,3}
      | (?<=\w)(?:[=<>~!]=|\^|~)
      | (?:^|[\s(;,"'])
        (?:[A-Z][\w.+-]{2,24}|nginx|curl|uvicorn|gunicorn|python|okhttp|httpx|node)/
    )\Z
    """,
    re.VERBOSE,
)
_LOOK_BACK_CHARS: Final = 28

# A run of the address's characters, also after `client:`; what it is, ipaddress decides.
_IPV6: Final = re.compile(r"(?:(?<![\w:.])|(?<=\w)(?=:[0-9A-Fa-f]))[0-9A-Fa-f:.]{3,}+")
_IPV6_CHARS_AT_MOST: Final = 45
_COLONS_OF_A_FULL_ADDRESS: Final = 6


def masked_network(text: str) -> str:
    """``text`` without e-mail addresses and IP addresses."""
    if "@" in text or "40" in text or "&#64;" in text or "\uff20" in text:
        text = _EMAIL.sub(_email, text)
    if "::" in text or text.count(":") >= _COLONS_OF_A_FULL_ADDRESS:
        text = _IPV6.sub(_ipv6, text)
    if _MAYBE_IPV4.search(text) is not None:
        text = _IPV4.sub(_ipv4, text)
    return text


def _email(match: re.Match[str]) -> str:
    domain = match["domain"]
    if domain is None or not _TOP_LEVEL.search(domain) or _NOT_A_PERSON.match(match[0]):
        return match[0]
    return MASK


def _ipv4(match: re.Match[str]) -> str:
    if match[0].startswith("127.") or match[0] == "0.0.0.0":  # noqa: S104 - compared, not bound
        return match[0]
    start = match.start()
    before = match.string[max(0, start - _LOOK_BACK_CHARS) : start]
    return match[0] if _VERSION_BEFORE.search(before) else MASK


def _ipv6(match: re.Match[str]) -> str:
    run = match[0]
    if "::" not in run and run.count(":") < _COLONS_OF_A_FULL_ADDRESS:
        return run
    body = run.rstrip(".")
    if not body.endswith("::"):
        body = body.rstrip(":")
    start = 1 if body[0] in ":." and not body.startswith("::") else 0
    body = body[start:]
    if not _names_somebody(body):
        return run
    return run[:start] + MASK + run[start + len(body) :]


def _names_somebody(text: str) -> bool:
    if len(text) > _IPV6_CHARS_AT_MOST or not any(character.isdigit() for character in text):
        return False
    try:
        parsed = ipaddress.IPv6Address(text)
    except ValueError:
        return False
    # `1::2` is a slice more often than an address.
    long_enough = len(text.split(":", 1)[0]) > 2 or text.count(":") > 2  # noqa: PLR2004
    return long_enough and not (parsed.is_loopback or parsed.is_unspecified)
