"""Log format, golden signal and fault category of log lines, learned from few labelled ones, 5-fold.

python benchmarks/logs/bertops.py --data DIR/logs/bertops [--cases 'golden*/*_30'] [--seeds 5] --json OUT

Layout: TASK/*.xlsx with the columns `text` and `labels` (the answers). Folds keep equal texts together (`text`), or
equal masked templates (`template`, stricter: near copies count as one). Everything that is chosen is chosen by a
second cross-validation inside the training folds. `ours` may use MiniLM embeddings, `no_model` may not; both lean on
the bundled models, which come from lines of our own; `ours alone` does not. The peer is character TF-IDF with a linear
SVM. Zero-shot rows: the bundled models, and the rule table alone, without any training line.
"""

from __future__ import annotations

import functools
import os
import random
import sys
import time
import warnings
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # small matrices: more threads only wait for each other
sys.path.insert(0, str(Path(__file__).parents[2]))

import numpy as np
from numpy.typing import NDArray

from aitia.tools.logs.classify.classifier import Classifier
from aitia.tools.logs.classify.features import Embed
from aitia.tools.logs.classify.folds import ece, weighted_f1
from aitia.tools.logs.classify.learn import learn
from aitia.tools.logs.classify.prior import bundled
from aitia.tools.logs.classify.table import read
from aitia.tools.logs.classify.views import template
from aitia.tools.text.classes import meaning
from benchmarks.contract import Case, chosen, finish, parser
from benchmarks.contract import rows as contract_rows

FOLDS = 5
OURS, ALONE, NO_MODEL, PEER, TRIVIAL = "ours", "ours alone", "no_model", "peer char TF-IDF + SVM", "trivial"
GROUPS: Mapping[str, Callable[[str], str]] = {"text": str, "template": template}
# The bundled models' and the rules' classes in the words of these data.
SIGNAL = {"errors": "error", "traffic": "information"}
CATEGORY = {"configuration": "application", "cpu": "application", "hardware": "other"}
ASPECTS = {
    "log.connection_limit": ("saturation", "network"),
    "log.oom": ("saturation", "memory"),
    "log.disk_full": ("saturation", "io"),
    "log.deadlock": ("error", "application"),
    "log.certificate": ("error", "network"),
    "log.dns": ("availability", "network"),
    "log.connection_refused": ("availability", "network"),
    "log.permission": ("error", "authentication"),
    "log.configuration": ("error", "application"),
    "log.timeout": ("latency", "network"),
    "log.unavailable": ("availability", "network"),
    "log.exception": ("error", "application"),
    "log.restart": ("availability", "other"),
    "log.error": ("error", "application"),
    "log.other": ("information", "other"),
}


class Embedded:
    """MiniLM, each text once."""

    def __init__(self) -> None:
        from aitia.models.embed import Embedder

        self._embedder = Embedder()
        self.sha256 = self._embedder.sha256
        self._known: dict[str, NDArray[np.float32]] = {}

    def __call__(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """One row per text."""
        new = [text for text in dict.fromkeys(texts) if text not in self._known]
        self._known.update(zip(new, self._embedder.embed(new), strict=True))
        return np.array([self._known[text] for text in texts])


def split(texts: Sequence[str], labels: Sequence[str], group: Callable[[str], str], seed: int) -> list[int]:
    """The fold of each line: groups whole, classes spread."""
    from sklearn.model_selection import StratifiedGroupKFold

    part = [0] * len(texts)
    dealt = StratifiedGroupKFold(FOLDS, shuffle=True, random_state=seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a class with fewer lines than folds
        for fold, (_, test) in enumerate(dealt.split(texts, labels, [group(text) for text in texts])):
            for n in test:
                part[n] = fold
    return part


def predictions(
    texts: Sequence[str],
    labels: Sequence[str],
    part: Sequence[int],
    *,
    embed: Embed | None,
    group: Callable[[str], str] = str,
    systems: Sequence[str] = (OURS, ALONE, NO_MODEL, PEER, TRIVIAL),
) -> list[Case]:
    """The class of every line by each system. Of `labels` only those of the other folds are looked at."""
    made: list[Case] = [{} for _ in texts]
    for fold in sorted(set(part)):
        test = [n for n, p in enumerate(part) if p == fold]
        asked = [texts[n] for n in test]
        known = [texts[n] for n, p in enumerate(part) if p != fold]
        told = [labels[n] for n, p in enumerate(part) if p != fold]
        for system in systems:
            if system == TRIVIAL:
                found: list[Any] = [max(sorted(set(told)), key=told.count)] * len(asked)
            elif system == PEER:
                found = peer(known, told, asked)
            elif system != NO_MODEL and embed is None:
                continue
            else:
                used = None if system == NO_MODEL else embed
                model = learn(known, told, embed=used, group=group, lean=system != ALONE)
                named = Classifier(model, embed=used).name(asked)
                found = [name.best for name in named]
                if system == OURS:
                    for n, name in zip(test, named, strict=True):
                        made[n] |= {"p": name.probability, "named": bool(name.label), "chosen": model.mixture}
            for n, label in zip(test, found, strict=True):
                made[n][system] = label
    return made


def peer(known: Sequence[str], told: Sequence[str], asked: Sequence[str]) -> list[str]:
    """Character TF-IDF with a linear SVM."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.pipeline import make_pipeline
    from sklearn.svm import LinearSVC

    grams = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), sublinear_tf=True)
    fitted = make_pipeline(grams, LinearSVC(C=1, class_weight="balanced")).fit(known, told)
    return [str(label) for label in fitted.predict(asked)]


def zero_shot(texts: Sequence[str], labels: Sequence[str], embed: Embed | None) -> list[Case]:
    """Without a training line: the bundled models and the rule table; nothing where the classes are others."""
    for n, (target, words) in enumerate((("signal", SIGNAL), ("category", CATEGORY))):
        model = bundled(target)
        if not set(labels) <= {words.get(name, name) for name in model.classes}:
            continue
        made: list[Case] = [{"rules zero-shot": ASPECTS[meaning(text, "").aspect][n]} for text in texts]
        for system, used in ((f"{OURS} zero-shot", embed), (f"{NO_MODEL} zero-shot", None)):
            if used is not None or system.startswith(NO_MODEL):
                for row, name in zip(made, Classifier(model, embed=used).name(texts), strict=True):
                    row[system] = words.get(name.best, name.best)
        return made
    return []


def f1_row(
    system: str, metric: str, truth: Sequence[str], told: Sequence[Sequence[str]], groups: Sequence[str]
) -> dict[str, Any]:
    """Weighted F1, the mean over the splits; its interval by bootstrap over groups of lines."""
    held: defaultdict[str, list[int]] = defaultdict(list)
    for n, group in enumerate(groups):
        held[group].append(n)
    names, chance, drawn = sorted(held), random.Random(0), []
    for turn in range(1000):
        lines = [n for name in chance.choices(names, k=len(names)) for n in held[name]]
        some = told[turn % len(told)]
        drawn.append(weighted_f1([truth[n] for n in lines], [some[n] for n in lines]))
    drawn.sort()
    value = sum(weighted_f1(truth, some) for some in told) / len(told)
    ends = [round(drawn[25], 4), round(drawn[974], 4)]
    return {"system": system, "metric": metric, "value": round(value, 4), "n": len(truth), "ci95": ends}


def scored(
    name: str, truth: Sequence[str], runs: Sequence[Sequence[Case]], groups: Sequence[str]
) -> list[dict[str, Any]]:
    """Weighted F1 of each system over the splits; how ours is calibrated, and how often it names a class."""
    made = [
        f1_row(system, f"{name} F1", truth, [[str(row[system]) for row in run] for run in runs], groups)
        for system in runs[0][0]
        if system not in ("p", "named", "chosen")
    ]
    rows = [(row, label) for run in runs for row, label in zip(run, truth, strict=True) if "p" in row]
    if rows:
        right = [float(row[OURS] == label) for row, label in rows]
        named = [float(row["named"]) for row, _ in rows]
        over = [r for r, yes in zip(right, named, strict=True) if yes]
        made += contract_rows(OURS, {f"{name} named": named, f"{name} right when named": over})
        told = [(row["p"], bool(r)) for (row, _), r in zip(rows, right, strict=True)]
        chance, drawn = random.Random(0), [ece(*zip(*told, strict=True))]
        drawn += sorted(ece(*zip(*chance.choices(told, k=len(told)), strict=True)) for _ in range(200))
        value, low, high = (round(drawn[n], 4) for n in (0, 6, 195))
        made.append(
            {"system": OURS, "metric": f"{name} ECE", "value": value, "n": len(told), "ci95": [low, high]}
        )
    return made


def main() -> None:
    asked = parser(__doc__)
    asked.add_argument("--seeds", type=int, default=5, help="how many splits into folds")
    asked.add_argument("--no-minilm", action="store_true", help="without the embedding model")
    args = asked.parse_args()
    began = time.monotonic()
    embed = None if args.no_minilm else Embedded()
    files = {f"{f.parent.name}/{f.stem}": f for f in sorted(Path(args.data).glob("*/*.xlsx"))}
    table: list[dict[str, Any]] = []
    per_case: list[Case] = []
    for case in chosen(files, args.cases):
        data = read(files[case], label="labels")
        told = functools.partial(predictions, data.texts, data.labels, embed=embed)
        for what, group in GROUPS.items():
            groups = [group(text) for text in data.texts]
            runs = [
                told(split(data.texts, data.labels, group, seed), group=group) for seed in range(args.seeds)
            ]
            table += scored(f"{case} {what}", data.labels, runs, groups)
            per_case += [
                {"case": case, "groups": what, "split": n, "line": at, "label": label, **row}
                for n, run in enumerate(runs)
                for at, (row, label) in enumerate(zip(run, data.labels, strict=True))
            ]
            print(*(f"{r['system']} {r['metric']} {r['value']}" for r in table[-9:]), sep="\n", flush=True)
        if bare := zero_shot(data.texts, data.labels, embed):
            table += scored(f"{case} zero-shot", data.labels, [bare], list(data.texts))
    finish("logs/bertops", table, per_case, n=len(per_case), began=began, out=args.json)


if __name__ == "__main__":
    main()
