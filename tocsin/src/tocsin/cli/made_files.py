"""A file that a command makes of a declaration, committed beside it: written, or compared.

>>> import tempfile
>>> file = Path(tempfile.mkdtemp()) / "page.md"
>>> [keep(file, "new", made_by="tocsin escalation", check=check) for check in (True, False, True)]
page.md is stale: run `tocsin escalation`
wrote page.md
page.md is as it should be
[1, 0, 0]
"""

import sys
from pathlib import Path


def keep(file: Path, wanted: str, *, made_by: str, check: bool) -> int:
    """Write the file if it is not so already; with ``check`` only say so.

    Returns:
        the command's exit status: 1 if it is stale and stays so.
    """
    is_stale = not file.is_file() or file.read_text(encoding="utf-8") != wanted
    if not is_stale:
        sys.stdout.write(f"{file.name} is as it should be\n")
    elif check:
        sys.stdout.write(f"{file.name} is stale: run `{made_by}`\n")
    else:
        file.write_text(wanted, encoding="utf-8")
        sys.stdout.write(f"wrote {file.name}\n")
    return 1 if check and is_stale else 0
