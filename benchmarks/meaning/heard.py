"""What a diagnosis hears in messages without a level: those that words do not tell are put to a model, fault or not; to one that
was tuned on messages also those that words alone call a fault.

    python benchmarks/meaning/heard.py --data benchmarks/meaning/data --model qwen2.5-coder-1.5b,qwen2.5-coder-0.5b --json OUT

A model may be BASE+ADAPTER.gguf. The data are those of messages.py. `ours MODEL` is what a diagnosis does (the model reads what
the program wrote; its word for a fault counts from a probability of .7 on, a tuned one's for none to .3); `ours MODEL, left out`
the same with weights fitted to the other products, which is the figure that counts: the product's weights are fitted to all.
`no_model`: the words alone. `trivial`: of what words do not tell, ten words of trouble make a fault. Answers are read by the
scorer only. --fit prints the weights, also with the pairs of inverted.py; --answers keeps what models said.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

import numpy as np

from aitia.comparing import open_model
from aitia.tools.meaning.answers import Answers
from aitia.tools.meaning.dictionary import Message
from aitia.tools.meaning.messages_asking import HEARING_TUNED, ask_fault, hearing
from aitia.tools.text.classes import meaning, own_words, reading, unclear
from benchmarks import contract
from benchmarks.meaning.before import words
from benchmarks.meaning.messages import agreed, fitted

TEN_WORDS = 0.5  # score of benchmarks/meaning/before.py above which they say that something is wrong


def main() -> int:
    """Run the benchmark."""
    parser = contract.parser(__doc__)
    parser.add_argument("--answers", default="", help="a folder that keeps what models said")
    parser.add_argument("--fit", action="store_true", help="also print the weights, fitted to all messages")
    parser.add_argument("--threads", type=int, default=2)
    args = parser.parse_args()
    began = time.monotonic()
    lines = (Path(args.data) / "messages.jsonl").read_text("utf-8").splitlines()
    rows = [json.loads(line) for line in lines if line]
    kept = set(contract.chosen({r["product"] for r in rows}, args.cases))
    rows = [r for r in rows if r["product"] in kept]
    texts = [str(r["text"]) for r in rows]
    open_ones = [unclear(t, "", t) for t in texts]
    systems = predicted(texts, [str(r["product"]) for r in rows], [scored(r) for r in rows], args)
    made: list[dict[str, Any]] = []
    for system, told in systems.items():
        made += contract.rows(system, score(rows, open_ones, told))
    per_case = [
        {"text": t, "by_words": not o, **{s: bool(told[i]) for s, told in systems.items()}}
        for i, (t, o) in enumerate(zip(texts, open_ones, strict=True))
    ]
    contract.finish("meaning/heard", made, per_case, n=len(rows), began=began, out=args.json)
    return 0


def scored(row: Any) -> float | None:
    """Whether it is a fault; None where the readers differ. Only fitting to other products and the scorer see it."""
    return float(row["fault"]) if agreed(row, "fault") else None


def predicted(
    texts: Sequence[str], products: Sequence[str], faults: Sequence[float | None], args: Any
) -> dict[str, list[bool]]:
    """Of each message whether a system takes it for a fault; by product for those left out."""
    systems: dict[str, list[bool]] = {}
    found = np.array([reading(own_words(t), answers=False).fault for t in texts])
    for name in args.model.split(",") if args.model != "none" else ():
        llm = open_model(name, "messages", threads=args.threads)
        folder = Path(args.answers) / f"heard-{Path(name).name}.jsonl" if args.answers else None
        model = Answers(llm, llm.sha256, folder)
        said = [ask_fault(model, own_words(t)).log_probs for t in texts]
        seen = np.column_stack([np.ones(len(texts)), found, [s[0] - s[1] for s in said]])
        tuned = hearing(model) == HEARING_TUNED
        systems[f"ours {name}"] = taken(texts, seen @ np.array(hearing(model)), tuned)
        known = np.array([f is not None for f in faults])
        truth = np.array([f or 0.0 for f in faults])
        odds, place = np.zeros(len(texts)), np.array(products)
        for product in set(products):
            own = place == product
            others = ~own & known
            weights = fitted(seen[others], truth[others]) if others.any() else np.array(hearing(model))
            odds[own] = seen[own] @ weights
        systems[f"ours {name}, left out"] = taken(texts, odds, tuned)
        if args.fit:
            print(name, "weights fitted to all:", fitted(seen[known], truth[known]).round(2).tolist())
            pairs, called = turned_round(Path(args.data), model)
            both, right = np.vstack([seen[known], pairs]), np.concatenate([truth[known], called])
            print(name, "and to pairs turned round:", fitted(both, right).round(2).tolist())
    plain = [meaning(t, "", t).bad for t in texts]
    systems["no_model"] = plain
    systems["trivial"] = [bad or words(t) > TEN_WORDS for t, bad in zip(texts, plain, strict=True)]
    return systems


def turned_round(data: Path, model: Answers) -> tuple[Any, Any]:
    """Constant, words' and model's log-odds of both lines of each pair of `inverted.jsonl`, and which are faults."""
    file = data / "inverted.jsonl"
    lines = file.read_text("utf-8").splitlines() if file.is_file() else []
    told = [(str(p[side]), side == "fault") for p in map(json.loads, lines) for side in ("fault", "normal")]
    seen = []
    for text, _ in told:
        own = own_words(text)
        said = ask_fault(model, own).log_probs
        seen.append((1.0, reading(own, answers=False).fault, said[0] - said[1]))
    return np.array(seen).reshape(-1, 3), np.array([float(fault) for _, fault in told])


def taken(texts: Sequence[str], odds: Any, tuned: bool) -> list[bool]:
    """What a diagnosis goes by."""
    faults = 1.0 / (1.0 + np.exp(-np.asarray(odds)))
    return [
        meaning(t, "", t, Message(fault=p >= 0.5, confidence=max(p, 1.0 - p), by="model", tuned=tuned)).bad
        for t, p in zip(texts, map(float, faults), strict=True)
    ]


def score(rows: Sequence[Any], open_ones: Sequence[bool], said: Sequence[bool]) -> dict[str, list[float]]:
    """Faults found and normal messages taken for faults: of those that words do not tell, and of all."""
    out: dict[str, list[float]] = {
        "found, of what words do not tell": [], "false, of what words do not tell": [], "right, of those taken": [],
        "found, of all": [], "false, of all": [],
    }  # fmt: skip
    for row, is_open, yes in zip(rows, open_ones, said, strict=True):
        if not agreed(row, "fault"):
            continue
        which = "found" if row["fault"] else "false"
        out[f"{which}, of all"].append(float(yes))
        if is_open:
            out[f"{which}, of what words do not tell"].append(float(yes))
            if yes:
                out["right, of those taken"].append(float(row["fault"]))
    return out


if __name__ == "__main__":
    raise SystemExit(main())
