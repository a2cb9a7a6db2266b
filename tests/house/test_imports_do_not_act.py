"""Importing a module reads no environment, opens no socket and starts no thread."""

import json
import subprocess
import sys
from pathlib import Path

WATCH = """
import importlib, json, sys, threading

ACTS = {
    "socket.bind", "socket.connect", "subprocess.Popen",
    "os.mkdir", "os.putenv", "_thread.start_new_thread",
}
seen, watching = [], False

def notice(event, arguments):
    if watching and event in ACTS:
        seen.append(event)
    if watching and event == "open" and set(str(arguments[1] or "")) & set("wax+"):
        seen.append("open for writing: " + str(arguments[0]))

sys.addaudithook(notice)
sys.dont_write_bytecode = True
import numpy  # tells OpenBLAS by a variable what it may do: not our act
import urllib3  # asks on import whether there is IPv6, by binding a port: not our act
for module in json.loads(sys.argv[1]):
    watching = True
    importlib.import_module(module)
    watching = False
    if threading.active_count() > 1:
        seen.append("a thread runs after " + module)
print(json.dumps(seen))
"""

ENTRY_POINTS = {"__main__"}  # run, not imported


def modules_below(home: Path, package: str) -> list[str]:
    found = []
    for path in sorted((home / package).rglob("*.py")):
        parts = path.relative_to(home).with_suffix("").parts
        if ENTRY_POINTS & set(parts) or "migrations" in parts:
            continue
        found.append(".".join(parts[:-1] if parts[-1] == "__init__" else parts))
    return found


def test_importing_any_module_has_no_effect(root):
    """Every module of both distributions is imported with an empty environment, and watched."""
    homes = [(root / "tocsin" / "src", "tocsin"), (root / "backend", "app")]
    modules = [name for home, package in homes for name in modules_below(home, package)]

    watched = subprocess.run(
        [sys.executable, "-c", WATCH, json.dumps(modules)],
        env={"PYTHONPATH": ":".join(str(home) for home, _ in homes)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert watched.returncode == 0, watched.stderr
    assert json.loads(watched.stdout) == []
    assert len(modules) > 40
