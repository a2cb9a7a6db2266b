"""Where a request came from, as far as it can be known.

``X-Forwarded-For`` is written by everybody on the way: each proxy appends the address
that it saw, and the caller may have begun the list with anything (defect D75). So only
the entries of proxies of our own count: with ``trusted_proxies`` of them in front, the
entry that many places from the right was written by the outermost of them and cannot be
forged. Cloud Run alone is one; a load balancer before it makes two.

An entry that is no address, or a list that is too short (somebody reached the process
past its proxies), leaves the socket's peer.

>>> headers = [(b"x-forwarded-for", b"6.6.6.6, 192.0.2.7")]
>>> client_address({"headers": headers, "client": ("10.0.0.1", 443)}, trusted_proxies=1)
'192.0.2.7'
>>> client_address({"headers": headers, "client": ("10.0.0.1", 443)}, trusted_proxies=0)
'10.0.0.1'
"""

import ipaddress
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from starlette.types import Scope

_REMEMBERED: Final = 4096
_ADDRESS_BYTES_AT_MOST: Final = 64


def client_address(scope: Scope, trusted_proxies: int) -> str:
    """The client's address in its canonical form, or ``""`` when there is none.

    Args:
        scope: an ASGI scope; ``headers`` and ``client`` are read.
        trusted_proxies: how many reverse proxies of our own stand before the process.
    """
    if trusted_proxies:
        forwarded = _entry(scope["headers"], trusted_proxies)
        if forwarded:
            return forwarded
    peer = scope.get("client")
    return peer[0] if peer else ""


def _entry(headers: Iterable[tuple[bytes, bytes]], from_the_right: int) -> str:
    # A proxy may append a line of its own instead of extending the caller's: lines of
    # one name are one list in their order (RFC 9110, section 5.3).
    lists = [value for name, value in headers if name == b"x-forwarded-for"]
    if not lists:
        return ""
    whole = lists[0] if len(lists) == 1 else b",".join(lists)
    entries = whole.rsplit(b",", from_the_right)
    if len(entries) < from_the_right:
        return ""
    return canonical_address(entries[-from_the_right].strip())


@lru_cache(maxsize=_REMEMBERED)
def canonical_address(raw: bytes) -> str:
    """One spelling for one address: no port, no brackets, IPv4 never dressed as IPv6.

    ``""`` when ``raw`` is no address.

    >>> canonical_address(b"192.0.2.7:51034"), canonical_address(b"[2001:DB8::1]:443")
    ('192.0.2.7', '2001:db8::1')
    >>> canonical_address(b"::ffff:192.0.2.7"), canonical_address(b"unknown")
    ('192.0.2.7', '')
    """
    if len(raw) > _ADDRESS_BYTES_AT_MOST:
        return ""
    text = raw.decode("latin-1").strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return ""
    mapped = getattr(address, "ipv4_mapped", None)
    return str(mapped or address)
