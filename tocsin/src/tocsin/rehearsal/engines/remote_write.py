"""Series in Prometheus' remote-write form, whole weeks at a time.

Every sample has the same length on the wire (a double and a time of six bytes), so that numpy
writes all of a series at once. https://prometheus.io/docs/specs/prw/remote_write_spec/

>>> one = message([Series("up", {"job": "shop"}, np.array([1.0, 0.0]))], 1_780_000_000, 60)
>>> len(one)
67
"""

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tocsin.rehearsal.week.series import Series

_SAMPLES_A_MESSAGE: Final = 400_000
_BITS: Final = 7
_TIME_BYTES: Final = 6  # milliseconds from 2004 to 2109
_VALUE, _TIME, _SAMPLE, _LABEL, _SERIES = 0x09, 0x10, 0x12, 0x0A, 0x0A


def messages(series: Sequence[Series], start_unix_s: int, step_s: int) -> Iterator[bytes]:
    """``WriteRequest`` messages of a bearable size, each of whole series."""
    waiting: list[Series] = []
    count = 0
    for one in series:
        waiting.append(one)
        count += len(one.values)
        if count >= _SAMPLES_A_MESSAGE:
            yield message(waiting, start_unix_s, step_s)
            waiting, count = [], 0
    if waiting:
        yield message(waiting, start_unix_s, step_s)


def message(series: Sequence[Series], start_unix_s: int, step_s: int) -> bytes:
    """One ``WriteRequest``; where a value is NaN there is no sample."""
    parts = []
    for one in series:
        labels = {"__name__": one.name, **one.labels}
        body = b"".join(_label(name, labels[name]) for name in sorted(labels))
        first_s = start_unix_s + one.first * step_s
        body += _samples(one.values, first_s * 1000, step_s * 1000)
        parts.append(bytes([_SERIES]) + _varint(len(body)) + body)
    return b"".join(parts)


def _samples(values: NDArray[np.float64], start_ms: int, step_ms: int) -> bytes:
    there = np.flatnonzero(~np.isnan(values))
    times = start_ms + there.astype(np.int64) * step_ms
    rows = np.empty((len(there), 2 + 1 + 8 + 1 + _TIME_BYTES), dtype=np.uint8)
    rows[:, 0] = _SAMPLE
    rows[:, 1] = rows.shape[1] - 2
    rows[:, 2] = _VALUE
    rows[:, 3:11] = values[there].astype("<f8").view(np.uint8).reshape(-1, 8)
    rows[:, 11] = _TIME
    for place in range(_TIME_BYTES):
        more = 0x80 if place < _TIME_BYTES - 1 else 0
        rows[:, 12 + place] = ((times >> (_BITS * place)) & 0x7F) | more
    return rows.tobytes()


def _label(name: str, value: str) -> bytes:
    pair = _text(1, name) + _text(2, value)
    return bytes([_LABEL]) + _varint(len(pair)) + pair


def _text(field: int, text: str) -> bytes:
    raw = text.encode()
    return bytes([field << 3 | 2]) + _varint(len(raw)) + raw


def _varint(number: int) -> bytes:
    found = bytearray()
    while number > 0x7F:  # noqa: PLR2004 - seven bits
        found.append(number & 0x7F | 0x80)
        number >>= _BITS
    found.append(number)
    return bytes(found)
