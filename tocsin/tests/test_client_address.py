"""The client's address is the one that our own proxies vouch for (D75)."""

import pytest

from tocsin.telemetry.client_address import canonical_address, client_address


def _scope(*forwarded: bytes, peer: str | None = "10.0.0.1") -> dict:
    headers = [(b"x-forwarded-for", value) for value in forwarded]
    return {"headers": headers, "client": (peer, 443) if peer else None}


def test_without_proxies_the_header_is_not_believed():
    """Anybody may send X-Forwarded-For to a process that faces the world."""
    address = client_address(_scope(b"6.6.6.6"), trusted_proxies=0)

    assert address == "10.0.0.1"


@pytest.mark.parametrize(
    ("proxies", "expected"), [(1, "192.0.2.7"), (2, "198.51.100.9"), (3, "6.6.6.6")]
)
def test_the_entry_counted_from_the_right_is_the_client(proxies, expected):
    """Each proxy of ours appended one entry; what stands further left is hearsay."""
    scope = _scope(b"1.1.1.1, 6.6.6.6, 198.51.100.9, 192.0.2.7")

    address = client_address(scope, proxies)

    assert address == expected


def test_a_forged_beginning_changes_nothing():
    """A thousand invented entries before the real one are still hearsay."""
    forged = b", ".join(b"203.0.113.%d" % (number % 256) for number in range(1000))
    scope = _scope(forged + b", 192.0.2.7")

    address = client_address(scope, trusted_proxies=1)

    assert address == "192.0.2.7"


def test_a_header_sent_twice_is_one_list():
    """A proxy that appends a line of its own is counted like one that extends the line."""
    address = client_address(_scope(b"6.6.6.6", b"192.0.2.7"), trusted_proxies=1)
    outer = client_address(_scope(b"6.6.6.6", b"192.0.2.7"), trusted_proxies=2)

    assert (address, outer) == ("192.0.2.7", "6.6.6.6")


@pytest.mark.parametrize(
    "forwarded", [b"", b"unknown", b"_hidden", b"192.0.2.7, ", b"<b>", b"1" * 99]
)
def test_what_is_no_address_leaves_the_peer(forwarded):
    """A list that is empty, ends in nothing or holds a name says nothing."""
    address = client_address(_scope(forwarded), trusted_proxies=1)

    assert address == "10.0.0.1"


def test_a_list_shorter_than_the_proxies_leaves_the_peer():
    """Whoever reached the process past a proxy is known by its socket alone."""
    address = client_address(_scope(b"192.0.2.7"), trusted_proxies=2)

    assert address == "10.0.0.1"


def test_a_socket_without_peer_has_no_address():
    """A Unix socket has no client; the answer is empty, not an error."""
    address = client_address(_scope(peer=None), trusted_proxies=0)

    assert address == ""


@pytest.mark.parametrize(
    "raw",
    [b"2001:db8::1", b"2001:DB8:0::1", b"[2001:db8::1]", b"[2001:db8::1]:443", b"2001:db8::1%e"],
)
def test_one_address_has_one_spelling(raw):
    """Two spellings would be two budgets for one client."""
    address = canonical_address(raw)

    assert address == "2001:db8::1"
