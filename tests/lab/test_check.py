"""What `aitia lab check` drops: recordings that were disturbed or that show nothing of their fault."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from aitia.cli.app import run
from aitia.core.errors import BadInput
from aitia.lab.check import check
from aitia.lab.folder import write_yaml
from aitia.lab.servers.view import Hit, complaint, seen, worse
from aitia.lab.words import LAB, Made, Order

GOOD = {
    "before": {"requests": 900, "errors": 0.0, "p95_s": 0.02},
    "after": {"requests": 500, "errors": 0.3, "p95_s": 0.03},
}
CALM = {**GOOD, "after": {"requests": 500, "errors": 0.0, "p95_s": 0.02}}
Put = Callable[..., Path]


@pytest.fixture
def put(tmp_path: Path) -> Put:
    def write(name: str, *, alert: str = "", seed: int = 1, twin: bool = False, **more: Any) -> Path:
        folder = tmp_path / ("twins" if twin else "") / name
        folder.mkdir(parents=True)
        order = Order(system="pg-pair", fault="slow-way", seed=seed, twin=twin)
        made = Made.model_validate(
            {"order": order, "kind": "servers", "family": "lock", "view": GOOD, **more}
        )
        (folder / LAB).write_text(made.model_dump_json())
        incident = {
            "title": "t",
            "started_at": "2026-01-01T00:01:00Z",
            "labels": {"alertname": alert} if alert else {},
        }
        window = {"start": "2026-01-01T00:00:00Z", "end": "2026-01-01T00:02:00Z"}
        write_yaml(
            folder / "scenario.yaml",
            {"id": name, "title": "t", "recorded": {"by": "x"}, "incident": incident, "now": "2026-01-01T00:02:00Z",
             "window": window, "baselines": [], "sources": [], "expected": {"verdict": "healthy"}},
        )  # fmt: skip
        return folder

    return write


def dropped(tmp_path: Path) -> dict[str, str]:
    return {one.folder: one.reason for one in check(tmp_path)[1]}


def test_good_ones_stay(put: Put, tmp_path: Path) -> None:
    put("a", symptom="alert", alert="Slow")
    put("b", symptom="client", seed=2)
    put("c", symptom="none", family="none", seed=3, view=CALM)
    put("d", symptom="", kind="machine", view={}, seed=4)
    put("t", twin=True, family="none", symptom="none", view=CALM)
    assert check(tmp_path) == (["a", "b", "c", "d"], [])


def test_disturbed_ones_go_with_their_reason(put: Put, tmp_path: Path) -> None:
    put("a", symptom="alert", alert="Slow", disturbed=("web ended before the onset (exit status 1)",))
    put("b", symptom="alert", alert="Slow", family="none")
    put("c", symptom="none")
    put("d", symptom="client", family="none")
    assert dropped(tmp_path) == {
        "a": "disturbed: web ended before the onset (exit status 1)",
        "b": "disturbed: Slow fired in a healthy hour",
        "c": "no effect: no rule fired and the client saw nothing",
        "d": "disturbed: users complained in a healthy hour",
    }
    lines = [json.loads(line) for line in (tmp_path / "dropped.jsonl").read_text().splitlines()]
    assert [line["folder"] for line in lines] == ["a", "b", "c", "d"]
    assert (tmp_path / "dropped" / "a" / LAB).exists()
    with pytest.raises(BadInput, match="no folders"):
        check(tmp_path)


def test_what_the_twin_shows_too_is_no_effect(put: Put, tmp_path: Path) -> None:
    put("before", twin=True, seed=1, family="none", symptom="none", view=CALM)
    put("near", twin=True, seed=6, family="none", symptom="alert", alert="Slow", view=GOOD)
    put("a", symptom="alert", alert="Slow", seed=3)
    put("b", symptom="alert", alert="Slow", seed=8)
    put("c", symptom="alert", alert="Errors", seed=8)
    put("d", symptom="client", seed=9)
    assert dropped(tmp_path) == {
        "b": "twin: Slow fires in near too",
        "d": "twin: users of near saw as much",
    }


def test_the_command_tells_what_it_did(put: Put, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    put("a", symptom="alert", alert="Slow")
    put("b", symptom="none")
    assert run(["lab", "check", str(tmp_path), "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["kept"] == ["a"]
    assert [one["folder"] for one in said["dropped"]] == ["b"]


def hits(*, start: float, end: float, rate: float, took: float = 0.02, bad: float = 0.0) -> list[Hit]:
    n = round((end - start) * rate)
    return [Hit(start + i / rate, took, i % 100 >= bad * 100) for i in range(n)]


def test_users_complain_of_errors_of_slowness_and_of_silence() -> None:
    usual = hits(start=0, end=100, rate=10)
    calm = usual + hits(start=100, end=150, rate=10)
    assert complaint(calm, start=0, onset=100, end=150) is None
    for more, says in (
        (hits(start=120, end=150, rate=10, bad=0.5), "errors"),
        (hits(start=120, end=150, rate=10, took=0.4), "slow"),
        ([], "errors"),
    ):
        found = complaint(usual + hits(start=100, end=120, rate=10) + more, start=0, onset=100, end=150)
        assert found is not None
        assert 120 < found[0] <= 140
        assert found[1] == says


def test_a_little_noise_is_no_complaint() -> None:
    usual = seen(hits(start=0, end=100, rate=10, bad=0.01), 0, 100)
    assert usual.requests == 1000
    assert worse(seen(hits(start=0, end=20, rate=10, took=0.05, bad=0.02), 0, 20), usual) == ""
