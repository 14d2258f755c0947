"""What sentences of post-mortems and runbooks are for: the learned reader, a small model with its adapter, and both.

    python benchmarks/meaning/passages.py --data models/curriculum --model BASE+ADAPTER.gguf [--most N] --json OUT

The documents are those of authors of whom neither learned anything (`models.curriculum.passages.LEFT_OUT`), read as text, as
`aitia memory import` and `aitia runbook draft` do. The model is asked of N sentences of them, drawn by a hash, and scored on
these; beside a drawn one the others are read by the learned reader alone. Rows: ours (both, weighed alike), no_model (the
reader), peer (the model alone, each sentence by itself), trivial (what headings alone say). Also what must not happen: an act of
a runbook told as a look, what did not help told as what did.
"""

from __future__ import annotations

import hashlib
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[2]))

from aitia.comparing import open_model
from aitia.models.curriculum.passages import LEFT_OUT, Document
from aitia.tools.meaning.passages.asking import ask_role, together
from aitia.tools.meaning.passages.reader import ROLES, bundled, in_order, log_shares
from aitia.tools.meaning.passages.units import Unit, units_of
from benchmarks import contract
from benchmarks.meaning.fit_passages import SURE, WORST, by_heading, documents_in, owners


def main() -> int:
    """Read, with and without the model, and score."""
    parser = contract.parser(__doc__)
    parser.add_argument("--most", type=int, default=150, help="sentences that the model is asked of")
    args = parser.parse_args()
    began = time.monotonic()
    documents = [d for d in documents_in(Path(args.data)) if d.author in LEFT_OUT]
    if args.cases:
        names = set(contract.chosen([d.id for d in documents], args.cases))
        documents = [d for d in documents if d.id in names]
    places = sorted(((d.id, n) for d in documents for n in range(len(d.parts))), key=_drawn)[: args.most]
    model = open_model(args.model, "passages") if args.model != "none" else None
    measured: dict[str, dict[str, list[float]]] = {}
    per_case: list[dict[str, Any]] = []
    for document in documents:
        wanted = [n for d, n in places if d == document.id]
        if not wanted:
            continue
        units = units_of(document.text)
        held = [Counter(signs) for signs in owners(document, units)]
        for number in wanted:
            index = max(range(len(units)), key=lambda i: held[i][number])
            said = _told(document, units, index, model) if held[index][number] else {}
            for system in (
                ("ours", "no_model", "peer", "trivial") if model is not None else ("no_model", "trivial")
            ):
                _score(document, number, *said.get(system, ("", 0.0)), measured.setdefault(system, {}))
            per_case.append({"case": f"{document.id} {number}", **{s: role for s, (role, _) in said.items()}})
    table = [row for system, values in measured.items() for row in contract.rows(system, values)]
    contract.finish("meaning/passages", table, per_case, n=len(places), began=began, out=args.json)
    return 0


def _drawn(place: tuple[str, int]) -> str:
    return hashlib.sha256(f"{place[0]} {place[1]}".encode()).hexdigest()


def _told(document: Document, units: list[Unit], index: int, model: Any) -> dict[str, tuple[str, float]]:
    """Of one unit the role that each system says, and how sure it is."""
    names, follows = ROLES[document.kind], bundled(document.kind).follows
    alone = log_shares(units, document.kind)
    rows = {"no_model": np.exp(in_order(alone, follows))[index]}
    if model is not None:
        said = np.array([ask_role(model, units, index, document.kind)], dtype=np.float32)
        both = alone.copy()
        both[index] = together(alone[index : index + 1], said)[0]
        rows |= {
            "peer": np.exp(together(said, np.zeros_like(said)))[0],
            "ours": np.exp(in_order(both, follows))[index],
        }
    told = {system: (names[int(row.argmax())], float(row.max())) for system, row in rows.items()}
    return told | {"trivial": (by_heading(units[index], document.kind), 0.0)}


def _score(document: Document, number: int, said: str, sure: float, into: dict[str, list[float]]) -> None:
    part, kind = document.parts[number], document.kind
    right = float(said == part.role)
    for name in ("role right", f"{kind}: role right"):
        into.setdefault(name, []).append(right)
    if sure >= SURE:
        into.setdefault(f"right where at {SURE}", []).append(right)
    if worst := WORST.get((kind, part.role)):
        into.setdefault(f"{part.role} told as {worst}", []).append(float(said == worst))


if __name__ == "__main__":
    raise SystemExit(main())
