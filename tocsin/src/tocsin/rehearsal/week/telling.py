"""A week's verdict as a table for a reader, and as data for a program.

>>> length(90), length(3725), length(None), length(-30)
('1m30s', '1h02m', '-', '-30s')
"""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from tocsin.rehearsal.week.running import Run
from tocsin.rehearsal.week.verdict import FalseFiring, Found

_DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_DAY_S: Final = 86_400
_HOUR_S: Final = 3600


def told(runs: Sequence[Run]) -> str:
    """Every run, and at the end one line for all.

    With one seed each alarm has its line; with several, the slowest and the quickest stand there.
    """
    lines = [line for engine in _engines(runs) for line in _of_engine(runs, engine)]
    lines += [f"  {line}" for run in runs for line in _faults(run)]
    return "\n".join([*lines, _sum(runs)]) + "\n"


def as_data(runs: Sequence[Run]) -> list[dict[str, Any]]:
    """The same as plain data, times in seconds."""
    return [
        {
            "engine": run.verdict.engine,
            "seed": run.seed,
            "good": run.verdict.is_good,
            "series": run.series,
            "samples": run.samples,
            "took_s": round(run.took_s, 2),
            "found": [vars(one) for one in run.verdict.found],
            "false_firings": [
                {"alert": one.alert, **one.firing._asdict(), "during": one.during}
                for one in run.verdict.false_firings
            ],
            "without_incident": list(run.verdict.silent),
        }
        for run in runs
    ]


def length(seconds: float | None) -> str:
    """How long, to the second below an hour."""
    if seconds is None:
        return "-"
    sign, whole = ("-" if seconds < 0 else ""), abs(round(seconds))
    minutes, rest = divmod(whole, 60)
    if whole >= _HOUR_S:
        return f"{sign}{minutes // 60}h{minutes % 60:02}m"
    return f"{sign}{minutes}m{rest:02}s" if minutes else f"{sign}{rest}s"


def moment(second: int) -> str:
    """A second of the week.

    >>> moment(86_400 + 9 * 3600 + 300)
    'Tue 09:05'
    """
    day, of_day = divmod(second, _DAY_S)
    return f"{_DAYS[day % 7]} {of_day // _HOUR_S:02}:{of_day % _HOUR_S // 60:02}"


def _engines(runs: Sequence[Run]) -> list[str]:
    return list(dict.fromkeys(run.verdict.engine for run in runs))


def _of_engine(runs: Sequence[Run], engine: str) -> Iterator[str]:
    mine = [run for run in runs if run.verdict.engine == engine]
    first = mine[0]
    seeds = ", ".join(str(run.seed) for run in mine)
    yield (
        f"{engine}: {len(mine)} week{'s' if len(mine) > 1 else ''}, "
        f"{first.series} series with {first.samples:,} samples each; seed {seeds}; "
        f"{sum(run.took_s for run in mine):.0f} s"
    )
    yield _line("alarm", "incident", "found", "at least", "detected", "cleared")
    for place in range(len(first.verdict.found)):
        yield _row([run.verdict.found[place] for run in mine])
    quiet = first.verdict.silent
    if quiet:
        yield f"  no incident here is for: {', '.join(quiet)}"
    yield ""


def _row(found: Sequence[Found]) -> str:
    hits = sum(1 for one in found if one.detected_s is not None)
    spans = [
        _span([getattr(one, name) for one in found])
        for name in ("least_s", "detected_s", "cleared_s")
    ]
    first = found[0]
    return _line(first.alert, first.incident, f"{hits}/{len(found)}", *spans)


def _line(alert: str, incident: str, *columns: str) -> str:
    return f"  {alert:28}{incident:38}" + "".join(f"{one:>15}" for one in columns)


def _span(values: Sequence[float | None]) -> str:
    known = [one for one in values if one is not None]
    if not known:
        return "-"
    ends = dict.fromkeys([length(min(known)), length(max(known))])
    return "..".join(ends)


def _faults(run: Run) -> Iterator[str]:
    where = f"{run.verdict.engine}, seed {run.seed}"
    for one in run.verdict.missed:
        yield f"MISSED  {one.alert} did not ring for «{one.incident}» ({where})"
    for false in run.verdict.false_firings:
        yield f"FALSE   {_false(false)} ({where})"


def _false(one: FalseFiring) -> str:
    lasted = length(one.firing.end_s - one.firing.start_s)
    during = f", during «{one.during}»" if one.during else ""
    return f"{one.alert} rang on {moment(one.firing.start_s)} for {lasted}{during}"


def _sum(runs: Sequence[Run]) -> str:
    found = [one for run in runs for one in run.verdict.found]
    hits = sum(1 for one in found if one.detected_s is not None)
    false = sum(len(run.verdict.false_firings) for run in runs)
    return f"{hits} of {len(found)} incidents found, {false} false firings"
