"""`aitia explain`: how a report came about, from the run's recording."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from aitia.core.events import Decided, PlanMade, RunFailed
from aitia.core.store import RunStore
from aitia.core.words import Report, Sentence
from aitia.render.text import clean, percent


def explanation(store: RunStore) -> dict[str, Any]:
    """Plans, suspects with their ledgers, sentences with their authors, refused attempts, model calls."""
    report = store.report()
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
        "sentences": [s.model_dump(mode="json") for s in _sentences(report)],
        "model": report.model.model_dump(mode="json"),
        "model_calls": len(list(store.llm_records())),
    }


def _sentences(report: Report) -> list[Sentence]:
    return [*report.summary, *report.chain, *(x.sentence for x in report.ruled_out)]


def print_explanation(console: Console, told: dict[str, Any]) -> None:
    """The explanation for a person."""
    console.print(Text(f"{told['verdict']} {percent(told['probability'])}  run {told['run']}", style="bold"))
    _plans(console, told)
    _decisions(console, told)
    _suspects(console, told)
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
    """Each choice with the rules' and the model's scores; → marks what was taken."""
    for decision in told["decisions"]:
        by = (
            f"the model's vote counts {decision['model_weight']:.0%}"
            if decision["model"]
            else "by the rules alone"
        )
        _title(console, f"Decision: {clean(decision['question'])}  ({by})")
        for number, option in enumerate(decision["options"]):
            votes = [decision[who][number] for who in ("rules", "model") if number < len(decision[who])]
            mark = "→" if number in decision["chosen"] else " "
            console.print(Text(f"  {mark} {'  '.join(f'{v:5.2f}' for v in votes)}  {clean(option)}"))


def _suspects(console: Console, told: dict[str, Any]) -> None:
    if told["suspects"]:
        _title(console, "Suspects, with what moved their log-odds")
    for suspect in told["suspects"]:
        name = f"{clean(suspect['component'])} {clean(suspect['fault'])}".strip()
        console.print(
            Text(f"  {percent(suspect['probability'])} {name}  (score {suspect['score']:+.2f})", style="bold")
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


def _authors(console: Console, told: dict[str, Any]) -> None:
    model = told["model"]
    _title(console, "Sentences, with who wrote them")
    for sentence in told["sentences"]:
        tries = f", {sentence['attempts']} attempts" if sentence["attempts"] > 1 else ""
        who = f"  [{sentence['role']}, {sentence['by']}{tries}] "
        cites = f" [{', '.join(sentence['cites'])}]" if sentence["cites"] else ""
        console.print(Text.assemble((who, "dim"), clean(sentence["text"]), (cites, "cyan")))
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
