"""Learn what sentences of post-mortems and runbooks are for, and tell what it is worth on authors left out.

    python benchmarks/meaning/fit_passages.py [--data DIR] --json OUT [--follows W] [-o tools/meaning/passages/passages.npz]

DIR (of the package by default) holds passages_written.jsonl: documents by language models that knew the roles alone, with the
role of each sentence. Documents are read as text: split into units by aitia, and a sentence has the role of the unit that covers
most of it. Each author's documents are read by what was learned of the others'. `ours` is the learned reader, `peer` what
headings alone say (as `aitia memory import` and runbooks were read before), `trivial` the commonest role. Nothing of the authors
in `LEFT_OUT` is learned for -o, so that what is shipped is judged on them.
"""

from __future__ import annotations

import json
import re
import sys
import time
import warnings
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, vstack
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

sys.path.insert(0, str(Path(__file__).parents[2]))

from aitia.models.curriculum.passages import LEFT_OUT, Document, document_of
from aitia.tools.meaning.passages.reader import COLUMNS, ROLES, Kind, Weights, features, in_order
from aitia.tools.meaning.passages.units import Unit, units_of
from benchmarks import contract

FILE: Final = "passages_written.jsonl"
HELD_BACK: Final = 8.0  # C: the inverse of the ridge
STEPS: Final = 60  # of L-BFGS
FOLLOWS: Final = 0.3
"""How much of the log-odds of what follows what counts beside the sentence itself."""
SURE: Final = 0.8
WORST: Final[dict[tuple[Kind, str], str]] = {("runbook", "change"): "look", ("postmortem", "tried"): "action"}
"""What a sentence is, and what it must not be told as: an act as a look, what did not help as what did."""
LEAST_STEP: Final = 2  # a column with no larger weight, of 127, is left out
HEADED: Final[dict[Kind, tuple[tuple[str, str], ...]]] = {
    "postmortem": (
        ("later", r"action item|follow.?up|lesson|next step|prevent"),
        ("cause", r"\bcauses?\b|trigger|contributing|why (?:did )?(?:it|this) happen"),
        ("action", r"resol|mitigat|remedia|recover|\bfix|workaround"),
        ("symptom", r"impact|symptom|detect|customer"),
    ),
    "runbook": (
        ("later", r"prevent|follow.?up|long.?term|harden|afterwards|permanent"),
        ("change", r"mitigat|remed|resol|fix|recover|workaround|roll.?back|action|what to do|repair|now\b"),
        ("look", r"step|diagnos|check|investigat|triage|verif|procedure|playbook|confirm"),
    ),
}
"""What a heading said before sentences were read."""


def main() -> int:
    """Fit, with each author left out and with all."""
    parser = contract.parser(__doc__)
    parser.add_argument("-o", "--output", default="", help="write the weights here")
    parser.add_argument("--follows", type=float, default=FOLLOWS)
    args = parser.parse_args()
    began = time.monotonic()
    documents = documents_in(Path(args.data))
    kept: dict[str, NDArray[Any]] = {}
    told: list[dict[str, Any]] = []
    per_case: list[dict[str, Any]] = []
    for kind in ROLES:
        own = [d for d in documents if d.kind == kind]
        read = [(d, units_of(d.text)) for d in own]
        tables = [matrix(units) for _, units in read]
        labels = [aligned(d, units) for d, units in read]
        measured: dict[str, dict[str, list[float]]] = {"ours": {}, "peer": {}, "trivial": {}}
        for author in contract.chosen(sorted({d.author for d in own}), args.cases):
            known = [i for i, d in enumerate(own) if d.author not in (author, *LEFT_OUT)]
            weights = fitted([tables[i] for i in known], [labels[i] for i in known], kind, args.follows)
            common = Counter(r for i in known for r in labels[i] if r).most_common(1)[0][0]
            scored: dict[str, dict[str, list[float]]] = {"ours": {}, "peer": {}, "trivial": {}}
            for i, (document, units) in enumerate(read):
                if document.author != author:
                    continue
                roles, sure = roles_of(tables[i], weights, kind)
                for system, said in (
                    ("ours", roles),
                    ("peer", [by_heading(u, kind) for u in units]),
                    ("trivial", [common] * len(units)),
                ):
                    score(document, units, said, sure, scored[system])
            per_case.append(
                {
                    "case": f"{author} {kind}",
                    **{
                        f"{s}: {m}": round(contract.mean(v), 3)
                        for s, values in scored.items()
                        for m, v in values.items()
                    },
                }
            )
            print(author, kind, per_case[-1]["ours: role right"], flush=True)
            for system, values in scored.items():
                for metric, every in values.items():
                    measured[system].setdefault(f"{kind}: {metric}", []).extend(every)
        for system, values in measured.items():
            told += contract.rows(system, values)
        learned = [i for i, d in enumerate(own) if d.author not in LEFT_OUT]
        kept |= packed(
            fitted([tables[i] for i in learned], [labels[i] for i in learned], kind, args.follows), kind
        )
    contract.finish("meaning/fit_passages", told, per_case, n=len(documents), began=began, out=args.json)
    if args.output:
        np.savez_compressed(args.output, **kept)
    return 0


def documents_in(data: Path) -> list[Document]:
    """The documents of a folder, or of the package where it holds none."""
    own = Path(__file__).parents[2] / "models" / "curriculum"
    file = (data if (data / FILE).exists() else own) / FILE
    return [document_of(json.loads(line)) for line in file.read_text("utf-8").splitlines()]


def aligned(document: Document, units: Sequence[Unit]) -> list[str]:
    """The role of each unit: that of the sentence of which it holds most, "" where it holds none."""
    found = []
    for unit in owners(document, units):
        parts = Counter(unit)
        found.append(document.parts[parts.most_common(1)[0][0]].role if parts else "")
    return found


def owners(document: Document, units: Sequence[Unit]) -> Iterator[list[int]]:
    """Of each sign of a unit, in order, the sentence that it is of."""
    stream, whose = "", []
    for number, part in enumerate(document.parts):
        plain = plainly(part.text)
        stream += plain
        whose += [number] * len(plain)
    cursor = 0
    for unit in units:
        plain = plainly(unit.text)
        at = stream.find(plain, cursor) if plain else -1
        if at < 0:  # a number in front of it, say
            at = stream.find(plain[-12:], cursor)
            at = max(cursor, at - len(plain) + 12) if at >= 0 and plain else -1
        yield whose[at : at + len(plain)] if at >= 0 else []
        cursor = at + len(plain) if at >= 0 else cursor


def plainly(text: str) -> str:
    """Letters and digits alone."""
    return re.sub(r"[\W_]+", "", text)


def score(
    document: Document,
    units: Sequence[Unit],
    said: Sequence[str],
    sure: Sequence[float],
    into: dict[str, list[float]],
) -> None:
    """Of each sentence whether its role is right; what only headings or titles hold is nobody's."""
    covering: dict[int, Counter[int]] = {}
    held = [Counter(signs) for signs in owners(document, units)]
    for index, signs in enumerate(held):
        for number, many in signs.items():
            covering.setdefault(number, Counter())[index] += many
    for number, part in enumerate(document.parts):
        by = covering.get(number, Counter())
        index = by.most_common(1)[0][0] if by else -1
        right = float(index >= 0 and said[index] == part.role)
        into.setdefault("role right", []).append(right)
        into.setdefault(f"{part.role} found", []).append(right)
        into.setdefault("unit as written", []).append(float(len(by) == 1 and len(held[index]) == 1))
        if worst := WORST.get((document.kind, part.role)):
            into.setdefault(f"{part.role} told as {worst}", []).append(
                float(index >= 0 and said[index] == worst)
            )
        if index >= 0:
            into.setdefault(f"said {said[index] or 'nothing'} right", []).append(right)
            if sure[index] >= SURE:
                into.setdefault(f"right where at {SURE}", []).append(right)


def by_heading(unit: Unit, kind: Kind) -> str:
    """What its heading says, "" for nothing."""
    return next((role for role, pattern in HEADED[kind] if re.search(pattern, unit.heading, re.I)), "")


def matrix(units: Sequence[Unit]) -> csr_matrix:
    """The features of a document's units, a row each."""
    starts, columns, values = [0], [], []
    for of, value in features(units):
        columns.append(of)
        values.append(value.astype(np.float64))
        starts.append(starts[-1] + len(of))
    return csr_matrix(
        (np.concatenate(values), np.concatenate(columns), np.array(starts)), shape=(len(units), COLUMNS)
    )


def fitted(
    tables: Sequence[csr_matrix], labels: Sequence[Sequence[str]], kind: Kind, share: float
) -> Weights:
    """What some documents teach."""
    every = vstack(tables).tocsr()
    answers = np.array([r for roles in labels for r in roles])
    inside = answers != ""
    used = np.flatnonzero(np.asarray((every != 0).sum(axis=0)).ravel())
    model = LogisticRegression(C=HELD_BACK, max_iter=STEPS)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # stopped early on purpose
        model.fit(every[inside][:, used], answers[inside])
    names = ROLES[kind]
    table, constants = (
        np.zeros((COLUMNS, len(names)), dtype=np.float32),
        np.full(len(names), -20.0, dtype=np.float32),
    )
    for place, name in enumerate(model.classes_):
        table[used, names.index(name)] = model.coef_[place]
        constants[names.index(name)] = model.intercept_[place]
    return Weights(
        table=table, constants=constants, follows=(share * following(labels, names)).astype(np.float32)
    )


def following(labels: Sequence[Sequence[str]], names: Sequence[str]) -> NDArray[np.float64]:
    """Log of how much more often a role follows another than it comes at all, shape (roles + 1, roles), beginnings last."""
    pairs, alone = np.full((len(names) + 1, len(names)), 1.0), np.full(len(names), 1.0)
    for roles in labels:
        before = len(names)
        for role in filter(None, roles):
            now = names.index(role)
            pairs[before, now] += 1
            alone[now] += 1
            before = now
    return np.asarray(np.log(pairs / pairs.sum(axis=1, keepdims=True)) - np.log(alone / alone.sum()))


def roles_of(table: csr_matrix, weights: Weights, kind: Kind) -> tuple[list[str], list[float]]:
    """The in_order roles, and how sure each is by itself."""
    raw = np.asarray(table @ weights.table + weights.constants)
    high = raw.max(axis=1, keepdims=True)
    shares = (raw - high - np.log(np.exp(raw - high).sum(axis=1, keepdims=True))).astype(np.float32)
    told = np.exp(in_order(shares, weights.follows))
    return [ROLES[kind][int(r)] for r in told.argmax(axis=1)], [float(v) for v in told.max(axis=1)]


def packed(weights: Weights, kind: Kind) -> dict[str, NDArray[Any]]:
    """Per role eight-bit steps and a scale."""
    scale = np.abs(weights.table).max(axis=0) / 127
    steps = np.rint(weights.table / scale).astype(np.int8)
    columns = np.flatnonzero(np.abs(steps).max(axis=1) >= LEAST_STEP)
    return {
        f"{kind}_columns": columns.astype(np.int32), f"{kind}_steps": steps[columns], f"{kind}_scale": scale.astype(np.float32),
        f"{kind}_constants": weights.constants, f"{kind}_follows": weights.follows,
    }  # fmt: skip


if __name__ == "__main__":
    raise SystemExit(main())
