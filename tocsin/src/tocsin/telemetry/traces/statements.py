r"""What may be shown of a database statement: its shape, never a value in it.

SQLAlchemy sends values apart from the statement, but a statement written by hand may
hold them. Every literal becomes ``?``, as OpenTelemetry's conventions for
``db.query.text`` ask for, and comments go, since anything may stand in one
(https://opentelemetry.io/docs/specs/semconv/database/database-spans/). In double quotes,
what is no plain name counts as a literal: MySQL and SQLite read it so. Dialects disagree
on what a backslash does in quotes, so from one on nothing is shown.

>>> without_values("SELECT \"id\" FROM pupils WHERE name = 'O''Hara' AND age > 12 -- Ada")
'SELECT "id" FROM pupils WHERE name = ? AND age > ?'
>>> without_values("SELECT $tag$it's$tag$, x'ff', :name, $1, t1.c2 FROM t1")
'SELECT ?, ?, :name, $1, t1.c2 FROM t1'
>>> without_values("SELECT E'it\\'s Ada', 'Ada'"), without_values("SELECT 'never closed")
('SELECT ?', 'SELECT ?')
"""

import re
from typing import Final

_VALUE: Final = re.compile(
    r"""
      (?P<comment> /\*.*?(?:\*/|\Z) | --[^\n]* | \#[^\n]*(?=\n|\Z) )
    | (?P<dollar> \$(?P<tag>[A-Za-z_]\w*|)\$ .*? (?:\$(?P=tag)\$|\Z) )
    | (?P<name> "[A-Za-z_][A-Za-z0-9_$]*" | [:$%@][A-Za-z0-9_(]+ | [A-Za-z_][A-Za-z0-9_$]*+(?!') )
    | (?P<literal>
          [A-Za-z]{0,3} ' (?: [^'\\] | '' )* (?:'|\\.*|\Z)
        | " (?: [^"\\] | "" )* (?:"|\\.*|\Z)
        | 0[xX][0-9a-fA-F]+
        | [0-9]+ (?:\.[0-9]*)? (?:[eE][+-]?[0-9]+)?
      )
    """,
    re.VERBOSE | re.DOTALL,
)


def without_values(statement: str) -> str:
    """``statement`` with ``?`` for each literal, and without comments."""
    return _VALUE.sub(_shown, statement).strip()


def _shown(match: re.Match[str]) -> str:
    if match["name"] is not None:
        return match.group()
    return "" if match["comment"] is not None else "?"
