"""Whether what people and alerts write is understood: affected and excluded components, symptom, start.

python benchmarks/meaning/texts.py --data DIR [--model NAME] [--answers FILE] [--half even|odd] --json OUT

`DIR/texts.jsonl`: a text, its language, the components of its site, when it was written; and the labels, which only the
scorer reads: affected, excluded, symptom, start. `DIR/texts_second.jsonl`, where there is one, holds a second reader's
labels by `id` (agreement is printed).

`ours` reads with the model, `no_model` by rules alone. `trivial`: the first component whose exact name stands in the
text, nothing excluded, the commonest symptom, now. `peer` is dateparser's `search_dates` (told the language), where it is
installed: its first time before now.
"""

from __future__ import annotations

import importlib.util
import json
import re
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

sys.path.insert(0, str(Path(__file__).parents[2]))

from aitia.comparing import open_model
from aitia.core.words import Component
from aitia.tools.meaning.answers import Answers
from aitia.tools.meaning.incidents.asking import Reader
from aitia.tools.meaning.incidents.reading import read_components, read_start
from benchmarks.contract import Case, finish, mean, parser, rows

NEAR: Final = timedelta(minutes=10)
ASKED: Final = ("id", "text", "language", "components", "written_at")
CODES: Final = {"english": "en", "german": "de", "french": "fr", "spanish": "es", "japanese": "ja"}


def cases(folder: Path, file: str = "texts.jsonl") -> list[Case]:
    """The texts with their labels, each with an id."""
    found = [json.loads(line) for line in (folder / file).read_text("utf-8").splitlines() if line.strip()]
    return [{**case, "id": str(case.get("id", n))} for n, case in enumerate(found)]


def asked(case: Case) -> Case:
    """What a system is given: no label."""
    return {key: case[key] for key in ASKED}


def ours(case: Case, reader: Reader | None) -> Case:
    """What the product understands; a site's component called pump, say, is a machine by its name alone."""
    known = [Component(id=c) for c in case["components"]]
    understood = read_start(case["text"], datetime.fromisoformat(case["written_at"]))
    read = read_components(understood, case["text"], known, reader)
    return {
        "affected": [s.component for s in read.affected],
        "excluded": [s.component for s in read.excluded],
        "symptom": read.symptom,
        "start": read.start.isoformat() if read.start else None,
        "start_words": read.start_words,
    }


def trivial(case: Case) -> Case:
    """The first exact name, the commonest symptom, now."""
    text = case["text"].casefold()
    places = [(m.start(), c) for c in case["components"] if (m := re.search(re.escape(c.casefold()), text))]
    return {
        "affected": [min(places)[1]] if places else [],
        "excluded": [],
        "symptom": "latency",
        "start": case["written_at"],
    }


def dateparser_start(case: Case) -> Case:
    """The first time before now that dateparser finds."""
    from dateparser.search import search_dates

    now = datetime.fromisoformat(case["written_at"])
    code = CODES.get(case["language"].lower(), case["language"].lower())
    settings = {"RELATIVE_BASE": now.replace(tzinfo=None), "PREFER_DATES_FROM": "past"}
    told = [t for _, t in search_dates(case["text"], languages=[code], settings=settings) or []]
    aware = [t if t.tzinfo else t.replace(tzinfo=now.tzinfo) for t in told]
    past = [t for t in aware if t <= now]
    return {"start": past[0].isoformat() if past else None}


def scored(made: Mapping[str, Any], truth: Case) -> dict[str, float]:
    """Each metric of one text that applies to it."""
    said: dict[str, float] = {}
    if "affected" in made:
        affected, excluded = set(made["affected"]), set(made["excluded"])
        said["components exact"] = affected == set(truth["affected"])
        said["component first"] = (
            made["affected"][0] in truth["affected"] if made["affected"] else not truth["affected"]
        )
        if truth["excluded"]:
            said["excluded right"] = excluded == set(truth["excluded"])
            said["excluded taken (lower is better)"] = bool(affected & set(truth["excluded"]))
        else:
            said["excluded invented (lower is better)"] = bool(excluded)
        said["affected excluded (lower is better)"] = bool(excluded & set(truth["affected"]))
        said["symptom"] = made["symptom"] == truth["symptom"]
    if truth["start"] is None:
        said["no start, none told"] = made["start"] is None
    else:
        said["start within 10 min"] = near(made["start"], truth["start"])
    said["start or none"] = (
        made["start"] is None if truth["start"] is None else near(made["start"], truth["start"])
    )
    return {name: float(value) for name, value in said.items()}


def near(a: str | None, b: str) -> bool:
    """Whether two times lie within ten minutes."""
    return a is not None and abs(datetime.fromisoformat(a) - datetime.fromisoformat(b)) <= NEAR


def measured(predictions: Sequence[Case], truths: Sequence[Case]) -> dict[str, list[float]]:
    """The values of each metric, over all texts and by language."""
    found: defaultdict[str, list[float]] = defaultdict(list)
    for made, truth in zip(predictions, truths, strict=True):
        for name, value in scored(made, truth).items():
            found[name].append(value)
            if name in ("components exact", "symptom", "start or none"):
                found[f"{name}, {truth['language']}"].append(value)
    return dict(sorted(found.items(), key=lambda pair: ("," in pair[0] and pair[0][-2:] != "ld", 0)))


def agreement(truths: Sequence[Case], second: Sequence[Case]) -> str:
    """How often two readers say the same."""
    by_id = {case["id"]: case for case in second}
    pairs = [(t, by_id[t["id"]]) for t in truths if t["id"] in by_id]
    if not pairs:
        return "no text has a second label"
    same = {
        "affected": mean([float(set(a["affected"]) == set(b["affected"])) for a, b in pairs]),
        "excluded": mean([float(set(a["excluded"]) == set(b["excluded"])) for a, b in pairs]),
        "symptom": mean([float(a["symptom"] == b["symptom"]) for a, b in pairs]),
        "start": mean(
            [float(near(b["start"], a["start"]) if a["start"] else b["start"] is None) for a, b in pairs]
        ),
    }
    return f"two readers agree on {len(pairs)} texts: " + ", ".join(f"{k} {v:.2f}" for k, v in same.items())


def main() -> None:
    """Read every text, score, print."""
    arguments = parser(__doc__)
    arguments.add_argument(
        "--answers", default="", help="JSON lines of the model's answers, kept and used again"
    )
    arguments.add_argument(
        "--half", choices=("even", "odd"), default=None, help="only texts whose number is so"
    )
    args = arguments.parse_args()
    began, folder = time.monotonic(), Path(args.data)
    truths = [
        c
        for n, c in enumerate(cases(folder))
        if args.half is None or (_number(c, n) % 2 == 0) == (args.half == "even")
    ]
    questions = [asked(case) for case in truths]
    told: dict[str, list[Case]] = {"no_model": [ours(q, None) for q in questions]}
    told["trivial"] = [trivial(q) for q in questions]
    if importlib.util.find_spec("dateparser"):
        told["peer dateparser"] = [dateparser_start(q) for q in questions]
    if args.model != "none":
        llm = open_model(args.model, "texts", threads=1)
        answers = Answers(llm, llm.sha256, Path(args.answers) if args.answers else None)
        reader = Reader(answers, name=llm.name)
        told = {"ours": [ours(q, reader) for q in questions], **told}
    made = [
        row for system, predictions in told.items() for row in rows(system, measured(predictions, truths))
    ]
    if (folder / "texts_second.jsonl").is_file():
        print(agreement(truths, cases(folder, "texts_second.jsonl")) + "\n")
    print("languages:", dict(Counter(t["language"] for t in truths)))
    per_case = [{"id": q["id"], **{s: p[n] for s, p in told.items()}} for n, q in enumerate(questions)]
    finish("meaning/texts", made, per_case, n=len(truths), began=began, out=args.json)


def _number(case: Case, place: int) -> int:
    digits = re.sub(r"\D", "", case["id"])
    return int(digits) if digits else place


if __name__ == "__main__":
    main()
