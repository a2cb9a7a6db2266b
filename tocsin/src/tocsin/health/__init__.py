"""Is it alive, is it ready, what is wrong: answers behind which a check stands.

>>> Check(name="database", ask=print).criticality
<Criticality.REQUIRED: 'required'>
"""

from tocsin.health.assembly import Health
from tocsin.health.check import Check, Criticality, Finding, Status
from tocsin.health.checkup import Checkup, Result
from tocsin.health.life import Life, Phase
from tocsin.health.loop_watch import LoopWatch
from tocsin.health.port import HealthPort
from tocsin.health.routes import health_routes, respond

__all__ = [
    "Check",
    "Checkup",
    "Criticality",
    "Finding",
    "Health",
    "HealthPort",
    "Life",
    "LoopWatch",
    "Phase",
    "Result",
    "Status",
    "health_routes",
    "respond",
]
