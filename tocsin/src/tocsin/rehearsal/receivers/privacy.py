"""What must not stand in a notification: it goes to phones, rooms and mailboxes of others.

>>> leaks("5 lockouts from 192.0.2.7 on lena@school.example", people=(), ours=())
('an e-mail address', 'an IPv4 address')
>>> leaks("5 lockouts from client:5f3a", people=("Lena",), ours=())
()
"""

import re
from collections.abc import Iterable, Iterator
from ipaddress import ip_address
from typing import Final

_MAIL: Final = re.compile(r"[\w.+%-]+@[\w-]+(?:\.[\w-]+)+")
_NUMBERS: Final = re.compile(r"(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?![\w.])")
_COLONS: Final = re.compile(r"(?<![\w:])[0-9a-fA-F]{0,4}(?::[0-9a-fA-F]{0,4}){2,7}(?![\w:])")
_SHORTEST_IPV6: Final = 5  # `::1:2`; less may be anything


def leaks(text: str, *, people: Iterable[str], ours: Iterable[str]) -> tuple[str, ...]:
    """What a notification tells of a person.

    ``people`` are words that belong to the people of the drill (accounts, addresses), ``ours``
    the mailboxes that the alarm itself is sent from and to.
    """
    return tuple(_found(text, tuple(people), frozenset(ours)))


def _found(text: str, people: tuple[str, ...], ours: frozenset[str]) -> Iterator[str]:
    if any(word in text for word in people):
        yield "a word of somebody's account or address"
    if any(mail not in ours and not _is_message_id(text, mail) for mail in _MAIL.findall(text)):
        yield "an e-mail address"
    if any(_is_address(found) for found in _NUMBERS.findall(text)):
        yield "an IPv4 address"
    if any(len(found) >= _SHORTEST_IPV6 and _is_address(found) for found in _COLONS.findall(text)):
        yield "an IPv6 address"


def _is_message_id(text: str, mail: str) -> bool:
    """An id of a letter looks like a mailbox in angle brackets: numbers joined by full stops."""
    name = mail.partition("@")[0]
    return f"<{mail}>" in text and name.count(".") > 0 and name.replace(".", "").isalnum()


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
