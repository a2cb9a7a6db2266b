"""The shelf of spans: cut to size, bounded, the same after a restart."""

from cloud.violations.kind import Desk
from hypothesis import given
from hypothesis import strategies as st

from tocsin.rehearsal.cloud.rulebook import Rulebook
from tocsin.rehearsal.cloud.traces import SpanEvent, SpanLink, StoredSpan, Traces
from tocsin.rehearsal.cloud.traces.cutting import KEY_BYTES, NAME_BYTES, VALUE_BYTES, cut
from tocsin.rehearsal.cloud.world import World
from tocsin.telemetry.testing.clock import HandClock

LONG = st.text(max_size=30) | st.text(min_size=300, max_size=600).map(lambda text: text * 120)


def span(number, now_ns, **fields):
    return StoredSpan("ab" * 16, f"{number:016x}", start_ns=now_ns, end_ns=now_ns, **fields)


def test_the_shelf_is_bounded_and_what_leaves_is_counted():
    """When the shelf is full the oldest spans leave, and their number is told."""
    clock = HandClock()
    traces = Traces(World(clock=clock), max_spans=3)

    for number in range(1, 11):
        traces.keep_span(span(number, clock.wall_ns()))

    assert [one.span_id for one in traces.spans()] == [f"{n:016x}" for n in (8, 9, 10)]
    assert traces.dropped == 7


def test_a_journal_brings_the_spans_back():
    """Spans are the same after a restart, with events, links and attributes."""
    journal = []
    before, after = Desk(), Desk()
    before.world.keep = lambda *noted: journal.append(noted)
    now_ns = before.clock.wall_ns()
    before.traces.keep_span(
        span(
            1,
            now_ns,
            attributes={"a": 1, "b": "two", "c": [True, 0.5]},
            events=(SpanEvent(now_ns, "paused", {"why": "rain"}),),
            links=(SpanLink("cd" * 16, "ef" * 8),),
        )
    )

    for noted in journal:
        after.traces.recall(*noted)

    assert after.traces.spans() == before.traces.spans()
    assert len(after.traces.spans()) == 1


@given(LONG, st.dictionaries(LONG, LONG, max_size=3))
def test_whatever_is_cut_stays_text_within_its_bytes(name, attributes):
    """No cut splits a character, and nothing that is kept is longer than Google keeps."""
    kept = cut(span(1, 0, name=name, attributes=attributes), Rulebook())

    assert name.startswith(kept.name)
    assert len(kept.name.encode()) <= NAME_BYTES
    assert all(len(key.encode()) <= KEY_BYTES for key in kept.attributes)
    assert all(len(value.encode()) <= VALUE_BYTES for value in kept.attributes.values())


def test_what_is_within_the_limits_is_left_alone():
    """A span at the very limits is kept whole, and no rule was met."""
    rules = Rulebook()
    whole = span(1, 0, name="n" * 1_024, attributes={"k" * 512: "v" * 65_532})

    kept = cut(whole, rules)

    assert kept == whole
    assert rules.breaches == {}
