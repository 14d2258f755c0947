"""Alert text to runbook: R@1 and MRR of words alone, meaning alone and their fusion, on public runbooks.

    AITIA_DATA=../shared/data python benchmarks/retrieval/runbooks.py

The alert's name is removed from its runbook. The baseline is chance.
"""

from __future__ import annotations

import os
import re
import sys
import tempfile
from pathlib import Path

import numpy as np
import yaml
from numpy.typing import NDArray

from aitia.core.home import aitia_home
from aitia.tools.incidents.dense import open_dense
from aitia.tools.incidents.lexical import Lexicon, terms
from aitia.tools.incidents.rank import CANDIDATES

_SETS = ("prometheus_runbooks", "scoutflo_playbooks", "icco_postmortems")


def documents(root: Path) -> dict[str, str]:
    """Every text by its path, front matter removed."""
    found = {}
    for name in _SETS:
        for path in sorted((root / name).rglob("*.md")):
            if path.stem.casefold() not in ("_index", "readme"):
                text = re.sub(r"^---\n.*?\n---\n", "", path.read_text(errors="replace"), flags=re.DOTALL)
                found[str(path.relative_to(root)).casefold()] = text
    return found


def alerts(root: Path) -> dict[str, tuple[str, str]]:
    """Name to (text, end of the runbook's path), one a name."""
    found: dict[str, tuple[str, str]] = {}
    for rule in yaml.safe_load((root / "kube_prometheus_alerts" / "alerts.yaml").read_text()):
        notes = rule.get("annotations", {})
        text = f"{notes.get('summary', '')} {notes.get('description', '')}"
        where = "/".join(notes.get("runbook_url", "").casefold().rstrip("/").split("/")[-2:]) + ".md"
        found.setdefault(rule["alert"], (re.sub(r"\{\{.*?\}\}", " ", text), where))
    return found


def report(name: str, ranks: list[int]) -> None:
    first = np.mean([rank == 1 for rank in ranks])
    print(f"{name:28}{first:8.3f}{np.mean([1 / rank for rank in ranks]):8.3f}{len(ranks):6d}")


def main() -> int:
    root = Path(os.environ.get("AITIA_DATA", "../shared/data")) / "knowledge"
    if not root.is_dir():
        print(f"skipped: no {root} (set AITIA_DATA)", file=sys.stderr)
        return 0
    texts, asked = documents(root), alerts(root)
    keys = list(texts)
    gold = {n: next((k for k in keys if k.endswith("/" + where)), "") for n, (_, where) in asked.items()}
    cases = [n for n in asked if gold[n]]
    for name in cases:
        texts[gold[name]] = re.sub(re.escape(name), " ", texts[gold[name]], flags=re.IGNORECASE)
    bodies = list(texts.values())
    lexicon = Lexicon([terms(text) for text in bodies])
    with tempfile.TemporaryDirectory() as folder:
        dense, note = open_dense(aitia_home(), Path(folder))
        print(f"{len(bodies)} documents, {len(cases)} alerts. {note}")
        lexical = [_unit(lexicon.bm25(terms(asked[n][0]))) for n in cases]
        near = [dense.similarities(asked[n][0], bodies) for n in cases] if dense else []
    print(f"{'':28}{'R@1':>8}{'MRR':>8}{'n':>6}")
    report("chance", [len(bodies) // 2] * len(cases))
    goal = [keys.index(gold[n]) for n in cases]
    report("BM25", [_rank(scores, g) for scores, g in zip(lexical, goal, strict=True)])
    if near:
        report("MiniLM", [_rank(scores, g) for scores, g in zip(near, goal, strict=True)])
        for share in (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7):
            fused = [_fuse(a, b, share) for a, b in zip(lexical, near, strict=True)]
            report(
                f"fused, {share:.1f} dense", [_rank(scores, g) for scores, g in zip(fused, goal, strict=True)]
            )
    return 0


def _unit(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    return scores / scores.max() if scores.max() > 0 else scores


def _fuse(lexical: NDArray[np.float64], near: NDArray[np.float64], share: float) -> NDArray[np.float64]:
    best = np.argsort(-lexical, kind="stable")[:CANDIDATES]
    kept = np.zeros_like(near)
    kept[best] = np.maximum(near[best], 0.0)
    return (1 - share) * lexical + share * kept


def _rank(scores: NDArray[np.float64], goal: int) -> int:
    return 1 + int((scores > scores[goal]).sum()) + int((scores[:goal] == scores[goal]).sum())


if __name__ == "__main__":
    raise SystemExit(main())
