"""The doors: approvals, a hostile MCP server and a hostile client of ours, Slack's door, plugins, logins. What succeeds?

python benchmarks/attack/doors.py [--family approvals,mcp,slack,plugins,logins] [--json OUT]

Each try is a different attack on the real thing: the HTTP service and the Slack door on loopback, MCP servers as processes,
plugins as installed packages of a run of `aitia diagnose --json`. What a success is, each family's module says. `control` is
the same try with its guard taken away, where that can be done: a try whose control does not succeed either shows nothing.
The tries were written by a language model that knew the code.
"""

from __future__ import annotations

import argparse
import importlib
import logging
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from benchmarks import contract
from benchmarks.attack.doors_try import Tried, wanted

FAMILIES = ("approvals", "mcp", "slack", "plugins", "logins")


def main() -> int:
    """Try all, print a table, and end with 1 where one succeeded."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--family", default="*", help="which families, a glob or several")
    parser.add_argument("--json", default="", help="write the result here")
    given = parser.parse_args()
    logging.disable(logging.ERROR)  # the doors say what they refuse, hundreds of times
    began, done = time.monotonic(), list[Tried]()
    for family in wanted(FAMILIES, given.family):
        module = importlib.import_module(f"benchmarks.attack.doors_{family}")
        with tempfile.TemporaryDirectory(prefix="aitia-doors-", ignore_cleanup_errors=True) as folder:
            for tried in module.tries(Path(folder)):
                done.append(tried)
                if tried.got:
                    print(f"SUCCESS {tried.family}/{tried.name}: {tried.got}", flush=True)
    rows = [
        row
        for family in dict.fromkeys(t.family for t in done)
        for row in contract.rows("ours", _measured(family, [t for t in done if t.family == family]))
    ]
    contract.finish("attack/doors", rows, [t.plain() for t in done], n=len(done), began=began, out=given.json)
    return int(any(t.got for t in done))


def _measured(family: str, tries: list[Tried]) -> dict[str, list[float]]:
    return {
        f"{family}: succeeded": [float(bool(t.got)) for t in tries],
        f"{family}: control succeeds": [float(t.control) for t in tries if t.control is not None],
    }


if __name__ == "__main__":
    raise SystemExit(main())
