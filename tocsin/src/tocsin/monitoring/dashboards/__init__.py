"""Dashboards: a small YAML each, rendered for Google Cloud and for Grafana.

``tocsin/docs/dashboards.md`` describes the YAML. The rendered files are committed, so that a
reviewer sees what will be deployed, and Terraform needs no generator.
"""
