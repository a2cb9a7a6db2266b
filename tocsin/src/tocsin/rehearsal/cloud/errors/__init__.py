"""Error Reporting: groups what was reported, and what log entries tell of exceptions.

>>> from tocsin.rehearsal.cloud.world import World
>>> Errors(World()).groups()
[]
"""

from tocsin.rehearsal.cloud.errors.groups import ErrorGroup, SeenError
from tocsin.rehearsal.cloud.errors.service import Errors

__all__ = ["ErrorGroup", "Errors", "SeenError"]
