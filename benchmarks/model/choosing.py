"""Choosing: accuracy and calibration of `choose` against greedy grammar and against answers without a model.

    python benchmarks/model/choosing.py --data benchmarks/model/data/choices_test.jsonl --models smollm2-135m --json OUT

Systems: `ours MODEL` (whole option texts, calibrated on the bundled choice set only), `ours raw MODEL` (the same before
calibration), `ours pool MODEL` (pooled with `no_model` by the calibrated vote weight), `peer greedy MODEL` (the options
numbered in the prompt, JSON bound by a grammar; it gives no probability and counts as certain), `peer retrieval`
(5 nearest bundled questions), `trivial` (the option that shares most words with the question), `no_model` (both of
these, weighed on the bundled set). --listed adds `ours listed MODEL` (options in the prompt, mean of two orders).
The answers are read by the scorer only. --answers keeps what models said, so that a run goes on where it stopped.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[2]))

from aitia.core.llm import Llm, Prompt
from aitia.models.calibration import Calibration, calibration_of, ece
from aitia.models.choosing import (
    KINDS,
    Question,
    Retrieval,
    bundled_questions,
    prompt_of,
    read_questions,
    softmax,
)
from aitia.models.fitting import folds, logit
from aitia.models.scoring import pick, pool
from benchmarks import contract

Shares = tuple[float, ...]
Said = dict[str, Any]


def main() -> int:
    """Run the benchmark."""
    parser = contract.parser(__doc__)
    parser.add_argument("--models", default="", help="comma-separated: catalogue names or GGUF files")
    parser.add_argument("--answers", default="", help="a folder that keeps what models said")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument(
        "--listed", action="store_true", help="also list the options in the prompt, in two orders"
    )
    args = parser.parse_args()
    began = time.monotonic()
    files = sorted(Path(args.data).glob("*.jsonl")) if Path(args.data).is_dir() else [Path(args.data)]
    every = [q for file in files for q in read_questions(file.read_text("utf-8"), file.name)]
    names = set(contract.chosen((q.id for q in every), args.cases))
    questions = [q for q in every if q.id in names]
    if not questions:
        print("error: give --data with questions", file=sys.stderr)
        return 2
    blind = [q.model_copy(update={"answer": 0, "why": ""}) for q in questions]
    predictions = without_model(blind)
    costs: dict[str, list[Said]] = {}
    for name in (m for m in args.models.split(",") if m):
        found, spent = with_model(name, blind, predictions["no_model"], args)
        predictions |= found
        costs |= spent
    made = scored(questions, predictions, costs)
    cases = [
        {"id": q.id, "kind": q.kind} | {s: [round(p, 5) for p in told[i]] for s, told in predictions.items()}
        for i, q in enumerate(questions)
    ]
    contract.finish("choosing", made, cases, n=len(questions), began=began, out=args.json)
    return 0


def without_model(questions: Sequence[Question]) -> dict[str, list[Shares]]:
    """The answers of retrieval, of shared words and of both, each weighed on the bundled set."""
    known = Retrieval(bundled_questions())
    made: dict[str, list[Shares]] = {}
    for system, used in (("trivial", (0, 1)), ("peer retrieval", (1, 0)), ("no_model", (1, 1))):
        weights = {kind: _weights([q for q in bundled_questions() if q.kind == kind], used) for kind in KINDS}
        made[system] = [softmax(known.features(q) * used @ weights[q.kind]) for q in questions]
    return made


def _weights(own: Sequence[Question], used: tuple[int, int]) -> np.ndarray:
    """How much each feature counts, learned on questions whose own family has no vote."""
    fold = folds(own)
    known = {f: Retrieval([q for q, g in zip(own, fold, strict=True) if g != f]) for f in set(fold)}
    features = [known[f].features(q) * used for q, f in zip(own, fold, strict=True)]
    return np.array(logit(features, [q.answer for q in own], floor=(0.0, 0.0), start=(0.5, 0.5)))


def with_model(
    name: str, questions: Sequence[Question], rules: Sequence[Shares], args: Any
) -> tuple[dict[str, list[Shares]], dict[str, list[Said]]]:
    """What a model chooses in each way, and what it spent."""
    ways: dict[str, Callable[[Llm, Question], Said]] = {"ours": scores, "peer": greedy}
    ways |= {"listed": listed} if args.listed else {}
    said = asked(name, questions, ways, args)
    calibration = calibration_of(said["sha256"])
    if calibration is None:
        raise SystemExit(f"error: calibrate {name} first: aitia models calibrate {name}")
    ours, made = said["ours"], dict[str, list[Shares]]()
    made[f"ours {name}"] = [pick(s["log_probs"], s["baselines"], calibration.terms)[1] for s in ours]
    made[f"ours raw {name}"] = [pick(s["log_probs"], s["baselines"])[1] for s in ours]
    made[f"ours pool {name}"] = [
        pool(r, m, _weight(calibration, q))
        for r, m, q in zip(rules, made[f"ours {name}"], questions, strict=True)
    ]
    made[f"peer greedy {name}"] = [tuple(s["shares"]) for s in said["peer"]]
    costs = {f"ours {name}": ours, f"peer greedy {name}": said["peer"]}
    if args.listed:
        made[f"ours listed {name}"] = [tuple(s["shares"]) for s in said["listed"]]
        costs[f"ours listed {name}"] = said["listed"]
    return made, costs


def _weight(calibration: Calibration, question: Question) -> float:
    return calibration.kinds[question.kind].vote_weight


def asked(
    name: str, questions: Sequence[Question], ways: Mapping[str, Callable[[Llm, Question], Said]], args: Any
) -> dict[str, Any]:
    """Every way's answer to every question, from the kept ones where they are."""
    from aitia.models.load import load_llm

    llm = load_llm(name, threads=args.threads)
    file = Path(args.answers or ".") / f"{llm.name}.jsonl"
    kept = (
        {(r["way"], r["key"]): r for r in map(json.loads, file.read_text().splitlines())}
        if file.is_file()
        else {}
    )
    found: dict[str, Any] = {"sha256": llm.sha256}
    for way, ask in ways.items():
        found[way] = []
        for q in questions:
            if (said := kept.get((way, q.key))) is None:
                said = {"way": way, "key": q.key} | ask(llm, q)
                if args.answers:
                    with file.open("a") as out:
                        out.write(json.dumps(said) + "\n")
            found[way].append(said)
    return found


def scores(llm: Llm, question: Question) -> Said:
    """`choose`: what it scored, free of any calibration."""
    choice = llm.choose(question.prompt, question.options)
    return choice.model_dump(include={"log_probs", "baselines", "seconds"}) | {"tokens": choice.prompt_tokens}


def numbered(question: Question, options: Sequence[str]) -> Prompt:
    """The question with its options in the prompt."""
    lines = "\n".join(f"{n}. {option}" for n, option in enumerate(options, 1))
    return prompt_of(question.kind, f"{question.question}\nOptions:\n{lines}")


def greedy(llm: Llm, question: Question) -> Said:
    """The number that the model writes into JSON under a grammar."""
    numbers = range(1, len(question.options) + 1)
    grammar = 'root ::= "{\\"option\\": " (' + " | ".join(f'"{n}"' for n in numbers) + ') "}"'
    plain = numbered(question, question.options)
    prompt = Prompt(
        system=plain.system.replace(
            "Answer with the text of one option.", 'Answer as JSON: {"option": NUMBER}.'
        ),
        user=plain.user,
    )
    said = llm.complete(prompt, max_tokens=12, grammar=grammar)
    number = int(json.loads(said.text)["option"])
    return {
        "shares": [float(n == number) for n in numbers],
        "tokens": said.prompt_tokens + said.generated_tokens,
        "seconds": said.seconds,
    }


def listed(llm: Llm, question: Question) -> Said:
    """`choose` with the options in the prompt: the mean of two orders, half a turn apart."""
    turns = [
        question.options,
        question.options[(half := len(question.options) // 2) :] + question.options[:half],
    ]
    choices = [llm.choose(numbered(question, turn), question.options) for turn in turns]
    shares = np.mean([c.probabilities for c in choices], axis=0)
    spent = {"tokens": sum(c.prompt_tokens for c in choices), "seconds": sum(c.seconds for c in choices)}
    return {"shares": [float(s) for s in shares], **spent}


def scored(
    questions: Sequence[Question],
    predictions: Mapping[str, Sequence[Shares]],
    costs: Mapping[str, Sequence[Said]],
) -> list[dict[str, Any]]:
    """The contract's rows."""
    right = [q.answer for q in questions]
    hit = {s: [_hit(p, a) for p, a in zip(told, right, strict=True)] for s, told in predictions.items()}
    made: list[dict[str, Any]] = []
    for system, told in predictions.items():
        measured: dict[str, list[float]] = {"accuracy": hit[system]}
        for kind in KINDS:
            measured[f"accuracy {kind}"] = [
                h for h, q in zip(hit[system], questions, strict=True) if q.kind == kind
            ]
        measured["accuracy less no_model"] = [
            a - b for a, b in zip(hit[system], hit["no_model"], strict=True)
        ]
        if not system.startswith("peer greedy"):
            measured["log-loss"] = [-float(np.log(max(p[a], 1e-9))) for p, a in zip(told, right, strict=True)]
        for metric in ("tokens", "seconds"):
            measured[metric] = [float(s[metric]) for s in costs.get(system, ())]
        made += contract.rows(system, measured)
        made.append(_ece(system, told, right))
    return made


def _hit(shares: Shares, answer: int) -> float:
    """1 for a right choice; of several equally likely options each counts its part."""
    best = [i for i, p in enumerate(shares) if p == max(shares)]
    return (answer in best) / len(best)


def _ece(system: str, told: Sequence[Shares], right: Sequence[int]) -> dict[str, Any]:
    sure = np.array([max(p) for p in told])
    hit = np.array([int(np.argmax(p)) == a for p, a in zip(told, right, strict=True)])
    chance = np.random.default_rng(0)
    draws = [chance.integers(0, len(hit), len(hit)) for _ in range(1000)]
    spread = np.quantile([ece(list(sure[d]), list(hit[d])) for d in draws], [0.025, 0.975])
    value = round(ece(list(sure), list(hit)), 4)
    return {
        "system": system,
        "metric": "ECE",
        "value": value,
        "n": len(hit),
        "ci95": [round(float(x), 4) for x in spread],
    }


if __name__ == "__main__":
    sys.exit(main())
