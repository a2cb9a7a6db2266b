"""Exceptions that somebody answers for: ``# tocsin: allow <rule> because <reason>``.

It stands in the rule, panel or page that it is about, or in the lines right above. One that
excuses nothing is a finding itself, and so is one without a reason: `unused-allowance`.

>>> _ALLOWED.search("# tocsin: allow open-label because it is few").groups()
('open-label', 'it is few')
"""

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tocsin.monitoring.checks.chain import Chain
from tocsin.monitoring.checks.findings import Finding
from tocsin.monitoring.sources import Source

RULE: Final = "unused-allowance"
_ALLOWED: Final = re.compile(
    r"(?:#|<!--)\s*tocsin:\s*allow\b[ \t]*([\w-]*)(?:[ \t]+because\b[ \t]*(.*?))?[ \t]*(?:-->)?$",
    re.MULTILINE,
)
_BEGINS: Final = re.compile(r"^\s*- (?:alert|title|name)\b|^\s*panels:|^\[")
_COMMENT: Final = re.compile(r"^\s*(?:#|<!--)")


@dataclass(frozen=True)
class Allowance:
    """One exception; ``block`` is the number of the file's block that it stands in."""

    rule: str
    reason: str
    text: str
    source: Source
    block: int


def sifted(
    chain: Chain, findings: Iterable[Finding], rules: frozenset[str], *, all_ran: bool
) -> list[Finding]:
    """What is left, with the exceptions that excuse nothing (if ``all_ran``)."""
    allowances = list(_allowances(chain))
    blocks = {source.file: _Blocks(source.text) for source in _sources(chain)}
    used: set[int] = set()
    left = []
    for finding in findings:
        where = finding.place
        block = blocks[where.file].of(where.line) if where.file in blocks else -1
        excuse = next(
            (
                number
                for number, one in enumerate(allowances)
                if one.rule == finding.rule
                and one.reason
                and (one.source.file, one.block) == (where.file, block)
            ),
            None,
        )
        if excuse is None:
            left.append(finding)
        else:
            used.add(excuse)
    for number, one in enumerate(allowances):
        left += _idle(one, rules, is_used=number in used or not all_ran)
    return left


def _idle(one: Allowance, rules: frozenset[str], *, is_used: bool) -> Iterator[Finding]:
    says = ""
    if one.rule not in rules:
        says = f"there is no rule {one.rule!r}"
    elif not one.reason:
        says = f"{one.rule} is allowed without a reason"
    elif not is_used:
        says = f"nothing here breaks {one.rule}"
    if says:
        mend = "say `because …`" if says.endswith("reason") else "take the comment away"
        yield Finding(RULE, one.source.place(one.text), says, mend)


def _allowances(chain: Chain) -> Iterator[Allowance]:
    for source in _sources(chain):
        blocks = _Blocks(source.text)
        for found in _ALLOWED.finditer(source.text):
            line = source.text.count("\n", 0, found.start()) + 1
            here = Source(source.file, source.text, found.start(), found.end())
            reason = (found[2] or "").strip()
            yield Allowance(found[1], reason, found[0], here, blocks.of(line))


def _sources(chain: Chain) -> list[Source]:
    files: dict[Path, Source] = {chain.settings.file: chain.settings}
    for one in chain.questions:
        files.setdefault(one.source.file, one.source)
    for file, text in chain.runbooks.items():
        files.setdefault(file, Source.whole(file, text))
    return list(files.values())


class _Blocks:
    """A file's rules or panels, each with the comments right above it."""

    def __init__(self, text: str) -> None:
        lines = text.splitlines()
        self._starts = []
        for number, line in enumerate(lines, 1):
            if not _BEGINS.match(line):
                continue
            start = number
            while start > 1 and _COMMENT.match(lines[start - 2]):
                start -= 1
            self._starts.append(start)

    def of(self, line: int) -> int:
        return bisect_right(self._starts, line)
