"""Paragraphs of held-out systems: what is accepted at first try, by an adapter and by the base with the narrator's prompt.

python benchmarks/model/explain_scores.py BASE+ADAPTER.gguf [--base BASE] [--n 60] [--sentences 60] [--out PARAGRAPHS.jsonl]

The base is asked as reports ask it: a sentence for each step of the same chains. OUT keeps what was written, so that a broken run
goes on.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

from aitia.agent.sentences.gist import Gist
from aitia.agent.sentences.gist_rows import gist_of_row
from aitia.agent.sentences.grounds import Grounds
from aitia.agent.sentences.narrator import MAX_TOKENS, SYSTEM, Brief, accepted, tidy, user_text
from aitia.agent.sentences.paragraph import checked, refused, tidied
from aitia.agent.sentences.short import MAX_TOKENS as LONGEST
from aitia.agent.sentences.short import asked
from aitia.comparing import open_model
from aitia.core.llm import Prompt
from aitia.models.curriculum import written
from aitia.models.load import load_llm

Line = dict[str, Any]


def main() -> int:
    """Write, check, print shares and seconds."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model")
    parser.add_argument("--base", default="")
    parser.add_argument("--n", type=int, default=60)
    parser.add_argument("--sentences", type=int, default=60)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--out", type=Path)
    a = parser.parse_args()
    rows = sorted((r for r in written.paragraphs() if r.get("held")), key=lambda r: str(r["id"]))
    Random(0).shuffle(rows)
    known = {}
    if a.out and a.out.exists():
        known = {x["id"]: x for x in map(json.loads, a.out.read_text(encoding="utf-8").splitlines())}
    made = [known.get(r["id"]) or line for r, line in _paragraphs(rows[: a.n], a, known)]
    sentences = [not s.reasons for x in made for s in checked(x["text"], *gist_of_row(_row(rows, x["id"])))]
    good = [not refused(x["text"], *gist_of_row(_row(rows, x["id"]))) for x in made]
    seconds = [x["seconds"] for x in made]
    print(
        f"{a.model}: {sum(good)} of {len(good)} paragraphs accepted at once ({sum(good) / len(good):.3f}), of the sentences "
        f"{sum(sentences) / len(sentences):.3f} of {len(sentences)}, {sum(seconds) / len(seconds):.1f} s a paragraph"
    )
    if a.base:
        told = list(_sentences(rows, a))
        print(
            f"{a.base}: {sum(told)} of {len(told)} sentences accepted at first try ({sum(told) / len(told):.3f})"
        )
    return 0


def _row(rows: list[Line], name: str) -> Line:
    return next(r for r in rows if r["id"] == name)


def _paragraphs(
    rows: list[Line], a: argparse.Namespace, known: dict[str, Line]
) -> Iterator[tuple[Line, Line]]:
    llm = open_model(a.model, "explain", threads=a.threads)
    for row in rows:
        if row["id"] in known:
            yield row, known[row["id"]]
            continue
        began = time.monotonic()
        text = tidied(llm.continued(asked(gist_of_row(row)[0]), max_tokens=LONGEST).text)
        line = {"id": row["id"], "text": text, "seconds": round(time.monotonic() - began, 2)}
        if a.out:
            with a.out.open("a", encoding="utf-8") as out:
                out.write(json.dumps(line, ensure_ascii=False) + "\n")
        yield row, line


def _sentences(rows: list[Line], a: argparse.Namespace) -> Iterator[bool]:
    llm = load_llm(a.base, threads=a.threads)
    briefs = [b for r in rows for b in _steps(*gist_of_row(r))]
    for brief in briefs[: a.sentences]:
        completion = llm.complete(
            Prompt(system=SYSTEM, user=user_text(brief, [])), max_tokens=MAX_TOKENS, stop=("\n",)
        )
        yield not accepted(tidy(completion.text), brief.grounds)[1]


def _steps(gist: Gist, names: frozenset[str]) -> Iterator[Brief]:
    for cause, effect in pairwise(gist.facts):
        grounds = Grounds(facts=(cause, effect), names=names, order=True, certain=gist.sure == "likely")
        yield Brief(role="chain", grounds=grounds, template="")


if __name__ == "__main__":
    sys.exit(main())
