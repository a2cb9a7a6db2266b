"""Whether an address is this machine's: what tells of people travels unencrypted nowhere else.

>>> [is_this_machine(host) for host in ("localhost", "127.0.0.9", "::1", "192.0.2.7", "shop")]
[True, True, True, False, False]
"""

from ipaddress import ip_address


def is_this_machine(host: str) -> bool:
    """A name other than ``localhost`` is another machine's: it is not looked up."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
