"""`aitia explain`: how a report came about, from the run's recording."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from aitia.agent.sentences.review import checks
from aitia.core.events import Decided, PlanMade, RunFailed
from aitia.core.percent import chance, percent
from aitia.core.store import RunStore
from aitia.core.words import Report
from aitia.graphs.judgement import taxonomy_of
from aitia.render.text import clean, clean_lines


def explanation(store: RunStore, report: Report | None = None) -> dict[str, Any]:
    """Plans, suspects with their ledgers, sentences with their authors, refused attempts, checks, model calls.

    report  what the run's would be by now, where it has none yet
    """
    report = report or store.report()
    events = list(store.events())
    return {
        "run": store.id,
        "verdict": report.verdict,
        "probability": report.probability,
        "plans": [
            {"round": e.round, "by": e.by, "tasks": [t.model_dump(mode="json") for t in e.tasks]}
            for e in events
            if isinstance(e, PlanMade)
        ],
        "decisions": [e.model_dump(mode="json", exclude={"type"}) for e in events if isinstance(e, Decided)],
        "failures": [e.message for e in events if isinstance(e, RunFailed)],
        "suspects": [s.model_dump(mode="json") for s in report.suspects],
        "evidence": {e.id: e.statement for e in report.evidence},
        "detectors": [
            {"evidence": e.id, "detector": e.values["detector"], "because": e.values.get("because", "")}
            for e in report.evidence
            if e.values.get("detector")
        ],
        "learned": (store.meta().get("opened") or {}).get("learned", {}),
        "sentences": [
            s.model_dump(mode="json") | {"checks": checked}
            for s, checked in checks(report, taxonomy_of(store.meta()))
        ],
        "next_checks": [c.model_dump(mode="json") for c in report.next_checks],
        "model": report.model.model_dump(mode="json"),
        "model_calls": len(list(store.llm_records())),
    }


def print_explanation(console: Console, told: dict[str, Any]) -> None:
    """The explanation for a person."""
    console.print(Text(f"{told['verdict']} {chance(told['probability'])}  run {told['run']}", style="bold"))
    _plans(console, told)
    _decisions(console, told)
    print_suspects(console, told)
    _detectors(console, told)
    _checks(console, told)
    _authors(console, told)


def _title(console: Console, text: str) -> None:
    console.print(Text(f"\n{text}", style="bold"))


def _plans(console: Console, told: dict[str, Any]) -> None:
    for plan in told["plans"]:
        _title(console, f"Plan {plan['round']}, by {plan['by']}")
        for task in plan["tasks"]:
            args = " ".join(f"{k}={v}" for k, v in sorted(task["args"].items()))
            after = f"  after {', '.join(f'#{d}' for d in task['dep'])}" if task["dep"] else ""
            why = f"  {clean(task['why'])}" if task["why"] else ""
            console.print(
                Text.assemble(f"  #{task['id']} {clean(task['tool'] + ' ' + args)}", (after + why, "dim"))
            )
    for message in told["failures"]:
        console.print(Text(f"  failed: {clean(message)}", style="red"))


def _decisions(console: Console, told: dict[str, Any]) -> None:
    """Each choice with the scores of rules, memory and model; → marks what was taken."""
    for decision in told["decisions"]:
        voters = [who for who in ("rules", "memory", "model") if decision[who]]
        by = _weights(decision, voters)
        _title(console, f"Decision: {clean(decision['question'])}  ({by})")
        if decision["note"]:
            console.print(Text(f"  {clean(decision['note'])}", style="dim"))
        console.print(Text("    " + "  ".join(f"{who:>6}" for who in voters), style="dim"))
        for number, option in enumerate(decision["options"]):
            scores = [decision[who][number] for who in voters if number < len(decision[who])]
            mark = "→" if number in decision["chosen"] else " "
            line = f"  {mark} {'  '.join(f'{v:6.2f}' for v in scores)}  {clean(option)}"
            why = decision["why"][number] if number < len(decision["why"]) else ""
            console.print(Text.assemble(line, (f"  {clean(why)}" if why else "", "dim")))


def _weights(decision: dict[str, Any], voters: list[str]) -> str:
    """How much each counted; the model votes only on what rules and memory leave open."""
    weights = decision["weights"]
    if not weights:  # recorded before they were kept
        model = float(decision["model_weight"]) if decision["model"] else 0.0
        weights = {"rules": 1.0 - model, "model": model}
    told = [f"{who} {percent(weights.get(who, 0.0))}" for who in voters if who != "model"]
    if "model" in voters:
        told.append(f"the model's vote {percent(weights['model'])} where these do not decide")
    return ", ".join(told)


def print_suspects(console: Console, told: dict[str, Any]) -> None:
    """The explanation's suspects, each with its ledger: which fact moved it by how much, and why."""
    if told["suspects"]:
        _title(console, "Suspects, with what changed their log-odds")
    if note := told["learned"].get("note"):
        console.print(Text(f"  {clean(note)}", style="yellow"))
    for suspect in told["suspects"]:
        name = f"{clean(suspect['component'])} {clean(suspect['fault'])}".strip()
        console.print(
            Text(f"  {chance(suspect['probability'])} {name}  (score {suspect['score']:+.2f})", style="bold")
        )
        ledger = Table.grid(padding=(0, 1, 0, 0))
        ledger.add_column(width=10, justify="right")
        ledger.add_column(width=4, style="cyan")
        ledger.add_column(width=30)
        ledger.add_column(style="dim")
        for line in sorted(suspect["ledger"], key=lambda c: -abs(c["log_odds"])):
            moved = Text(f"{line['log_odds']:+.2f}", style="green" if line["log_odds"] > 0 else "red")
            fact = told["evidence"].get(line["evidence"], "")
            ledger.add_row(moved, line["evidence"] or "–", Text(clean(line["why"])), Text(clean(fact)))
        console.print(ledger)


def _detectors(console: Console, told: dict[str, Any]) -> None:
    """Which detector made a fact of signals, and the rule of the profile that chose it."""
    if told["detectors"]:
        _title(console, "Detectors, and why each was chosen")
    for chosen in told["detectors"]:
        told_by = f" {clean(str(chosen['detector']))}: {clean(str(chosen['because']))}"
        console.print(Text.assemble("  ", (chosen["evidence"], "cyan"), told_by))


def _checks(console: Console, told: dict[str, Any]) -> None:
    """What to check next, each query whole: the report shows a line of it."""
    if told["next_checks"]:
        _title(console, "Check next")
    for check in told["next_checks"]:
        console.print(Text(f"  {clean(check['text'])}"))
        for line in clean_lines(check["command"] or check["query"]).split("\n"):
            console.print(Text(f"    {line}", style="blue"), soft_wrap=True)


def _authors(console: Console, told: dict[str, Any]) -> None:
    model = told["model"]
    _title(console, "Sentences, with who wrote them")
    for sentence in told["sentences"]:
        tries = f", {sentence['attempts']} attempts" if sentence["attempts"] > 1 else ""
        who = f"  [{sentence['role']}, {sentence['by']}{tries}] "
        cites = f" [{', '.join(sentence['cites'])}]" if sentence["cites"] else ""
        console.print(Text.assemble((who, "dim"), clean(sentence["text"]), (cites, "cyan")))
        if sentence["checks"]:
            failed = [name for name, reasons in sentence["checks"].items() if reasons]
            passed = ", ".join(name for name in sentence["checks"] if name not in failed)
            console.print(Text(f"      checks passed: {passed}", style="dim"))
            for name in failed:
                why = "; ".join(sentence["checks"][name])
                console.print(Text(f"      check failed: {name}: {clean(why)}", style="red"))
        for reason in sentence["refused"]:
            console.print(Text(f"      refused: {clean(reason)}", style="yellow"))
    used = clean(model["name"]) or "no model"
    note = f" ({clean(model['note'])})" if model["note"] else ""
    console.print(
        Text(
            f"\n{used}{note}: {told['model_calls']} recorded calls; {model['accepted']} sentences accepted, "
            f"{model['accepted_after_retry']} on the second try, {model['replaced']} replaced",
            style="dim",
        )
    )
