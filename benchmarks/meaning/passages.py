"""What sentences of post-mortems and runbooks are for: the learned reader, a small model with its adapter, and both.

    python benchmarks/meaning/passages.py --data models/curriculum --model BASE+ADAPTER.gguf [--most N] --json OUT

The documents are those of authors of whom neither learned anything (`models.curriculum.passages.LEFT_OUT`), at most N a kind and
author; they are read as text, as `aitia memory import` and `aitia runbook draft` do. Rows: ours (both, weighed alike), no_model
(the reader), peer (the model alone), trivial (what headings alone say). Per role: how much of it is found, and how much of what
is said to be it is right; and what must not happen: an act of a runbook told as a look, what did not help told as what did.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[2]))

from aitia.comparing import open_model
from aitia.models.curriculum.passages import LEFT_OUT, Document, document_of
from aitia.tools.meaning.passages.asking import ask_role, together
from aitia.tools.meaning.passages.reader import ROLES, bundled, in_order, log_shares
from aitia.tools.meaning.passages.units import units_of
from benchmarks import contract
from benchmarks.meaning.fit_passages import by_heading, score


def main() -> int:
    """Read, with and without the model, and score."""
    parser = contract.parser(__doc__)
    parser.add_argument("--most", type=int, default=1000, help="documents of each author and kind")
    args = parser.parse_args()
    began = time.monotonic()
    folder = Path(args.data)
    rows = [json.loads(line) for line in (folder / "passages_written.jsonl").read_text("utf-8").splitlines()]
    documents = [d for d in map(document_of, rows) if d.author in LEFT_OUT]
    if args.cases:
        names = set(contract.chosen([d.id for d in documents], args.cases))
        documents = [d for d in documents if d.id in names]
    model = open_model(args.model, "passages") if args.model != "none" else None
    measured: dict[str, dict[str, list[float]]] = {}
    per_case: list[dict[str, Any]] = []
    taken: dict[tuple[str, str], int] = {}
    for document in documents:
        place = document.author, document.kind
        taken[place] = taken.get(place, 0) + 1
        if taken[place] > args.most:
            continue
        before = time.monotonic()
        told = _told(document, model)
        for system, (said, sure) in told.items():
            scored: dict[str, list[float]] = {}
            score(document, units_of(document.text), said, sure, scored)
            for metric, values in scored.items():
                measured.setdefault(system, {}).setdefault(f"{document.kind}: {metric}", []).extend(values)
            per_case.append(
                {
                    "case": f"{document.id} {system}",
                    "role right": round(contract.mean(scored["role right"]), 3),
                }
            )
        measured.setdefault("ours", {}).setdefault("seconds a document", []).append(time.monotonic() - before)
    table = [row for system, values in measured.items() for row in contract.rows(system, values)]
    contract.finish("meaning/passages", table, per_case, n=len(documents), began=began, out=args.json)
    return 0


def _told(document: Document, model: Any) -> dict[str, tuple[list[str], list[float]]]:
    units, kind = units_of(document.text), document.kind
    follows, names = bundled(kind).follows, ROLES[kind]
    alone = log_shares(units, kind)
    scores = {"no_model": alone}
    if model is not None:
        said = np.array([ask_role(model, units, i, kind) for i in range(len(units))], dtype=np.float32)
        scores |= {"peer": together(said, np.zeros_like(said)), "ours": together(alone, said)}
    told = {}
    for system, values in scores.items():
        shares = np.exp(in_order(values, follows))
        told[system] = [names[int(r)] for r in shares.argmax(axis=1)], [float(v) for v in shares.max(axis=1)]
    return told | {"trivial": ([by_heading(u, kind) for u in units], [1.0] * len(units))}


if __name__ == "__main__":
    raise SystemExit(main())
