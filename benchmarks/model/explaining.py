"""Explaining: which of a model's sentences are accepted, what they say beyond the code's own, and the verifier from outside.

python benchmarks/model/explaining.py --data SCENARIOS --models a,b,c [--raw RAW.jsonl] [--labels LABELS.jsonl] [--json OUT]

SCENARIOS is a folder of scenario folders; they are diagnosed without a model, and their answers are not read. `--raw` keeps
what the models wrote, so that a broken run goes on and a finished one is scored anew without a model. `--labels` holds raw
sentences with a reader's `true` or `false`; the verifier is scored against them. Errors are planted in accepted sentences
(`plant`, and `plant_blind` by somebody who had not seen the verifier).
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from aitia.agent.sentences.narrator import accepted
from aitia.agent.sentences.verifier import check, cited
from aitia.agent.sentences.wording import connectives
from aitia.agent.text import stem, words
from aitia.models.load import load_llm
from benchmarks.contract import Case, chosen, finish, parser, rows
from benchmarks.model import plant, plant_blind
from benchmarks.model.evidence_sets import of_public, of_scenarios
from benchmarks.model.raw_sentences import Raw, grounds_of, read, written

PLANTED = 500  # sentences that errors are planted in
MODES = ("first", "retry", "free")


def main() -> int:
    """Write, or read, the sentences of all models; score them and the verifier."""
    began = time.monotonic()
    made_parser = parser(__doc__)
    made_parser.add_argument("--models", default="qwen2.5-coder-1.5b,qwen2.5-coder-0.5b,smollm2-135m")
    made_parser.add_argument("--threads", type=int, default=None)
    made_parser.add_argument("--raw", default="", help="keep what the models write here, and go on from it")
    made_parser.add_argument("--rca", default="", help="a folder of public cases to tell of, too")
    made_parser.add_argument("--each", type=int, default=15, help="cases of each public set")
    made_parser.add_argument("--labels", default="", help="raw sentences with a reader's label")
    arguments = made_parser.parse_args()
    raw = _sentences(arguments)
    if not raw:
        print("error: give --data a folder of scenario folders with something to explain", file=sys.stderr)
        return 2
    for line in raw:
        line["accepted"], line["reasons"] = accepted(line["text"], grounds_of(line))
    made = rows(
        "no_model", {"words a sentence": [len(r["template"].split()) for r in raw if r["mode"] == "first"]}
    )
    for model in dict.fromkeys(r["model"] for r in raw):
        made += rows(f"ours {model}", _told([r for r in raw if r["model"] == model]))
    labels = read(Path(arguments.labels)) if arguments.labels else []
    planted = _planted(labels or raw)
    made += rows("ours verifier", _caught(planted) | _against_labels(labels))
    per_case: list[Case] = [_case(r) for r in raw]
    finish(
        "model/explaining",
        made,
        [*per_case, *planted],
        n=len({r["set"] for r in raw}),
        began=began,
        out=arguments.json,
    )
    return 0


def _sentences(arguments: argparse.Namespace) -> list[Raw]:
    """What all models wrote; those that the file of raw sentences holds are not asked again."""
    file = Path(arguments.raw) if arguments.raw else None
    known = read(file) if file else []
    names = [n for n in arguments.models.split(",") if n]
    folders = sorted(p.parent for p in Path(arguments.data).glob(f"{arguments.cases}/scenario.yaml"))
    if known and (not names or not (folders or arguments.rca)):
        scenarios = {r["set"].split("/")[0] for r in known}
        kept = set(chosen(scenarios, arguments.cases))
        return [r for r in known if r["set"].split("/")[0] in kept]
    sets = list(of_scenarios(folders))
    if arguments.rca:
        sets += of_public(Path(arguments.rca), arguments.each)
    raw: list[Raw] = []
    for name in names:
        llm = load_llm(name, threads=arguments.threads, fetch_missing=True)
        raw += written(sets, llm, file=file, known=known)
    return raw


def _told(mine: Sequence[Raw]) -> dict[str, list[float]]:
    """How the sentences of one model fared: a sentence counts as the model's where a try of it was accepted."""
    by_mode = {mode: {(r["set"], r["place"]): r for r in mine if r["mode"] == mode} for mode in MODES}
    first, retry, free = (by_mode[m] for m in MODES)
    kept = [r for key, r in first.items() if not r["reasons"]]
    again = [r for key, r in retry.items() if first[key]["reasons"] and not r["reasons"]]
    every = [*kept, *again]
    return {
        "accepted at first try": [not r["reasons"] for r in first.values()],
        "accepted after one retry": [key in retry and not retry[key]["reasons"] for key in first],
        "replaced": [
            bool(first[k]["reasons"]) and bool(k not in retry or retry[k]["reasons"]) for k in first
        ],
        "accepted of a chain in one go": [not r["reasons"] for r in free.values()],
        "accepted that say more than the template": [_says_more(r) for r in every],
        "words a sentence": [len(r["accepted"].split()) for r in every],
        "tokens read a sentence": [r["prompt_tokens"] for r in (*first.values(), *retry.values())],
        "tokens written a sentence": [r["generated_tokens"] for r in (*first.values(), *retry.values())],
        "seconds a try": [r["seconds"] for r in (*first.values(), *retry.values())],
    }


def _says_more(raw: Raw) -> bool:
    """Whether a sentence holds a word of substance that neither the code's own does nor the one before it (its first fact)."""
    told = " ".join([raw["template"], *(str(f["statement"]) for f in raw["facts"])])
    held = {stem(w) for w in words(told)} | connectives()
    return any(stem(w) not in held for w in words(raw["accepted"]))


def _planted(lines: Sequence[Raw]) -> list[Case]:
    """Errors, one per family, in up to PLANTED sentences that a model wrote and that are true (by label, else as accepted)."""
    chance = random.Random(0)
    true = [r for r in lines if (r["label"] == "true" if "label" in r else not r["reasons"])]
    chance.shuffle(true)
    families: dict[str, plant.Planter] = {**plant.FAMILIES, **plant_blind.FAMILIES}
    found: list[Case] = []
    for raw in true[:PLANTED]:
        grounds = grounds_of(raw)
        text = raw.get("accepted") or raw["text"]
        if check(text, grounds):
            continue  # refused although true: counted against the labels, and nothing to plant in
        for family, planter in families.items():
            wrong = planter(text, raw["facts"], raw["names"], chance)
            if wrong is not None and wrong != text:
                reasons = check(wrong, grounds)
                found.append(
                    {
                        "family": family,
                        "true": text,
                        "planted": wrong,
                        "caught": bool(reasons),
                        "set": raw["set"],
                    }
                )
        cites = [str(f["id"]) for f in raw["facts"]]
        for family, given in (("no citation", []), ("foreign citation", [*cites, "E999"])):
            found.append(
                {
                    "family": family,
                    "true": text,
                    "planted": text,
                    "caught": bool(cited(given, grounds)),
                    "set": raw["set"],
                }
            )
    return found


def _caught(planted: Sequence[Case]) -> dict[str, list[float]]:
    by_family: dict[str, list[float]] = defaultdict(list)
    for case in planted:
        by_family[f"caught: {case['family']}"].append(float(case["caught"]))
    return {"caught: all": [float(c["caught"]) for c in planted], **by_family}


def _against_labels(labels: Sequence[Raw]) -> dict[str, list[float]]:
    """The verifier against a reader's labels of raw sentences."""
    refused = [(r["label"], bool(check(r["text"], grounds_of(r)))) for r in labels]
    return {
        "false sentences refused": [float(no) for label, no in refused if label == "false"],
        "true sentences refused": [float(no) for label, no in refused if label == "true"],
    }


def _case(raw: Raw) -> Case:
    kept = ("set", "place", "role", "model", "mode", "text", "accepted", "reasons", "seconds")
    return {key: raw[key] for key in kept}


if __name__ == "__main__":
    sys.exit(main())
