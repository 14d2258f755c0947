"""Step by step: which single question to ask a cluster next, from what the answers so far have shown.

For sites where every call costs. Candidates are instantiated from what earlier answers name; rules (`steps.yaml`) score
them, past paths that showed the same signs add to it, and where the best are within a margin the model votes, with the
weight that its calibration gives it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources
from typing import Any, Final

from aitia.agent.planning.call_templates import described, instances, tool_of
from aitia.agent.planning.cluster_looks import Seen
from aitia.agent.planning.paths import Memory
from aitia.core.bounds import own_yaml
from aitia.core.errors import ModelError
from aitia.core.llm import Choice, Llm, Prompt
from aitia.core.words import Incident, Inventory, Result, Task
from aitia.tools import Registry, ToolContext

ENOUGH: Final = 0.2  # nothing that scores below is worth a call
MARGIN: Final = 0.1  # scores nearer than this are a tie
MOST_VOTED: Final = 4
MOST_WEIGHT: Final = (
    0.3  # of a vote here; more was not measured, and this much changed no recall (docs/cluster.md)
)
NEXT_TARGET: Final = 0.6  # the second of a role is worth this share of the first
MOST_TARGETS: Final = 2
MEMORY_SHARE: Final = 0.5  # of the score, where a past path looks just like this one
SYSTEM: Final = (
    "You help an engineer on call who looks at a Kubernetes cluster, one call at a time. "
    "Pick the next call that tells most. Answer with the text of one option."
)


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One line of `steps.yaml`."""

    when: frozenset[str]
    unless: frozenset[str]
    call: str
    weight: float
    why: str


@dataclass(frozen=True, kw_only=True)
class Step:
    """A call with its scores, 0..1: by rules, by memory, by the model's vote (0 where it was not asked), together."""

    task: Task
    call: str
    score: float
    rules: float = 0.0
    memory: float = 0.0
    model: float = 0.0
    choice: Choice | None = None


@cache
def bundled_rules() -> tuple[Rule, ...]:
    """The rules of `steps.yaml`."""
    raw = own_yaml(resources.files("aitia.agent.planning").joinpath("steps.yaml").read_text(encoding="utf-8"))
    return tuple(
        Rule(
            when=frozenset(r["when"]),
            unless=frozenset(r.get("unless", ())),
            call=r["call"],
            weight=float(r["weight"]),
            why=r["why"],
        )
        for r in raw
    )


def next_steps(
    registry: Registry,
    inventory: Inventory,
    incident: Incident,
    done: Sequence[Result],
    *,
    memory: Memory | None = None,
    llm: Llm | None = None,
    rules: Sequence[Rule] | None = None,
    weight: float | None = None,
) -> list[Step]:
    """The candidates with their scores, best first. `weight` overrides that of the calibration."""
    if not inventory.has("cluster"):
        return []
    seen = Seen(incident, done)
    asked = {_key(r.tool, r.args) for r in done}
    by_rule = _by_rules(seen, bundled_rules() if rules is None else rules)
    likely, sureness = memory.likely(seen) if memory else ({}, 0.0)
    share = (MEMORY_SHARE if by_rule else 1.0) * sureness
    made: dict[str, Step] = {}
    for call in dict.fromkeys([*by_rule, *likely]):
        ruled, why = by_rule.get(call, (0.0, "asked next in runs with the same signs"))
        remembered = likely.get(call, 0.0)
        for place, args in enumerate(instances(call, seen)[:MOST_TARGETS]):
            task = Task(id=len(done) + 1, tool=tool_of(call), args=args, why=why)
            if _key(task.tool, args) in asked or task.tool not in registry.names():
                continue
            score = ((1 - share) * ruled + share * remembered) * NEXT_TARGET**place
            step = Step(
                task=task,
                call=call,
                score=round(score, 4),
                rules=round(ruled, 4),
                memory=round(remembered, 4),
            )
            key = _key(task.tool, args)
            if key not in made or made[key].score < step.score:
                made[key] = step
    best = sorted((s for s in made.values() if s.score >= ENOUGH), key=lambda s: -s.score)
    return _voted(best, seen, llm, weight)


def investigate(
    registry: Registry,
    context: ToolContext,
    *,
    calls: int,
    memory: Memory | None = None,
    llm: Llm | None = None,
    rules: Sequence[Rule] | None = None,
    weight: float | None = None,
) -> Iterator[tuple[Step, Result]]:
    """Ask up to `calls` questions one by one, each chosen by the answers before; whoever iterates may stop at any time."""
    done: list[Result] = []
    while len(done) < calls:
        steps = next_steps(
            registry,
            context.inventory,
            context.incident,
            done,
            memory=memory,
            llm=llm,
            rules=rules,
            weight=weight,
        )
        if not steps:
            return
        done.append(registry.call(steps[0].task, context))
        yield steps[0], done[-1]


def _by_rules(seen: Seen, rules: Sequence[Rule]) -> dict[str, tuple[float, str]]:
    """Score and strongest reason of each call that some rule names."""
    found: dict[str, tuple[float, float, str]] = {}
    for rule in rules:
        if rule.when <= seen.signs and not rule.unless & seen.signs:
            score, top, why = found.get(rule.call, (0.0, 0.0, ""))
            stronger = rule.weight > top
            score = 1 - (1 - score) * (1 - rule.weight)
            found[rule.call] = (score, max(top, rule.weight), rule.why if stronger else why)
    return {call: (score, why) for call, (score, _, why) in found.items()}


def _voted(steps: list[Step], seen: Seen, llm: Llm | None, weight: float | None) -> list[Step]:
    """The order after the model's vote among those that tie for the first place."""
    tied = [s for s in steps if s.score >= steps[0].score - MARGIN][:MOST_VOTED]
    if llm is None or len(tied) < 2:
        return steps
    weight = _calibrated(llm) if weight is None else weight
    if not weight:
        return steps
    shown = [e.statement[:160] for r in seen.done[-4:] for e in r.evidence]
    user = "\n".join([f"Report: {seen.words[:300].strip()}", *(f"Seen: {s}" for s in shown), "Next call:"])
    try:
        choice = llm.choose(Prompt(system=SYSTEM, user=user), [described(s.task) for s in tied])
    except ModelError as error:  # the order of the rules stands, and the first step says so
        first = steps[0].task.model_copy(update={"why": f"{steps[0].task.why} (the model failed: {error})"})
        return [replace(steps[0], task=first), *steps[1:]]
    votes = [
        replace(s, score=round((1 - weight) * s.score + weight * p, 4), model=round(p, 4), choice=choice)
        for s, p in zip(tied, choice.probabilities, strict=True)
    ]
    return [*sorted(votes, key=lambda s: -s.score), *steps[len(tied) :]]


def _calibrated(llm: Llm) -> float:
    from aitia.models.calibration import vote_weight

    return min(MOST_WEIGHT, vote_weight(llm.sha256, "next_check"))


def _key(tool: str, args: Mapping[str, Any]) -> str:
    return f"{tool}:{json.dumps(args, sort_keys=True, default=str)}"
