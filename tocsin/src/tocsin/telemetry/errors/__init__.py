"""Errors: which are events of error reporting, once each, and who is told of them.

:class:`ErrorReports` judges what the log pipeline is told; :class:`StormLimiter` keeps a
storm from flooding; a :class:`Reporter` (Sentry, Error Reporting's API) hears of the rest.

>>> from tocsin.clock import SystemClock
>>> StormLimiter(SystemClock()).admit("ValueError|cart.py|fill")
0
"""

from tocsin.telemetry.errors.reports import ErrorEvent, ErrorReports, Reporter
from tocsin.telemetry.errors.storms import StormLimiter
from tocsin.telemetry.logs.error_events import ErrorRequest, Verdict

__all__ = ["ErrorEvent", "ErrorReports", "ErrorRequest", "Reporter", "StormLimiter", "Verdict"]
