"""What is set up once and then watches: policies, channels, checks, dashboards, buckets.

``gcloud`` and Terraform's calls create, list, describe, change and delete them; nothing here
rings or checks by itself.
"""

from tocsin.rehearsal.cloud.configuration.service import Configuration

__all__ = ["Configuration"]
