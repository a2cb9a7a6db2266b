"""A Google Cloud that refuses what Google refuses, with faults on request.

``tocsin cloud`` runs it; tests start it with :mod:`tocsin.rehearsal.cloud.running`. Which
of Google's rules it holds stands in ``tocsin/docs/cloud-rules.md``.
"""
