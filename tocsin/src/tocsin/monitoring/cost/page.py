r"""The bill told: tables for a terminal or a page, and plain data for programs.

>>> print("\n".join(_columns(Table("", ("what", "$"), (("lines", "0.50"), ("spans", "12.00"))))))
what       $
lines   0.50
spans  12.00
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tocsin.errors import DeclarationError
from tocsin.monitoring.cost.bill import Bill, Line
from tocsin.monitoring.cost.report import Report
from tocsin.monitoring.sources import read

BEGIN: Final = "<!-- tocsin cost: from here to the end mark, made by `tocsin cost --write` -->"
END: Final = "<!-- tocsin cost: end -->"
_MANY: Final = 100


@dataclass(frozen=True)
class Table:
    """Rows under a title; ``tail`` is a sentence below them."""

    title: str
    header: Sequence[str]
    rows: Sequence[Sequence[str]]
    tail: str = ""


def text(report: Report) -> str:
    """For a terminal."""
    parts = [report.basis]
    for one in _tables(report):
        parts += ["", one.title.upper(), *_columns(one), *filter(None, [one.tail])]
    return "\n".join(parts) + "\n"


def markdown(report: Report) -> str:
    """For a page, between its two marks."""
    parts = [BEGIN, "", report.basis]
    for one in _tables(report):
        parts += ["", f"### {one.title}", "", *_piped(one)]
        parts += ["", one.tail] if one.tail else []
    return "\n".join([*parts, "", END])


def put_into(file: Path, report: Report) -> str:
    """A page's text with the tables of now between its marks; its other words stay.

    Raises:
        DeclarationError: there is no page, or it has no marks.
    """
    before, begin, rest = read(file).partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise DeclarationError(f"{file}: the tables stand between {BEGIN} and {END}")
    return before + markdown(report) + after


def data(report: Report) -> dict[str, Any]:
    """For programs."""
    compared = report.comparison
    return {
        "as_of": report.prices.as_of.isoformat(),
        "basis": report.basis,
        "lines": [_line(one) for one in report.bill.lines],
        "total": report.bill.total,
        "total_later": report.bill.total_later,
        "at_most": report.at_most.total,
        "heaviest": report.bill.heaviest.driver if report.bill.heaviest else None,
        "heaviest_metrics": [{"metric": name, "share": share} for name, share in report.metrics],
        "savings": [
            {"change": one.change, "but": one.but, "dollars": one.dollars} for one in report.savings
        ],
        "metrics": {
            "by_bytes": compared.by_bytes,
            "by_samples": compared.by_samples,
            "now_mib": compared.now_mib,
            "even_at_mib": compared.even_at_mib,
        },
        "promised": {
            key: {"least": least, "most": most, "reckoned": reckoned}
            for key, (_, least, most, reckoned) in report.promised.items()
        },
    }


def _line(line: Line) -> dict[str, Any]:
    price = line.price
    return {
        "driver": line.driver,
        "volume": line.volume,
        "unit": price.unit,
        "free": price.free,
        "price": price.first,
        "dollars": line.dollars,
        "begins": price.begins.isoformat() if price.begins else None,
        "source": price.source,
        "seen": price.seen,
    }


def _tables(report: Report) -> Iterator[Table]:
    yield _bill(report.bill)
    if report.promised:
        yield _promised(report)
    yield _drivers(report)
    yield _savings(report)
    yield _compared(report)
    yield _prices(report)


def _bill(bill: Bill) -> Table:
    header = ("driver", "a month", "unit", "free", "price $", "$ a month")
    rows = [
        (
            line.price.title + (f" (from {line.price.begins})" if line.price.begins else ""),
            _amount(line.volume),
            line.price.unit,
            f"{line.price.free:,g}" if line.price.free else "none",
            f"{line.price.first:g}",
            f"{line.dollars:,.2f}",
        )
        for line in bill.lines
        if line.volume
    ]
    rows.append(("dashboards, error groups", "any", "", "all", "0", "0.00"))
    rows.append(("in all", "", "", "", "", f"{bill.total:,.2f}"))
    later = [line.price.begins for line in bill.lines if line.price.begins]
    tail = (
        f"With what is announced: ${bill.total_later:,.2f} from {min(later)} on." if later else ""
    )
    return Table("The bill", header, rows, tail)


def _amount(volume: float) -> str:
    return f"{volume:,.0f}" if volume >= _MANY else f"{volume:.3g}"


def _promised(report: Report) -> Table:
    rows = [
        (
            _title(report, key),
            said_in,
            f"{least:,.2f} to {most:,.2f}" if most else "nothing",
            f"{reckoned:,.2f}",
            "more" if reckoned > most else "less" if reckoned < least else "holds",
        )
        for key, (said_in, least, most, reckoned) in report.promised.items()
    ]
    return Table("What was promised", ("driver", "said in", "promised $", "$", ""), rows)


def _title(report: Report, driver: str) -> str:
    return "in all" if driver == "total" else report.prices.prices[driver].title


def _drivers(report: Report) -> Table:
    rows = [(name, f"{share:.0%}") for name, share in report.metrics]
    heaviest = report.bill.heaviest
    drives = "Nothing is charged: all of it is within the free amounts."
    if heaviest:
        drives = f"The bill is driven by: {heaviest.price.title}, ${heaviest.dollars:,.2f}."
    tail = (
        f"{drives} If every metric had all the series that its declaration "
        f"admits, in every process, it would be ${report.at_most.total:,.2f}."
    )
    return Table("What drives it", ("metric", "of all metrics"), rows, tail)


def _savings(report: Report) -> Table:
    rows = [(one.change, f"{one.dollars:,.2f}", one.but) for one in report.savings]
    return Table("What each change would save", ("change", "$ a month", "but"), rows)


def _compared(report: Report) -> Table:
    one = report.comparison
    rows = [
        ("custom metrics, by bytes", f"{one.by_bytes:,.2f}"),
        ("Managed Prometheus, by samples", f"{one.by_samples:,.2f}"),
    ]
    tail = "These two never cost the same."
    if one.even_at_mib is not None:
        tail = (
            f"Both cost the same at {one.even_at_mib:,.0f} MiB of such metrics a month; "
            f"these are {one.now_mib:,.0f}."
        )
    return Table("Two ways to keep the same metrics", ("way", "$ a month"), rows, tail)


def _prices(report: Report) -> Table:
    rows = [
        (
            one.title,
            f"{one.first:g} per {one.unit}",
            _free(one.free, one.free_per),
            one.seen,
            one.source,
        )
        for one in report.prices.prices.values()
    ]
    tail = f"List prices as of {report.prices.as_of}, in US dollars, without discounts and taxes."
    return Table("Prices", ("driver", "first $", "free a month", "seen", "source"), rows, tail)


def _free(free: float, per: str) -> str:
    return f"{free:,g} per {per}" if free and per else f"{free:,g}" if free else "none"


def _columns(table: Table) -> Iterator[str]:
    """Aligned: texts to the left, figures to the right."""
    rows = [table.header, *table.rows]
    widths = [max(len(row[at]) for row in rows) for at in range(len(table.header))]
    right = [all(_is_figure(row[at]) for row in table.rows) for at in range(len(widths))]
    for row in rows:
        cells = (
            cell.rjust(width) if is_right else cell.ljust(width)
            for cell, width, is_right in zip(row, widths, right, strict=True)
        )
        yield "  ".join(cells).rstrip()


def _is_figure(cell: str) -> bool:
    return not cell.strip("0123456789.,-%") or cell in ("none", "any", "all")


def _piped(table: Table) -> Iterator[str]:
    yield _row(table.header)
    yield "|---" * len(table.header) + "|"
    yield from map(_row, table.rows)


def _row(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cells) + " |"
