"""The learning benchmark on a folder of another site: it runs, and an answer changes only what is scored or taught."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
if str(ROOT) not in sys.path:
    sys.path.append(str(ROOT))  # benchmarks are scripts of the checkout, not part of the distribution

from benchmarks.memory import learning  # noqa: E402

from ..cluster.builder import SPACE  # noqa: E402
from . import test_k8s_answers  # noqa: E402


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    for case, answer in test_k8s_answers.made(folder).items():
        told = {"namespace": SPACE, "query": "Service unavailable.", "result": answer}
        (folder / case / "metadata.json").write_text(json.dumps(told))
    return folder


def ran(data: Path, out: Path, monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    monkeypatch.setattr("sys.argv", ["learning.py", "--data", str(data), "--json", str(out)])
    assert learning.main() == 0
    told: dict[str, Any] = json.loads(out.read_text())
    assert {r["system"] for r in told["rows"]} == {"no_model", "trivial", "peer"}
    assert all(len(r["ci95"]) == 2 for r in told["rows"])
    per_case: list[dict[str, Any]] = told["per_case"]
    return per_case


def test_it_reads_any_folder_of_recorded_clusters(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    before = {
        c["id"]: c["before"] for c in ran(data, tmp_path / "a.json", monkeypatch) if c["task"] == "as it is"
    }
    one, other = sorted(p for p in data.glob("*/metadata.json"))[:2]
    told, another = json.loads(one.read_text()), json.loads(other.read_text())
    told["result"], another["result"] = another["result"], told["result"]
    one.write_text(json.dumps(told))
    other.write_text(json.dumps(another))
    after = {
        c["id"]: c["before"] for c in ran(data, tmp_path / "b.json", monkeypatch) if c["task"] == "as it is"
    }
    both = set(before) & set(after)
    assert both
    assert {k: before[k] for k in both} == {k: after[k] for k in both}


def test_an_empty_folder_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["learning.py", "--data", str(tmp_path), "--json", ""])
    assert learning.main() == 2
