"""Where a request comes from, as limits and lockouts need to know it.

An IPv6 caller owns at least a /64 and may use each of its 2^64 addresses once, so the
network is the client (RFC 6177). What leaves here is a pseudonym.

>>> clients = Clients(Pseudonyms(b"a key of sixteen bytes"), trusted_proxies=0)
>>> here = {"headers": [], "client": ("2001:db8::1", 443)}
>>> beside = {"headers": [], "client": ("2001:db8::ffff:2", 443)}
>>> clients.of(here) == clients.of(beside)
True
"""

from functools import lru_cache
from ipaddress import IPv6Address, IPv6Network
from typing import Final

from starlette.types import Scope

from tocsin.telemetry.client_address import client_address
from tocsin.telemetry.identity import Pseudonyms

_REMEMBERED: Final = 8192
_NETWORK_BITS: Final = 64


class Clients:
    """Names the client of a request by pseudonym."""

    def __init__(self, pseudonyms: Pseudonyms, trusted_proxies: int) -> None:
        self._trusted_proxies = trusted_proxies
        self._named = lru_cache(maxsize=_REMEMBERED)(
            lambda address: pseudonyms.client(network_of(address))
        )

    def of(self, scope: Scope) -> str:
        """The client's pseudonym; callers without any address are one client."""
        return self._named(client_address(scope, self._trusted_proxies))


def network_of(address: str) -> str:
    """The address itself, or the /64 of an IPv6 one.

    A socket for both families shows IPv4 callers as ``::ffff:192.0.2.7`` (RFC 4291,
    2.5.5.2): in one /64 they all would be one client.

    >>> network_of("192.0.2.7"), network_of("2001:db8:0:1:2::3"), network_of("unix")
    ('192.0.2.7', '2001:db8:0:1::', 'unix')
    >>> network_of("::ffff:192.0.2.7")
    '192.0.2.7'
    """
    if ":" not in address:
        return address
    try:
        mapped = IPv6Address(address).ipv4_mapped
        if mapped is not None:
            return str(mapped)
        return str(IPv6Network((address, _NETWORK_BITS), strict=False).network_address)
    except ValueError:
        return address
