"""Fault type of bearings, learned from labelled windows: leave one fault size out, leave one load out.

python benchmarks/signals/cwru_learned.py --data DIR/signals/cwru [--cases '*'] --json OUT

Layout: records.json (file, fault, size_mil, load_hp, rpm, fs; `fault` and `size_mil` are the answers) and the files it names
(npz, key `de`).
A case is a record. Each split learns on the records of the other sizes (or loads) and names the records of its own; the
healthy class has no second size, so healthy records are left out, as in the baseline. The split by load leaks (a bearing is in
both parts) and says so in its name, as does the split of windows by chance. Nothing was tuned: trees have
scikit-learn's defaults. No language model takes part: `ours` is `no_model`.
"""

from __future__ import annotations

import json
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

import numpy as np
from numpy.typing import NDArray

from aitia.tools.signals.learned import train as training
from aitia.tools.signals.learned.conformal import class_quantiles
from aitia.tools.signals.learned.features import rows_of
from aitia.tools.signals.learned.windows import Record, Windows, cut
from aitia.tools.sources.rows import Floats
from benchmarks.contract import Case, chosen, finish, interval, parser

# 6205-2RS JEM SKF, drive end: the multipliers that the data set's page publishes; a ball strikes both races in one spin.
ORDERS = (3.5848, 5.4152, 4.7135 / 2, 0.39828)
WINDOW, RATE, ERROR = 8192, 12000.0, 0.1
OURS, PEER, RULE = "ours", "peer RF on the same features", "peer no training"
Ints = NDArray[np.intp]


def records(data: Path) -> list[Record]:
    """The faulty records; the group is set by each split."""
    made = []
    for row in json.loads((data / "records.json").read_text()):
        if row["fault"] == "normal":
            continue
        with np.load(data / row["file"], allow_pickle=False) as held:
            x = np.asarray(held["de"], dtype=np.float64)[:, None]
        made.append(Record(name=Path(row["file"]).stem, label=row["fault"], group="", x=x, channels=("drive end",),
                           fs=float(row["fs"]), rpm=float(row["rpm"]), orders=ORDERS))  # fmt: skip
    return made


def splits(data: Path, windows: Windows) -> dict[str, list[str]]:
    """The part of each window by name of the split."""
    told = {Path(r["file"]).stem: r for r in json.loads((data / "records.json").read_text())}
    rows = [told[r] for r in windows.records]
    chance = np.random.default_rng(0).integers(0, 5, len(rows))
    return {
        "by size": [str(r["size_mil"]) for r in rows],
        "by load (leaks)": [str(r["load_hp"]) for r in rows],
        "windows by chance (leaks)": [str(k) for k in chance],
    }


def forest(rows: Floats, y: Ints, share: Floats, classes: int) -> Callable[[Floats], Floats]:
    """A plain random forest, 300 trees, no weights."""
    from sklearn.ensemble import RandomForestClassifier

    made = RandomForestClassifier(training.TREES, random_state=0).fit(rows, y)
    columns = list(made.classes_)

    def told(asked: Floats) -> Floats:
        full = np.zeros((len(asked), classes))
        full[:, columns] = made.predict_proba(asked)
        return full

    return told


def predictions(
    windows: Windows,
    rows: Floats,
    part: Sequence[str],
    labels: Sequence[str],
    *,
    sets: bool = True,
) -> list[Case]:
    """What every system says of each record of each part. Labels of a part are not looked at for its own records."""
    made: list[Case] = []
    place = np.array(part)
    for held in sorted(set(part)):
        learn, ask = place != held, place == held
        known = windows.pick(learn)
        classes = sorted({label for label, k in zip(labels, learn, strict=True) if k})
        if len(classes) < 2:
            continue
        y = np.array(
            [classes.index(label) for label, k in zip(labels, learn, strict=True) if k], dtype=np.intp
        )
        share = training.weights(known, y)
        limits = _limits(known, rows[learn], y, len(classes)) if sets else np.ones(len(classes))
        told = {OURS: training.fit_forest(rows[learn], y, share, classes=len(classes), seed=0).probabilities(rows[ask]),
                PEER: forest(rows[learn], y, share, len(classes))(rows[ask])}  # fmt: skip
        often = Counter(y.tolist()).most_common(1)[0][0]
        names = np.array(windows.records)[ask]
        for record in dict.fromkeys(names.tolist()):
            own = names == record
            mean = {who: p[own].mean(axis=0) for who, p in told.items()}
            inside = [c for c, p, q in zip(classes, mean[OURS], limits, strict=True) if 1.0 - p <= q]
            made.append({
                "record": record, "part": held, "trivial": classes[often], "set": inside if sets else None,
                **{who: classes[int(p.argmax())] for who, p in mean.items()},
                "windows": {who: [classes[int(k)] for k in p[own].argmax(axis=1)] for who, p in told.items()},
            })  # fmt: skip
    return made


def _limits(known: Windows, rows: Floats, y: Ints, classes: int) -> Floats:
    """Conformal limits from records of the learned part alone, each held out in turn of ten."""
    names = np.unique(np.array(known.records), return_inverse=True)[1].reshape(-1)
    told = training.held_out(known, rows, y, classes, names, 0)
    return class_quantiles(told, y, names, error=ERROR)[0]


def untrained(windows: Windows) -> dict[str, str]:
    """The fault that the rules of `diagnose` name for each whole record, without training; "" for none."""
    from aitia.tools.signals.vibration import diagnose

    made = {}
    bearing = dict(zip(("bpfo", "bpfi", "bsf", "ftf"), ORDERS, strict=True))
    names = np.array(windows.records)
    for record in dict.fromkeys(windows.records):
        own = np.flatnonzero(names == record)
        found = diagnose(
            windows.x[own, :, 0].ravel(), fs=windows.fs, rpm=float(windows.rpm[own[0]]), bearing=bearing
        )
        made[record] = found.fault
    return made


def scored(split: str, found: Sequence[Case], truth: dict[str, str]) -> list[dict[str, Any]]:
    """Rows of one split: records right by each system; windows right; what sets name and how often they are right."""
    made: list[dict[str, Any]] = []

    def row(system: str, metric: str, values: Sequence[float]) -> None:
        if values:
            made.append({"system": system, "metric": f"{split}: {metric}", "value": round(float(np.mean(values)), 4),
                         "n": len(values), "ci95": interval(values)})  # fmt: skip

    for who in (OURS, PEER, RULE, "trivial"):
        told = [c for c in found if who in c]
        row(who, "records right", [float(c[who] == truth[c["record"]]) for c in told])
        shares = [
            float(np.mean([w == truth[c["record"]] for w in c["windows"][who]]))
            for c in found
            if who in c["windows"]
        ]
        row(who, "windows right", shares)
    found = [c for c in found if c["set"] is not None]
    named = [c for c in found if len(c["set"]) == 1]
    row(OURS, "named (set of one)", [float(len(c["set"]) == 1) for c in found])
    row(OURS, "right where named", [float(c["set"][0] == truth[c["record"]]) for c in named])
    row(OURS, "truth in the set", [float(truth[c["record"]] in c["set"]) for c in found])
    return made


def main() -> None:
    args = parser(__doc__).parse_args()
    began = time.monotonic()
    data = Path(args.data)
    windows = cut(records(data), window=WINDOW, rate=RATE)
    rows = rows_of(windows, healthy="")[0]
    truth = dict(zip(windows.records, windows.labels, strict=True))
    wanted = set(chosen(truth, args.cases))
    rule = untrained(windows)
    table: list[dict[str, Any]] = []
    per_case: list[Case] = []
    for name, part in splits(data, windows).items():
        found = predictions(windows, rows, part, windows.labels, sets=not name.startswith("windows"))
        found = [c | {RULE: rule[c["record"]]} for c in found if c["record"] in wanted]
        table += scored(name, found, truth)
        per_case += [{"split": name, "truth": truth[c["record"]], **c} for c in found]
    table += [{**r, "system": "no_model"} for r in table if r["system"] == OURS]
    finish("signals/cwru_learned", table, per_case, n=len(wanted), began=began, out=args.json)


if __name__ == "__main__":
    main()
