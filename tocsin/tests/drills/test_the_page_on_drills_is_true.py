"""What the page about drills shows, runs."""

import re
from pathlib import Path

from tocsin.rehearsal.drills.declared import Drills

PAGE = Path(__file__).parents[2] / "docs" / "drill.md"
BLOCK = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)


def test_the_declaration_on_the_page_is_one():
    """Whoever copies the page's Python has drills that can be carried out (D22)."""
    names: dict[str, object] = {}

    for block in BLOCK.findall(PAGE.read_text()):
        exec(block, names)  # noqa: S102

    causes = names["CAUSES"]
    assert isinstance(causes, Drills)
    assert causes.cause_of("ShopErrors").alerts == ("ShopDown", "ShopErrors")
