"""The same verdict on a busy machine: each incident diagnosed as it is, and again while others take its processor.

    python benchmarks/attack/busy.py --data DIR [--cases GLOB] [--spinners N] [--trivial] --json OUT

DIR is any folder of scenario folders, at any depth; systems of the lab that nobody looks at are left out. The second
diagnosis shares one processor with N programs that would use it whole, each before it in rank: six leave it some 5 %, on a
busy machine less. After `--most` seconds they end, and so does the measuring of the share. With `--trivial` the busy diagnosis
is made once more, by a limit of the same seconds of the wall clock. No answer is read: the verdict is compared with itself.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Final

sys.path.insert(0, str(Path(__file__).parents[2]))

from aitia.core import deadline
from aitia.core.deadline import Look
from benchmarks import contract
from benchmarks.contract import Case
from benchmarks.lab.data import incidents, of_split

NEAR: Final = 0.01  # of a probability
BEHIND: Final = 5  # steps of niceness that the diagnosis stands behind the others: a third of their weight
MOST_S: Final = 150.0
_SPIN: Final = "while True: pass"


def main() -> int:
    """Run the benchmark."""
    parser = contract.parser(__doc__)
    parser.add_argument("--spinners", type=int, default=6, help="programs beside it on its processor")
    parser.add_argument("--most", type=float, default=MOST_S, help="seconds that they run, of one diagnosis")
    parser.add_argument("--trivial", action="store_true", help="also with a limit by the wall clock")
    args = parser.parse_args()
    began = time.monotonic()
    found = of_split(incidents(Path(args.data), args.cases), "")
    if not found:
        print(f"error: --data {args.data!r} holds no scenario.yaml for these arguments", file=sys.stderr)
        return 2
    cases: list[Case] = []
    for incident in found:
        alone = diagnosed(incident.folder, spinners=0, most=args.most)
        for system in ("ours", *(["trivial"] if args.trivial else [])):
            busy = diagnosed(
                incident.folder, spinners=args.spinners, most=args.most, by_clock=system == "trivial"
            )
            cases.append(compared(incident.id, system, alone, busy))
            print(told(cases[-1]), flush=True)
    made = [row for system in ("ours", "trivial") for row in rows(system, cases)]
    contract.finish("attack/busy", made, cases, n=len(found), began=began, out=args.json)
    return 0


def diagnosed(folder: Path, *, spinners: int, most: float, by_clock: bool = False) -> Case:
    """What a process of its own concludes, and the share of a processor that it was given meanwhile."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    child = context.Process(target=_child, args=(folder, theirs, by_clock))
    core = min(os.sched_getaffinity(0))
    child.start()
    theirs.close()
    try:
        ours.recv()  # it has imported what it needs: that is not held against it
        with _crowd(spinners, core):
            if spinners:
                _apart(child.pid or 0, core)
            began, before = time.monotonic(), _ran(child.pid or 0)
            ours.send("go")
            ours.poll(most)
            share = (_ran(child.pid or 0) - before) / (time.monotonic() - began)
        return ours.recv() | {"share": round(share, 4)}
    finally:
        child.join(10)
        child.kill()


def _child(folder: Path, parent: Connection, by_clock: bool) -> None:
    from aitia.graphs.replay import replay
    from benchmarks.rca.product import RULES

    if by_clock:
        deadline.used = _passed
    with tempfile.TemporaryDirectory() as home:
        parent.send("ready")
        parent.recv()
        score = replay(folder, home=Path(home), llm=None, options=RULES).score
    kept = ("verdict", "component", "fault", "probability", "given_up", "seconds")
    parent.send({k: score[k] for k in kept})


def _passed(thread: int, before: Look, after: Look) -> float:
    return after.at - before.at


def _apart(process: int, core: int) -> None:
    """All threads of the process on one processor, behind the others."""
    for task in Path(f"/proc/{process}/task").iterdir():
        with contextlib.suppress(ProcessLookupError):
            os.sched_setaffinity(int(task.name), {core})
            rank = os.getpriority(os.PRIO_PROCESS, int(task.name))
            os.setpriority(os.PRIO_PROCESS, int(task.name), min(19, rank + BEHIND))


@contextlib.contextmanager
def _crowd(many: int, core: int) -> Iterator[None]:
    others = [subprocess.Popen([sys.executable, "-c", _SPIN]) for _ in range(many)]
    try:
        for other in others:
            os.sched_setaffinity(other.pid, {core})
        yield
    finally:
        for other in others:
            other.kill()
            other.wait()


def _ran(process: int) -> float:
    """Processor seconds of all its threads, those that have ended among them."""
    fields = Path(f"/proc/{process}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def compared(name: str, system: str, alone: Case, busy: Case) -> Case:
    """Whether the two say the same."""
    return {
        "id": name,
        "system": system,
        "alone": alone,
        "busy": busy,
        "given_up": [*alone["given_up"], *busy["given_up"]],
        "same verdict": alone["verdict"] == busy["verdict"],
        "same component": alone["component"] == busy["component"],
        "same kind": alone["fault"] == busy["fault"],
        "same probability": abs(alone["probability"] - busy["probability"]) <= NEAR,
    }


SAME: Final = ("same verdict", "same component", "same kind", "same probability")


def told(case: Case) -> str:
    """A line: the share that it was given, and what differs."""
    alone, busy = case["alone"], case["busy"]
    apart = [f"{k}: {alone[k]!r}, busy {busy[k]!r}" for k in ("verdict", "component", "fault", "probability", "given_up")
             if alone[k] != busy[k]]  # fmt: skip
    took = f"{alone['seconds']:.0f} s at {alone['share']:.1%}, busy {busy['seconds']:.0f} s at {busy['share']:.1%}"
    return f"{case['id']} {case['system']}: {took}; {'; '.join(apart) or 'the same'}"


def rows(system: str, cases: Sequence[Case]) -> list[dict[str, Any]]:
    """The rows of a system."""
    mine = [c for c in cases if c["system"] == system]
    measured: dict[str, list[float]] = {what: [c[what] for c in mine] for what in SAME}
    measured |= {
        "all the same": [all(c[what] for what in SAME) for c in mine],
        "something given up": [bool(c["given_up"]) for c in mine],
        "share of a processor": [c["busy"]["share"] for c in mine],
        "seconds alone": [c["alone"]["seconds"] for c in mine],
        "seconds busy": [c["busy"]["seconds"] for c in mine],
    }
    return contract.rows(system, measured)


if __name__ == "__main__":
    sys.exit(main())
