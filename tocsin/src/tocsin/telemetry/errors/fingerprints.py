"""Which errors are the same one: the exception's type and the innermost frame of ours.

That is what a storm is limited by. It is coarser than the grouping of Error Reporting
(type and all frames; docs.cloud.google.com/error-reporting/docs/grouping-errors), so a
storm in one group never hides behind many fingerprints. Line numbers are left out, as
an error of one function is one error.

>>> try:
...     int("seven")
... except ValueError as error:
...     fingerprint_of(error).split("|")[0]
'builtins.ValueError'
"""

import os
from functools import lru_cache
from typing import Final

from tocsin.telemetry.logs.draft import Location

_FILES: Final = 2_048
_FRAMES: Final = 2_000
_NESTED_GROUPS: Final = 8
_INSTALLED: Final = (f"{os.sep}site-packages{os.sep}", f"{os.sep}dist-packages{os.sep}")
_LIBRARY: Final = os.path.dirname(os.__file__) + os.sep  # noqa: PTH120 - text, not a path to use


def fingerprint_of(error: BaseException) -> str:
    """``type|file|function``; a group is known by its first exception as well."""
    parts = []
    for _ in range(_NESTED_GROUPS):
        place = innermost_own(error)
        parts.append(_type_name(type(error)))
        if place is not None:
            parts += [place[0], place[2]]
        if not isinstance(error, BaseExceptionGroup):
            break
        error = error.exceptions[0]
    return "|".join(parts)


def innermost_own(error: BaseException) -> Location | None:
    """Where it was raised, as near to the raise as code of the service reaches."""
    found = last = None
    trace = error.__traceback__
    for _ in range(_FRAMES):
        if trace is None:
            break
        last = trace
        if is_own(trace.tb_frame.f_code.co_filename):
            found = trace
        trace = trace.tb_next
    place = found or last
    if place is None:
        return None
    code = place.tb_frame.f_code
    return code.co_filename, place.tb_lineno, code.co_qualname


@lru_cache(maxsize=_FILES)
def is_own(file: str) -> bool:
    """Whether a source file is the service's: neither installed nor Python's.

    >>> is_own("/srv/app/cart.py"), is_own("/v/lib/python3.11/site-packages/x.py"), is_own("<s>")
    (True, False, False)
    """
    foreign = file.startswith(("<", _LIBRARY)) or any(one in file for one in _INSTALLED)
    return not foreign


def _type_name(kind: type) -> str:
    return f"{kind.__module__}.{kind.__qualname__}"
