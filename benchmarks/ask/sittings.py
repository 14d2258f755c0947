"""Sittings with a diagnosis that is asked, stopped and corrected while it runs: a transcript, to be graded by a person.

python benchmarks/ask/sittings.py [--data SITTINGS.yaml] [--cases GLOB] --out TRANSCRIPT.md

Each line is typed once so many calls of the run have returned; nothing else is scripted.
Real runs over bundled scenarios, without a model.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Mapping
from contextlib import redirect_stderr, redirect_stdout
from fnmatch import fnmatchcase
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import yaml

sys.path.insert(0, str(Path(__file__).parents[2]))

from aitia.cli.chat_asked import Asked
from aitia.cli.conversation import Talk
from aitia.consent import remember
from aitia.core.scenario import load_scenario

ROOT: Final = Path(__file__).parents[2]
SHOWN: Final = 14  # lines of a reply
PATIENCE_S: Final = 240.0
LOOK_S: Final = 0.02


def settled(folder: Path, scenario: Path) -> Path:
    """Settings over a scenario's telemetry, in a folder of their own."""
    told = yaml.safe_load((scenario / "scenario.yaml").read_text(encoding="utf-8"))
    sources = [s | ({"path": str(scenario / s["path"])} if s.get("path") else {}) for s in told["sources"]]
    window = {"lead_s": 50.0, "baselines": ["preceding"], "preceding_factor": 2}
    settings = {"sources": sources, "model": {"name": "none"}} | (
        {"window": window} if told["domain"] == "it" else {}
    )
    file = folder / "aitia.yaml"
    file.write_text(yaml.safe_dump(settings), encoding="utf-8")
    remember(file)
    return file


def ready(talk: Talk, turn: Mapping[str, Any]) -> None:
    """Wait until so many calls have returned, or until the run is over."""
    until = time.monotonic() + PATIENCE_S
    while (way := talk.under_way) is not None and not way.ended and time.monotonic() < until:
        with way.lock:
            returned = len(way.board.done)
        if not turn.get("end") and returned >= turn.get("after", 0):
            return
        time.sleep(LOOK_S)


def sitting(held: Mapping[str, Any], folder: Path) -> str:
    """The transcript of one sitting."""
    scenario = ROOT / "scenarios" / held["scenario"]
    now = load_scenario(scenario).now
    talk = Talk(Asked(config=settled(folder, scenario), at=now, model="none"), staying=True)
    talk.beside = True
    told = [f"## {held['name']}\n\n```text"]
    for number, turn in enumerate(held["turns"], 1):
        ready(talk, turn)
        before, _ = _said(talk.settle)
        told += before
        way = talk.under_way
        done = f"  [{len(way.board.done)} calls returned]" if way is not None else ""
        said, seconds = _said(lambda line=turn["say"]: talk.take(line))
        told += [f"{number:2} aitia> {turn['say']}{done}", *said, f"   ({seconds:.1f} s)"]
    ready(talk, {"end": True})
    told += [*_said(talk.settle)[0], "```"]
    return "\n".join(told)


def _said(do: Any) -> tuple[list[str], float]:
    """What is shown, and after how many seconds."""
    out, began = StringIO(), time.monotonic()
    with redirect_stdout(out), redirect_stderr(out):
        do()
    lines = [f"   {x}".rstrip() for x in out.getvalue().splitlines() if x.strip()]
    more = [f"   … {len(lines) - SHOWN} more lines"] if len(lines) > SHOWN else []
    return [*lines[:SHOWN], *more], time.monotonic() - began


def main() -> None:
    """Run the sittings."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    options.add_argument("--data", type=Path, default=Path(__file__).with_name("sittings.yaml"))
    options.add_argument("--cases", default="*")
    options.add_argument("--out", type=Path, required=True)
    args = options.parse_args()
    every = yaml.safe_load(args.data.read_text(encoding="utf-8"))
    with args.out.open("w", encoding="utf-8") as out:
        for held in every:
            if fnmatchcase(held["scenario"], args.cases):
                with TemporaryDirectory() as folder:
                    print(sitting(held, Path(folder)), file=out, flush=True)


if __name__ == "__main__":
    main()
