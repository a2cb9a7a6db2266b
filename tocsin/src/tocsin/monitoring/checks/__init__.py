"""The chain metric → alarm → panel → runbook, checked both ways.

``tocsin check`` is its command; each rule is one function with a page in
``tocsin/docs/checks``. Nothing is started and no cloud is asked.
"""
