"""What probes found, kept for ninety days.

>>> History.record.__doc__.splitlines()[0]
'Fold one result into its day; the first of a day deletes what is too old.'
"""

from tocsin.health.history.recorder import History

__all__ = ["History"]
