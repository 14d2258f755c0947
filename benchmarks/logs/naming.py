"""Names of log templates by a local model: how many are verified, and whether they tell a template from the others.

python benchmarks/logs/naming.py --data DIR/logs/loghub_2k --model qwen2.5-coder-0.5b [--each 25] [--cases GLOB] --json OUT

A case is a template of one of LogHub's systems (mined by us from the raw lines) that is longer than a name; of each system
at most `--each`, drawn with a fixed seed. There is no true name. A name is asked for its template again: all templates of the
system, without their gaps, are ranked by likeness to it (BM25, and MiniLM embeddings where they are installed), ties against
the name. Systems, on the templates whose name by the model was accepted: `ours` (the model's), `no_model` (the three words
that fewest templates of the system hold, in their order), `trivial` (the first three words). `ours refused`: names that
were refused, ranked as if they were not. BM25 favours words that were chosen for being rare, and says nothing about how a
name reads. `accepted` is over all cases.
"""

from __future__ import annotations

import argparse
import random
import re
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

import numpy as np
from numpy.typing import NDArray

from aitia.core.errors import ModelError
from aitia.core.lexical import LexicalIndex
from aitia.models.load import load_llm
from aitia.tools.logs.naming.check import objection, obvious, words
from aitia.tools.logs.naming.distinctive import WORDS, Telling
from aitia.tools.logs.naming.namer import propose, unique
from aitia.tools.memory.terms import terms
from aitia.tools.text.headers import detect
from aitia.tools.text.templates import Miner
from benchmarks.contract import Case, chosen, finish, parser, rows
from benchmarks.logs.parsing import raw_lines

NEAR = datetime(2026, 1, 1, tzinfo=UTC)
SEED = 0
OURS, REFUSED, NO_MODEL, TRIVIAL = "ours", "ours refused", "no_model", "trivial"
Rank = Callable[[Sequence[str], Sequence[str]], NDArray[np.float64]]  # (names, texts) -> likeness


def templates(folder: Path) -> list[str]:
    """The distinct templates of a system's raw lines, the most frequent first."""
    lines = raw_lines(folder)
    header, miner = detect(lines, zone=UTC, near=NEAR), Miner()
    messages = [parsed[2] if header and (parsed := header(line)) else line for line in lines]
    forms = [miner.form(message) for message in messages]
    return [text for text, _ in Counter(miner.template(form).text for form in forms).most_common()]


def first(text: str) -> str:
    """The first words."""
    return " ".join(words(text)[:WORDS])


def bm25(names: Sequence[str], texts: Sequence[str]) -> NDArray[np.float64]:
    """Likeness by words."""
    index = LexicalIndex([terms(text) for text in texts])
    return np.array([index.bm25(terms(name)) for name in names])


def rankings() -> dict[str, Rank]:
    """How a template is looked for by its name."""
    try:
        from aitia.models.embed import Embedder

        embed = Embedder().embed
    except ModelError as error:
        print(f"without embeddings: {error}", file=sys.stderr)
        return {"BM25": bm25}

    def minilm(names: Sequence[str], texts: Sequence[str]) -> NDArray[np.float64]:
        return np.asarray(embed(names) @ embed(texts).T, dtype=np.float64)

    return {"BM25": bm25, "MiniLM": minilm}


def ranks(likeness: NDArray[np.float64], own: Sequence[int]) -> list[int]:
    """The rank of each name's own template, from 1; an equal one counts as better."""
    return [int((row >= row[at] - 1e-9).sum()) for row, at in zip(likeness, own, strict=True)]


def named(model: str, cases: dict[str, list[str]], each: int) -> list[Case]:
    """What the model calls each case, and what code objects to."""
    llm, made = load_llm(model), list[Case]()
    for system, texts in cases.items():
        long = [text for text in texts if not obvious(text)]
        for text in random.Random(SEED).sample(long, min(each, len(long))):
            began = time.monotonic()
            name = propose(llm, text)
            made.append(
                {
                    "id": system,
                    "template": text,
                    "name": name,
                    "objection": objection(name, text),
                    "seconds": time.monotonic() - began,
                }
            )
        own = [row for row in made if row["id"] == system and not row["objection"]]
        for row, name in zip(own, unique([row["name"] for row in own]), strict=True):
            row["objection"] = "" if name else "another template bears the same name"
    return made


def found(per_case: Sequence[Case], cases: dict[str, list[str]]) -> dict[str, dict[str, list[float]]]:
    """Reciprocal ranks and hits by naming system and metric."""
    out: defaultdict[str, defaultdict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for metric, rank in rankings().items():
        for system, texts in cases.items():
            bare = [re.sub(r"<[a-z*]+>", " ", text) for text in texts]
            telling = Telling(texts)
            own = [row for row in per_case if row["id"] == system]
            for who, name, kept in (
                (OURS, lambda row: row["name"], True),
                (NO_MODEL, lambda row, telling=telling: telling.name(row["template"]).replace(",", ""), True),
                (TRIVIAL, lambda row: first(row["template"]), True),
                (REFUSED, lambda row: row["name"], False),
            ):
                asked = [row for row in own if (not row["objection"]) == kept]
                if not asked:
                    continue
                places = ranks(
                    rank([name(row) for row in asked], bare), [texts.index(row["template"]) for row in asked]
                )
                out[who][f"{metric} R@1"] += [float(place == 1) for place in places]
                out[who][f"{metric} MRR"] += [1 / place for place in places]
    return {who: dict(values) for who, values in out.items()}


def main() -> None:
    made: argparse.ArgumentParser = parser(__doc__)
    made.add_argument("--each", type=int, default=25, help="templates of a system, at most")
    args = made.parse_args()
    began, data = time.monotonic(), Path(args.data)
    if args.model == "none":
        made.error("--model: name the model that proposes names")
    names = chosen([p.parent.name for p in data.glob("*/*.log")], args.cases)
    cases = {name: templates(data / name) for name in names}
    per_case = named(args.model, cases, args.each)
    table = rows(
        OURS,
        {
            "accepted": [float(not row["objection"]) for row in per_case],
            "seconds a name": [row["seconds"] for row in per_case],
        },
    )
    for who, values in found(per_case, cases).items():
        table += rows(who, values)
    for why, n in Counter(row["objection"].split(":")[0] for row in per_case).most_common():
        print(f"{n:>5}  {why or 'accepted'}")
    finish("logs/naming", table, per_case, n=len(per_case), began=began, out=args.json)


if __name__ == "__main__":
    main()
