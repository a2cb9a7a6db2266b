"""Cloud Monitoring's ``google.monitoring.v3.MetricService``, with its refusals.

>>> from tocsin.rehearsal.cloud.world import World
>>> monitoring = Monitoring(World())
>>> monitoring.series(), monitoring.total("custom.googleapis.com/x"), monitoring.descriptors()
([], 0, [])
"""

from tocsin.rehearsal.cloud.monitoring.service import Monitoring
from tocsin.rehearsal.cloud.monitoring.shelf import StoredPoint, StoredSeries

__all__ = ["Monitoring", "StoredPoint", "StoredSeries"]
