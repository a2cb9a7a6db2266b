"""Addresses of pages: what a URL may keep when it is written down.

A query keeps its keys and loses its values. A path keeps plain words, numbers and
UUIDs, and loses what stands for a person or opens a door: tokens after ``/reset/``, names
after ``/students/``, and any long segment with the look of chance.

>>> masked_urls("GET https://ada:pw@site.example/reset/8fG2kQ?next=/home HTTP/1.1")
'GET https://[redacted]@site.example/reset/[redacted]?next=[redacted] HTTP/1.1'
>>> looks_random("introduction-to-photosynthesis"), looks_random("dGhpc0lzQVJlc2V0VG9rZW4x")
(False, True)
"""

import re
from collections.abc import Callable
from typing import Final
from urllib.parse import unquote

from tocsin.telemetry.identity import is_pseudonym
from tocsin.telemetry.redaction.mask import MASK, cut_mark
from tocsin.telemetry.redaction.vocabulary import (
    ACTION_SEGMENTS,
    DOOR_SEGMENTS,
    PERSON_SEGMENTS,
)

_USERINFO: Final = re.compile(r"(?<=://)[^\s/?#\"'<>]*+@?+")
_QUERY: Final = re.compile(r"\?([^\s#\"'<>\\]++)")
_PAIR: Final = re.compile(r"([^=&;]*+)(=?)([^&;]*+)([&;]?)")
_URL_PATH: Final = re.compile(r"(://[^\s/?#\"'<>]++)(/[^\s?#\"'<>\\,]++)")
_REQUEST_PATH: Final = re.compile(
    r"((?:GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS)[ \"']{1,3})(/[^\s?#\"'<>\\,]++)"
)
_DOOR: Final = re.compile(
    r"(?i)(/(?:"
    + "|".join(sorted(DOOR_SEGMENTS, key=len, reverse=True))
    + r")/)([^\s/?#\"'<>\\,]++)"
)

_PLAIN: Final = re.compile(r"(?:[A-Za-z]{1,32}(?:[-_.][A-Za-z]{1,32}){0,6}|\d{1,12}|\w{1,6})\Z")
_UUID: Final = re.compile(r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}\Z")
_HEX: Final = re.compile(r"[0-9A-Fa-f]+\Z")
_TURN: Final = re.compile(r"[a-z](?=[A-Z0-9])|[A-Z](?=[0-9])|[0-9](?=[A-Za-z])")
_TOKEN_CHARS: Final = re.compile(r"[\w.~+=%:$-]{20,}\Z")
# In words one sort of letter lasts for five or so; in chance it turns at every second.
_TURNS_PER_CHAR: Final = 0.2
_PATH_CHARS_AT_MOST: Final = 1024
_ROOM_FOR_A_MARK: Final = 40


def masked_urls(text: str) -> str:
    """``text`` whose URLs have lost user, query values and telling segments."""
    if "://" in text and "@" in text:
        text = _USERINFO.sub(_userinfo, text)
    if "?" in text:
        text = _QUERY.sub(_query, text)
    if "/" in text:
        if "://" in text:
            text = _URL_PATH.sub(_path_in_text, text)
        if _REQUEST_PATH.search(text) is not None:
            text = _REQUEST_PATH.sub(_path_in_text, text)
        text = _DOOR.sub(_behind_door, text)
    return text


def masked_path(path: str, mask: Callable[[str], str]) -> str:
    """The path of a request, fit for a log; ``mask`` is asked about every odd segment."""
    for end in ("?", "#"):
        if end in path:
            path = path.partition(end)[0]
    cut = ""
    if len(path) > _PATH_CHARS_AT_MOST:
        kept = path.rfind("/", 0, _PATH_CHARS_AT_MOST - _ROOM_FOR_A_MARK) + 1
        path, cut = path[:kept], cut_mark(len(path) - kept, "characters")
    return _masked_segments(path, mask) + cut


def _masked_segments(path: str, mask: Callable[[str], str]) -> str:
    segments = path.split("/")
    odd = {place for place, segment in enumerate(segments) if _is_odd(segment)}
    # One look at the whole tells, as a rule, that no odd segment needs a look of its own.
    plain = unquote(path) if odd else ""
    whole = mask(plain) if odd else ""
    before = ""
    for place, segment in enumerate(segments):
        if segment:
            if _tells_by_place(segment, before) or (
                place in odd and _tells_by_form(segment, None if whole == plain else mask)
            ):
                segments[place] = MASK
            before = segment
    shown = "/".join(segments)
    # What reaches over a slash, as in `/password=/hunter2`, shows in the whole alone.
    return whole if shown == path and whole != plain else shown


def looks_random(segment: str) -> bool:
    """Whether a segment of 20 characters or more seems to be drawn by chance."""
    if _TOKEN_CHARS.match(segment) is None or _UUID.match(segment) is not None:
        return False
    if _HEX.match(segment) is not None:
        return not segment.isdecimal()
    turns = len(_TURN.findall(segment))
    return turns > 3 and turns > _TURNS_PER_CHAR * len(segment)  # noqa: PLR2004 - `v2Lesson3`


def _is_odd(segment: str) -> bool:
    return bool(segment) and _PLAIN.match(segment) is None and _UUID.match(segment) is None


def _tells_by_place(segment: str, before: str) -> bool:
    parent = before.lower()
    if parent in PERSON_SEGMENTS:
        return _may_name_a_person(segment)
    return parent in DOOR_SEGMENTS and _may_open_a_door(segment)


def _tells_by_form(segment: str, mask: Callable[[str], str] | None) -> bool:
    plain = unquote(segment) if "%" in segment else segment
    return looks_random(plain) or (mask is not None and mask(plain) != plain)


def _may_name_a_person(segment: str) -> bool:
    return not (
        segment.isdecimal()
        or segment.lower() in ACTION_SEGMENTS
        or is_pseudonym(segment)
        or _UUID.match(segment) is not None
        or segment[0] in "{<["
    )


def _may_open_a_door(segment: str) -> bool:
    """A word in lower case is the next part of the route; anything else may be a token."""
    if segment[0] in "{<[" or len(segment) < 4:  # noqa: PLR2004 - `v2` is no token
        return False
    letters = segment.replace("-", "").replace("_", "").replace(".", "")
    return not (letters.isalpha() and letters.islower())


def _userinfo(match: re.Match[str]) -> str:
    user, at, host = match[0].rpartition("@")
    return f"{MASK}@{host}" if at and user and user != MASK else match[0]


def _query(match: re.Match[str]) -> str:
    if "=" not in match[1]:
        return f"?{MASK}" if looks_random(match[1]) else match[0]
    return "?" + _PAIR.sub(_pair, match[1])


def _pair(match: re.Match[str]) -> str:
    key, sign, value, separator = match.groups()
    if not value or not key or not sign:
        return match[0]
    tail = value[len(value.rstrip(").,]}")) :] if value != MASK else ""
    if value.startswith(MASK):
        tail = value[len(MASK) :]
    return f"{key}={MASK}{tail}{separator}"


def _path_in_text(match: re.Match[str]) -> str:
    return match[1] + _masked_segments(match[2], lambda segment: segment)


def _behind_door(match: re.Match[str]) -> str:
    return match[1] + MASK if _may_open_a_door(match[2]) else match[0]
