"""The table of known names that comes with aitia, from the labelled names: those on which both readers agree and were sure.

python benchmarks/meaning/known.py benchmarks/meaning/data/names.jsonl > tools/meaning/known.json
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

FINER = {"power_factor": ("down", re.compile(r"power ?factor", re.I))}
"""Quantities that the readers could not choose, since they came later: names that say it in so many words."""


def main() -> int:
    """Print the table: quantity, direction, names."""
    table: dict[str, dict[str, list[str]]] = {}
    for line in Path(sys.argv[1]).read_text("utf-8").splitlines():
        row = json.loads(line)
        same = row["second"] == row["quantity"] and row["second_direction"] == row["direction"]
        if same and row["sure"] and row["quantity"] != "other":
            finer = [(q, way) for q, (way, says) in FINER.items() if says.search(row["name"])]
            quantity, direction = finer[0] if finer else (row["quantity"], row["direction"])
            table.setdefault(quantity, {}).setdefault(direction, []).append(row["name"])
    tidy = {q: {d: sorted(names) for d, names in sorted(of.items())} for q, of in sorted(table.items())}
    print(json.dumps(tidy, ensure_ascii=False, indent=0))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
