"""Pictures an idea by what a student likes.

An interest is a child's free text: it is tidied before it is shown, and matched word by
word against the kinds of ``interests.toml``. What matches none is pictured in general
terms; an empty interest by an example from the day of any student.

>>> interests = Interests()
>>> interests.picture("Basketball!", "pull").text
'In basketball, however high you send the ball, something brings it back down.'
>>> interests.picture("", "pull").emblem
'star'
"""

import re
import tomllib
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from app.services.provider.library import SHAPES

INTERESTS = Path(__file__).parent / "interests.toml"

_SHOWN_AT_MOST = 32
# Latin and Cyrillic letters that the slides' typeface has; whoever adds some, asks
# `slides.missing_glyphs`.
_NOT_SHOWN = re.compile(r"[^0-9A-Za-zÀ-ÖØ-öø-ēėĘęě-īĮ-ıĴ-ķĹ-ľŁ-ňŊ-ōŐ-žА-я &'\u2019.+#/-]")
_SPACES = re.compile(r"\s+")
_NO_INTEREST = "your own day"
_OTHER_SPELLINGS = {"f1": "formula 1", "kpop": "k-pop", "pokemon": "pokémon"}


@dataclass(frozen=True)
class Picture:
    """A sentence that pictures an idea, and the drawing that goes with it."""

    text: str
    emblem: str


class Interests:
    """The kinds of interest that we have pictures for; the last one fits anything."""

    def __init__(self, path: Path = INTERESTS) -> None:
        kinds = tomllib.loads(path.read_text(encoding="utf-8"))["kind"]
        for kind in kinds:
            missing = SHAPES - kind.keys()
            if missing:
                raise ValueError(f"{path.name}: {kind['name']}: no sentence for {sorted(missing)}")
        self._kinds: list[Mapping[str, str]] = kinds
        self._words: dict[str, tuple[str, Mapping[str, str]]] = {
            word.lower(): (word, kind) for kind in kinds for word in kind["words"]
        }
        self._longest_first = sorted(self._words, key=len, reverse=True)

    def picture(self, interest: str, shape: str) -> Picture:
        """The sentence for this interest and an idea of this shape."""
        shown = self.displayed(interest)
        kind = self._kind(shown)
        text = kind[shape].format(interest=shown or _NO_INTEREST)
        return Picture(text[0].upper() + text[1:], kind["emblem"])

    def displayed(self, interest: str) -> str:
        r"""An interest as it may be shown: one short line of letters that fonts have.

        >>> Interests().displayed("  my  <b>guitar</b>\n🎸 "), Interests().displayed("MINECRAFT")
        ('my b guitar /b', 'Minecraft')
        """
        plain = unicodedata.normalize("NFC", interest)
        plain = _SPACES.sub(" ", _NOT_SHOWN.sub(" ", plain)).strip(" .'\u2019/&-")
        if len(plain) > _SHOWN_AT_MOST:
            plain = plain[:_SHOWN_AT_MOST].rsplit(" ", 1)[0]
        known = _OTHER_SPELLINGS.get(plain.lower(), plain.lower())
        return self._words[known][0] if known in self._words else plain

    def _kind(self, shown: str) -> Mapping[str, str]:
        padded = f" {shown.lower()} "
        found = next((word for word in self._longest_first if f" {word} " in padded), None)
        return self._words[found][1] if found else self._kinds[-1]
