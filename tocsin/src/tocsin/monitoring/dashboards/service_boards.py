r"""The dashboards of a service: read, filled with its alerts' numbers, checked, rendered.

What is wrong is told all at once, each with file and line, before anything is written.

>>> from tocsin.monitoring.dashboards.checking import Fault
>>> told([Fault("shop.yaml:3", "no PromQL")])
'1 fault in the dashboards:\n  shop.yaml:3: no PromQL'
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tocsin.errors import DeclarationError
from tocsin.monitoring.dashboards.alert_notes import notes_of, resolved
from tocsin.monitoring.dashboards.checking import Fault, faults_of
from tocsin.monitoring.dashboards.declared import Dashboard
from tocsin.monitoring.dashboards.reading import read_dashboards
from tocsin.monitoring.dashboards.rendering import rendered

if TYPE_CHECKING:
    from tocsin.monitoring.service import Service


def boards_of(service: "Service") -> tuple[Dashboard, ...]:
    """The service's dashboards with each alert's expression in its place.

    Raises:
        DeclarationError: one is wrong, or names what is not there.
    """
    alerts = notes_of(service.rules())
    return tuple(resolved(one, alerts) for one in read_dashboards(service.dashboards))


def faults_in(service: "Service") -> list[Fault]:
    """All that is wrong with them as pictures."""
    alerts = notes_of(service.rules())
    return [fault for one in boards_of(service) for fault in faults_of(one, alerts)]


def files_of(service: "Service", *, shown_prefix: str | None = None) -> dict[Path, str]:
    """What is to be written, by file below ``service.rendered``.

    Raises:
        DeclarationError: the dashboards are wrong; the text names every fault.
    """
    if faults := faults_in(service):
        raise DeclarationError(told(faults))
    return rendered(
        boards_of(service),
        notes_of(service.rules()),
        prefix=service.prefix,
        shown_prefix=shown_prefix,
    )


def told(faults: Sequence[Fault]) -> str:
    """Every fault on a line of its own."""
    many = "1 fault" if len(faults) == 1 else f"{len(faults)} faults"
    return "\n  ".join([f"{many} in the dashboards:", *map(str, faults)])
