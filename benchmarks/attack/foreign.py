"""How many ways there are in which something foreign starts a program, opens an address, reads a file or sends a secret.

python benchmarks/attack/foreign.py --data unused [--cases GLOB] [--aitia PATH] [--here] [--control] --json OUT

Every way is really tried, in a process of its own, with canaries (`foreign_world.py`). `--aitia` attacks another
installation, `--control` repeats each way with its user's word, where that makes it legitimate: then it must succeed.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

from benchmarks.attack import foreign_runs
from benchmarks.attack.foreign_ways import WAYS, Way
from benchmarks.attack.foreign_world import Server, World, here, spawned
from benchmarks.contract import Case, chosen, finish, parser, rows


def attempt(way: Way, *, aitia: Path | None = None, allowed: bool = False) -> set[str]:
    """Try one way; what the canaries saw. In this process, or (with `aitia`) in processes of an installation."""
    found, _ = told(way, aitia=aitia, allowed=allowed)
    return found


def told(way: Way, *, aitia: Path | None = None, allowed: bool = False) -> tuple[set[str], str]:
    """The same, with what was printed."""
    with tempfile.TemporaryDirectory(prefix="aitia-foreign-", ignore_cleanup_errors=True) as root:
        server = Server()
        try:
            world = World(Path(root), server)
            act = way.lay(world)
            said, opened = "", list[str]()
            for call in act.allow if allowed else act.calls:
                if aitia is None:
                    more, seen = here(world, call, act.cwd, act.env)
                else:
                    more, seen = spawned(world, call, act.cwd, aitia, act.env)
                said, opened = said + more, opened + seen
            return world.happened(said, opened), said
        finally:
            server.shutdown()
            server.server_close()


def main() -> None:
    """Try all ways, print the table, write the JSON."""
    arguments = parser(__doc__)
    arguments.set_defaults(data="")
    for action in arguments._actions:
        action.required = False
    arguments.add_argument("--aitia", default="", help="the command of the installation that is attacked")
    arguments.add_argument(
        "--here", action="store_true", help="in this process, ten times as fast, where a way allows it"
    )
    arguments.add_argument("--control", action="store_true", help="also with the user's word")
    arguments.add_argument("--say", action="store_true", help="print what each try printed")
    given = arguments.parse_args()
    aitia = Path(given.aitia or Path(sys.executable).with_name("aitia")).absolute()
    foreign_runs.python = aitia.with_name("python")
    began = time.monotonic()
    wanted = chosen((w.name for w in WAYS), given.cases)
    cases: list[Case] = []
    for way in (w for w in WAYS if w.name in wanted):
        by = None if given.here and not way.slow else aitia
        cases.append(_case(way, by, control=given.control, say=given.say))
    made: list[dict[str, Any]] = []
    for carrier in (*dict.fromkeys(w.carrier for w in WAYS), "all"):
        of_it = [c for c in cases if carrier in (c["carrier"], "all")]
        measured = {f"{carrier}: succeeded": [float(bool(c["happened"])) for c in of_it]}
        control = [float(c["goal"] in c["allowed"]) for c in of_it if c["allowed"] is not None]
        made += rows("ours", measured | {f"{carrier}: with the user's word": control})
    finish("attack/foreign", made, cases, n=len(cases), began=began, out=given.json)


def _case(way: Way, aitia: Path | None, *, control: bool, say: bool) -> Case:
    happened, said = told(way, aitia=aitia)
    allowed = None
    if control:
        with tempfile.TemporaryDirectory() as root:
            server = Server()
            legitimate = bool(way.lay(World(Path(root), server)).allow)
            server.shutdown()
            server.server_close()
        allowed = sorted(attempt(way, aitia=aitia, allowed=True)) if legitimate else None
    print(
        f"{way.carrier:<15} {way.goal:<6} {way.name:<52} {' '.join(sorted(happened)) or '-':<16}"
        f" {'' if allowed is None else ' '.join(allowed) or 'NOTHING'}",
        flush=True,
    )
    if say:
        print(said[-1500:])
    return {
        "id": way.name,
        "carrier": way.carrier,
        "goal": way.goal,
        "happened": sorted(happened),
        "allowed": allowed,
    }


if __name__ == "__main__":
    main()
