"""The benchmark of sessions learns from other folds' answers only, and takes any folder of its layout."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from aitia.core.errors import BadInput
from aitia.tools.logs.sequence import Session

ROOT = Path(__file__).parents[2]
if str(ROOT) not in sys.path:
    sys.path.append(str(ROOT))  # benchmarks are scripts of the checkout, not part of the distribution

from benchmarks.logs.hdfs_sessions import (  # noqa: E402
    FOLDS,
    OURS,
    f1,
    kind,
    oracle,
    parts,
    predictions,
    read,
)
from benchmarks.logs.session_peers import PEERS  # noqa: E402


def sessions(n: int = 300) -> tuple[list[Session], list[bool]]:
    rng = random.Random(0)
    made, bad = [], []
    for i in range(n):
        events = ["pull", "unpack", *rng.choice([["scan", "run"], ["run", "scan"]]), "done"]
        bad.append(i % 15 == 0)
        if bad[-1]:
            events = rng.choice([events[:3], [*events[:3], "panic"], [*events, "done"]])
        made.append(Session(f"job{i}", events))
    return made, bad


def test_the_answers_of_a_fold_do_not_change_what_is_said_of_it() -> None:
    made, bad = sessions()
    part = parts(len(made), seed=0)
    told = predictions(made, bad, seed=0, false_alarms=0.005)
    rng = random.Random(1)
    for fold in range(FOLDS):
        noise = [rng.random() < 0.5 if p == fold else b for p, b in zip(part, bad, strict=True)]
        again = predictions(made, noise, seed=0, false_alarms=0.005)
        mine = [n for n, p in enumerate(part) if p == fold]
        assert [again[n] for n in mine] == [told[n] for n in mine]
    assert all(any(told[n][who] for n in range(len(made))) for who in (OURS, *PEERS) if "PCA" not in who)


def test_the_oracle_is_a_bound_and_kinds_are_told_apart() -> None:
    made = [Session(str(i), e) for i, e in enumerate(["ab", "ab", "ab", "ab", "ba", "aab", "abx"])]
    bad = [True, False, False, False, True, True, True]
    best = oracle(made, bad)
    assert best == [False] * 4 + [True] * 3
    assert f1(best, bad)["value"] == pytest.approx(2 * 3 / (3 + 4), abs=1e-4)
    normal = Counter({("a", "b"): 3})
    kinds = [kind(s.key, normal).split()[0] for s in made]
    assert kinds == ["none:"] * 4 + ["order", "counts", "an"]


def test_any_folder_of_the_layout_runs(tmp_path: Path) -> None:
    for name in ("builds", "jobs"):
        made, bad = sessions(200)
        rows = [
            {"session": s.id, "label": int(b), "templates": list(s.events)}
            for s, b in zip(made, bad, strict=True)
        ]
        (tmp_path / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    out = tmp_path / "out.json"
    command = [
        sys.executable,
        "benchmarks/logs/hdfs_sessions.py",
        "--data",
        str(tmp_path),
        "--json",
        str(out),
    ]
    subprocess.run([*command, "--seeds", "1"], check=True, cwd=ROOT, capture_output=True)
    told = json.loads(out.read_text())
    values = {(r["system"], r["metric"]): r["value"] for r in told["rows"]}
    assert told["n"] == 400
    assert values["ours", "jobs F1"] > values["trivial unseen event", "jobs F1"]
    assert values["ours", "jobs F1"] <= values["oracle", "jobs F1"]
    assert values["trivial all normal", "builds F1"] == 0
    assert {"system", "metric", "value", "n", "ci95"} <= told["rows"][0].keys()


def test_a_damaged_line_is_named(tmp_path: Path) -> None:
    (tmp_path / "x.jsonl").write_text('{"block": "a", "label": 0, "templates": ["e"]}\n{"label": 1}\n')
    with pytest.raises(BadInput, match=r"Fix line 2 of x\.jsonl"):
        read(tmp_path / "x.jsonl")
