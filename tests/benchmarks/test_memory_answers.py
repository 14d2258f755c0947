"""The memory benchmarks: an answer is read in the scorer alone, names do not leak, any folder of the layout is taken."""

from __future__ import annotations

import csv
import importlib
import json
import os
import random
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import yaml

from aitia.tools.sources.base import Document

from .tvdiag_world import cases

ROOT = Path(__file__).parents[2]
if str(ROOT) not in sys.path:
    sys.path.append(str(ROOT))  # benchmarks are scripts of the checkout, not part of the distribution
knowledge = importlib.import_module("benchmarks.memory.knowledge")
tasks = importlib.import_module("benchmarks.memory.tasks")
runbooks = importlib.import_module("benchmarks.memory.runbooks")
events = importlib.import_module("benchmarks.memory.events")

RULES = {
    "NodeDiskFull": (
        "A filesystem has no space left",
        "The disk of {{ $labels.node }} is full, see NodeDiskFull.",
    ),
    "NodeClockSkew": ("Clocks differ", "The clock of {{ $labels.node }} is skewed by seconds."),
    "QueueStuck": ("Consumers of the queue are stuck", "No message was read for ten minutes."),
    "LeaseLost": ("A lease was lost", "Nobody wrote down what to do."),
}
BOOKS = {
    "node/NodeDiskFull": "# Node Disk sFull\n\n## Meaning\nThe filesystem of a node has no space left.\n\n## Steps\n- Clear node_disk_full files.",
    "node/NodeClockSkew": "# NodeClockSkew\n\n## Meaning\nThe clock of a node is skewed.\n\n## Steps\n- Sync time.",
    "broker/QueueStuck": "# QueueStuck\n\n## Meaning\nConsumers read no message of the queue.\n\n## Steps\n- Restart them.",
}  # fmt: skip
PLAYBOOKS = {
    "Disk-Slow": "# Disk slow\n\nThe disk waits.",
    "NodeDiskFull-node": "# NodeDiskFull\n\nSpace is used up on a disk.",
}
MORTEMS = {
    "m1": ("Acme", "A typo in a route took Acme down", "A route with a typo was pushed; Acme Cloud went down for an hour."),
    "m2": ("Globex", "Certificates of globex expired", "On Monday Globex learned that certificates had expired overnight."),
    "m3": ("Initech", "", "The printer of Initech burned."),
}  # fmt: skip


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A made-up folder in the layout of the benchmarks."""
    base = tmp_path / "data"
    files = {f"prometheus_runbooks/content/runbooks/{name}.md": text for name, text in BOOKS.items()}
    files |= {
        f"scoutflo_playbooks/K8s Playbooks/01-Disks/{name}.md": text for name, text in PLAYBOOKS.items()
    }
    for name, (company, blurb, body) in MORTEMS.items():
        head = {"company": company, "product": f"{company} Cloud", **({"summary": blurb} if blurb else {})}
        files[f"icco_postmortems/{name}.md"] = f"---\n{yaml.safe_dump(head)}---\n\n{body}\n"
    paths = {book.rsplit("/", 1)[1]: book for book in BOOKS}
    rules = [
        {
            "alert": name,
            "annotations": {
                "summary": summary,
                "description": description,
                "runbook_url": f"https://books.example.org/runbooks/{paths.get(name, name).lower()}",
            },
            "expr": "x > 0",
        }
        for name, (summary, description) in RULES.items()
    ]
    files["kube_prometheus_alerts/alerts.yaml"] = yaml.safe_dump(rules)
    files["prometheus_runbooks/content/runbooks/node/_index.md"] = "# About"
    for name, text in files.items():
        path = base / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return base


def shuffled(data: Path) -> None:
    """Noise for the answers: every rule points at another's runbook."""
    path = data / "kube_prometheus_alerts" / "alerts.yaml"
    rules = yaml.safe_load(path.read_text())
    urls = [rule["annotations"]["runbook_url"] for rule in rules]
    for rule, url in zip(rules, [*urls[1:], urls[0]], strict=True):
        rule["annotations"]["runbook_url"] = url
    path.write_text(yaml.safe_dump(rules))


def test_answers_come_from_the_address_and_a_rule_may_have_none(data: Path) -> None:
    answers = knowledge.read_answers(data, knowledge.read_documents(data))
    assert answers == {name.rsplit("/", 1)[1]: name for name in BOOKS}


def test_no_prediction_depends_on_an_alerts_answer(data: Path) -> None:
    before = runbooks.predictions(data, None)
    answers = tasks.answers_of(before["alerts"][0], data)
    shuffled(data)
    after = runbooks.predictions(data, None)
    assert tasks.answers_of(after["alerts"][0], data) != answers
    for name, (task, ranking) in before.items():
        again, same = after[name]
        assert (again.questions, again.documents, again.ids) == (task.questions, task.documents, task.ids)
        for system, scores in (ranking.scores | ranking.parts).items():
            assert all(
                np.array_equal(a, b) for a, b in zip(scores, (same.scores | same.parts)[system], strict=True)
            )


def test_no_name_is_left_in_any_document_or_question(data: Path) -> None:
    task = tasks.alerts(data)
    said = json.dumps([[d.id, d.title, d.text, dict(d.meta)] for d in task.documents]).casefold()
    bare = "".join(c for c in said if c.isalnum())
    asked = "".join(c for q in task.questions for c in q.text.casefold() if c.isalnum())
    assert not [name for name in RULES if name.casefold() in bare]
    assert not [name for name in RULES if name.casefold() in asked]
    assert "runbook_url" not in str(knowledge.read_rules(data))
    bodies = tasks.postmortems(data, every=True)
    told = " ".join([d.text for d in bodies.documents] + [q.text for q in bodies.questions]).casefold()
    assert not [w for w in ("acme", "globex", "initech", "cloud") if w in told]


@pytest.mark.parametrize(
    "text",
    [
        "NodeDiskFull",
        "node disk-full",
        "NODE_DISK_FULL",
        "Node Disk Full",
        "Nod eDisk Full",
        "NodeNodeDiskFullDiskFull",
    ],
)
def test_a_name_is_found_however_it_is_spelled(text: str) -> None:
    mask = knowledge.Mask(["NodeDiskFull"], loose=True)
    assert mask.text(f"see {text} now").split() == ["see", "now"]
    assert not mask.leaks(mask.document(Document(id=text, title=text, text=text, meta={"alerts": text})))


def test_noise_for_one_folds_answers_changes_no_weight_that_scores_it() -> None:
    chance = np.random.default_rng(0)
    queries = [chance.random((8, 3)) for _ in range(24)]
    answers = [int(q[:, 0].argmax()) for q in queries]
    noisy = [(a + 3) % 8 if n % 10 == 4 else a for n, a in enumerate(answers)]
    fusing = importlib.import_module("benchmarks.memory.fusing")
    before, after = fusing.held_out_scores(queries, answers), fusing.held_out_scores(queries, noisy)
    assert all(np.array_equal(before[n], after[n]) for n in range(24) if n % 10 == 4)
    assert not all(np.array_equal(a, b) for a, b in zip(before, after, strict=True))
    assert np.mean([fusing.place(s, a) == 1 for s, a in zip(before, answers, strict=True)]) > 0.8


@pytest.mark.parametrize(
    ("script", "task", "n"), [("runbooks", "runbooks", 3), ("postmortems", "postmortems", 2)]
)
def test_the_scripts_take_the_folder(data: Path, tmp_path: Path, script: str, task: str, n: int) -> None:
    out = tmp_path / "out.json"
    argv = [sys.executable, f"benchmarks/memory/{script}.py", "--data", str(data), "--json", str(out)]
    ran = subprocess.run(
        argv,
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, "AITIA_HOME": str(tmp_path)},
    )
    told = json.loads(out.read_text())
    assert (told["task"], told["n"]) == (f"memory/{task}", n)
    assert "compared by words only" in ran.stdout  # no embedding model in this home
    value = {(r["system"], r["metric"]): r for r in told["rows"]}
    assert {s for s, _ in value} == {"no_model", "peer BM25", "trivial"}
    assert all(
        0 <= value[s, "MRR"]["ci95"][0] <= value[s, "MRR"]["value"] <= 1 for s in ("no_model", "peer BM25")
    )
    assert value["no_model", "R@1"]["value"] > value["trivial", "R@1"]["value"]


@pytest.fixture
def library(tmp_path: Path) -> Path:
    """A made-up system in the layout of TVDiag."""
    folder = tmp_path / "events" / "bazaar"
    (folder / "raw").mkdir(parents=True)
    raw: dict[str, dict[str, object]] = {k: {} for k in ("metrics", "logs", "traces", "nodes", "edges")}
    with (folder / "label.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["index", "instance", "anomaly_type"])
        for n, case in enumerate(cases(rounds=2)):
            writer.writerow([n, case.component, case.fault])
            at = {c: k for k, c in enumerate(case.nodes)}
            raw["nodes"][str(n)] = list(case.nodes)
            raw["edges"][str(n)] = [[at[a], at[b]] for a, b in case.edges]
            raw["metrics"][str(n)] = [
                [e.component, e.signal, e.direction] for e in case.events if e.source == "metric"
            ]
            raw["logs"][str(n)] = [
                [e.component, f"{e.component}-7"] for e in case.events if e.source == "log"
            ]
            raw["traces"][str(n)] = [
                [e.peer, e.component, e.signal, e.direction] for e in case.events if e.source == "trace"
            ]
    for kind, body in raw.items():
        (folder / "raw" / f"{kind}.json").write_text(json.dumps(body))
    return folder.parent


def test_noise_for_the_labels_of_a_fold_changes_no_prediction_of_it(library: Path) -> None:
    (folder,) = events.systems(library)
    found = sorted(events.events_of(folder).values(), key=lambda c: c.id)
    faults = {index: fault for index, (_, fault) in events.read_answers(folder).items()}
    part = dict(zip([c.id for c in found], events.folds([c.id for c in found], count=5, seed=0), strict=True))
    chance = random.Random(1)
    noisy = {i: chance.choice(["x", "y"]) if part[i] == 2 else f for i, f in faults.items()}
    assert noisy != faults

    def of_fold(told: dict[str, str]) -> list[object]:
        return [row for row in events.predictions(found, told) if part[row["id"]] == 2]

    assert of_fold(noisy) == of_fold(faults)
    assert events.predictions(found, noisy) != events.predictions(found, faults)


def test_the_event_script_takes_the_folder_and_memory_beats_the_usual_fault(
    library: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out.json"
    argv = [sys.executable, "benchmarks/memory/events.py", "--data", str(library), "--json", str(out)]
    subprocess.run(argv, cwd=ROOT, check=True, capture_output=True)
    told = json.loads(out.read_text())
    assert (told["task"], told["n"]) == ("memory/events", len(cases(rounds=2)))
    value = {(r["system"], r["metric"]): r["value"] for r in told["rows"]}
    assert value["ours", "bazaar fault"] > value["trivial", "bazaar fault"]
