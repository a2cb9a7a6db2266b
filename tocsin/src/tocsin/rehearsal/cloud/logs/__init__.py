"""Cloud Logging: takes entries over its API and from standard output, and finds them again.

>>> from tocsin.rehearsal.cloud.world import World
>>> Logs(World()).entries()
[]
"""

from tocsin.rehearsal.cloud.logs.service import Logs

__all__ = ["Logs"]
