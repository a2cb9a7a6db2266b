"""How busy a service is, minute by minute.

>>> flat = Load((1.0,) * 24, 0.1, frozenset({2}), (), 0.0, 1.0)
>>> load_of(flat, beats=7 * 24, step_s=3600)[[0, 48, 5 * 24]]
array([1. , 0.1, 0.1])
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from tocsin.rehearsal.week.scenario.declared import Load

_DAY_S: Final = 86_400
_HOUR_S: Final = 3600
_SATURDAY: Final = 5


def load_of(load: Load, *, beats: int, step_s: int) -> NDArray[np.float64]:
    """The factor of each beat; hours pass into one another, bells do not."""
    seconds = np.arange(beats) * step_s
    of_day = seconds % _DAY_S
    hours = np.arange(24 + 1) * _HOUR_S
    curve = np.interp(of_day, hours, [*load.by_hour, load.by_hour[0]])
    days = seconds // _DAY_S
    is_free = (days % 7 >= _SATURDAY) | np.isin(days, list(load.holidays))
    for bell_s in load.bells_s:
        rings = (of_day >= bell_s) & (of_day < bell_s + load.bell_lasts_s) & ~is_free
        curve = np.where(rings, curve * load.bell_factor, curve)
    return np.where(is_free, curve * load.weekend, curve)
