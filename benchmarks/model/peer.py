"""The product against the agent that everybody would write first, over the same model, tools and scenarios.

    python benchmarks/model/peer.py --data scenarios --model default --json OUT --transcripts DIR

Systems: `ours` (planner and narrator with the model), `no_model` (rules, template), `trivial` (the component that moved
most), `peer PROMPT` (a tool-calling ReAct agent with each of three published prompts), `peer` (the best of the three: the
one that --choice names, else chosen for each case on the other cases), `peer summary` (rules, then one free summary).
The answers are read by the scorer only. `cpu_s` is processor time of this process, which a busy machine changes little.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

from aitia.core.llm import Llm
from aitia.core.scenario import Scenario, load_scenario
from aitia.core.words import Cost, Evidence, Report, Suspect
from aitia.graphs.replay import Replayed, replay, score
from aitia.graphs.state import Options
from benchmarks import contract
from benchmarks.model import peer_agent, peer_summary
from benchmarks.model.peer_score import Case, answer, best, print_cases, table_rows
from benchmarks.model.peer_world import World, opened
from benchmarks.replay.scenarios import RULES, _trivial

CONTEXT = 8192  # tokens: no conversation of the peer is cut


def main() -> int:
    """Run the benchmark."""
    parser = contract.parser(__doc__)
    parser.add_argument(
        "--prompts", default=",".join(peer_agent.PROMPTS), help="which prompts the peer tries"
    )
    parser.add_argument("--systems", default="rules,ours,peer", help="which to run, in this order")
    parser.add_argument("--choice", default="", help="the prompt of the row `peer`, chosen on other cases")
    parser.add_argument("--transcripts", default="", help="keep conversations and reports in this folder")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--resume", action="store_true", help="go on with what --json holds")
    args = parser.parse_args()
    began = time.monotonic()
    data = Path(args.data)
    names = contract.chosen((p.parent.name for p in data.glob("*/scenario.yaml")), args.cases)
    prompts = [p for p in args.prompts.split(",") if p]
    if not names or args.model == "none" or set(prompts) - set(peer_agent.PROMPTS):
        print(
            "error: give --data with scenario folders, a --model, and --prompts among "
            + ", ".join(peer_agent.PROMPTS),
            file=sys.stderr,
        )
        return 2
    from aitia.models.load import load_llm

    llm = load_llm(args.model, threads=args.threads, context=CONTEXT, fetch_missing=True)
    kept = Path(args.transcripts) if args.transcripts else None
    per_case: list[Case] = []
    if args.resume and args.json and Path(args.json).exists():
        per_case = json.loads(Path(args.json).read_text(encoding="utf-8"))["per_case"]
        per_case = [c for c in per_case if c["system"] != "peer"]
    done = {(c["folder"], c["system"]) for c in per_case}
    # Prompt by prompt, so that cases of one world share the evaluated prefix.
    systems = [
        t for s in args.systems.split(",") for t in ([f"peer {p}" for p in prompts] if s == "peer" else [s])
    ]
    for system in systems:
        for name in names:
            for case in _cases(system, data / name, llm, kept, done):
                per_case.append(case | {"folder": name})
                print(f"{name} {case['system']}: {answer(case)}", file=sys.stderr, flush=True)
                if args.json:
                    Path(args.json).write_text(json.dumps({"per_case": per_case}), encoding="utf-8")
    per_case += best(per_case, prompts, args.choice)
    made = table_rows(per_case)
    contract.finish("peer", made, per_case, n=len(names), began=began, out=args.json)
    print_cases(per_case)
    return 0


def _cases(
    system: str, folder: Path, llm: Llm, kept: Path | None, done: set[tuple[str, str]]
) -> Iterator[Case]:
    """The cases of a system that are not done yet."""
    if system == "rules":
        if (folder.name, "peer summary") not in done:
            yield from without_model(folder, llm, kept)
    elif (folder.name, system) not in done:
        yield ours(folder, llm, kept) if system == "ours" else peer(folder, llm, system.split()[1], kept)


def ours(folder: Path, llm: Llm, kept: Path | None = None) -> Case:
    """The product with the model as planner and narrator."""
    return _product("ours", folder, llm, Options(planner="model", narrator="model"), kept)[0]


def without_model(folder: Path, llm: Llm, kept: Path | None = None) -> list[Case]:
    """The product without a model, what moved most, and the product's verdict with one free summary."""
    case, made = _product("no_model", folder, None, RULES, kept)
    trivial = _case("trivial", made.scenario, _trivial(made) | {"tokens": 0, "needed_found": ""})
    start, cpu = time.monotonic(), time.process_time()
    text, facts, cost = peer_summary.write(made.report, llm)
    summary = case | {
        "system": "peer summary",
        "evaluated": cost.prompt_tokens,
        "generated": cost.generated_tokens,
        "tokens": cost.prompt_tokens + cost.generated_tokens,
        "seconds": case["seconds"] + time.monotonic() - start,
        "cpu_s": case["cpu_s"] + time.process_time() - cpu,
    }
    summary |= _sentences(text, facts, made.report)
    _keep(kept, "peer summary", folder.name, [f"# Free summary\n\n{text}\n", _as_list(summary["told"])])
    return [case, trivial, summary]


def _product(
    system: str, folder: Path, llm: Llm | None, options: Options, kept: Path | None
) -> tuple[Case, Replayed]:
    start, cpu = time.monotonic(), time.process_time()
    with tempfile.TemporaryDirectory() as home:
        made = replay(folder, home=Path(home), llm=llm, options=options)
    took = {"seconds": time.monotonic() - start, "cpu_s": time.process_time() - cpu}
    report = made.report
    case = _case(system, made.scenario, made.score | took)
    case |= {
        "evaluated": made.score["prompt_tokens"],
        "generated": made.score["generated_tokens"],
        "restored": made.score["restored_tokens"],
        "valid_calls": sum(c.status != "error" for c in report.calls) / max(1, len(report.calls)),
    }
    told = [s for s in (*report.summary, *report.chain) if s.role != "verdict"]
    by_id = {e.id: e for e in report.evidence}
    if told:
        judged = [peer_summary.judged(s.text, [by_id[c] for c in s.cites], report.inventory) for s in told]
        count = sum(int(str(j["sentences"])) for j in judged)
        case["supported"] = sum(int(str(j["supported"])) for j in judged) / max(1, count)
    _keep(
        kept,
        system,
        folder.name,
        ["\n".join(f"- ({s.by}) {s.text}" for s in (*report.summary, *report.chain))],
    )
    return case, made


def peer(folder: Path, llm: Llm, prompt: str, kept: Path | None = None) -> Case:
    """The agent with one of its prompts, scored as the product is."""
    scenario = load_scenario(folder)
    with tempfile.TemporaryDirectory() as home:
        world = opened(scenario, folder, Path(home), llm)
        outcome = peer_agent.investigate(world, prompt=prompt)
    report = _report(world, outcome)
    case = _case(f"peer {prompt}", scenario, score(scenario, report) | {"seconds": outcome.seconds})
    repeated = sum(c["status"] == "repeated" for c in world.calls)
    case |= {
        "answered": bool(outcome.answer),
        "calls": len(world.calls),
        "repeated_calls": repeated,
        "valid_calls": 1 - outcome.invalid / max(1, outcome.calls),
        "evaluated": outcome.evaluated,
        "restored": outcome.restored,
        "generated": outcome.generated,
        "tokens": outcome.evaluated + outcome.generated,
        "cpu_s": outcome.cpu_s,
        "summary": outcome.answer.get("summary", ""),
        "called": [f"{c['tool']} {json.dumps(c['args'])}" for c in world.calls],
    }
    if outcome.answer:
        case |= _sentences(outcome.answer["summary"], world.evidence, report)
    text = [
        f"## {m.type}\n\n{m.text}\n\n{json.dumps(getattr(m, 'tool_calls', []), ensure_ascii=False)}\n"
        for m in outcome.messages
    ]
    _keep(kept, f"peer {prompt}", folder.name, [*text, _as_list(case.get("told", []))])
    return case


def _report(world: World, outcome: peer_agent.Outcome) -> Report:
    """The agent's answer as a report, so that the same scorer reads it. No answer counts as `unknown`."""
    answer = outcome.answer or {"verdict": "unknown", "component": "none", "fault": "none", "confidence": 0}
    named = answer["verdict"] == "cause" and "none" not in (answer["component"], answer["fault"])
    sure = answer["confidence"] / 100
    pair = (answer["component"], answer["fault"]) if named else ("", "")
    return Report(
        run="peer",
        incident=world.incident,
        verdict=answer["verdict"],
        probability=sure,
        component=pair[0],
        fault=pair[1],
        suspects=(
            Suspect(component=pair[0], fault=pair[1] or answer["verdict"], score=sure, probability=sure),
        ),
        evidence=tuple(world.evidence),
        inventory=world.inventory,
        cost=Cost(seconds=outcome.seconds, model_calls=outcome.model_calls),
    )


def _case(system: str, scenario: Scenario, scored: dict[str, Any]) -> Case:
    """A prediction with its score."""
    expected = scenario.expected
    components = {expected.component, *(a.component for a in expected.alternatives)}
    cause = expected.verdict == "cause"
    return {k: v for k, v in scored.items() if k not in ("id", "needed_found", "run")} | {
        "id": scenario.id,
        "system": system,
        "right": scored["correct"],
        "verdict_right": scored["verdict"] == expected.verdict,
        "component_right": (scored["verdict"] == "cause" and scored["component"] in components)
        if cause
        else None,
        "pair_right": scored["correct"] if cause else None,
        "false_cause": None if cause else scored["verdict"] == "cause",
    }


def _sentences(text: str, facts: Sequence[Evidence], report: Report) -> Case:
    grounds = [peer_summary.alarm(report.incident), *facts]
    judged = peer_summary.judged(text, grounds, report.inventory, report.fault)
    count = max(1, int(str(judged["sentences"])))
    shares = {k: int(str(judged[k])) / count for k in ("accepted", "supported")}
    return {"sentences": judged["sentences"], **shares, "told": judged["told"]}


def _as_list(told: Any) -> str:
    return "\n".join(f"- {t['text']}  \n  refused: {t['refused']}" for t in told)


def _keep(folder: Path | None, system: str, name: str, parts: Sequence[str]) -> None:
    if folder is not None:
        file = folder / system.replace(" ", "-") / f"{name}.md"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("\n".join(parts), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
