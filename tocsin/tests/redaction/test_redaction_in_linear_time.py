"""Whoever writes hostile text slows nobody down (behaviour 31)."""

import time

import pytest

from tocsin.telemetry.redaction import Limits, Redactor

redactor = Redactor(limits=Limits(text_chars=1 << 20, total_chars=1 << 21))

CHARS = 2_500
TIMES_LONGER = 4
# Linear gives 4 and quadratic 16. What stays under the least time is quick enough anyway.
RATIO_AT_MOST = 9.0
LEAST_S = 0.001
# Two microseconds a character are the worst that was measured.
S_PER_CHAR_AT_MOST = 40e-6

SHAPES = """
    a a@ a@b a.b@c. ada@school. @ %40 %25 %2540 &#64; %3D password%3D a' o'b
    = a= a=a= a=b,  password= password=" password='\\ password=( password=x( token=[ token={'
    {'password':' ('password', "password" \\"password\\":\\" [[ (( {{ < <a <password> </a>
    Cookie:  cookie=a;  Authorization:Bearer  first_name= first_name=a,  address:a,
    --a --password  pass word= input_value= [parameters:
    1 1- 4 4242 4242- 4242. 0 00 07. +1 +1( +1-1 (202) 202-555- 12-12-1
    1. 1.1.1. 255.255. 127.0.0.1 : :: a:: 1: ab:cd: ::1 version1.2.3.
    eyJ eyJa. sk- sk-a1 AIza ghp_ xoxb- SG. $2b$ Bearer_a bearer: basica YWJj
    -----BEGIN -----BEGINPRIVATEKEY----- - -- \\ \\\\ \\" ' '' ''' " "" \"\"\"
    ? ?a= ?a=b& & ?a&b :// ://a@ http://a/b ://u:p@h/ / /a /reset/ /users/ GET/a //a%2F
    é \uff10 \uff50\uff41\uff53\uff53\uff1d \x00 \ud800
    [redacted] [withheld] [cut1items] a- a. a$ x_
"""
PAIRS = [
    ("://a@", 'password="'),
    ("password=", "a::"),
    ("password=x(", ":"),
    ("token: ", "password: "),
    ("'", "GET /a "),
    ("?a=b&", "://a@"),
    ("4242 ", "+1 1 "),
    ("password ", "is "),
    ("a", " "),
    ("\n", "\t"),
    ('name="password"', "\n\n"),
    ("bearer ", "bearer "),
]


def _cost_s(text):
    best_s = float("inf")
    for _ in range(3):
        start_s = time.process_time()
        redactor.text(text)
        best_s = min(best_s, time.process_time() - start_s)
    return best_s


def _growth(unit, tail):
    """How many times dearer a text of four times the length is, and a character's cost."""
    short = (unit * (CHARS // len(unit) + 1))[:CHARS] + tail
    long = (unit * (CHARS * TIMES_LONGER // len(unit) + 1))[: CHARS * TIMES_LONGER] + tail
    long_s = _cost_s(long)
    if long_s < LEAST_S:
        return 1.0, long_s / len(long)
    return long_s / max(_cost_s(short), 1e-9), long_s / len(long)


@pytest.mark.parametrize("tail", ["", " x@y"])
@pytest.mark.parametrize("unit", [*sorted(set(SHAPES.split())), *map("".join, PAIRS)])
def test_a_hostile_text_of_four_times_the_length_costs_four_times_as_much(unit, tail):
    """Near misses of every rule, repeated; the best of three tries counts (behaviour 31)."""
    for _ in range(3):
        ratio, s_per_char = _growth(unit, tail)
        if ratio < RATIO_AT_MOST:
            break

    assert ratio < RATIO_AT_MOST
    assert s_per_char < S_PER_CHAR_AT_MOST


@pytest.mark.parametrize("unit", ["/a1b2c3d", "/users/a", "/reset/a1", "/%40", "/" + "a1" * 40])
def test_a_hostile_path_costs_little(unit):
    """A path is cut before it is looked at, so a longer one costs no more (behaviour 31)."""
    path = unit * 20_000

    start_s = time.process_time()
    shown = redactor.url_path(path)
    cost_s = time.process_time() - start_s

    assert len(shown) <= 1100
    assert cost_s < 0.25


def test_a_hostile_name_costs_little():
    """Keys are read to a bound, and not remembered when long (behaviour 31)."""
    fields = {f"{'password_' * 5_000}{place}": 1 for place in range(100)}

    start_s = time.process_time()
    redactor.event(fields)
    cost_s = time.process_time() - start_s

    assert cost_s < 5.0
