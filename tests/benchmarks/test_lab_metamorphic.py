"""The same incident told otherwise: what is changed, and what counts as right, unknown and wrong."""

from __future__ import annotations

import json
import shutil
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from aitia.core.scenario import load_scenario
from benchmarks.lab import metamorphic as script

ROOT = Path(__file__).parents[2] / "scenarios"
SHOP = ROOT / "connection-exhaustion"


def test_an_alarm_told_later_moves_window_and_baseline_and_takes_no_data() -> None:
    was = load_scenario(SHOP)
    by = timedelta(seconds=20)
    told = script.shifted(was, by)
    assert told.incident.started_at - was.incident.started_at == by
    assert told.window.start - was.window.start == by
    assert told.window.end == was.window.end
    assert told.baselines[0].window.end == told.window.start
    assert told.baselines[0].window.start == was.baselines[0].window.start
    assert told.expected == was.expected


def test_a_baseline_of_which_nothing_is_left_moves_along() -> None:
    was = load_scenario(SHOP)
    told = script.shifted(was, -timedelta(hours=1))
    assert told.baselines[0].window.seconds == pytest.approx(was.baselines[0].window.seconds)
    assert told.baselines[0].window.end == told.window.start


def test_shifts_are_in_proportion_and_stay_before_the_end() -> None:
    was = load_scenario(SHOP)
    told = dict(script.changes(was))
    lead = was.incident.started_at - was.window.start
    assert was.incident.started_at - told["earlier 15"][0].incident.started_at == lead / 2
    assert all(t.incident.started_at < t.window.end for t, _ in told.values())
    assert "later 30" not in told  # 90 s, and the recording ends 40 s after the alarm
    assert {"no metrics", "no logs", "no changes", "half the logs a", "half the logs b"} <= set(told)
    assert "no traces" not in told
    assert all(s.kind != "logs" for s in told["no logs"][0].sources)
    assert told["window x2"][0].window.seconds == pytest.approx(was.window.seconds + lead.total_seconds())


def test_half_the_logs_are_those_of_half_the_components() -> None:
    was = load_scenario(SHOP)
    streams = {}
    for half in ("", "a", "b"):
        sources = script.open_sources(was.sources, SHOP)
        sources = script._half(sources, was, half) if half else sources
        streams[half] = {s.component for x in sources if x.kind == "logs" for s in x.streams()}  # type: ignore[attr-defined]
    assert streams["a"] | streams["b"] == streams[""]
    assert not streams["a"] & streams["b"]
    assert streams["a"]
    assert streams["b"]


def test_half_the_points_of_a_machine_are_each_in_one_half() -> None:
    folder = next(
        f for f in sorted(ROOT.iterdir()) if (f / "scenario.yaml").exists() and "machine" in told_domain(f)
    )
    was = load_scenario(folder)
    assert {"half the points a", "half the points b"} <= set(dict(script.changes(was)))
    held = {}
    for half in ("", "a", "b"):
        sources = script.open_sources(was.sources, folder)
        sources = script._half_points(sources, was, half) if half else sources
        held[half] = {p for s in sources for p in script._points(s, was.window)}
        for source in sources:
            if source.kind in ("metrics", "signals"):
                names = {n for n, _ in held[half]}
                assert set(source.describe(was.window).components) <= names
    assert held["a"] | held["b"] == held[""]
    assert not held["a"] & held["b"]
    assert held["a"]
    assert held["b"]


def told_domain(folder: Path) -> str:
    return load_scenario(folder).domain


def case(name: str, change: str, answer: str, expected: str = "cause") -> dict[str, str]:
    return {"id": name, "change": change, "expected": expected, "no_model": answer}


def test_moves_count_what_they_could_have_happened_to() -> None:
    cases = [
        case("a", script.AS_RECORDED, "right"),
        case("a", "no logs", "component"),
        case("a", "no metrics", "unknown"),
        case("a", "window x2", "right"),
        case("b", script.AS_RECORDED, "kind"),
        case("b", "no logs", "right"),
        case("c", script.AS_RECORDED, "right", "healthy"),
        case("c", "no logs", "component", "healthy"),
        case("d", script.AS_RECORDED, "unknown"),
        case("d", "no logs", "component"),
    ]
    for told in cases:
        told["story"] = {"right": "db disk", "kind": "db cpu", "component": "web cpu"}.get(
            told["no_model"], ""
        )
    rows = {r["metric"]: (r["value"], r["n"]) for r in script.rows_of("no_model", cases, grouped=True)}
    assert rows["one story"] == (pytest.approx(1 / 3, abs=1e-3), 3)
    assert rows["right → another component"] == (pytest.approx(1 / 3, abs=1e-3), 3)
    assert rows["right → another kind"] == (0.0, 3)
    assert rows["right as recorded"] == (0.5, 4)
    assert rows["right → right"] == (pytest.approx(1 / 3, abs=1e-3), 3)
    assert rows["right → unknown"] == rows["right → WRONG"] == rows["right → right"]
    assert rows["wrong → right"] == (1.0, 1)
    assert rows["healthy → a cause told"] == (1.0, 1)
    assert rows["right → WRONG: no logs"] == (1.0, 1)


def test_a_scenario_is_diagnosed_as_recorded_and_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(SHOP, tmp_path / "data" / SHOP.name)
    out = tmp_path / "out.json"
    monkeypatch.setattr(
        sys, "argv", ["x", "--data", str(tmp_path / "data"), "--changes", "no logs", "--json", str(out)]
    )
    assert script.main() == 0
    told = json.loads(out.read_text())
    assert [c["change"] for c in told["per_case"]] == [script.AS_RECORDED, "no logs"]
    assert told["per_case"][0]["no_model"] == "right"


def test_the_split_that_nobody_looks_at_is_not_picked_from(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["x", "--data", str(ROOT), "--split", "never", "--cases", "x*"])
    with pytest.raises(SystemExit):
        script.main()
