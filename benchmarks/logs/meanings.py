"""Whether the bundled class models should say what a template means where the rule table says nothing.

python benchmarks/logs/meanings.py --data DIR/logs [--scenarios DIR] [--no-minilm] --json OUT

Cases are distinct templates. What they are is told by others than the rules and the models:

- `BGL label`: its alert column (`-` is normal); `HDFS sessions`: templates of normal sessions (all normal).
- `MultiLog label`: a template with a line inside an injection is left out, the others are normal.
- `level hidden …`: what the logger itself said. INFO and below is normal, ERROR and above is faulty, WARN is left out;
  the level is then taken out of what is read, as if the logger named none. This is where a model would have to decide.

A template is called faulty when its severity is at least warning. `before` is the rule table (`meaning`). `after …` lets the
bundled golden signal decide where the table has no class and no level is named: faulty is what it holds for anything but
information and traffic with a probability over the threshold at which that was right as often as the name says, on
held-out lines of our own (`tools/logs/classify/lines.csv`, 5-fold; the share of faulty ones among them is .78).
`all` calls every template faulty. `BERTOps` rows: what the models name over their own threshold (.9 on lines of our own), on
labelled templates that the table is silent on. Shares of normal templates called faulty (lower is better) and of faulty ones.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).parents[2]))

from aitia.tools.logs.classify.classifier import Classifier
from aitia.tools.logs.classify.features import Embed
from aitia.tools.logs.classify.learn import learn
from aitia.tools.logs.classify.prior import bundled
from aitia.tools.logs.classify.table import read
from aitia.tools.logs.classify.views import line, template
from aitia.tools.text.classes import meaning
from aitia.tools.text.headers.levels import RANK, Level
from aitia.tools.text.reader import Extract, LogFile
from aitia.tools.text.templates import Miner
from benchmarks.contract import Case, finish, parser, rows
from benchmarks.logs.bertops import CATEGORY, SIGNAL, Embedded, split
from benchmarks.logs.multilog import logs_of, stripped

BEFORE, ALL = "before", "all"
SILENT = ("log.other", "log.error")
LINES = Path(__file__).parents[2] / "tools" / "logs" / "classify" / "lines.csv"
QUIET = ("information", "traffic")
PRECISIONS = (0.95, 0.98)
FAR = 1e11


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A template, the level that is shown with it, and whether it tells of a fault (None: nobody says)."""

    corpus: str
    text: str
    level: Level
    faulty: bool | None


def told(path: Path) -> Iterator[tuple[str, Level, list[int]]]:
    """Each template of a log: its text, its level and the lines (from 0) that it stands in."""
    file = LogFile(path, zone=UTC, near=datetime(2026, 1, 1, tzinfo=UTC))
    miner = Miner()
    held = [
        (miner.form(record.message[:1000], (record.level,)), record.level, record.line - 1)
        for record in file.records(-FAR, FAR, budget=1 << 40, extract=Extract())
    ]
    lines: defaultdict[tuple[str, Level], list[int]] = defaultdict(list)
    for form, level, number in held:
        lines[miner.template(form).text, level].append(number)
    yield from ((text, level, found) for (text, level), found in lines.items())


def hidden(corpus: str, paths: Iterable[Path]) -> Iterator[Asked]:
    """Templates by what their logger says, which is taken out."""
    for path in paths:
        for text, level, _ in told(path):
            if level and level != "warning":
                yield Asked(corpus=f"level hidden {corpus}", text=text, level="", faulty=RANK[level] > 2)


def bgl(folder: Path) -> Iterator[Asked]:
    """BGL by its alert column, without it and without levels."""
    raw = (folder / "BGL_2k.log").read_text(encoding="utf-8", errors="replace").splitlines()
    normal = [line.startswith("- ") for line in raw]
    with tempfile.TemporaryDirectory() as out:
        path = Path(out) / "bgl.log"
        path.write_text("\n".join(line.split(" ", 1)[1] for line in raw) + "\n", encoding="utf-8")
        for text, _, lines in told(path):
            yield Asked(corpus="BGL label", text=text, level="", faulty=not all(normal[n] for n in lines))


def hdfs(path: Path) -> Iterator[Asked]:
    """Templates of normal sessions."""
    for row in map(json.loads, path.read_text(encoding="utf-8").splitlines()):
        if not row["label"]:
            yield from (
                Asked(corpus="HDFS sessions", text=t, level="", faulty=False) for t in row["templates"]
            )


def multilog(folder: Path) -> Iterator[Asked]:
    """Templates without a line inside an injection, with the levels they have; and all by their levels, hidden."""
    with tempfile.TemporaryDirectory() as out:
        for scenario in sorted(p for p in folder.iterdir() if p.is_dir()):
            raw, path = logs_of(scenario)[0], stripped(scenario, Path(out))[0]
            normal = [line.startswith(b"- ") for line in gzip.decompress(raw.read_bytes()).split(b"\n")]
            for text, level, lines in told(path):
                if all(normal[n] for n in lines):
                    yield Asked(corpus="MultiLog label", text=text, level=level, faulty=False)
                if level and level != "warning":
                    yield Asked(corpus="level hidden MultiLog", text=text, level="", faulty=RANK[level] > 2)


def asked(data: Path, scenarios: Path) -> list[Asked]:
    """All cases, each once."""
    hub = data / "loghub_2k"
    named = ("HDFS", "Hadoop", "Zookeeper", "Apache", "BGL")
    bare = ("Linux", "OpenSSH", "HealthApp")
    found: list[Asked] = [*bgl(hub / "BGL"), *hdfs(data / "hdfs_sessions" / "train.jsonl")]
    found += multilog(data / "multilog")
    found += hidden("LogHub", (hub / n / f"{n}_2k.log" for n in named))
    logs = sorted(scenarios.glob("*/logs/*.log*"))
    found += hidden("scenarios", logs)
    for corpus, paths in (("scenarios", logs), ("LogHub bare", [hub / n / f"{n}_2k.log" for n in bare])):
        found += [
            Asked(corpus=corpus, text=text, level=level, faulty=None)
            for p in paths
            for text, level, _ in told(p)
        ]
    return list(dict.fromkeys(found))


def faulty_share(embed: Embed | None) -> tuple[dict[str, float], Classifier]:
    """The thresholds on P(faulty) by name, from held-out lines of our own; the bundled model."""
    data = read(LINES, label="signal")
    part, bad = split(data.texts, data.labels, template, 0), [n not in QUIET for n in data.labels]
    p = [0.0] * len(bad)
    for fold in sorted(set(part)):
        train, test = ([n for n, f in enumerate(part) if (f == fold) == is_test] for is_test in (False, True))
        made = Classifier(
            learn(
                [data.texts[n] for n in train],
                [data.labels[n] for n in train],
                embed=embed,
                lean=False,
                at_least=2,
                mixtures=(("chars", "minilm") if embed else ("chars",),),
            ),
            embed=embed,
        )
        for n, value in zip(test, faulty(made, [data.texts[n] for n in test]), strict=True):
            p[n] = value
    found = {}
    for precision in PRECISIONS:
        over = [
            at for at in sorted(p) if mean_of(b for q, b in zip(p, bad, strict=True) if q >= at) >= precision
        ]
        at = over[0] if over else 1.01
        named = mean_of(q >= at for q, b in zip(p, bad, strict=True) if b)
        wrong = mean_of(q >= at for q, b in zip(p, bad, strict=True) if not b)
        print(
            f"own lines: precision {precision}: P(faulty) >= {at:.3f} names {named:.3f} of faulty, {wrong:.3f} of quiet"
        )
        found[f"after {precision}"] = at
    return found, Classifier(bundled("signal"), embed=embed)


def classes_right(folder: Path, embed: Embed | None) -> dict[str, list[float]]:
    """Of labelled templates that the table is silent on: whether the class that a bundled model names is the label."""
    found: dict[str, list[float]] = {}
    for target, words, name in (
        ("signal", SIGNAL, "golden_signal*/*_30"),
        ("category", CATEGORY, "fault_category*/*_30"),
    ):
        data = read(next(folder.glob(f"{name}.xlsx")), label="labels")
        once = {template(text): (text, label) for text, label in zip(data.texts, data.labels, strict=True)}
        silent = [row for row in once.values() if meaning(line(row[0]), "").aspect in SILENT]
        told = Classifier(bundled(target), embed=embed).name([text for text, _ in silent])
        found[f"BERTOps {target}: named"] = [float(bool(n.label)) for n in told]
        found[f"BERTOps {target}: right when named"] = [
            float(words.get(n.label, n.label) == label)
            for n, (_, label) in zip(told, silent, strict=True)
            if n.label
        ]
    return found


def mean_of(values: Iterable[float]) -> float:
    kept = list(values)
    return sum(kept) / len(kept)


def faulty(model: Classifier, texts: Sequence[str]) -> list[float]:
    """The probability that a line is neither information nor traffic."""
    quiet = [n for n, name in enumerate(model.model.classes) if name in QUIET]
    return [1 - float(row[quiet].sum()) for row in model.probabilities(texts)]


def main() -> None:
    made: argparse.ArgumentParser = parser(__doc__)
    made.add_argument("--scenarios", default=str(Path(__file__).parents[2] / "scenarios"))
    made.add_argument("--no-minilm", action="store_true", help="without the embedding model")
    args = made.parse_args()
    began = time.monotonic()
    embed = None if args.no_minilm else Embedded()
    at, model = faulty_share(embed)
    cases = asked(Path(args.data), Path(args.scenarios))
    rules = [meaning(c.text, c.level) for c in cases]
    open_ = [m.aspect == "log.other" and not m.bad and not c.level for m, c in zip(rules, cases, strict=True)]
    texts = list(dict.fromkeys(c.text for c, is_open in zip(cases, open_, strict=True) if is_open))
    p = dict(zip(texts, faulty(model, texts), strict=True))
    per_case: list[Case] = []
    for case, rule, is_open in zip(cases, rules, open_, strict=True):
        row: Case = {
            "corpus": case.corpus,
            "text": case.text,
            "level": case.level,
            BEFORE: rule.bad,
            ALL: True,
        }
        row |= {name: rule.bad or (is_open and p[case.text] >= t) for name, t in at.items()}
        per_case.append(row | {"faulty": case.faulty, "p": round(p[case.text], 4) if is_open else None})
    table = []
    for system in (BEFORE, *at, ALL):
        held: defaultdict[str, list[float]] = defaultdict(list)
        for row in per_case:
            what = {True: "faulty", False: "normal", None: "unlabelled"}[row["faulty"]]
            held[f"{row['corpus']}: {what} called faulty"].append(float(row[system]))
        table += rows(system, held)
    table += rows("after", classes_right(Path(args.data) / "bertops", embed))
    finish("logs/meanings", table, per_case, n=len(per_case), began=began, out=args.json)


if __name__ == "__main__":
    main()
