"""The peer benchmark reads answers in its scorer only, and the agent works as it is told to."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

pytest.importorskip("langchain", reason="langchain is not installed: pip install '.[dev]'")
ROOT = Path(__file__).parents[2]
if str(ROOT) not in sys.path:
    sys.path.append(str(ROOT))  # benchmarks are scripts of the checkout, not part of the distribution

from aitia.core.llm import Prompt  # noqa: E402
from aitia.core.scenario import load_scenario  # noqa: E402
from aitia.models.scripted import ScriptedLlm  # noqa: E402
from benchmarks.model import peer, peer_agent, peer_score, peer_summary, peer_world  # noqa: E402

CASE = ROOT / "scenarios" / "connection-exhaustion"
PREDICTED = (
    "system",
    "verdict",
    "component",
    "fault",
    "probability",
    "called",
    "summary",
    "told",
    "accepted",
)
SUMMARY = "Connections of postgres from orders rose from 1 to 34 at 01:08:44 UTC. The moon made 99 % of orders fail."


def call(name: str, **arguments: Any) -> str:
    return f"<tool_call>\n{json.dumps({'name': name, 'arguments': arguments})}\n</tool_call>"


ANSWER = call(
    "answer",
    summary=SUMMARY,
    verdict="cause",
    component="orders",
    fault="resource.connections",
    confidence=80,
)


def reply(steps: list[str]) -> Any:
    """What a model would say: the steps of an agent one after the other, and the same words to anything else."""

    def say(prompt: Prompt) -> str:
        if "# Tools" not in prompt.system:
            return "0" if prompt.user.endswith("Check:") else SUMMARY
        return steps[prompt.user.count("<tool_response>")]

    return say


STEPS = [call("metrics_scan"), call("logs_patterns", component="orders"), call("metrics_scan"), ANSWER]


def predictions(folder: Path) -> list[dict[str, Any]]:
    llm = ScriptedLlm(reply(STEPS))
    cases = [peer.peer(folder, llm, "react"), peer.ours(folder, llm), *peer.without_model(folder, llm)]
    return [{k: c.get(k) for k in PREDICTED} for c in cases]


def test_noise_for_answers_changes_no_prediction(tmp_path: Path) -> None:
    data = tmp_path / CASE.name
    shutil.copytree(CASE, data)
    before = predictions(data)
    assert [c["system"] for c in before] == ["peer react", "ours", "no_model", "trivial", "peer summary"]
    scenario = yaml.safe_load((data / "scenario.yaml").read_text(encoding="utf-8"))
    scenario |= {"id": "noise", "title": "noise", "description": "", "recorded": {"by": "noise"}}
    scenario["expected"] = {"verdict": "cause", "component": "nobody", "fault": "machine.looseness"}
    (data / "scenario.yaml").write_text(yaml.safe_dump(scenario, sort_keys=False), encoding="utf-8")
    assert predictions(data) == before


def test_the_agent_is_scored_as_the_product_is(tmp_path: Path) -> None:
    llm = ScriptedLlm(reply(STEPS))
    case = peer.peer(CASE, llm, "holmes", tmp_path)
    assert case["right"]
    assert case["component_right"]
    assert case["called"] == ["metrics_scan {}", 'logs_patterns {"component": "orders"}', "metrics_scan {}"]
    assert (case["calls"], case["repeated_calls"], case["valid_calls"]) == (3, 1, 1.0)
    assert (case["sentences"], case["supported"]) == (2, 0.5)
    told = (tmp_path / "peer-holmes" / f"{CASE.name}.md").read_text(encoding="utf-8")
    assert "connections from orders rose from 1 to 34" in told
    assert "The same call was made before" in told
    assert llm.prompts[0].system.startswith(peer_agent.PROMPTS["holmes"])
    assert "orders (service): calls" in llm.prompts[0].user
    shown = llm.prompts[0].system + llm.prompts[0].user
    assert load_scenario(CASE).expected.why not in shown


def test_an_answer_that_names_nobody_and_one_that_is_missing() -> None:
    healthy = call(
        "answer", summary="All is well.", verdict="healthy", component="none", fault="none", confidence=90
    )
    case = peer.peer(ROOT / "scenarios" / "false-alarm", ScriptedLlm(reply([healthy])), "langchain")
    assert (case["right"], case["false_cause"], case["calls"]) == (True, False, 0)
    silent = peer.peer(CASE, ScriptedLlm(reply(["I do not know."] * 9)), "langchain")
    assert (silent["verdict"], silent["right"], silent["answered"]) == ("unknown", False, False)


def test_first_a_look_and_at_the_last_step_the_answer(tmp_path: Path) -> None:
    grammars: list[str] = []

    class Watched(ScriptedLlm):
        def complete(self, prompt: Prompt, *, grammar: str | None = None, **rest: Any) -> Any:
            grammars.append(grammar or "")
            return super().complete(prompt, grammar=grammar, **rest)

    llm = Watched(reply([call("metrics_scan"), call("changes_list"), call("logs_diff"), ANSWER]))
    world = peer_world.opened(load_scenario(CASE), CASE, tmp_path, llm)
    done = peer_agent.investigate(world, prompt="react", steps=4, looks=1)
    assert done.answer["component"] == "orders"
    assert ["metrics_scan" in g for g in grammars] == [True, True, True, False]
    assert ["answer" in g for g in grammars] == [False, True, True, True]
    assert len({p.system for p in llm.prompts}) == 1


def test_results_reach_the_agent_as_digests(tmp_path: Path) -> None:
    world = peer_world.opened(load_scenario(CASE), CASE, tmp_path, ScriptedLlm([]))
    broad = ["logs_diff", "metrics_scan", "changes_list"]  # the product's order for errors
    assert [t.name for t in world.tools() if t.name in broad] == broad
    assert "connections from orders rose from 1 to 34" in world.call("metrics_scan", {})
    assert "look at the journal" in world.call("runbooks_search", {})
    patterns = world.call("logs_patterns", {"component": "orders"})
    assert patterns.startswith('* error, 77 times (before: 0): "')
    assert world.call("logs_patterns", {"component": "orders"}).startswith("The same call was made before")
    assert world.call("metrics_component", {"component": "nobody"}).startswith(("no_data", "error"))


def test_sentences() -> None:
    text = "## Report\n- The p99 of web rose to 1.2 s at 10:00 [E3]. Then db fell by 5 %.\n\n1. **Cause**: db was full [E1, E2].\nHalf a"
    assert peer_summary.sentences(text) == [
        "The p99 of web rose to 1.2 s at 10:00 [E3].",
        "Then db fell by 5 %.",
        "Cause: db was full [E1, E2].",
    ]


def test_the_choice_of_a_prompt_never_sees_the_case_it_is_for() -> None:
    def case(name: str, prompt: str, right: bool) -> dict[str, Any]:
        return {
            "folder": name,
            "system": f"peer {prompt}",
            "right": right,
            "component_right": right,
            "verdict_right": right,
        }

    # `react` is right on `a` only, `holmes` on `b` and `c`: for `b` the other cases are even, and the first one is taken.
    cases = [case(n, "react", n == "a") for n in "abc"] + [case(n, "holmes", n != "a") for n in "abc"]
    assert {c["folder"]: c["prompt"] for c in peer_score.best(cases, ["react", "holmes"], "")} == {
        "a": "holmes", "b": "react", "c": "react",
    }  # fmt: skip
    assert {c["prompt"] for c in peer_score.best(cases, ["react", "holmes"], "holmes")} == {"holmes"}
