"""One scoring for all candidate tasks: rules, memory, and the model's vote where these leave the order open.

A candidate is a tool with a target. Its score is `rules` (symptom defaults, a matched runbook's skeleton, or what would
tell two suspects apart) mixed with `memory` (the nearest past plans). Those that lie within `MARGIN` of the cut, at most
`MAX_OPTIONS`, are put to the model, whose vote counts as much as its calibration says; at 0 it is not asked.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from aitia.agent.planning.defaults import TARGETS, Defaults, Role, Roles, Step
from aitia.agent.planning.plans import Recalled
from aitia.agent.planning.validate import call_key, required, target_of
from aitia.core.errors import ModelError
from aitia.core.events import Decided
from aitia.core.llm import Choice, Llm
from aitia.core.words import Inventory, Task, Unit01, Word
from aitia.models.choosing import prompt_of
from aitia.models.scoring import pool
from aitia.tools import Registry, ToolSpec

MAX_OPTIONS: Final = 12  # put to the model
MARGIN: Final = 0.1  # scores this near to the cut are open
TEMPER: Final = MARGIN / 2  # scores a margin apart count as odds of e² to 1 against the vote
MEMORY: Final = 0.5  # the most that memory counts beside rules
ALIKE: Final = 0.3  # similarity from which on it counts that much
SUSPECT: Final = "<suspect>"  # stands for a reference that is written when the plan's tasks are known
_NEXT, _ANOTHER = 0.92, 0.75  # of the score before: the next step, the next component of the same step
_LATER: Final = 0.97  # of the share before: the next step of a past plan
_ALWAYS, _SKELETON = 0.35, 1.0
_DEFAULT: Final = 0.8  # what the first default step scores beside a runbook's first


class Guides(Word):
    """What a run's planning goes by beside the rules, as it was when the run began."""

    past: tuple[Recalled, ...] = ()
    vote_weight: Unit01 = 0.0
    nearest: tuple[
        str, ...
    ] = ()  # tools that are left to a choice, those most like the incident's words, best first
    note: str = ""  # why the model is not asked, where it is not


NO_GUIDES: Final = Guides()


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """A call that could be made. `role` is the target's; `sure` is how far it stands out among those of its role."""

    task: Task
    role: Role = ""
    sure: Unit01 = 1.0

    @property
    def text(self) -> str:
        """How it is put to the model and shown."""
        about = ", ".join(map(str, self.task.args.values()))
        return f"{self.task.tool} of {about}" if about else self.task.tool


@dataclass(frozen=True, kw_only=True)
class Scored:
    """Candidates with their scores from rules and memory, why, and how much memory counts."""

    candidates: Sequence[Candidate]
    rules: Sequence[float]
    memory: Sequence[float]
    why: Sequence[str]
    memory_weight: float


@dataclass(frozen=True, kw_only=True)
class Settled:
    """The places of the candidates taken, best first, with the decision and the vote that led to it."""

    taken: Sequence[int]
    decided: Decided | None = None
    choice: Choice | None = None


def usable(registry: Registry, inventory: Inventory) -> list[ToolSpec]:
    """The read tools whose needs are met and that need no argument but a component; not memory, which is asked anyway."""
    met = [s for s in registry if s.by_rules and inventory.has(*s.needs) and not s.asks_last]
    return [s for s in met if required(s) <= {s.target}]


def candidates(
    registry: Registry, inventory: Inventory, roles: Roles, done: Iterable[Task], extra: Iterable[Task] = ()
) -> list[Candidate]:
    """Every untargeted call, every targeted one about a component of a role, and `extra`; none that was made."""
    specs = usable(registry, inventory)
    targets = list(dict.fromkeys(c for role in TARGETS for c in roles.of(role)))
    made = [Candidate(task=Task(id=0, tool=s.name)) for s in specs if not s.target]
    for spec in (s for s in specs if s.target):
        for target in targets:
            task = Task(id=0, tool=spec.name, args={spec.target: target})
            role = roles.role_of(target)
            made.append(Candidate(task=task, role=role, sure=roles.sure(target, role)))
        made.append(Candidate(task=Task(id=0, tool=spec.name, args={spec.target: SUSPECT}), role="suspect"))
    for task in extra:
        about = str(task.args.get(target_of(registry[task.tool]), ""))
        made.append(Candidate(task=task, role=roles.role_of(about) if about else ""))
    taken = {call_key(t, registry) for t in done}
    kept: dict[str, Candidate] = {}
    for candidate in made:
        key = call_key(candidate.task, registry)
        if key not in taken:
            kept.setdefault(key, candidate)
    return list(kept.values())


def by_defaults(
    options: Sequence[Candidate], defaults: Defaults, classes: Sequence[tuple[str, float]]
) -> list[tuple[float, str]]:
    """Each candidate's score by the steps of the symptom classes, with the class that gave it."""
    there = {(c.task.tool, c.role) for c in options}
    best: dict[tuple[str, str], tuple[float, str]] = {}
    ways: list[tuple[str, float, Sequence[Step]]] = [(n, s, defaults.classes[n].steps) for n, s in classes]
    for name, share, steps in [*ways, ("any symptom", _ALWAYS, defaults.always)]:
        for place, step in enumerate(s for s in steps if (s.tool, s.role) in there):
            score = share * _NEXT**place
            if score > best.get((step.tool, step.role), (0.0, ""))[0]:
                best[step.tool, step.role] = (score, f"default for {name}")
    before: Counter[tuple[str, str]] = Counter()
    made = []
    for option in options:
        key = (option.task.tool, option.role)
        score, why = best.get(key, (0.0, "no default"))
        made.append((round(_DEFAULT * score * option.sure * _ANOTHER ** before[key], 4), why))
        before[key] += 1
    return made


def by_skeleton(
    scores: Sequence[tuple[float, str]],
    options: Sequence[Candidate],
    steps: Mapping[str, tuple[int, str]],
    registry: Registry,
) -> list[tuple[float, str]]:
    """The scores, with those of a runbook's steps above: `steps` has place and title by the call's key."""
    made = []
    for option, (score, why) in zip(options, scores, strict=True):
        place, title = steps.get(call_key(option.task, registry), (-1, ""))
        if place >= 0:
            score, why = round(_SKELETON * (1 - 0.01 * place), 4), f'runbook "{title}"'
        made.append((score, why))
    return made


def by_memory(options: Sequence[Candidate], past: Sequence[Recalled]) -> tuple[list[float], float]:
    """Each candidate's share of the nearest plans, by likeness, and how much memory counts."""
    total = sum(r.similarity for r in past)
    if not total:
        return [0.0] * len(options), 0.0
    shares: defaultdict[tuple[str, str], float] = defaultdict(float)
    for recalled in past:
        for place, step in enumerate(recalled.plan.path):
            shares[step.tool, step.role] += recalled.similarity / total * _LATER**place
    before: Counter[tuple[str, str]] = Counter()
    made = []
    for option in options:
        key = (option.task.tool, option.role)
        made.append(round(shares[key] * _ANOTHER ** before[key], 4))
        before[key] += 1
    return made, round(MEMORY * min(1.0, max(r.similarity for r in past) / ALIKE), 4)


def settle(
    scored: Scored, *, limit: int, question: str, situation: str, guides: Guides, llm: Llm | None
) -> Settled:
    """Take the best `limit`; the model votes on what lies around the cut, if its votes count at all."""
    share = scored.memory_weight
    base = [(1 - share) * r + share * m for r, m in zip(scored.rules, scored.memory, strict=True)]
    order = sorted(range(len(base)), key=lambda i: -round(base[i], 6))
    limit = max(0, min(limit, len(order)))
    if not limit:
        return Settled(taken=())
    weight = guides.vote_weight if llm is not None else 0.0
    voters = _open(order, base, limit) if weight and limit < len(order) else []
    choice, votes, failed = None, [0.0] * len(base), ""
    if llm is not None and len(voters) > 1:
        try:
            choice = llm.choose(
                prompt_of("next_check", situation), [scored.candidates[i].text for i in voters]
            )
        except ModelError as error:
            failed = f"the model failed: {error}"
    if choice is not None:
        sharp = np.exp((np.asarray([base[i] for i in voters]) - max(base[i] for i in voters)) / TEMPER)
        mixed = pool(list(sharp / sharp.sum()), choice.probabilities, weight)
        for i, vote in zip(voters, choice.probabilities, strict=True):
            votes[i] = round(vote, 4)
        start = order.index(voters[0])
        order[start : start + len(voters)] = [
            i for _, i in sorted(zip(mixed, voters, strict=True), key=lambda pair: -pair[0])
        ]
    shown = order[: max(MAX_OPTIONS, limit, limit + len(voters))]
    decided = Decided(
        question=question,
        options=tuple(scored.candidates[i].text for i in shown),
        rules=tuple(round(scored.rules[i], 3) for i in shown),
        memory=tuple(round(scored.memory[i], 3) for i in shown) if share else (),
        model=tuple(votes[i] for i in shown) if choice else (),
        model_weight=weight if choice else 0.0,
        weights={"rules": round(1 - share, 3), "memory": share, "model": weight if choice else 0.0},
        why=tuple(scored.why[i] for i in shown),
        note=failed or (guides.note if llm is not None and not weight else ""),
        chosen=tuple(range(limit)),
    )
    return Settled(taken=order[:limit], decided=decided if len(order) > 1 else None, choice=choice)


def _open(order: Sequence[int], base: Sequence[float], limit: int) -> list[int]:
    """The places around the cut that lie within the margin of it, in order; none where the cut is plain."""
    cut = (base[order[limit - 1]] + base[order[limit]]) / 2
    near = [n for n, i in enumerate(order) if abs(base[i] - cut) <= MARGIN]
    nearest = sorted(near, key=lambda n: abs(n - limit + 0.5))[:MAX_OPTIONS]
    around = [order[n] for n in sorted(nearest)]
    crossed = bool(near) and min(near) < limit <= max(near)
    return around if crossed else []
