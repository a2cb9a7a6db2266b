"""What a probe is told: the service's own settings, without the service's secrets.

It signs nothing, names nobody and writes no letters, so it is given neither keys nor a mail
server: where none are set it makes up keys that end with it.

>>> told = ProbeSettings(environment="test", journey_email="p@v.example", journey_password="x")
>>> len(told.secret_key.get_secret_value()), told.secret_key == told.telemetry_key
(64, False)
"""

import secrets
from collections.abc import Iterator

from pydantic import Field, SecretStr

from app.core.config import Settings
from app.journey.walk import Account

_KEY_BYTES = 32


def _throwaway() -> SecretStr:
    return SecretStr(secrets.token_hex(_KEY_BYTES))


class ProbeSettings(Settings):
    """The settings of ``python -m app.journey``."""

    secret_key: SecretStr = Field(default_factory=_throwaway)
    telemetry_key: SecretStr = Field(default_factory=_throwaway)

    @property
    def account(self) -> Account:
        """Who walks."""
        return Account(self.journey_email, self.journey_password or SecretStr(""))

    def _deployment_faults(self) -> Iterator[str]:
        if not self.account.email or not self.account.password:
            yield (
                "JOURNEY_EMAIL, JOURNEY_PASSWORD: are not both set: register an account for the "
                "journey alone, and set both"
            )
