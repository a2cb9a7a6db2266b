"""How good the redaction is, measured on a labelled corpus.

``python -m tocsin.telemetry.redaction.score CORPUS`` prints the table that stands in
``docs/redaction.md``, with everything missed and everything wrongly hidden by name; with
the page as a second argument it writes the table there.

The corpus is JSON, one item a line: a ``category``; one of ``text``, ``path`` (of a
request) and ``fields`` (of a log line); ``hide``, pieces that must not survive; ``keep``,
pieces that must. Where neither is given, the whole must come out as it went in. A middle
dot is taken out on reading: it keeps made-up keys from looking real to secret scanners.

>>> item = Item.read('{"category": "x", "text": "by ada@school.example", "hide": ["ada"]}')
>>> judged(item, Redactor()).missed
()
"""

import json
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tocsin.errors import DeclarationError
from tocsin.telemetry.redaction.walker import Redactor

BEGIN: Final = "<!-- score: begin -->"
END: Final = "<!-- score: end -->"

_FORMS: Final = ("text", "path", "fields")
_DOT: Final = "·"
_SHOWN_CHARS: Final = 96


@dataclass(frozen=True)
class Item:
    """One labelled line of the corpus."""

    category: str
    form: str
    content: Any
    hide: tuple[str, ...]
    keep: tuple[str, ...]

    @classmethod
    def read(cls, line: str) -> "Item":
        """Read one line.

        Raises:
            DeclarationError: the line is no item of the form described above.
        """
        try:
            raw = json.loads(line.replace(_DOT, ""))
            form = next(name for name in _FORMS if name in raw)
            hide, keep = tuple(raw.get("hide", ())), tuple(raw.get("keep", ()))
            if not hide and not keep:
                keep = (raw[form],)
            return cls(raw["category"], form, raw[form], hide, keep)
        except (ValueError, KeyError, TypeError, AttributeError, StopIteration):
            raise DeclarationError(
                f"a corpus line needs category and one of {', '.join(_FORMS)}, as JSON: "
                f"mend {line[:_SHOWN_CHARS]!r}"
            ) from None


@dataclass(frozen=True)
class Verdict:
    """What became of an item: pieces that leaked, and pieces hidden for nothing."""

    item: Item
    missed: tuple[str, ...]
    wrongly_hidden: tuple[str, ...]


def judged(item: Item, redactor: Redactor) -> Verdict:
    """Redact one item and compare with its labels."""
    shown = _redacted(item, redactor)
    return Verdict(
        item,
        missed=tuple(piece for piece in item.hide if piece in shown),
        wrongly_hidden=tuple(piece for piece in item.keep if piece not in shown),
    )


def corpus(path: Path) -> list[Item]:
    """The items of a corpus file.

    Raises:
        DeclarationError: a line is no item.
    """
    lines = path.read_text(encoding="utf-8").split("\n")
    return [Item.read(line) for line in lines if line.strip()]


def report(items: Iterable[Item]) -> str:
    """The published table, in Markdown."""
    redactor = Redactor()
    verdicts = [judged(item, redactor) for item in items]
    by_category: dict[str, list[Verdict]] = {}
    for verdict in verdicts:
        by_category.setdefault(verdict.item.category, []).append(verdict)
    rows = [_row(name, group) for name, group in by_category.items()]
    return "\n".join(
        [
            "| Category | To hide | Hidden | Missed | To show | Wrongly hidden |",
            "|---|---:|---:|---:|---:|---:|",
            *rows,
            _row("**All**", verdicts),
            "",
            "### What is missed",
            "",
            *[_named(verdict) for verdict in verdicts if verdict.missed],
            "",
            "### What is wrongly hidden",
            "",
            *[_named(verdict) for verdict in verdicts if verdict.wrongly_hidden],
        ]
    )


def _redacted(item: Item, redactor: Redactor) -> str:
    if item.form == "text":
        return redactor.text(item.content)
    if item.form == "path":
        return redactor.url_path(item.content)
    return json.dumps(redactor.event(item.content), ensure_ascii=False)


def _row(name: str, verdicts: list[Verdict]) -> str:
    secret = [verdict for verdict in verdicts if verdict.item.hide]
    plain = [verdict for verdict in verdicts if verdict.item.keep]
    missed = sum(bool(verdict.missed) for verdict in secret)
    wrong = sum(bool(verdict.wrongly_hidden) for verdict in plain)
    figures = (len(secret), len(secret) - missed, missed, len(plain), wrong)
    return f"| {name} | " + " | ".join(str(figure) for figure in figures) + " |"


def _named(verdict: Verdict) -> str:
    content = verdict.item.content
    text = content if isinstance(content, str) else json.dumps(content, ensure_ascii=False)
    line = text.encode("unicode_escape").decode().replace("`", "'") if "\n" in text else text
    line = line.replace("`", "'")
    return f"- {verdict.item.category}: `{line[:_SHOWN_CHARS]}`"


def published(page: str, table: str) -> str:
    """The page with this table between its markers.

    Raises:
        DeclarationError: the page has no pair of markers.
    """
    head, begin, rest = page.partition(BEGIN)
    _, end, tail = rest.partition(END)
    if not begin or not end:
        raise DeclarationError(f"the page has no place for the table: write {BEGIN} and {END}")
    return f"{head}{BEGIN}\n{table}\n{END}{tail}"


def main(arguments: list[str]) -> int:
    """Print the report on a corpus, or write it into a page."""
    if len(arguments) not in (1, 2):
        sys.stderr.write(f"usage: python -m {__spec__.name} CORPUS [PAGE]\n")
        return 2
    try:
        table = report(corpus(Path(arguments[0])))
        if len(arguments) == 1:
            sys.stdout.write(f"{table}\n")
            return 0
        page = Path(arguments[1])
        page.write_text(published(page.read_text(encoding="utf-8"), table), encoding="utf-8")
    except (OSError, DeclarationError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
