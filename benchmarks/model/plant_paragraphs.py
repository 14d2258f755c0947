"""Errors planted in sentences of experts' paragraphs that the verifier accepts: how many of them it catches, by family.

python benchmarks/model/plant_paragraphs.py ROWS.jsonl [--part shown|unseen] [--show FAMILY] [--json OUT]

ROWS are rows of the curriculum (`explain_written.py --out`). The families are those of `plant` and of `plant_blind`, which was
written by somebody who had not seen the verifier. A sentence tells of some facts: an error is planted with those that it cites.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from collections import defaultdict
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from aitia.agent.sentences.gist_rows import gist_of_row
from aitia.agent.sentences.paragraph import checked
from benchmarks.model import plant, plant_blind
from benchmarks.model.explain_written import part_of

PER_PARAGRAPH = 2  # sentences in which errors are planted


def main() -> int:
    """Plant, check, count."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("rows", type=Path)
    parser.add_argument("--part", choices=("shown", "unseen"))
    parser.add_argument("--show", default="")
    parser.add_argument("--most", type=int, default=400)
    parser.add_argument("--json", type=Path)
    a = parser.parse_args()
    chance = random.Random(0)
    families: dict[str, plant.Planter] = {
        **{k: v for k, v in plant.FAMILIES.items() if k != "citation"},
        **plant_blind.FAMILIES,
    }
    caught: dict[str, list[bool]] = defaultdict(list)
    rows = [json.loads(x) for x in a.rows.read_text(encoding="utf-8").splitlines()]
    for row in [r for r in rows if not a.part or part_of(r["id"]) == a.part][: a.most]:
        gist, names = gist_of_row(row)
        told = checked(row["text"], gist, names)
        by_id = {f["id"]: f for f in row["ground"]["facts"]}
        for place in chance.sample(range(len(told)), min(PER_PARAGRAPH, len(told))):
            sentence = told[place]
            facts = [by_id[i] for i in sentence.cites]
            before = told[place - 1].text if place else ""
            for family, planter in families.items():
                wrong = planter(sentence.text, facts, sorted(names), chance)
                if wrong is None or wrong == sentence.text:
                    continue
                found = checked(f"{before} {wrong}".strip(), gist, names)
                reasons = [r for s in found[1 if before else 0 :] for r in s.reasons]
                caught[family].append(bool(reasons))
                if family in a.show.split(",") and not reasons:
                    print(f"- {sentence.text}\n+ {wrong}\n")
    every = [c for found in caught.values() for c in found]
    for family, found in sorted(caught.items()):
        print(f"{family:40} {sum(found) / len(found):.3f} of {len(found)}")
    print(f"{'all':40} {sum(every) / max(len(every), 1):.3f} of {len(every)}")
    if a.json:
        a.json.write_text(json.dumps({k: [sum(v), len(v)] for k, v in caught.items()}), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
