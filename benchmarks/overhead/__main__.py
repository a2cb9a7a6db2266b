"""The command: ``python -m overhead fine | run | profile NAME | list``."""

import argparse
import sys

from overhead import fine, run
from overhead.profiling import profile
from overhead.sink import OUT
from overhead.table import keep
from overhead.variant import VARIANTS, chosen


def main() -> int:
    options = _options().parse_args()
    return options.act(options)


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="overhead", description=__doc__)
    commands = parser.add_subparsers(required=True)
    small = commands.add_parser("fine", help="all variants in one process: a microsecond counts")
    small.add_argument("--only", default="", help="names, comma-separated")
    small.add_argument("--launches", type=int, default=7)
    small.add_argument("--blocks", type=int, default=160)
    small.add_argument("--block", type=int, default=99, help="requests per block")
    small.set_defaults(act=_fine)
    large = commands.add_parser("run", help="a process per variant: for whole stacks")
    large.add_argument("--only", default="")
    large.add_argument("--launches", type=int, default=3)
    large.add_argument("--rounds", type=int, default=4)
    large.add_argument("--requests", type=int, default=2500)
    large.set_defaults(act=_run)
    one = commands.add_parser("profile", help="where one variant's time goes")
    one.add_argument("name", choices=VARIANTS)
    one.add_argument("--requests", type=int, default=20_000)
    one.set_defaults(act=_profile)
    commands.add_parser("list").set_defaults(act=_list)
    launch = commands.add_parser("fine-launch")
    launch.add_argument("names")
    launch.add_argument("numbers", type=int, nargs=3)
    launch.set_defaults(act=_fine_launch)
    worker = commands.add_parser("worker")
    worker.add_argument("name", choices=VARIANTS)
    worker.set_defaults(act=_worker)
    return parser


def _fine(options: argparse.Namespace) -> int:
    names = chosen(options.only, together=True)
    launches = fine.measure(
        names, launches=options.launches, blocks=options.blocks, block=options.block
    )
    return _tell(fine.findings(launches), options)


def _run(options: argparse.Namespace) -> int:
    names = chosen(options.only, together=False)
    finding = run.measure(
        names, launches=options.launches, rounds=options.rounds, requests=options.requests
    )
    return _tell(finding, options)


def _tell(finding, options: argparse.Namespace) -> int:
    numbers = {name: value for name, value in vars(options).items() if name != "act"}
    print(finding.text())
    print(f"\nkept in {keep(finding, numbers, OUT)}")
    return 1 if finding.failed else 0


def _profile(options: argparse.Namespace) -> int:
    profile(options.name, options.requests)
    return 0


def _list(_: argparse.Namespace) -> int:
    for variant in VARIANTS.values():
        print(f"{variant.name:22} {variant.what}")
    return 0


def _fine_launch(options: argparse.Namespace) -> int:
    blocks, block, seed = options.numbers
    fine.launch(options.names.split(","), blocks, block, seed)
    return 0


def _worker(options: argparse.Namespace) -> int:
    run.serve(options.name)
    return 0


if __name__ == "__main__":
    sys.exit(main())
