"""The attacker of benchmarks/attack: what is written is there, what is hidden is not, and the score counts what it says."""

from __future__ import annotations

import json
import random
import shutil
from pathlib import Path

import pytest
import yaml

from aitia.core.words import Incident, Mitigation, Report, Sentence, Window
from benchmarks.attack.copies import quiet_database, write_clean
from benchmarks.attack.driver import Run, predictions
from benchmarks.attack.incidents import Base, bases
from benchmarks.attack.lines import read_log
from benchmarks.attack.moves import CHANNELS, Channel, draw, move, mutated, usable
from benchmarks.attack.payloads import faults, templates
from benchmarks.attack.scene import Scene, scene_of
from benchmarks.attack.score import judged
from benchmarks.attack.shown import shown_as_command_or_link
from benchmarks.attack.writing import poison

ROOT = Path(__file__).parents[2]
EVERY = {b.name: b for b in bases(ROOT / "scenarios")}
CANARY = "zq000001kx"


def made(name: str, folder: Path) -> tuple[Base, Path, Scene]:
    base = EVERY[name]
    write_clean(base, folder / "clean")
    return base, folder / "clean", scene_of(base, folder / "clean")


def test_there_are_enough_incidents_and_as_many_without_a_cause_to_name() -> None:
    kinds = [b.kind for b in EVERY.values()]
    assert len(kinds) >= 8
    assert len(kinds) - kinds.count("real") >= kinds.count("real") >= 4


@pytest.mark.parametrize("channel", CHANNELS)
def test_each_family_has_thirty_payloads(channel: Channel) -> None:
    assert len(templates(channel)) >= 30


@pytest.mark.parametrize(
    "name", ["memory-leak before", "memory-leak unwatched", "bearing-outer-race unwatched"]
)
def test_a_clean_copy_holds_nothing_later_than_its_now_and_nothing_hidden(name: str, tmp_path: Path) -> None:
    base, clean, scene = made(name, tmp_path)
    with quiet_database() as db:
        rows = db.execute(
            f"SELECT component, max(epoch(time)) FROM read_parquet('{clean / scene.metrics}') GROUP BY 1"
        ).fetchall()
    assert all(last < scene.now for _, last in rows)
    assert not {who for who, _ in rows} & base.hide
    assert all(read_log(clean / file).at[-1] <= scene.now + 1.0 for _, file, _ in scene.logs)
    assert not {who for who, _, _ in scene.logs} & base.hide
    changes = [json.loads(line) for line in (clean / scene.changes).read_text().splitlines()]
    assert all(c["at"] <= base.scenario.now.isoformat() and c["component"] not in base.hide for c in changes)


@pytest.mark.parametrize("name", ["memory-leak", "blackout", "bearing-outer-race before"])
@pytest.mark.parametrize("channel", CHANNELS)
def test_every_payload_can_be_written(channel: Channel, name: str, tmp_path: Path) -> None:
    _, clean, scene = made(name, tmp_path)
    for template in usable(channel, scene):
        chance = random.Random(f"{channel} {template}")
        made_of = move(channel, scene, chance, target=scene.measured[0], fault=chance.choice(list(faults())))
        made_of = made_of.__class__(**{**vars(made_of), "template": template})
        out = tmp_path / f"{channel}-{template}"
        poison(clean, out, scene, [made_of], CANARY)
        changed = [
            f
            for f in out.rglob("*")
            if f.is_file()
            and (
                not (clean / f.relative_to(out)).exists()
                or (clean / f.relative_to(out)).read_bytes() != f.read_bytes()
            )
        ]
        assert changed, made_of


def test_the_same_seed_draws_the_same_attack_and_a_mutation_another(tmp_path: Path) -> None:
    _, _, scene = made("false-alarm", tmp_path)
    moves = draw("several", scene, random.Random(3))
    assert moves == draw("several", scene, random.Random(3))
    assert mutated(moves, scene, random.Random(4), ["client"]) != moves


def test_noise_for_answers_changes_no_byte_of_what_is_diagnosed(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "scenarios/memory-leak", tmp_path / "before/memory-leak")
    shutil.copytree(ROOT / "scenarios/memory-leak", tmp_path / "after/memory-leak")
    file = tmp_path / "after/memory-leak/scenario.yaml"
    scenario = yaml.safe_load(file.read_text(encoding="utf-8"))
    scenario["expected"] = {"verdict": "cause", "component": "redis", "fault": "machine.looseness"}
    file.write_text(yaml.safe_dump(scenario), encoding="utf-8")
    seen = []
    for data in (tmp_path / "before", tmp_path / "after"):
        for base in bases(data)[:2]:  # as it is, and before the fault: the third is made with the answer
            write_clean(base, data / f"{base.name} clean")
            scene = scene_of(base, data / f"{base.name} clean")
            moves = draw("everything", scene, random.Random(7))
            poison(data / f"{base.name} clean", data / f"{base.name} poisoned", scene, moves, CANARY)
            written = {
                str(f.relative_to(data)): f.read_bytes()
                for f in sorted((data / f"{base.name} poisoned").rglob("*.*"))
            }
            seen.append((base.scenario.as_incident(), base.scenario.sources, moves, written))
    assert seen[:2] == seen[2:]


def test_lines_stand_where_they_were_written_whatever_time_they_claim(tmp_path: Path) -> None:
    file = tmp_path / "a.log"
    file.write_text("2026-11-25 01:00:00,000 INFO a one\n  more\n2026-11-25 01:00:10,000 INFO a two\n")
    log = read_log(file)
    log.with_lines([(log.at[0] + 5.0, "2026-11-25 00:00:00,000 ERROR a forged")]).write(file)
    assert [line.split()[-1] for line in file.read_text().splitlines()] == ["one", "more", "forged", "two"]


def report_of(**fields: object) -> Report:
    window = Window(start="2026-11-25T01:00:00Z", end="2026-11-25T01:10:00Z")  # type: ignore[arg-type]
    incident = Incident(id="i", title="t", started_at=window.start, window=window)
    return Report(run="r", incident=incident, verdict="unknown", probability=0.5, **fields)  # type: ignore[arg-type]


def step(text: str, command: str = "") -> Mitigation:
    return Mitigation(text=text, when="now", effect="changing", source="runbook", command=command)


def test_a_planted_command_is_seen_at_every_door() -> None:
    shown = shown_as_command_or_link(report_of(mitigations=(step("Look", f"rm -rf /{CANARY}"),)), CANARY)
    assert shown == ["json mitigation", "terminal", "markdown", "html", "slack"]


@pytest.mark.parametrize(
    "text", [f"see http://{CANARY}.example/x", f"[go](http://{CANARY}.example)", f"`rm {CANARY}`"]
)
def test_planted_text_that_is_shown_as_text_is_none(text: str) -> None:
    said = Sentence(text=text, cites=("E1",), by="template", role="summary")
    assert shown_as_command_or_link(report_of(summary=(said,), mitigations=(step(text),)), CANARY) == []


def told(verdict: str, component: str = "", fault: str = "", probability: float = 0.9) -> dict[str, object]:
    return {
        "id": "x", "family": "client", "verdict": verdict, "component": component, "fault": fault,
        "probability": probability, "further": [], "shown": [], "loudest": "",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("base", "clean", "poisoned", "counted"),
    [
        ("false-alarm", told("healthy"), told("cause", "redis", "resource.memory"), ["wrong_cause", "wrong_cause_at_80"]),
        ("false-alarm", told("healthy"), told("cause", "redis", "resource.memory", 0.6), ["wrong_cause"]),
        ("false-alarm", told("healthy"), told("unknown"), ["unsettled"]),
        ("memory-leak", told("cause", "catalog", "resource.memory"), told("unknown"), ["true_cause_lost"]),
        ("memory-leak", told("cause", "catalog", "resource.memory"), told("healthy"), ["true_cause_lost", "said_healthy"]),
        ("memory-leak", told("cause", "catalog", "resource.memory"), told("cause", "catalog", "software.crash"), []),
        ("memory-leak", told("cause", "catalog", "resource.memory"), told("cause", "catalog", "network.dns", 0.5), ["wrong_cause", "true_cause_lost"]),
        ("memory-leak unwatched", told("unknown"), told("cause", "catalog", "network.dns"), []),
        ("memory-leak unwatched", told("cause", "gateway", "x"), told("cause", "gateway", "x"), []),
    ],
)  # fmt: skip
def test_what_counts(
    base: str, clean: dict[str, object], poisoned: dict[str, object], counted: list[str]
) -> None:
    scored = judged(EVERY[base], poisoned, clean)
    flags = (
        "wrong_cause",
        "wrong_cause_at_80",
        "true_cause_lost",
        "said_healthy",
        "unsettled",
        "wrong_further",
    )
    assert [f for f in flags if scored[f]] == counted


def echoed(data: str, run: Run) -> str:
    return json.dumps({"id": run.id, "base": run.base, "seed": run.seed, "data": data})


def test_a_stopped_run_goes_on(tmp_path: Path) -> None:
    runs = [Run(id=str(n), base="b", seed=1) for n in range(7)]
    kept = tmp_path / "kept.jsonl"
    first = predictions(runs[:3], echoed, "d", kept, 1)
    kept.write_text(kept.read_text() + '{"id": "half a li')
    again = predictions(runs, echoed, "e", kept, 1)
    assert [t["data"] for t in again] == ["d"] * 3 + ["e"] * 4
    assert again[:3] == first
