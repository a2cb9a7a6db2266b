"""Writes the pages of backend/docs/reference from the code, or says which are stale.

    python scripts/write_reference.py            # write what differs
    python scripts/write_reference.py --check    # write nothing; 1 if a page is stale

Metrics, alarms and panels are read by the toolkit itself, as `tocsin check` reads them; endpoints
off the composed application; log events off the calls that tell them. Settings have a page of
their own (`python -m app.core.settings_table`).
"""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tocsin" / "src"))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "backend"))
# Who may call what stands in a test.
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "backend" / "tests"))

from reference_pages.alarms import alarms_page
from reference_pages.endpoints import endpoints_page
from reference_pages.logs import logs_page
from reference_pages.metrics import metrics_page
from reference_pages.panels import panels_page

from tocsin.errors import DeclarationError
from tocsin.monitoring.service import Service

ROOT = Path(__file__).resolve().parents[1]
BACKEND = ROOT / "backend"
PAGES = BACKEND / "docs" / "reference"


def pages() -> dict[Path, str]:
    """Every page's text, by its file."""
    service = Service.load(BACKEND / "monitoring")
    return {
        PAGES / "metrics.md": metrics_page(service),
        PAGES / "logs.md": logs_page(ROOT),
        PAGES / "alarms.md": alarms_page(service),
        PAGES / "panels.md": panels_page(service),
        PAGES / "endpoints.md": endpoints_page(),
    }


def main() -> int:
    """Write or compare; 1 if ``--check`` found a stale page, 2 if one cannot be made."""
    parser = argparse.ArgumentParser(description="write the reference pages from the code")
    parser.add_argument("--check", action="store_true", help="write nothing, say what is stale")
    is_check = parser.parse_args().check
    try:
        wanted = pages()
    except (ValueError, DeclarationError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    stale = [
        (file, text)
        for file, text in wanted.items()
        if not file.is_file() or file.read_text() != text
    ]
    for file, text in stale:
        name = file.relative_to(ROOT)
        if is_check:
            sys.stdout.write(f"{name} is stale: run `python scripts/write_reference.py`\n")
        else:
            file.write_text(text)
            sys.stdout.write(f"wrote {name}\n")
    return 1 if is_check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
