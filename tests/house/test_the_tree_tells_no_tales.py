"""What is committed speaks of the product alone, and its pages are true."""

import re
import subprocess
from pathlib import Path

TEXT = {".py", ".md", ".toml", ".txt", ".in", ".yaml", ".yml", ".json", ".cfg", ".sh", ""}
# Spelled in halves, so that this list does not find itself.
NEVER = [
    "/" + "work/main",
    "/" + "work/shared",
    "/root" + "/",
    "files." + "pythonhosted",
    "pypi" + ".org/simple",
    "--index" + "-url",
    "registry." + "npmjs",
]
LINK = re.compile(r"\[[^\]]*\]\(([^)#\s]+)(?:#[^)]*)?\)")
MAKE = re.compile(r"(?<![\w-])make ([a-z-]+)")


def test_no_machine_path_or_registry_is_named(tracked, root):
    """Neither a path of somebody's machine nor a registry's host stands in the tree."""
    here = Path(__file__)

    found = [
        f"{path.relative_to(root)}: {word}"
        for path in tracked
        if path.suffix in TEXT and path != here
        for word in NEVER
        if word in path.read_text(errors="replace")
    ]

    assert found == []


def test_locks_are_hashed(root):
    """Every locked requirement carries the hashes that pip checks."""
    unhashed = [
        f"{lock.name}: {line}"
        for lock in (root / "requirements").glob("*.txt")
        for line in lock.read_text().splitlines()
        if re.match(r"[A-Za-z0-9]", line) and not line.endswith("\\")
    ]

    assert unhashed == []


def test_links_between_pages_lead_somewhere(tracked, root):
    """No page links to a file that is not there."""
    dead = [
        f"{page.relative_to(root)}: {target}"
        for page in tracked
        if page.suffix == ".md"
        for target in LINK.findall(page.read_text())
        if "://" not in target
        and not target.startswith("mailto:")
        and not (page.parent / target).exists()
    ]

    assert dead == []


def test_pages_name_only_commands_that_exist(tracked, root):
    """Each `make …` that a page names is a target of the Makefile."""
    targets = set(re.findall(r"^([a-z-]+):", (root / "Makefile").read_text(), re.MULTILINE))
    pages = [path for path in tracked if path.suffix == ".md"]

    named = {
        (page.name, name)
        for page in pages
        for code in re.findall(
            r"`([^`\n]+)`|^( {4}.*|\$ .*|make .*)$", page.read_text(), re.MULTILINE
        )
        for name in MAKE.findall(" ".join(code))
    }

    assert {(page, name) for page, name in named if name not in targets} == set()


def test_the_shell_scripts_parse(tracked):
    """Every shell script is at least a sentence of its language."""
    scripts = [
        p
        for p in tracked
        if p.suffix in {"", ".sh"} and p.read_bytes()[:15].startswith(b"#!/usr/bin/env ")
    ]

    broken = [p.name for p in scripts if subprocess.run(["bash", "-n", p], check=False).returncode]

    assert scripts
    assert broken == []
