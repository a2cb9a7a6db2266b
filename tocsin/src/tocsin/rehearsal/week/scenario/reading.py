"""A scenario's file, read; its form stands in ``tocsin/docs/scenario.md``.

>>> from tocsin.monitoring.placed_yaml import loaded
>>> one = loaded("{add: shop_orders_total, per_minute: [1, 3]}", Path("week.yaml"))
>>> _effect(Fields(one)).amount
Draw(least=1.0, most=3.0)
"""

from pathlib import Path

from tocsin.errors import DeclarationError
from tocsin.monitoring.placed_yaml import loaded
from tocsin.monitoring.sources import read
from tocsin.rehearsal.week.scenario.declared import (
    EFFECTS,
    Counter,
    Draw,
    Effect,
    Event,
    Gauge,
    Histogram,
    Leaf,
    Load,
    Scenario,
)
from tocsin.rehearsal.week.scenario.fields import Fields


def read_scenario(file: Path) -> Scenario:
    """The scenario of a file.

    Raises:
        DeclarationError: something in it is wrong; file and line.
    """
    top = Fields(loaded(read(file), file), file)
    top.only(
        *("begins", "days", "resource", "processes", "deploys", "load"),
        *("counters", "histograms", "gauges", "troubles", "incidents"),
    )
    return Scenario(
        file=file,
        days=int(top.number("days")),
        begins_unix_s=int(top.number("begins")),
        resource=top.labels("resource"),
        processes=int(top.number("processes")),
        deploys_s=tuple(_moment(text, top) for text in top.names("deploys")),
        load=_load(top.within("load")),
        counters=tuple(map(_counter, top.below("counters"))),
        histograms=tuple(map(_histogram, top.below("histograms"))),
        gauges=tuple(map(_gauge, top.below("gauges"))),
        events=(
            *(_event(one, is_incident=False) for one in top.below("troubles")),
            *(_event(one, is_incident=True) for one in top.below("incidents")),
        ),
    )


def _load(fields: Fields) -> Load:
    fields.only("by_hour", "weekend", "holidays", "bells", "bell_lasts", "bell_factor")
    hours = tuple(float(one) for one in fields.raw("by_hour"))
    if len(hours) != 24:  # noqa: PLR2004 - of a day
        raise fields.wrong(f"by_hour needs 24 factors, not {len(hours)}")
    bells = tuple(_moment(f"mon {text}", fields) for text in fields.names("bells"))
    holidays = (_moment(f"{day} 00:00", fields) // 86_400 for day in fields.names("holidays"))
    return Load(
        hours,
        fields.number("weekend"),
        frozenset(map(int, holidays)),
        bells,
        fields.seconds("bell_lasts", "0s"),
        fields.number("bell_factor", 1.0),
    )


def _counter(fields: Fields) -> Counter:
    fields.only("metric", "per_minute", "splits", "born", "from_zero")
    splits = fields.raw("splits") if fields.has("splits") else []
    return Counter(
        metric=fields.text("metric"),
        per_minute=fields.number("per_minute", 0.0),
        splits=tuple(tuple(_leaf(Fields(one)) for one in split) for split in splits),
        is_born=fields.has("born") and bool(fields.raw("born")),
        from_zero={
            name: tuple(map(str, values))
            for name, values in (fields.raw("from_zero") if fields.has("from_zero") else {}).items()
        },
        place=fields.place,
    )


def _leaf(fields: Fields) -> Leaf:
    labels = {key: fields.text(key) for key in fields.given() if key != "share"}
    return Leaf(labels, fields.number("share"))


def _histogram(fields: Fields) -> Histogram:
    fields.only("metric", "counts", "median", "spread")
    return Histogram(
        fields.text("metric"),
        fields.text("counts"),
        fields.number("median"),
        fields.number("spread"),
        fields.place,
    )


def _gauge(fields: Fields) -> Gauge:
    fields.only("metric", "labels", "value", "with_load")
    is_start_time = fields.raw("value") == "start"
    return Gauge(
        metric=fields.text("metric"),
        labels=fields.labels("labels"),
        value=0.0 if is_start_time else fields.number("value"),
        with_load=fields.number("with_load", 0.0),
        is_start_time=is_start_time,
        place=fields.place,
    )


def _event(fields: Fields, *, is_incident: bool) -> Event:
    told = ("must", "may", "least") if is_incident else ()
    fields.only("name", "at", "lasts", "effects", *told)
    must = fields.names("must")
    if is_incident and not must:
        raise fields.wrong("an incident must raise an alarm: say which in `must`")
    least = fields.within("least") if fields.has("least") else None
    return Event(
        name=fields.text("name"),
        at=Draw(*fields.moments("at")),
        lasts=Draw(*fields.time_span("lasts")),
        effects=tuple(map(_effect, fields.below("effects"))),
        must=must,
        may=fields.names("may"),
        least={name: _least(least.within(name)) for name in least.given()} if least else {},
        place=fields.place,
    )


def _least(fields: Fields) -> dict[str, float]:
    fields.only("events", "share", "window", "wait")
    found = {key: fields.number(key) for key in ("events", "share") if fields.has(key)}
    times = {key: fields.seconds(key) for key in ("window", "wait") if fields.has(key)}
    return found | times


def _effect(fields: Fields) -> Effect:
    kinds = [key for key in fields.given() if key in EFFECTS]
    if len(kinds) != 1:
        raise fields.wrong(f"an effect is one of {', '.join(EFFECTS)}")
    kind = kinds[0]
    fields.only(kind, "labels", "per_minute", "share", "factor", "value")
    amounts = {"add": "per_minute", "turn": "share", "slow": "factor", "set": "value"}
    amount = Draw(*fields.span(amounts[kind])) if kind in amounts else Draw(0, 0)
    metric = "" if kind in ("mute", "stop") else fields.text(kind)
    return Effect(kind, metric, fields.labels("labels"), amount, fields.place)


def _moment(text: str, fields: Fields) -> float:
    try:
        return Fields({"at": text}).moments("at")[0]
    except DeclarationError as error:
        raise fields.wrong(str(error)) from error
