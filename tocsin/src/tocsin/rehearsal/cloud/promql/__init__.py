"""PromQL at Google's path, answered by a real Prometheus.

``/v1/projects/P/location/global/prometheus/api/v1/…`` takes query, query_range, labels,
label values, series and metadata, by GET and POST. Behind it stands a Prometheus of this
machine for each project (started at the first question, stopped with the cloud) that scrapes
the shelf of Cloud Monitoring under Google's PromQL names and labels. A question waits until
what was written before it has been scraped.

Not held: Google's few differences in PromQL (their list was not found); names and label keys
with dots or slashes, which Google takes in quotes, stand here with underscores, for
Prometheus 2 has no such names; a DELTA series is told by its deltas. Prometheus' own ``up``
and ``scrape_…`` series are seen too. Points must be of the last day by the machine's clock:
a cloud whose clock is moved by hand has no PromQL.
"""

from tocsin.rehearsal.cloud.promql.service import Promql

__all__ = ["Promql"]
