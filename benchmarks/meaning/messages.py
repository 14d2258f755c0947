"""What a log message means: fault or not, its class, whose fault, and the peer's name; products left out.

    python benchmarks/meaning/messages.py --data benchmarks/meaning/data --model qwen2.5-coder-1.5b,qwen2.5-coder-0.5b --json OUT

DIR/messages.jsonl: a message a line, without time and level word, with `product`, `language`, the labels of a first reader
(`fault`, `class`, `whose`, `peer`) and, where there is one, of a second who saw text and product only (`second_fault`, …).
Scored are the messages on which both agree, for each label; all messages and both readers are language models' work.

Systems: `ours MODEL` (rules and model), `no_model` (rules), `peer MODEL` (the model alone), `peer table` (the regular
expressions that aitia had before: DIR/classes_before.yaml), `trivial` (ten words). Bars, and the weights of `ours` and
`peer MODEL`, are those that were best on all other products. `found` and `false` are at a bar that lets at most .02 of the
others' normal messages through; `found, own bar` at even odds of the system itself. Answers are read by the scorer only.
--answers keeps what models said; --most asks and scores only so many messages, drawn by a hash of their text (the weights
of the rules are fitted to all).
"""

from __future__ import annotations

import hashlib
import json
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

import numpy as np
from numpy.typing import NDArray

from aitia.models.scoring import Terms, pick
from aitia.tools.meaning.messages import SIGNS, Reading, peer
from aitia.tools.meaning.messages_asking import SAID, WHOSE, Said, Weights, pooled
from aitia.tools.text.classes import reading
from benchmarks import contract
from benchmarks.meaning.asked import answers
from benchmarks.meaning.before import table, words

FALSE = 0.02  # of the normal messages may be called faulty
FAULT_WEIGHTS = (0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0)  # of the model's log-odds beside the rules'
KIND_WEIGHTS = (0.25, 0.5, 0.75, 1.0, 1.5)
PRIORS = (0.0, 0.3, 0.6, 1.0)
# fault, class, owner, prior: what moves one label only is tried by itself
SETTINGS = [
    *((f, 1.0, 1.0, 0.3) for f in FAULT_WEIGHTS),
    *((1.0, k, k, p) for k, p in product(KIND_WEIGHTS, PRIORS)),
]
Row = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Answer:
    """Log-odds of a fault, or any score that grows with it; class, owner and peer if it is one."""

    fault: float
    kind: str = ""
    whose: str = ""
    peer: str = ""
    seen: tuple[float, ...] = ()  # by the rules, whose weights are fitted: `fault` is what stands beside them


Tried = Mapping[Any, Sequence[Answer]]  # the answers with each setting


def main() -> int:
    """Run the benchmark."""
    parser = contract.parser(__doc__)
    parser.add_argument("--answers", default="", help="a folder that keeps what models said")
    parser.add_argument("--most", type=int, default=0, help="messages at most (0: all)")
    parser.add_argument(
        "--fit", action="store_true", help="only print the rules' weights, fitted to all messages"
    )
    parser.add_argument("--threads", type=int, default=2)
    args = parser.parse_args()
    began = time.monotonic()
    lines = (Path(args.data) / "messages.jsonl").read_text("utf-8").splitlines()
    rows: list[Row] = [json.loads(line) for line in lines if line]
    kept = set(contract.chosen({r["product"] for r in rows}, args.cases))
    rows = sorted((r for r in rows if r["product"] in kept), key=lambda r: drawn(r["text"]))
    texts = [str(r["text"]) for r in rows]
    if args.fit:
        usable = [r for r in rows if agreed(r, "fault")]
        seen = np.array([reading(str(r["text"])).seen for r in usable])
        weights = fitted(seen, np.array([float(r["fault"]) for r in usable]))
        print(dict(zip(SIGNS, weights.round(2).tolist(), strict=True)))
        return 0
    most = args.most or len(rows)
    systems = {name: left_out(rows, tried, most) for name, tried in predicted(texts, most, args).items()}
    rows, texts = rows[:most], texts[:most]
    made: list[dict[str, Any]] = []
    for system, answered in systems.items():
        made += contract.rows(system, score(rows, answered))
    agreement(rows)
    per_case = [
        {
            "text": t,
            "product": r["product"],
            **{s: vars(a[i][0]) | {"bar": a[i][1]} for s, a in systems.items()},
        }
        for i, (t, r) in enumerate(zip(texts, rows, strict=True))
    ]
    contract.finish("meaning/messages", made, per_case, n=len(rows), began=began, out=args.json)
    return 0


def drawn(text: str) -> str:
    """The order of asking: none of the file's."""
    return hashlib.sha256(text.encode()).hexdigest()


def predicted(texts: Sequence[str], most: int, args: Any) -> dict[str, Tried]:
    """What each system says of each text, with each of its settings. Only texts are seen; those after `most` by the rules."""
    readings = [reading(t) for t in texts]
    rest = [Answer(fault=0.0, seen=r.seen) for r in readings[most:]]
    systems: dict[str, Tried] = {}
    for model in args.model.split(",") if args.model != "none" else ():
        said = answers(model, texts[:most], args.answers, threads=args.threads)
        systems[f"ours {model}"] = {
            key: [with_model(t, r, s, *key) for t, r, s in zip(texts, readings, said, strict=False)] + rest
            for key in SETTINGS
        }
        systems[f"peer {model}"] = {
            prior: [alone(t, s, prior) for t, s in zip(texts, said, strict=False)] for prior in PRIORS
        }
    systems["no_model"] = {
        0: [Answer(fault=r.fault, kind=r.kind or "other", whose=r.whose, peer=r.peer) for r in readings]
    }
    systems["peer table"] = {0: [Answer(fault=odds, kind=kind) for odds, kind in map(table, texts)]}
    systems["trivial"] = {0: [Answer(fault=words(t)) for t in texts]}
    return systems


def with_model(
    text: str, words: Reading, said: Said, fault: float, kind: float, whose: float, prior: float
) -> Answer:
    """Rules and model."""
    odds, of, owner = pooled(words, said, Weights(fault=fault, kind=kind, whose=whose, prior=prior))
    name = peer(text) if owner == "peer" else ""
    return Answer(fault=odds - words.fault, kind=of, whose=owner, peer=name, seen=words.seen)


def alone(text: str, said: Said, prior: float) -> Answer:
    """The model without rules; a peer's name is found in the text by the same patterns."""
    odds = said.fault[0] - said.fault[1]
    if not said.kind:
        return Answer(fault=odds)
    kind, _ = pick(said.kind, said.baselines[1], Terms(prior=prior))
    whose, _ = pick(said.whose, said.baselines[2], Terms(prior=prior))
    return Answer(
        fault=odds,
        kind=list(SAID)[kind],
        whose=WHOSE[whose],
        peer=peer(text) if WHOSE[whose] == "peer" else "",
    )


def left_out(rows: Sequence[Row], tried: Tried, most: int) -> list[tuple[Answer, float]]:
    """Each message's answer and the bar of a fault, with weights, setting and bar that were best on all other products.

    Settings for faults, classes and owners are chosen each by their own metric; a setting is a tuple (fault, class, owner, prior)
    or one number.
    """
    products = [str(r["product"]) for r in rows]
    out: list[tuple[Answer, float]] = [(Answer(fault=0.0), 0.0)] * most
    picked: Counter[Any] = Counter()
    by_fault = {key[0] if isinstance(key, tuple) else key: key for key in tried}
    for name in sorted(set(products[:most])):
        elsewhere = [i for i, p in enumerate(products) if p != name] or list(range(len(rows)))
        others = [i for i in elsewhere if i < most]
        rules = by_rules(rows, next(iter(tried.values())), elsewhere)
        scores = {
            k: [a.fault + r for a, r in zip(tried[key], rules, strict=False)] for k, key in by_fault.items()
        }
        fault = max(scores, key=lambda k: area(rows, scores[k], others))
        kind = max(tried, key=lambda k: hits(rows, tried[k], others, "class"))
        whose = max(tried, key=lambda k: hits(rows, tried[k], others, "whose"))
        bar = bar_of(rows, scores[fault], others)
        picked[fault, kind, whose] += 1
        for i, p in enumerate(products[:most]):
            if p == name:
                of, owner = tried[kind][i], tried[whose][i]
                answer = Answer(fault=scores[fault][i], kind=of.kind, whose=owner.whose, peer=owner.peer)
                out[i] = answer, bar
    if len(tried) > 1:
        print("settings:", picked.most_common(2))
    return out


def by_rules(rows: Sequence[Row], answered: Sequence[Answer], among: Sequence[int]) -> list[float]:
    """Log-odds by what the rules saw, with weights fitted to some of the messages; 0 where there are no rules."""
    if not answered[0].seen:
        return [0.0] * len(rows)
    seen = np.array([a.seen for a in answered])
    usable = [i for i in among if agreed(rows[i], "fault")]
    weights = fitted(seen[usable], np.array([float(rows[i]["fault"]) for i in usable]))
    return [float(v) for v in seen @ weights]


def fitted(seen: NDArray[np.float64], faults: NDArray[np.float64]) -> NDArray[np.float64]:
    """Logistic regression by Newton's method; the first column is the constant, the others are held back (L2, 1)."""
    weights, held = np.zeros(seen.shape[1]), np.eye(seen.shape[1])
    held[0, 0] = 1e-6
    for _ in range(30):
        likely = 1 / (1 + np.exp(-(seen @ weights)))
        slope = seen.T @ (likely - faults) + held @ weights
        weights = weights - np.linalg.solve((seen.T * (likely * (1 - likely))) @ seen + held, slope)
    return weights


def bar_of(rows: Sequence[Row], scores: Sequence[float], among: Sequence[int]) -> float:
    """The lowest score above which at most `FALSE` of the normal messages lie."""
    normal = sorted(
        (scores[i] for i in among if agreed(rows[i], "fault") and not rows[i]["fault"]), reverse=True
    )
    return normal[int(FALSE * len(normal))] if normal else 0.0


def area(rows: Sequence[Row], scores: Sequence[float], among: Sequence[int]) -> float:
    """How often a fault lies above a normal message, ties half: the area under the ROC curve."""
    usable = [i for i in among if agreed(rows[i], "fault")]
    faults = np.array([scores[i] for i in usable if rows[i]["fault"]])
    normal = np.array([scores[i] for i in usable if not rows[i]["fault"]])
    if not len(faults) or not len(normal):
        return 0.5
    above = (faults[:, None] > normal).mean() + 0.5 * (faults[:, None] == normal).mean()
    return float(above)


def hits(rows: Sequence[Row], answered: Sequence[Answer], among: Sequence[int], label: str) -> int:
    """How many faults of those have the right class or owner."""
    said: Callable[[Answer], str] = (lambda a: a.kind) if label == "class" else (lambda a: a.whose)
    return sum(
        said(answered[i]) == rows[i][label] for i in among if rows[i]["fault"] and agreed(rows[i], label)
    )


def agreed(row: Row, label: str) -> bool:
    """Whether both readers say the same."""
    same = row["fault"] == row.get("second_fault", row["fault"])
    return bool(same and row[label] == row.get(f"second_{label}", row[label]))


def score(rows: Sequence[Row], answered: Sequence[tuple[Answer, float]]) -> dict[str, list[float]]:
    """What each metric holds of each message."""
    out: dict[str, list[float]] = defaultdict(list)
    normal = [
        a.fault for (a, _), r in zip(answered, rows, strict=True) if agreed(r, "fault") and not r["fault"]
    ]
    for row, (answer, bar) in zip(rows, answered, strict=True):
        if not agreed(row, "fault"):
            continue
        above = answer.fault - bar
        called = "found" if row["fault"] else "false"
        out[called].append(float(above > 0))
        out[f"{called}, own bar"].append(float(answer.fault > 0))
        if row["language"] != "en":
            out[f"{called}, not English"].append(float(above > 0))
        out[f"{called}, {row['language']}"].append(float(above > 0))
        if not row["fault"]:
            continue
        if normal:
            out["area under the curve"].append(
                sum((answer.fault > n) + 0.5 * (answer.fault == n) for n in normal) / len(normal)
            )
        for label, said in (("class", answer.kind), ("whose", answer.whose)):
            if agreed(row, label) and said is not None:
                out[f"{label} right, of faults"].append(float(said == row[label]))
        if row["whose"] == "peer" and row["peer"] and agreed(row, "whose") and agreed(row, "peer"):
            out["peer named right"].append(float(same_name(answer.peer, str(row["peer"]))))
    order = ["found", "false", "area under the curve", "found, own bar", "false, own bar"]
    return {k: out[k] for k in [*order, *sorted(k for k in out if k not in order)] if k in out}


def same_name(said: str, told: str) -> bool:
    """Whether two names mean the same: without scheme and port, one may be the other's part between separators."""
    bare = [n.casefold().partition("://")[2] or n.casefold() for n in (said, told)]
    short = [n.strip("/\"' ").split("/")[0].rsplit(":", 1)[0] for n in bare]
    return bool(said) and (bare[0].strip("/") == bare[1].strip("/") or short[0] == short[1])


def agreement(rows: Sequence[Row]) -> None:
    """How often the two readers agree."""
    two = [r for r in rows if "second_fault" in r]
    for label in ("fault", "class", "whose"):
        of = [r for r in two if label == "fault" or (r["fault"] and r["second_fault"])]
        if of:
            same = sum(r[label] == r[f"second_{label}"] for r in of) / len(of)
            print(f"readers agree on {label} of {same:.3f} of {len(of)}")


if __name__ == "__main__":
    raise SystemExit(main())
