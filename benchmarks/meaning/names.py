"""What a metric's name means: quantity and bad direction of names from public lists, vendors left out.

    python benchmarks/meaning/names.py --data benchmarks/meaning/data --model qwen2.5-coder-1.5b --json OUT

DIR/names.jsonl: a name a line with `vendor`, `group`, the labels of a first reader (`quantity`, `direction`) and of a second
(`second`, `second_direction`), who saw neither these nor the documentation; `kind` and `unit` are what the vendor's list
tells. Scored are the names on which both readers agree; the others are told apart. All readers are language models.

Systems: `no_model as shipped` and `ours as shipped MODEL` (the words, or words and model, with the weight and the bar of a
diagnosis; the table of known names is never used here), `ours MODEL` and `no_model` (weights and bar chosen on all other
vendors so that few are wrong), `peer knn` (the most alike of all other vendors' names by parts of four letters, no bar),
`peer MODEL` (the model alone), `trivial` (the most frequent quantity). With --metadata the unit of the list is given as well.
The answers are read by the scorer only. --answers keeps what models said. A model with an adapter for names is asked with it,
with --bare without.
"""

from __future__ import annotations

import hashlib
import json
import math
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

from aitia.core.bounds import own_yaml
from aitia.core.llm import Classifier, Tuned
from aitia.tools.meaning.asking import MODEL_WEIGHT, ask_quantity, pooled
from aitia.tools.meaning.dictionary import SURE, TAKEN
from aitia.tools.meaning.names import BAR, UNKNOWN, lexicon
from aitia.tools.series.aspects import OTHER, Aspects
from benchmarks import contract

WEIGHTS = (0.0, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0)  # of the model beside the words
BARS = (0.0, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
COVERED = 0.9  # of the names, those that are told with the highest probability
WRONG = 0.06  # of the answers may be wrong rather than unknown: the bar is the lowest that holds this on all other vendors
Answer = tuple[str, str, float]  # quantity, direction, confidence
Row = Mapping[str, Any]


def main() -> int:
    """Run the benchmark."""
    parser = contract.parser(__doc__)
    parser.add_argument("--metadata", action="store_true", help="give unit and kind of the list as well")
    parser.add_argument("--answers", default="", help="a folder that keeps what models said")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--bare", action="store_true", help="ask the model without its adapter")
    args = parser.parse_args()
    began = time.monotonic()
    rows = [
        json.loads(line) for line in (Path(args.data) / "names.jsonl").read_text("utf-8").splitlines() if line
    ]
    kept = set(contract.chosen({r["vendor"] for r in rows}, args.cases))
    rows = [r for r in rows if r["vendor"] in kept]
    asked = [{k: r[k] for k in ("name", "vendor", "unit", "kind") if k in r} for r in rows]
    said = {"no_model": [lexicon().shares(r["name"], r["unit"] if args.metadata else "") for r in asked]}
    if args.model != "none":
        said["model"] = answers(args, asked)
    systems: dict[str, list[Answer]] = {"no_model": left_out(rows, [{0.0: s} for s in said["no_model"]])}
    systems["no_model as shipped"] = [
        best(s, str(r["name"]), BAR) for s, r in zip(said["no_model"], asked, strict=True)
    ]
    if "model" in said:
        mixed = [
            {w: pooled(words, model, w) for w in WEIGHTS}
            for words, model in zip(said["no_model"], said["model"], strict=True)
        ]
        systems[f"ours {args.model}"] = left_out(rows, mixed)
        systems[f"ours as shipped {args.model}"] = [
            best(of[MODEL_WEIGHT], str(r["name"]), BAR) for of, r in zip(mixed, asked, strict=True)
        ]
        systems[f"peer {args.model}"] = [
            best(s, str(r["name"])) for s, r in zip(said["model"], asked, strict=True)
        ]
    systems["peer knn"] = nearest(asked, rows)
    systems["trivial"] = frequent(rows)
    made: list[dict[str, Any]] = []
    for system, answered in systems.items():
        made += contract.rows(
            system, score(rows, answered) | by_aspect(rows, [aspect(a[0]) for a in answered])
        )
    table = own_yaml((Path(__file__).parent / "data" / "table_before.yaml").read_text("utf-8"))
    before = Aspects(table, otherwise=lambda name, metadata: OTHER)
    made += contract.rows(
        "peer table before", by_aspect(rows, [before.of(str(r["name"])).aspect for r in asked])
    )
    if "model" in said:
        made += contract.rows(
            f"ours as shipped {args.model}", entries(rows, systems["no_model as shipped"], mixed)
        )
    agreement(rows)
    per_case = [
        {"name": r["name"], "vendor": r["vendor"], **{s: list(a[i]) for s, a in systems.items()}}
        for i, r in enumerate(asked)
    ]
    contract.finish("meaning/names", made, per_case, n=len(rows), began=began, out=args.json)
    return 0


def answers(args: Any, asked: Sequence[Row]) -> list[dict[str, float]]:
    """The model's shares for every name, asked once."""
    from aitia.models.load import load_llm

    kept = (
        Path(args.answers) / f"names-{args.model}{'-bare' if args.bare else ''}.json"
        if args.answers
        else None
    )
    known: dict[str, dict[str, float]] = json.loads(kept.read_text("utf-8")) if kept and kept.exists() else {}
    missing = [str(r["name"]) for r in asked if r["name"] not in known]
    if kept:
        kept.parent.mkdir(parents=True, exist_ok=True)
    if missing:
        model = load_llm(args.model, threads=args.threads, role=None if args.bare else "names")
        assert isinstance(model, Classifier)
        started = time.monotonic()
        for done, name in enumerate(missing, 1):
            known[name] = ask_quantity(model, name, [*lexicon().asked, "other"])
            if kept and (done % 50 == 0 or done == len(missing)):
                kept.write_text(json.dumps(known), "utf-8")
        tuned = isinstance(model, Tuned) and model.role
        spent = (time.monotonic() - started) / len(missing)
        print(
            f"{len(missing)} names asked, {'with' if tuned else 'without'} an adapter, {spent:.3f} s a name"
        )
    return [known[str(r["name"])] for r in asked]


def best(shares: Mapping[str, float], name: str, bar: float = 0.0) -> Answer:
    """The likeliest quantity with its direction, unknown below the bar."""
    quantity = max(sorted(shares), key=lambda q: shares[q], default=UNKNOWN)
    share = shares.get(quantity, 0.0)
    if quantity in (UNKNOWN, "other") or share < bar:
        return UNKNOWN, "both", share
    return quantity, lexicon().direction_of(name, quantity), share


def left_out(rows: Sequence[Row], by_weight: Sequence[Mapping[float, Mapping[str, float]]]) -> list[Answer]:
    """Each vendor answered with the weight and the bar that were best on all others."""
    table: dict[tuple[float, float], list[Answer]] = {
        (w, bar): [best(of[w], str(r["name"]), bar) for of, r in zip(by_weight, rows, strict=True)]
        for w in by_weight[0]
        for bar in BARS
    }
    vendors = [str(r["vendor"]) for r in rows]
    marks = {
        key: [mark(r, a) for r, a in zip(rows, answered, strict=True)] for key, answered in table.items()
    }
    out: list[Answer] = []
    chosen: dict[str, tuple[float, float]] = {}
    for vendor in sorted(set(vendors)):
        others = [i for i, v in enumerate(vendors) if v != vendor and agreed(rows[i])]
        chosen[vendor] = max(marks, key=lambda key: worth([marks[key][i] for i in others]))
    for i, vendor in enumerate(vendors):
        out.append(table[chosen[vendor]][i])
    print("weight and bar:", Counter(chosen.values()).most_common(3))
    return out


def worth(marks: Sequence[str]) -> tuple[bool, float]:
    """Right answers, among settings that keep wrong ones below the limit; else the fewest wrong ones."""
    count = Counter(marks)
    wrong = count["wrong"] / max(len(marks), 1)
    return (True, count["right"] / len(marks)) if wrong <= WRONG else (False, -wrong)


def mark(row: Row, answer: Answer) -> str:
    """right, wrong or unknown."""
    truth = UNKNOWN if row["quantity"] == "other" else row["quantity"]
    if answer[0] == truth:
        return "right"
    return "unknown" if answer[0] == UNKNOWN else "wrong"


def agreed(row: Row) -> bool:
    """Whether both readers name the same quantity."""
    return bool(row["quantity"] == row.get("second", row["quantity"]))


def nearest(asked: Sequence[Row], rows: Sequence[Row]) -> list[Answer]:
    """The quantity of the most alike name of another vendor."""
    grams = [_grams(str(r["name"])) for r in asked]
    rare = Counter(g for one in grams for g in one)
    weight = {g: math.log(len(grams) / n) for g, n in rare.items()}
    norm = [math.sqrt(sum(weight[g] ** 2 for g in one)) or 1.0 for one in grams]
    out: list[Answer] = []
    for i, one in enumerate(grams):
        alike = max(
            (
                (sum(weight[g] ** 2 for g in one & grams[j]) / (norm[i] * norm[j]), -j)
                for j in range(len(grams))
                if asked[j]["vendor"] != asked[i]["vendor"]
            ),
            default=(0.0, 0),
        )
        known = rows[-alike[1]]
        out.append((str(known["quantity"]), str(known["direction"]), alike[0]))
    return out


def _grams(name: str) -> frozenset[str]:
    low = f" {name.lower()} "
    return frozenset(low[i : i + 4] for i in range(len(low) - 3))


def frequent(rows: Sequence[Row]) -> list[Answer]:
    """The quantity that most names of other vendors have."""
    out: list[Answer] = []
    for row in rows:
        most = Counter(
            (r["quantity"], r["direction"]) for r in rows if r["vendor"] != row["vendor"]
        ).most_common(1)
        (quantity, direction), _ = most[0] if most else ((UNKNOWN, "both"), 0)
        out.append((quantity, direction, 0.0))
    return out


def score(rows: Sequence[Row], answered: Sequence[Answer]) -> dict[str, list[float]]:
    """Shares of the names on which both readers agree, of all, by group, and of directions where the quantity is right."""
    out: dict[str, list[float]] = defaultdict(list)
    for row, answer in zip(rows, answered, strict=True):
        marked = mark(row, answer)
        out["right, either reader's"].append(float(marked == "right" or answer[0] == row.get("second")))
        if not agreed(row):
            continue
        out["right"].append(float(marked == "right"))
        half = not_looked_at(row)
        out["right, lists not looked at" if half else "right, lists looked at"].append(
            float(marked == "right")
        )
        if half:
            out["wrong, lists not looked at"].append(float(marked == "wrong"))
        out["wrong"].append(float(marked == "wrong"))
        out["unknown"].append(float(marked == "unknown"))
        out[f"right {row['group']}"].append(float(marked == "right"))
        if (
            marked == "right"
            and answer[0] != UNKNOWN
            and row["direction"] == row.get("second_direction", row["direction"])
        ):
            out["direction, of the right"].append(float(answer[1] == row["direction"]))
    both = [(answer[2], mark(row, answer)) for row, answer in zip(rows, answered, strict=True) if agreed(row)]
    surest = sorted(both, key=lambda one: -one[0])[: round(COVERED * len(both))]
    out[f"wrong of the surest {COVERED:g}"] = [float(marked == "wrong") for _, marked in surest]
    return out


def aspect(quantity: str) -> str:
    """What a diagnosis goes by for a quantity."""
    known = lexicon().quantities.get(quantity)
    return known.aspect if known else "other"


def by_aspect(rows: Sequence[Row], answered: Sequence[str]) -> dict[str, list[float]]:
    """The same by the coarser aspects, on the lists that were not looked at; `other` counts as not understood."""
    out: dict[str, list[float]] = defaultdict(list)
    for row, found in zip(rows, answered, strict=True):
        if agreed(row) and not_looked_at(row):
            truth = aspect(str(row["quantity"]))
            out["by aspect: right, not looked at"].append(float(found == truth))
            out["by aspect: wrong, not looked at"].append(float(found not in (truth, "other")))
    return out


def entries(
    rows: Sequence[Row], words: Sequence[Answer], mixed: Sequence[Mapping[float, Mapping[str, float]]]
) -> dict[str, list[float]]:
    """Of names that no word explains: how many of the model's entries are taken, how many need no person, how many of these are
    right; the same of the looked at and not looked at lists, as the bar was set with all of them in view.
    """
    out: dict[str, list[float]] = defaultdict(list)
    for row, answer, of in zip(rows, words, mixed, strict=True):
        if not agreed(row) or answer[0] != UNKNOWN:
            continue
        quantity, _, share = best(of[MODEL_WEIGHT], str(row["name"]))
        right, half = (
            float(quantity == row["quantity"]),
            "not looked at" if not_looked_at(row) else "looked at",
        )
        for word, least in (("taken", TAKEN), ("that need no person", SURE)):
            counts = quantity != UNKNOWN and share >= least
            out[f"dictionary: entries {word}"].append(float(counts))
            if counts:
                out[f"dictionary: right, of entries {word}"].append(right)
                out[f"dictionary: right, of entries {word}, lists {half}"].append(right)
        if quantity != UNKNOWN and BAR <= share < TAKEN:
            out["dictionary: right, of entries not taken but above .5"].append(right)
    return out


def not_looked_at(row: Row) -> bool:
    """Whether nobody read the misses of the name's list."""
    return bool(int(hashlib.sha256(str(row["vendor"]).encode()).hexdigest(), 16) % 2)


def agreement(rows: Sequence[Row]) -> None:
    """How often the two readers agree."""
    two = [r for r in rows if "second" in r]
    same: Callable[[Row], bool] = agreed
    if two:
        print(f"readers agree on the quantity of {sum(map(same, two)) / len(two):.3f} of {len(two)}")


if __name__ == "__main__":
    raise SystemExit(main())
