"""Reading a scenario's YAML: each value with its type, each mistake with its line.

>>> from tocsin.monitoring.placed_yaml import loaded
>>> field = Fields(loaded("lasts: 20m", Path("week.yaml")))
>>> field.seconds("lasts"), field.number("factor", 1.0)
(1200.0, 1.0)
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from tocsin.errors import DeclarationError
from tocsin.monitoring.durations import seconds

_NOTHING: Final = object()
DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DAY_S: Final = 86_400


class Fields:
    """A mapping of the file; whatever is asked for and missing is told with its place."""

    def __init__(self, data: Any, file: Path | None = None) -> None:
        self._file = file
        if not isinstance(data, Mapping):
            raise DeclarationError(f"{file or ''}: here fields are needed, not {data!r}")
        self._data = data

    @property
    def place(self) -> str:
        """File and line."""
        return str(getattr(self._data, "place", self._file or "scenario"))

    def only(self, *known: str) -> None:
        """Refuse fields that mean nothing.

        Raises:
            DeclarationError: there is one.
        """
        strange = [key for key in self._data if key not in known]
        if strange:
            raise self.wrong(f"{strange[0]!r} is no field here: there are {', '.join(known)}")

    def has(self, key: str) -> bool:
        """Whether it is given."""
        return key in self._data

    def text(self, key: str, otherwise: Any = _NOTHING) -> str:
        """A text."""
        return str(self._given(key, otherwise))

    def number(self, key: str, otherwise: Any = _NOTHING) -> float:
        """A number."""
        value = self._given(key, otherwise)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self.wrong(f"{key} is a number, not {value!r}")
        return float(value)

    def span(self, key: str, otherwise: Any = _NOTHING) -> tuple[float, float]:
        """A number, or the two between which the seed draws."""
        value = self._given(key, otherwise)
        ends = value if isinstance(value, list | tuple) else [value, value]
        if len(ends) != 2 or not all(isinstance(one, int | float) for one in ends):  # noqa: PLR2004
            raise self.wrong(f"{key} is a number or [least, most], not {value!r}")
        return float(min(ends)), float(max(ends))

    def seconds(self, key: str, otherwise: Any = _NOTHING) -> float:
        """A length of time."""
        return self.time_span(key, otherwise)[0]

    def time_span(self, key: str, otherwise: Any = _NOTHING) -> tuple[float, float]:
        """A length of time, or two."""
        value = self._given(key, otherwise)
        ends = value if isinstance(value, list) else [value, value]
        try:
            found = sorted(seconds(str(one)) for one in ends)
        except DeclarationError as error:
            raise self.wrong(f"{key}: {error}") from error
        return found[0], found[-1]

    def moments(self, key: str) -> tuple[float, float]:
        """``tue 10:00-14:00`` as seconds of the week; or one moment, twice."""
        text = self.text(key)
        day, _, hours = text.partition(" ")
        ends = [_of_day(one) for one in hours.split("-")]
        if day not in DAYS or not 1 <= len(ends) <= 2 or None in ends:  # noqa: PLR2004
            raise self.wrong(f"{key} is written «tue 10:00-14:00», not {text!r}")
        start = DAYS.index(day) * _DAY_S
        found = [start + one for one in ends if one is not None]
        return float(found[0]), float(found[-1])

    def names(self, key: str) -> tuple[str, ...]:
        """A list of texts, empty if it is not given."""
        return tuple(map(str, self._listed(key)))

    def labels(self, key: str) -> dict[str, str]:
        """Labels with their values."""
        return {str(k): str(v) for k, v in (self._data.get(key) or {}).items()}

    def below(self, key: str) -> Iterator["Fields"]:
        """Each mapping of a list."""
        for one in self._listed(key):
            yield Fields(one, Path(self.place))

    def within(self, key: str) -> "Fields":
        """A mapping."""
        return Fields(self._given(key, _NOTHING), Path(self.place))

    def given(self) -> list[str]:
        """All fields that are given."""
        return list(map(str, self._data))

    def raw(self, key: str) -> Any:
        """The value as it stands there."""
        return self._given(key, _NOTHING)

    def wrong(self, says: str) -> DeclarationError:
        """An error at this place."""
        return DeclarationError(f"{self.place}: {says}")

    def _listed(self, key: str) -> list[Any]:
        value = self._data.get(key) or []
        if not isinstance(value, list):
            raise self.wrong(f"{key} is a list")
        return value

    def _given(self, key: str, otherwise: Any) -> Any:
        value = self._data.get(key, otherwise)
        if value is _NOTHING:
            raise self.wrong(f"{key!r} is missing")
        return value


def _of_day(text: str) -> int | None:
    hour, colon, minute = text.strip().partition(":")
    if not (colon and hour.isdigit() and minute.isdigit()):
        return None
    return int(hour) * 3600 + int(minute) * 60
