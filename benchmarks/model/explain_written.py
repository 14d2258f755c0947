"""Experts' paragraphs into the curriculum: those that the verifier accepts, with the facts that they were written from.

python benchmarks/model/explain_written.py --facts FACTS.jsonl --written DIR [--out FILE] [--refused FILE] [--part shown|unseen]

Prints how many are accepted. `--refused` keeps the others with the reasons, so that a reader can tell which are true. `--part`
takes half of the incidents, by their hash: rules are loosened by looking at the shown half, the unseen one is scored by totals.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any, Final

sys.path.insert(0, str(Path(__file__).parents[2]))

from aitia.agent.sentences.gist_rows import gist_of_row
from aitia.agent.sentences.paragraph import checked, refused, tidied

Line = dict[str, Any]
KEPT: Final = ("id", "system", "verdict", "sure", "suspect", "facts", "against", "missing", "ground")


def main() -> int:
    """Check every paragraph; write the accepted ones as rows of the curriculum."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--facts", type=Path, required=True)
    parser.add_argument("--written", type=Path, required=True)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--refused", type=Path)
    parser.add_argument("--part", choices=("shown", "unseen"))
    a = parser.parse_args()
    rows = {r["id"]: r for r in map(json.loads, a.facts.read_text(encoding="utf-8").splitlines())}
    accepted: list[Line] = []
    others: list[Line] = []
    sentences: Counter[bool] = Counter()
    for written in paragraphs(a.written):
        row = rows.get(written["id"])
        if row is None or (a.part and part_of(row["id"]) != a.part):
            continue
        gist, names = gist_of_row(row)
        text = tidied(written["text"])
        sentences.update(not s.reasons for s in checked(text, gist, names))
        reasons = refused(text, gist, names)
        if reasons:
            others.append(
                {
                    "id": row["id"],
                    "text": text,
                    "reasons": reasons,
                    "facts": row["facts"],
                    "against": row["against"],
                }
            )
        else:
            accepted.append({**{k: row[k] for k in KEPT}, "text": text})
    every = len(accepted) + len(others)
    whole = sum(sentences.values())
    print(
        f"{len(accepted)} of {every} paragraphs accepted ({len(accepted) / max(every, 1):.3f}), of their {whole} sentences "
        f"{sentences[True] / max(whole, 1):.3f}; {len({r['id'].partition('/')[0] for r in accepted})} incidents"
    )
    for file, lines in ((a.out, accepted), (a.refused, others)):
        if file is not None:
            file.write_text(
                "".join(json.dumps(x, ensure_ascii=False) + "\n" for x in lines), encoding="utf-8"
            )
    return 0


def paragraphs(folder: Path) -> list[Line]:
    """What was written, by file and line; a chain may have several."""
    lines = [
        x
        for f in sorted(folder.glob("*.jsonl"))
        for x in f.read_text(encoding="utf-8").splitlines()
        if x.strip()
    ]
    return [json.loads(x) for x in lines]


def part_of(name: str) -> str:
    """Which half an incident is in."""
    incident = name.partition("/")[0]
    return "shown" if int(hashlib.sha256(incident.encode()).hexdigest(), 16) % 2 else "unseen"


if __name__ == "__main__":
    sys.exit(main())
