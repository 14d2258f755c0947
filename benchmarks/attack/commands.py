"""Commands that are called read-only: none that writes may be, and those of real runbooks that read should be.

python benchmarks/attack/commands.py --data FOLDER [--json OUT]

FOLDER holds *.jsonl, a case a line: {"command", "label": "reads" | "changes", "program", "why"}.
benchmarks/attack/data is one, written and labelled by a language model that had seen neither rules nor code.
The trivial baseline calls every command one that changes something.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

from aitia.core.commands import effect
from benchmarks.contract import chosen, finish, parser, rows


def cases(folder: Path, pattern: str) -> list[dict[str, Any]]:
    """All labelled commands of the chosen files, each with where it stands. A folder without any is an error."""
    found = [
        json.loads(line) | {"id": f"{file.stem}:{number}"}
        for file in sorted(folder.glob("commands*.jsonl"))
        if chosen([file.stem], pattern)
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1)
        if line.strip()
    ]
    if not found:
        raise SystemExit(
            f"Give a folder with labelled commands as commands*.jsonl: {str(folder)!r} holds none."
        )
    return found


def measured(told: Sequence[dict[str, Any]], says: Callable[[str], str]) -> dict[str, list[float]]:
    """Per case 1 or 0: a writing command called reading (must be 0), a reading one recognised."""
    said = [(c["label"] == "reads", says(c["command"]) == "read-only") for c in told]
    return {
        "writing_called_reading": [float(reading) for reads, reading in said if not reads],
        "reading_recognised": [float(reading) for reads, reading in said if reads],
    }


def main() -> None:
    """Print and write the table."""
    given = parser(__doc__).parse_args()
    began = time.monotonic()
    told = cases(Path(given.data), given.cases)
    made = rows("ours", measured(told, effect)) + rows("trivial", measured(told, lambda _: "changing"))
    per_case = [{k: c[k] for k in ("id", "command", "label")} | {"ours": effect(c["command"])} for c in told]
    finish("attack/commands", made, per_case, n=len(told), began=began, out=given.json)


if __name__ == "__main__":
    main()
