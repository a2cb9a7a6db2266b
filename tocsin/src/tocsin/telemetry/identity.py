"""Who a person or a client is, without saying it.

Users are minors, so no name, address or e-mail leaves in telemetry. What leaves is a
keyed pseudonym: 12 hex digits of HMAC-SHA256, the same for the same person under the
same key, worthless without it. The kind is part of the input, so that a client and a
user with equal text never look alike.

>>> pseudonyms = Pseudonyms(b"a key of at least sixteen bytes")
>>> pseudonyms.email("Ada@School.example ") == pseudonyms.email("ada@school.example")
True
>>> len(pseudonyms.client("192.0.2.7")), is_pseudonym(pseudonyms.user("42"))
(12, True)
"""

import hmac
import re
import unicodedata
from functools import lru_cache
from hashlib import sha256
from typing import Final

from tocsin.errors import DeclarationError

DIGITS: Final = 12
_KEY_BYTES_AT_LEAST: Final = 16
_REMEMBERED: Final = 8192
_PSEUDONYM: Final = re.compile(r"[0-9a-f]{12}\Z")


def is_pseudonym(text: str) -> bool:
    """Whether ``text`` has a pseudonym's form."""
    return _PSEUDONYM.match(text) is not None


def normalised_email(address: str) -> str:
    """One spelling for one mailbox: compatibility form, no outer space, lower case."""
    return unicodedata.normalize("NFKC", address).strip().casefold()


class Pseudonyms:
    """Makes pseudonyms under one secret key; remembers the most recent 8,192."""

    def __init__(self, key: bytes) -> None:
        """Take the key.

        Raises:
            DeclarationError: the key has fewer than 16 bytes.
        """
        if len(key) < _KEY_BYTES_AT_LEAST:
            raise DeclarationError(
                f"the pseudonym key has {len(key)} bytes and needs at least "
                f"{_KEY_BYTES_AT_LEAST}: make one with `openssl rand -hex 32`"
            )
        self._key = key
        self._of = lru_cache(maxsize=_REMEMBERED)(self._compute)

    def of(self, kind: str, value: str) -> str:
        """The pseudonym of ``value`` among things of this ``kind``."""
        return self._of(kind, value)

    def client(self, address: str) -> str:
        """The pseudonym of a network address."""
        return self._of("client", address)

    def email(self, address: str) -> str:
        """The pseudonym of a mailbox, whatever its spelling."""
        return self._of("email", normalised_email(address))

    def user(self, user_id: str) -> str:
        """The pseudonym of an account."""
        return self._of("user", user_id)

    def _compute(self, kind: str, value: str) -> str:
        text = f"{kind}\0{value}".encode("utf-8", "surrogatepass")
        return hmac.new(self._key, text, sha256).hexdigest()[:DIGITS]
