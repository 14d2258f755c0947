"""When a run may stop: the benchmark reads answers in its scorer only, looks where a run would look, and learns from others."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
if str(ROOT) not in sys.path:
    sys.path.append(str(ROOT))  # benchmarks are scripts of the checkout, not part of the distribution

from aitia.core.scenario import load_scenario  # noqa: E402
from benchmarks.model import stopping  # noqa: E402

CAUSE = ["cause", "orders", "resource.memory", 0.9]
UNKNOWN = ["unknown", "", "", 0.6]


def case(name: str, system: str, verdicts: list[list[Any]]) -> dict[str, Any]:
    """Two first calls, then a round of four and one of two."""
    tools = [
        "metrics_scan",
        "runbooks_search",
        "logs_diff",
        "metrics_rank",
        "logs_sessions",
        "signals_detect",
        "logs_patterns",
        "look",
    ]
    return {
        "case": name, "system": system, "rounds": [[1, 2], [3, 4, 5, 6], [7, 8]], "tools": dict(enumerate(tools, 1)),
        "planned": verdicts, "ordered": {"calls": [*range(1, 9)], "verdicts": verdicts}, "components": [],
        "seconds": dict.fromkeys(range(1, 9), 1.0), "facts": dict.fromkeys(range(1, 9), 2),
    }  # fmt: skip


def test_noise_for_answers_changes_no_verdict_and_no_stop(tmp_path: Path) -> None:
    source = ROOT / "scenarios" / "false-alarm"
    other = tmp_path / "false-alarm"
    shutil.copytree(source, other)
    text = (other / "scenario.yaml").read_text(encoding="utf-8")
    assert "verdict: healthy" in text
    (other / "scenario.yaml").write_text(
        text.replace("verdict: healthy", "verdict: unknown"), encoding="utf-8"
    )
    made = [stopping._case(f, "", tmp_path / f"home{n}", 1, 1) for n, f in enumerate((source, other))]
    first, second = ({k: c[k] for k in ("rounds", "tools", "planned", "facts")} for c in made)
    assert first == second
    right = [
        stopping._right(c["planned"][-1], load_scenario(f).expected, c)
        for c, f in zip(made, (source, other), strict=True)
    ]
    assert right == [True, False]


def test_a_run_looks_after_each_pair_and_before_each_further_round() -> None:
    looks = list(stopping._looks(case("a", "s", [UNKNOWN] * 8)))
    assert looks == [(4, ["logs_sessions", "signals_detect"]), (6, ["logs_patterns", "look"])]


def test_what_never_changed_a_verdict_may_be_left_out() -> None:
    turned = [UNKNOWN, UNKNOWN, *[CAUSE] * 6]
    cases = [case(str(n), f"s{n}", turned) for n in range(12)]
    learned = stopping._fitted(cases)
    assert learned.turns["logs_diff"] > 0.8 > 0.1 > learned.turns["logs_sessions"]
    assert stopping._ours(cases[0], learned, 0.9) == 4
    assert stopping._peer(cases[0], 0.95) == 8
    cases[0]["stops"] = {"ours": 4}
    answers = {"0": load_scenario(ROOT / "scenarios" / "false-alarm").expected}
    told = stopping._scored(cases[:1], "ours", answers)
    assert (told["calls"], told["facts"], told["verdict of the whole run"], told["wrong cause"]) == (
        [0.5],
        [0.5],
        [1.0],
        [1.0],
    )
