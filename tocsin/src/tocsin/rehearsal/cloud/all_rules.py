"""All rules of all services, for the tests that break them and the page that lists them.

>>> {"monitoring", "logs"} <= {rule.name.partition(".")[0] for rule in RULES}
True
"""

from importlib import import_module
from typing import Final

from tocsin.rehearsal.cloud.rulebook import Rule

SERVICES: Final = ("monitoring", "logs", "errors", "traces", "otlp", "configuration")


def _collected() -> tuple[Rule, ...]:
    found: list[Rule] = []
    for service in SERVICES:
        try:
            module = import_module(f"{__package__}.{service}.rules")
        except ModuleNotFoundError as error:
            if not str(error.name).startswith(f"{__package__}.{service}"):
                raise
            continue
        found.extend(module.RULES)
    return tuple(found)


RULES: Final = _collected()
"""In the order of the services; names begin with the service's."""
