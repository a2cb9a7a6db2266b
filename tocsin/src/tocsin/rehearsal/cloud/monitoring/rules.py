"""Cloud Monitoring's rules."""

from typing import Final

from tocsin.rehearsal.cloud.rulebook import Rule

RULES: Final[tuple[Rule, ...]] = ()
