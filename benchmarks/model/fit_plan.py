"""Learn which of a stranger's tools are asked first and about what, and tell what it is worth on authors left out.

    python benchmarks/model/fit_plan.py --data models/curriculum --json OUT [-o agent/planning/strangers/weights.npz]

DIR holds plan_sites.jsonl: registries and incidents of vendors that language models made up, blind to code and benchmarks.
Each author's incidents are ranked by what was learned of the others'. `ours` is the learned ranking with an embedding model,
`ours words` without, `no_model meaning` and `no_model words` the nearest by either, `trivial` the registry's own order. How
hard weights are held back is chosen among `RIDGES` by the other authors' figures (their `call in 8`).
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.sparse import csr_matrix, hstack, vstack

sys.path.insert(0, str(Path(__file__).parents[2]))

from aitia.agent.planning.strangers import words
from aitia.agent.planning.strangers.about import Asked, Matrix, Stranger
from aitia.agent.planning.strangers.ranker import (
    PAIRED,
    WAYS,
    WORTH,
    Columns,
    Embed,
    Way,
    Weights,
    columns_of,
    cut,
    cut_tool,
    tool_columns,
    weighed,
)
from aitia.models.embed import Embedder
from aitia.models.lexical import likeness
from benchmarks import contract
from benchmarks.model.plan_tools import FIRST, by_mention, scored
from benchmarks.model.rerank import Offer

FILE: Final = "plan_sites.jsonl"
ALSO: Final = {
    "tools": 0.3,
    "components": 0.5,
}  # what a further sensible call counts beside one that is asked first
RIDGES: Final[tuple[tuple[float, float], ...]] = ((1e-3, 1.5e-3), (1e-3, 5e-3))
"""Of a tool's columns and of its hashed words, as they are tried; a pair's are held back by 1e-2."""
HEARD: Final = 3  # authors who use a word, before it is learned
STEPS: Final = 100  # of L-BFGS


@dataclass(frozen=True, kw_only=True)
class Case:
    """An incident of a registry, with what its author asks."""

    author: str
    id: str
    asked: Asked
    tools: tuple[Stranger, ...]
    incident: Mapping[str, Any]


def main() -> int:
    """Fit, with each author left out and with all."""
    parser = contract.parser(__doc__)
    parser.add_argument("-o", "--output", default="", help="write the weights here")
    args = parser.parse_args()
    began = time.monotonic()
    cases = list(cases_in(Path(args.data)))
    embed = once(Embedder(threads=1))
    columns: dict[Way, list[Columns]] = {
        way: [columns_of(c.asked, c.tools, embed if way == "meaning" else None) for c in cases]
        for way in WAYS
    }
    print(f"{len(cases)} incidents read after {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)
    measured: dict[str, list[dict[str, float]]] = baselines(cases, embed)
    chosen: dict[Way, int] = {}
    for way in WAYS:
        tried = [left_out(cases, columns[way], *ridge) for ridge in RIDGES]
        best = [own_choice(cases, tried, author) for author in dict.fromkeys(c.author for c in cases)]
        of = dict(zip(dict.fromkeys(c.author for c in cases), best, strict=True))
        measured["ours" if way == "meaning" else "ours words"] = [
            tried[of[c.author]][i] for i, c in enumerate(cases)
        ]
        chosen[way] = int(np.argmax([np.mean([v["call in 8"] for v in values]) for values in tried]))
    table, per_case = [], []
    for system, values in measured.items():
        table += contract.rows(system, {m: [v[m] for v in values] for m in values[0]})
        for author in dict.fromkeys(c.author for c in cases):
            own = [v for v, c in zip(values, cases, strict=True) if c.author == author]
            per_case.append(
                {
                    "case": f"{system} {author}",
                    **{m: round(contract.mean([v[m] for v in own]), 3) for m in own[0]},
                }
            )
    contract.finish("model/fit_plan", table, per_case, n=len(cases), began=began, out=args.json)
    if args.output:
        learned = {w: fitted(cases, columns[w], range(len(cases)), *RIDGES[chosen[w]]) for w in WAYS}
        arrays: dict[str, Any] = {k: v for w in WAYS for k, v in packed(learned[w], w).items()}
        np.savez_compressed(args.output, **arrays)
        print({w: RIDGES[chosen[w]] for w in WAYS})
    return 0


def cases_in(data: Path) -> Iterator[Case]:
    """The incidents of a file, in its order."""
    for line in (data / FILE).read_text("utf-8").splitlines():
        site = json.loads(line)
        tools = [
            Stranger(name=n, said=t["description"], arguments=tuple(t["args"]))
            for n, t in site["tools"].items()
        ]
        short = tuple(cut_tool(t) for t in tools)
        for number, incident in enumerate(site["incidents"]):
            asked = cut(
                Asked(text=incident["text"], seen=incident["seen"], components=tuple(incident["components"]))
            )
            yield Case(
                author=site["author"],
                id=f"{site['registry']} {number}",
                asked=asked,
                tools=short,
                incident=incident,
            )


def baselines(cases: Sequence[Case], embed: Embed) -> dict[str, list[dict[str, float]]]:
    """What retrieval and the registry's own order are worth."""
    found: dict[str, list[dict[str, float]]] = {"no_model meaning": [], "no_model words": [], "trivial": []}
    for case in cases:
        both = f"{case.asked.text} {case.asked.seen}"
        offers = [Offer(name=t.name, arguments=t.arguments, said=t.said) for t in case.tools]
        rows = embed([both, *(f"{t.name.replace('_', ' ')} {t.said}" for t in case.tools)])
        for system, worth in {
            "no_model meaning": rows[1:] @ rows[0],
            "no_model words": likeness(both, [f"{t.name} {t.said}" for t in case.tools]),
            "trivial": -np.arange(len(case.tools)),
        }.items():
            order = [int(i) for i in np.argsort(-worth, kind="stable")]
            calls = [(offers[i].name, by_mention(case.incident, offers[i])) for i in order[:FIRST]]
            found[system].append(values_of(case, calls, order))
    return found


def values_of(case: Case, calls: Sequence[tuple[str, str]], order: Sequence[int]) -> dict[str, float]:
    """The scores of one incident."""
    names = [t.name for t in case.tools]
    wanted = [c["tool"] for c in case.incident["calls"]]
    held = {
        f"cut to {n} holds": sum(w in {names[i] for i in order[:n]} for w in wanted) / len(wanted)
        for n in (12, 24)
    }
    return scored(calls, case.incident) | held


def left_out(cases: Sequence[Case], columns: Sequence[Columns], *ridge: float) -> list[dict[str, float]]:
    """The scores of each incident by what was learned of other authors."""
    found: dict[int, dict[str, float]] = {}
    for author in dict.fromkeys(c.author for c in cases):
        weights = fitted(cases, columns, [i for i, c in enumerate(cases) if c.author != author], *ridge)
        for i, case in enumerate(cases):
            if case.author == author:
                ranking = weighed(columns[i], weights)
                calls = [
                    (case.tools[t].name, case.asked.components[c] if c >= 0 else "")
                    for t, c in ranking.calls(FIRST)
                ]
                found[i] = values_of(case, calls, ranking.order())
        print(
            author,
            ridge,
            round(
                float(np.mean([found[i]["call in 8"] for i, c in enumerate(cases) if c.author == author])), 3
            ),
            file=sys.stderr,
            flush=True,
        )
    return [found[i] for i in range(len(cases))]


def own_choice(cases: Sequence[Case], tried: Sequence[Sequence[Mapping[str, float]]], author: str) -> int:
    """Which ridge the other authors would choose."""
    return int(
        np.argmax(
            [
                np.mean([v["call in 8"] for v, c in zip(t, cases, strict=True) if c.author != author])
                for t in tried
            ]
        )
    )


def fitted(
    cases: Sequence[Case], columns: Sequence[Columns], known: Sequence[int], ridge: float, ridge_words: float
) -> Weights:
    """What some incidents teach: first about whom a tool is asked, then which tool."""
    rows, wanted = [], []
    for i in known:
        for tool, shares in about_of(cases[i]).items():
            rows.append(columns[i].paired[tool])
            wanted.append(shares)
    spread = np.concatenate([columns[i].paired.reshape(-1, PAIRED) for i in known]).std(axis=0) + 1e-9
    paired = listwise([csr_matrix(r / spread) for r in rows], wanted, np.full(PAIRED, 1e-2)) / spread
    tables = [tool_columns(columns[i], columns[i].paired @ paired) for i in known]
    scale = np.concatenate(tables).std(axis=0) + 1e-9
    scale[scale < 1e-6] = 1.0
    heard = common([columns[i].hashed for i in known], [cases[i].author for i in known])
    hashed = [hashed_rows(columns[i].hashed, heard) for i in known]
    size = float(
        np.sqrt(np.mean(np.concatenate([np.asarray(h.multiply(h).sum(axis=1)).ravel() for h in hashed])))
    )
    every = [
        csr_matrix(hstack([csr_matrix(t / scale), h / size])) for t, h in zip(tables, hashed, strict=True)
    ]
    held = np.concatenate([np.full(WORTH, ridge), np.full(len(heard), ridge_words)])
    found = listwise(every, [tools_of(cases[i]) for i in known], held)
    table, mask = np.zeros(words.COLUMNS), np.zeros(words.COLUMNS, dtype=np.bool_)
    table[heard], mask[heard] = found[WORTH:] / size, True
    return Weights(paired=paired, worth=found[:WORTH] / scale, hashed=table, known=mask)


def listwise(rows: Sequence[csr_matrix], wanted: Sequence[Matrix], ridge: Matrix) -> Matrix:
    """Weights by which softmax over each list comes nearest to the shares that are wanted (cross-entropy, ridge)."""
    table = vstack(rows).tocsr()
    turned = table.T.tocsr()
    starts = np.cumsum([0, *(r.shape[0] for r in rows)])
    of = np.repeat(np.arange(len(rows)), np.diff(starts))
    target = np.concatenate([w / w.sum() for w in wanted])

    def loss(weights: Matrix) -> tuple[float, Matrix]:
        scores = table @ weights
        high = np.maximum.reduceat(scores, starts[:-1])
        raw = np.exp(scores - high[of])
        sums = np.add.reduceat(raw, starts[:-1])
        value = ((np.log(sums) + high).sum() - (target * scores).sum()) / len(rows)
        slope = turned @ (raw / sums[of] - target) / len(rows)
        return float(value + 0.5 * (ridge * weights**2).sum()), slope + ridge * weights

    began = np.zeros(table.shape[1])
    return np.asarray(minimize(loss, began, jac=True, method="L-BFGS-B", options={"maxiter": STEPS}).x)


def tools_of(case: Case) -> Matrix:
    """1 for a tool that is asked first, less for a sensible one."""
    place = {t.name: i for i, t in enumerate(case.tools)}
    wanted = np.zeros(len(place))
    for kind, share in (("also_good", ALSO["tools"]), ("calls", 1.0)):
        wanted[[place[c["tool"]] for c in case.incident[kind]]] = share
    return wanted


def about_of(case: Case) -> dict[int, Matrix]:
    """Of each tool that its author asks about a component: how much of each."""
    place = {t.name: i for i, t in enumerate(case.tools)}
    wanted: dict[int, Matrix] = {}
    for kind, share in (("calls", 1.0), ("also_good", ALSO["components"])):
        for call in case.incident[kind]:
            if found := [v for v in call["args"].values() if v in case.asked.components]:
                of = wanted.setdefault(place[call["tool"]], np.zeros(len(case.asked.components)))
                of[case.asked.components.index(found[0])] += share
    return wanted


def common(hashed: Sequence[Sequence[Sequence[int]]], authors: Sequence[str]) -> list[int]:
    """The columns of words that several authors use."""
    by: dict[int, set[str]] = {}
    for tools, author in zip(hashed, authors, strict=True):
        for own in tools:
            for column in own:
                by.setdefault(column, set()).add(author)
    return sorted(c for c, who in by.items() if len(who) >= min(HEARD, len(set(authors))))


def hashed_rows(tools: Sequence[Sequence[int]], heard: Sequence[int]) -> csr_matrix:
    """A row for each tool, of length 1, less their mean."""
    place = {c: i for i, c in enumerate(heard)}
    table = np.zeros((len(tools), len(heard)))
    for row, own in enumerate(tools):
        known = [place[c] for c in own if c in place]
        table[row, known] = max(len(known), 1) ** -0.5
    return csr_matrix(table - table.mean(axis=0))


def packed(weights: Weights, way: Way) -> dict[str, NDArray[Any]]:
    """Arrays of 32 bits."""
    columns = np.flatnonzero(weights.known)
    return {
        f"{way}_columns": columns.astype(np.int32), f"{way}_hashed": weights.hashed[columns].astype(np.float32),
        f"{way}_paired": weights.paired.astype(np.float32), f"{way}_worth": weights.worth.astype(np.float32),
    }  # fmt: skip


def once(embedder: Embedder) -> Callable[[Sequence[str]], NDArray[np.float32]]:
    """Each text embedded once."""
    one = lru_cache(maxsize=None)(lambda text: embedder.embed([text])[0])
    return lambda texts: np.stack([one(text) for text in texts])


if __name__ == "__main__":
    raise SystemExit(main())
