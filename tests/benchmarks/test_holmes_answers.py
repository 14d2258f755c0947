"""The benchmark of recorded questions reads no expected text, takes any folder of its layout, and counts what nobody judged."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
KUBECTL = '''"""Answers from the folder of the kubeconfig; what is not there may not be listed."""
import json, os, sys
from pathlib import Path
config = sys.argv[sys.argv.index("--kubeconfig") + 1] if "--kubeconfig" in sys.argv else sys.argv[1].split("=")[1]
words = [w for w in sys.argv[1:] if w != config and not w.startswith("-")]
shape = " json" if "--output=json" in sys.argv else ""
found = json.loads(Path(config).with_name("answers.json").read_text()).get(" ".join(words[:2]) + shape)
with open(os.environ.get("REPLAY_LOG", os.devnull), "a") as log:
    log.write(" ".join(words) + ("  ! " if found is None else "") + "\\n")
if found is None:
    sys.exit("Error from server (Forbidden): not recorded")
print(found)
'''
POD = "shop-5d8f9c7b6d-x2v4k"
LABELS = {"app": "shop"}
EVENTS = f'2s   Warning   Failed   pod/{POD}   Failed to pull image "registry.example/shop:9": not found'
ANSWERS = {
    "get pods": f"NAME   READY   STATUS   RESTARTS   AGE\n{POD}   0/1   ImagePullBackOff   0   2m",
    "get events": f"LAST SEEN   TYPE   REASON   OBJECT   MESSAGE\n{EVENTS}",
    "get deployments": "NAME   READY   UP-TO-DATE   AVAILABLE   AGE\nshop   0/1   1   0   2m",
    "describe pods": f"Name:   {POD}\nNamespace:   acme\nStatus:   Pending\nContainers:\n  shop:\n    State:   Waiting\n"
    "      Reason:   ImagePullBackOff\n    Ready:   False",
    "get pods json": json.dumps({"items": [{"kind": "Pod", "metadata": {"name": POD, "namespace": "acme", "labels": LABELS}}]}),
    "get deployments json": json.dumps(
        {"items": [{"kind": "Deployment", "metadata": {"name": "shop"}, "spec": {"selector": {"matchLabels": LABELS}}}]}
    ),
}  # fmt: skip


def made(data: Path) -> None:
    """A question with a log, an alert with neither moment nor files, and the program that answers for their cluster."""
    kubectl = data / "kubectl.py"
    data.mkdir()
    kubectl.write_text(f"#!{sys.executable}\n{KUBECTL}")
    kubectl.chmod(0o755)
    recorded = [{"tool": tool, "status": "success"} for tool in ("kubectl_describe", "kubectl_top_pods")]
    for name, at in (("c1", "2025-06-01T10:00:00Z"), ("c2", None)):
        case = data / name
        case.mkdir()
        (case / "kubeconfig").write_text("apiVersion: v1\nkind: Config\n")
        (case / "answers.json").write_text(json.dumps(ANSWERS))
        (case / "store.json").write_text(json.dumps({"namespace": "acme", "at": at, "recorded": recorded}))
    (data / "c1" / "question.txt").write_text("Why does shop not start?\n")
    (data / "c1" / "logs").mkdir()
    (data / "c1" / "logs" / "shop.log").write_text("2025-06-01T09:59:00Z INFO begins\n" * 3)
    alert = {"labels": {"alertname": "ShopIsDown", "deployment": "shop"}, "annotations": {}}
    (data / "c2" / "alert.json").write_text(json.dumps([alert]))
    (data / "c2" / "issue.json").write_text("{}")


def run(data: Path, expected: str, out: Path, *further: str) -> dict[str, Any]:
    for case in ("c1", "c2"):
        (data / case / "expected.json").write_text(json.dumps({"expected_output": [expected]}))
    command = [sys.executable, "benchmarks/rca/holmes.py", "--data", str(data), "--json", str(out), *further]
    # One key of the redactor for both runs: pseudonyms are compared too.
    environment = os.environ | {"AITIA_HOME": str(data.parent / "home")}
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True, timeout=200, env=environment)
    found: dict[str, Any] = json.loads(out.read_text())
    return found


def values(told: dict[str, Any]) -> dict[tuple[str, str], float]:
    return {(r["system"], r["metric"]): r["value"] for r in told["rows"]}


def test_predictions_do_not_depend_on_answers(tmp_path: Path) -> None:
    data = tmp_path / "data"
    made(data)
    first = run(data, "The image registry.example/shop:9 does not exist", tmp_path / "a.json")
    commit = first["commit"]
    said = [
        {"case": "c1", "commit": commit, "right": True, "in_top3": True, "wrong_with_confidence": False, "by": "test"},
        {"case": "c2", "commit": "another", "right": True, "in_top3": True, "wrong_with_confidence": False, "by": "test"},
    ]  # fmt: skip
    file = tmp_path / "judged.jsonl"
    file.write_text("".join(json.dumps(line) + "\n" for line in said))
    second = run(data, "noise " * 9, tmp_path / "b.json", "--judged", str(file))

    def bare(told: dict[str, Any]) -> list[dict[str, Any]]:
        cases = [{k: v for k, v in case.items() if k != "seconds"} for case in told["per_case"]]
        # The id of a run holds its time.
        return [
            c | {"report": [s for s in c["report"].splitlines() if "aitia report" not in s]} for c in cases
        ]

    assert bare(first) == bare(second)
    question, alert = first["per_case"]
    assert question["verdict"] != "error"
    assert question["kubectl_calls"] > question["kubectl_refused"] > 0
    assert question["trivial"].startswith(f"Failed pod/{POD} Failed to pull image")
    assert question["answer"]
    assert not alert["answer"]
    assert (question["not_given"], alert["not_given"]) == (
        ["kubectl_top_pods"],
        ["kubectl_top_pods", "issue.json"],
    )
    assert values(first)["no_model", "n_unjudged"] == 2
    assert ("no_model", "right") not in values(first)
    assert values(second)["no_model", "n_unjudged"] == 1
    assert values(second)["no_model", "right"] == 1.0
    assert values(second)["trivial", "n_unjudged"] == 2
