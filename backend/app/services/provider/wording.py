"""What a question is about: its telling words, without those that any question has.

>>> terms("Please explain Newton's 3rd law!")
['newton', 'third', 'law']
"""

import re
import unicodedata
from pathlib import Path

_TERMS_AT_MOST = 24
_STOP_WORDS = frozenset(
    (Path(__file__).parent / "stop_words.txt").read_text(encoding="utf-8").split()
)
_WORD = re.compile(r"[a-z0-9]+")
_POSSESSIVE = re.compile(r"'s?\b")
_ORDINALS = {"1st": "first", "2nd": "second", "3rd": "third"}


def terms(text: str) -> list[str]:
    """The telling words in their order, each once, without accents and numbers; 24 at the most."""
    plain = unicodedata.normalize("NFKD", text.casefold().replace("\u2019", "'"))
    plain = "".join(letter for letter in plain if not unicodedata.combining(letter))
    words = _WORD.findall(_POSSESSIVE.sub("", plain))
    telling = (
        _ORDINALS.get(word, word)
        for word in words
        if word not in _STOP_WORDS and not word.isdigit()
    )
    return list(dict.fromkeys(telling))[:_TERMS_AT_MOST]
