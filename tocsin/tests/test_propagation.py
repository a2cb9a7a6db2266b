"""Identifiers from outside are taken whole or not at all (D24, D25, behaviour 25)."""

import os
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.telemetry.propagation import (
    HexDigits,
    parse_cloud_trace,
    parse_traceparent,
    well_formed_id,
)

TRACE = "0af7651916cd43dd8448eb211c80319c"
SPAN = "b7ad6b7169203331"


@pytest.mark.parametrize(
    "raw", [b"12345678", b"a" * 64, b"order.2026-10-01_7", b"0b6c0a1e-3df1-4a8c-9a54-ef3c1d6a1f10"]
)
def test_a_well_formed_upstream_id_is_kept(raw):
    """An upstream that names its requests in its own way keeps its chain."""
    kept = well_formed_id(raw)

    assert kept == raw.decode()


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"1234567",
        b"a" * 65,
        b"a" * 10_240,
        b"abcdefgh\r\nSet-Cookie: x=1",
        b"abcdefgh\n",
        b"<script>alert(1)</script>",
        b'abcdefgh","severity":"DEBUG',
        "schüler-12345".encode(),
        b"abcdefgh\x00",
    ],
)
def test_a_hostile_id_is_refused(raw):
    """Line breaks, markup, quotes, NUL and kilobytes never become an id."""
    kept = well_formed_id(raw)

    assert kept == ""


def test_a_traceparent_is_read():
    """Version 00 has four fields; the last bit of the flags says whether it is sampled."""
    sampled = parse_traceparent(f"00-{TRACE}-{SPAN}-01".encode())
    unsampled = parse_traceparent(f"00-{TRACE}-{SPAN}-02".encode())

    assert sampled == (TRACE, SPAN, True)
    assert unsampled == (TRACE, SPAN, False)


def test_a_later_version_of_traceparent_may_carry_more():
    """The standard asks readers to take the fields that they know from a later version."""
    later = parse_traceparent(f"cc-{TRACE}-{SPAN}-01-what-the-future-brings".encode())

    assert later == (TRACE, SPAN, True)


@pytest.mark.parametrize(
    "raw",
    [
        "",
        "00",
        f"00-{TRACE}-{SPAN}-01-more",
        f"00-{TRACE}-{SPAN}-01\n",
        f"cc-{TRACE}-{SPAN}-01.more",
        f"ff-{TRACE}-{SPAN}-01",
        f"00-{TRACE.upper()}-{SPAN}-01",
        f"00-{'0' * 32}-{SPAN}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"00-{TRACE[:-1]}-{SPAN}-01",
        f"00-{TRACE}-{SPAN}-1",
        f"00-{TRACE}-{SPAN}-zz",
        f"00_{TRACE}_{SPAN}_01",
    ],
)
def test_a_traceparent_that_breaks_a_rule_is_refused(raw):
    """Each rule of the standard's section 3.2 has a header here that breaks it."""
    parsed = parse_traceparent(raw.encode())

    assert parsed is None


def test_googles_older_header_is_read():
    """Its span id is a decimal number, its last part an option; both may be missing."""
    full = parse_cloud_trace(f"{TRACE}/{int(SPAN, 16)};o=1".encode())
    bare = parse_cloud_trace(TRACE.upper().encode())

    assert full == (TRACE, SPAN, True)
    assert bare == (TRACE, "", False)


@pytest.mark.parametrize(
    "raw",
    [
        f"{TRACE}/{1 << 64};o=1",
        f"{TRACE}/-1;o=1",
        f"{TRACE}/1;o=9",
        f"{TRACE}/1;o=1\r\nx: y",
        f"{'0' * 32}/1;o=1",
        f"{TRACE[:-1]}/1;o=1",
        "",
    ],
)
def test_googles_older_header_is_refused_when_it_breaks_its_form(raw):
    """A span beyond 64 bits, an unknown option or a short trace is no context."""
    parsed = parse_cloud_trace(raw.encode())

    assert parsed is None


@given(st.binary(max_size=200))
def test_whatever_comes_in_nothing_is_raised_and_nothing_unsafe_kept(raw):
    """A header is bytes from a stranger: every reader is total."""
    kept = well_formed_id(raw)
    contexts = [parse_traceparent(raw), parse_cloud_trace(raw)]

    assert kept == "" or (kept.isascii() and 8 <= len(kept) <= 64 and kept.isprintable())
    assert all(context is None or len(context[0]) == 32 for context in contexts)


def test_no_two_threads_get_the_same_digits():
    """Eight threads draw 20,000 sets at once, and all differ."""
    digits = HexDigits(os.urandom)
    drawn: list[list[str]] = [[] for _ in range(8)]

    threads = [
        threading.Thread(target=lambda mine=mine: mine.extend(digits.take() for _ in range(2500)))
        for mine in drawn
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    every = [item for mine in drawn for item in mine]
    assert len(every) == len(set(every)) == 20_000


def test_a_forked_child_repeats_none_of_its_parents_digits():
    """A child that is renewed has none of the digits its parent still holds."""
    parent = HexDigits(os.urandom)
    parent.take()
    child_copy = list(parent._sets)
    parent._sets = iter(child_copy)

    parent.renew_in_child()

    assert parent.take() not in child_copy
