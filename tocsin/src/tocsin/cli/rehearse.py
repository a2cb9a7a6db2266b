"""``tocsin rehearse``: prove before a deploy that alarms ring, and that they stay silent.

``tests`` judges cases beside each threshold, ``week`` plays a week in real engines, ``drill``
causes incidents on the real service; each way of rehearsing declares itself.

>>> import argparse
>>> parser = argparse.ArgumentParser()
>>> add_to(parser.add_subparsers())
>>> parser.parse_args(["rehearse", "drill", "ServiceDown"]).alerts
['ServiceDown']
"""

import argparse
from typing import Any, Final

from tocsin.rehearsal.rule_tests.command import add_to as add_tests
from tocsin.rehearsal.week.command import add_to as add_week

_MISSING: Final = 3


def add_to(commands: Any) -> None:
    """Declare the subcommand and those below it."""
    parser = commands.add_parser("rehearse", help="prove that alarms ring, and stay silent")
    kinds = parser.add_subparsers(title="rehearsals", required=True, metavar="REHEARSAL")
    add_tests(kinds)
    add_week(kinds)
    try:
        from tocsin.rehearsal.drills.command import add_to as add_drill  # noqa: PLC0415 - an extra
    except ModuleNotFoundError as error:
        kinds.add_parser("drill").set_defaults(run=_needs(str(error.name)))
    else:
        add_drill(kinds)


def _needs(name: str) -> Any:
    def run(_: argparse.Namespace) -> int:
        import sys  # noqa: PLC0415 - only here

        sys.stderr.write(f'tocsin: rehearse needs {name}: pip install "tocsin[rehearsal]"\n')
        return _MISSING

    return run
