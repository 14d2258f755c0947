"""Who it is where logs are all that there is: what is known of each service beside the others, weighed as it was learned.

A pair's ledger asks how well a kind of fault explains what was logged, and a kind that one line tells plainly loses to `unknown`
for want of measurements. Who it is was therefore learned of incidents told from logs alone, as it was of stacks of servers
(`agent.culprit`): a conditional logit over the services of which something is told, and `nobody`. What a service says of itself
counts by what it is of (a full disk is a cause, a timeout is suffered), what others say of it by the second who says it, and
where it stands by the calls that the logs tell of. Replicas are one service. One writer alone convicts nobody (`witnessed`).
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Final

from aitia.agent.culprit import Values
from aitia.agent.factors import Factors, bundled_factors
from aitia.agent.facts import Facts
from aitia.agent.replicas import service, without_journal
from aitia.agent.told_by_logs import ERRORS, HARD, SOFT, SOON_S, SUFFERED, Told, kind_of, whose
from aitia.core.aspects import CHANGE, CLUSTER
from aitia.core.words import Contribution, Evidence, Suspect

TERM: Final = "component"
OF_SERVICE: Final = (
    "own.hard", "own.soft", "own.error", "own.suffered", "own.silent", "own.change", "own.read", "peer.read",
    "client.read", "blames", "told", "told.second", "passes",
    "standing", "standing.soft", "standing.told", "standing.suffered",
    "first", "late", "hard.first", "hard.after", "alarmed", "above", "below", "ledgers", "ledgers.nothing",
)  # fmt: skip
OF_NOBODY: Final = ("nobody", "nobody.harm", "nobody.hard", "nobody.told")
FEATURES: Final = (*OF_SERVICE, *OF_NOBODY)

# By hand.
LEAST: Final = 1e-3  # a share below it counts as this one
LATE_S: Final = 300.0  # after it: as late as counts
OTHERS: Final = 2  # services that suffer after it, from which on one that nobody names may be the cause
PLAINER: Final = 1.2  # log-odds of a kind that its own log tells, before those by what others feel
ALONE: Final = "no log but its own tells of it"
_NONE: Final = 1e-9


def bundled_of_logs() -> Factors:
    """The factors by feature (0 where not named) that come with aitia, made by `benchmarks/rca/fit_of_logs.py`."""
    return bundled_factors("of_logs")


def is_asked(facts: Facts, types: Collection[str]) -> bool:
    """Whether nothing but logs tells of anybody, and these are servers' logs."""
    machines = {"machine", "part", "channel"} & set(types)
    return facts.logs_alone and not machines and not any(e.aspect in CLUSTER for e in facts.all)


def features(told: Told, shares: Mapping[str, float]) -> tuple[dict[str, Values], Values]:
    """The features of each service of which trouble or a change is told, and of `nobody`, by the ledgers' shares of services."""
    said = (told.own, told.others, told.standing, told.standing_of)
    names = sorted(s for s in told.members if any(of[s] for of in said) or shares.get(s, 0.0) > LEAST)
    made = {name: _of_service(told, name, shares.get(name, 0.0)) for name in names}
    harm = (e for es in told.own.values() for e in es if e.aspect not in CHANGE)
    return made, {
        "nobody": 1.0,
        "nobody.harm": _most(told, harm),
        "nobody.hard": max((v["own.hard"] for v in made.values()), default=0.0),
        "nobody.told": max((v["told"] for v in made.values()), default=0.0),
    }


def _of_service(told: Told, name: str, share: float) -> Values:
    own = [e for e in told.own[name] if not e.peer]
    stood = [e for e in told.standing[name] if not e.peer or service(e.peer) == name]
    hard = told.strongest(name, HARD)
    others = [e for e in told.others[name].values() if e.aspect not in CHANGE]
    beside = sorted((told.facts.strength(e) for e in others), reverse=True)
    first = told.first_of(name)
    late = (first - told.begun).total_seconds() if first and told.begun else LATE_S
    called = (e for c in told.below(name) for e in [*told.own[c], *told.others[c].values()])
    changed = (e for e in told.facts.all if e.aspect in CHANGE and service(e.component) == name)
    read = [e for e in told.own[name] if e.aspect not in CHANGE and "whose" in e.values]
    suffered = _most(
        told, (e for e in told.own[name] if kind_of(e) in SUFFERED or (e.peer and service(e.peer) != name))
    )
    return {
        "own.hard": told.facts.strength(hard) if hard else 0.0,
        "own.soft": _most(told, (e for e in own if kind_of(e) in SOFT)),
        "own.error": _most(told, (e for e in own if kind_of(e) in ERRORS)),
        "own.suffered": _most(told, (e for e in own if kind_of(e) in SUFFERED)),
        "own.silent": _most(told, (e for e in own if e.kind == "log.vanished")),
        "own.change": _most(told, changed),
        "own.read": max((told.facts.strength(e) * whose(e, "own", "host") for e in read), default=0.0),
        "peer.read": max((told.facts.strength(e) * whose(e, "peer") for e in read), default=0.0),
        "client.read": max((told.facts.strength(e) * whose(e, "client") for e in read), default=0.0),
        "blames": _most(told, (e for e in told.own[name] if e.peer and service(e.peer) != name)),
        "told": beside[0] if beside else 0.0,
        "passes": min(beside[0] if beside else 0.0, suffered),
        "told.second": beside[1] if len(beside) > 1 else 0.0,
        "standing": _most(told, (e for e in stood if kind_of(e) in HARD)),
        "standing.soft": _most(told, (e for e in stood if kind_of(e) in SOFT | ERRORS)),
        "standing.suffered": _most(told, (e for e in stood if kind_of(e) in SUFFERED)),
        "standing.told": _most(told, told.standing_of[name].values()),
        "first": float(late <= SOON_S),
        "late": min(max(late, 0.0), LATE_S) / LATE_S,
        "hard.first": _precedes(told, name, hard, linked=True),
        "hard.after": _precedes(told, name, hard, linked=False),
        "alarmed": float(name in {service(a) for a in told.facts.alarmed}),
        "above": len(told.above(name) & set(told.troubled)) / max(1, len(set(told.troubled) - {name})),
        "below": _most(told, (e for e in called if e.aspect not in CHANGE)),
        "ledgers": math.log(max(share, LEAST)),
        "ledgers.nothing": float(share <= LEAST),
    }


def _precedes(told: Told, name: str, cause: Evidence | None, *, linked: bool) -> float:
    return float(cause is not None and len(told.follow(name, cause, linked=linked)) >= OTHERS)


def _most(told: Told, facts: Iterable[Evidence]) -> float:
    return max((told.facts.strength(e) for e in facts), default=0.0)


def witnessed(told: Told, component: str) -> bool:
    """Whether a component's fault is not the word of one writer: another service or member tells of it. Without, it is never
    named.
    """
    name = service(component)
    every = {**told.standing_of[name], **told.others[name]}
    others = (e for writer, e in every.items() if writer not in told.meant[name])
    return without_journal(component) in told.by_members or any(e.aspect not in CHANGE for e in others)


def followed(told: Told, component: str) -> bool:
    """Whether several services suffer after a cause that a component's own log tells: it is suspected, no more, since else
    whoever writes a line before a fault elsewhere would be believed.
    """
    cause = told.strongest(service(component), HARD)
    return cause is not None and len(told.follow(service(component), cause, linked=False)) >= OTHERS


def bars_of_one(told: Told, pairs: Iterable[tuple[str, str]]) -> dict[tuple[str, str], str]:
    """The pairs of components of which their own log alone tells a cause, after which others suffer: suspected at most."""
    alone: dict[str, bool] = {}
    for component, _ in (pairs := list(pairs)):
        if component not in alone:
            alone[component] = followed(told, component) and not witnessed(told, component)
    return {pair: ALONE for pair in pairs if alone[pair[0]]}


def shared_of_logs(
    told: Told, suspects: Sequence[Suspect], barred: Collection[tuple[str, str]], factors: Mapping[str, float]
) -> list[Suspect]:
    """The suspects with one more line each: what makes their service's share that which was learned.

    Raised are witnessed services with a pair that may be the verdict. Of what they leave, those get theirs of which one writer
    tells a cause after which others suffer: they stay barred. Of replicas the likeliest one stands for all.
    """
    every: dict[str, float] = defaultdict(float)
    held: dict[str, float] = defaultdict(float)
    for s in suspects:
        if s.component:
            every[service(s.component)] += s.probability
            held[s.component] += s.probability
    open_ = [s for s in suspects if s.component and (s.component, s.fault) not in barred]
    shut = [
        s
        for s in suspects
        if s.component and service(s.component) not in {service(o.component) for o in open_}
    ]
    named, rest = (
        _leads(open_, lambda c: witnessed(told, c)),
        _leads(shut, lambda c: followed(told, c)),
    )
    if not named and not rest:
        return list(suspects)
    of_services, of_nobody = features(told, every)
    share = _shares(factors, {n: v for n, v in of_services.items() if n not in rest}, of_nobody)
    moved = {lead: share.get(name, _NONE) for name, lead in named.items()}
    left = max(1.0 - sum(moved.values()), _NONE)
    share = _shares(factors, of_services, of_nobody)
    moved |= {lead: left * share.get(name, _NONE) for name, lead in rest.items()}
    for s in open_:  # the others lose what they hold beyond their share, and gain nothing
        if (name := service(s.component)) not in {*named, *rest} and held[s.component] > 0:
            moved[s.component] = min(held[s.component], left * share.get(name, _NONE))
    pairs = [s for s in (*open_, *shut) if s.component in moved or service(s.component) in {*named, *rest}]
    return _moved(
        suspects, pairs, moved, _plainer(told, pairs, moved), lambda c: _why(factors, of_services, service(c))
    )


def _leads(pairs: Sequence[Suspect], taken: Callable[[str], bool]) -> dict[str, str]:
    """Of each service the likeliest component, of those that are taken."""
    held: dict[str, float] = defaultdict(float)
    for s in pairs:
        held[s.component] += s.probability
    leads: dict[str, str] = {}
    for component in sorted(held, key=lambda c: (-held[c], c)):
        if held[component] > 0 and taken(component):
            leads.setdefault(service(component), component)
    return leads


def _moved(
    suspects: Sequence[Suspect],
    pairs: Sequence[Suspect],
    shares: Mapping[str, float],
    plainer: Mapping[tuple[str, str], float],
    why: Callable[[str], str],
) -> list[Suspect]:
    """The suspects, these pairs of them with the line that gives their components these shares; 0 where none is told."""
    held: dict[str, float] = defaultdict(float)
    for s in pairs:
        held[s.component] += s.probability
    others = max(1.0 - sum(shares.values()), _NONE) / max(1.0 - sum(held.values()), _NONE)
    of = {(s.component, s.fault) for s in pairs if held[s.component] > 0}
    made = []
    for s in suspects:
        if (s.component, s.fault) not in of:
            made.append(s)
            continue
        up = math.log(max(shares.get(s.component, 0.0), _NONE) / held[s.component]) - math.log(others)
        up = round(up + plainer.get((s.component, s.fault), 0.0), 3)
        line = Contribution(evidence="", log_odds=up, why=why(s.component), term=TERM)
        made.append(s.model_copy(update={"score": round(s.score + up, 3), "ledger": (*s.ledger, line)}))
    return made


def _plainer(told: Told, pairs: Sequence[Suspect], moved: Collection[str]) -> dict[tuple[str, str], float]:
    """Log-odds that bring the kinds which a component's own log tells before those by what others feel; its share stays."""
    by_id = {e.id: e for e in told.facts.all}
    found: dict[tuple[str, str], float] = {}
    for component in moved:
        mine = [s for s in pairs if s.component == component and s.probability > 0]
        if not mine:
            continue
        plain = {
            s.fault
            for s in mine
            if any(_tells(by_id.get(c.evidence), component) for c in s.ledger if _primary(c))
        }
        raised = sum(s.probability * (math.exp(PLAINER) if s.fault in plain else 1.0) for s in mine)
        whole = math.log(raised / sum(s.probability for s in mine))
        for s in mine:
            found[component, s.fault] = (PLAINER if s.fault in plain else 0.0) - whole
    return found


def _primary(line: Contribution) -> bool:
    return line.term.startswith("primary.") and line.log_odds > 0


def _tells(fact: Evidence | None, component: str) -> bool:
    if fact is None or fact.peer or service(fact.component) != service(component):
        return False
    return fact.aspect in HARD | {"log.connection_limit"}


def _shares(
    factors: Mapping[str, float], of_services: Mapping[str, Values], of_nobody: Values
) -> dict[str, float]:
    scores = {n: sum(factors.get(k, 0.0) * v for k, v in values.items()) for n, values in of_services.items()}
    nobody = sum(factors.get(k, 0.0) * v for k, v in of_nobody.items())
    high = max([nobody, *scores.values()])
    total = math.exp(nobody - high) + sum(math.exp(v - high) for v in scores.values())
    return {n: max(math.exp(v - high) / total, _NONE) for n, v in scores.items()}


_WORDS: Final[Mapping[str, str]] = {
    "own.hard": "its log tells a cause", "own.soft": "what its log tells", "own.error": "its own errors",
    "own.suffered": "what it suffers", "own.silent": "the silence of its log", "own.change": "its change",
    "blames": "it complains of others", "own.read": "what its log tells of itself",
    "peer.read": "its log tells of another one's trouble", "client.read": "its log tells of who calls it",
    "told": "what another log says of it", "told.second": "what several logs say of it", "passes": "it passes on what it suffers",
    "standing": "a cause that its log told of before as well",
    "standing.soft": "what its log told of before as well", "standing.told": "what others told of it before as well",
    "standing.suffered": "what it suffered before as well", "first": "it began first", "late": "when it began",
    "hard.first": "who calls it suffers after it",
    "hard.after": "others suffer after it", "alarmed": "the alarm is of it", "above": "who calls it suffers",
    "below": "what it calls is in trouble", "ledgers": "the kinds of fault that fit it",
    "ledgers.nothing": "the kinds of fault that fit it",
}  # fmt: skip


def _why(factors: Mapping[str, float], every: Mapping[str, Values], name: str) -> str:
    """The two features that move it most from the average of all."""
    mine = every.get(name, {})
    mean = {f: sum(v.get(f, 0.0) for v in every.values()) / max(1, len(every)) for f in OF_SERVICE}
    moved = {f: abs(factors.get(f, 0.0) * (mine.get(f, 0.0) - mean[f])) for f in OF_SERVICE}
    best = [f for f in sorted(moved, key=lambda f: -moved[f])[:2] if moved[f] > 0]
    words = " and ".join(dict.fromkeys(_WORDS[f] for f in best))
    return f"compared with the other services{': ' + words if words else ''}"
