"""Which component it is: what is known of each beside the others, weighed as it was learned from stacks of servers.

A pair's ledger asks how well a kind of fault explains the facts, with sizes set by hand. Who it is can be learned, and carries
over to stacks that nobody looked at: a conditional logit (McFadden 1974) over the components and `nobody`, whose features are the
strongest measurement of each group of aspects at a component and in what others measure of it, its neighbours' harm, when it
began, the rankings, and the share that the ledgers give it; logs count through that share alone. Its shares replace those of the
ledgers; the kinds of a component keep theirs. It was learned where servers have metrics and logs, and is asked there, unless
somebody times single calls.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Final

from aitia.agent.factors import Factors, bundled_factors
from aitia.agent.facts import Facts, is_harm, onset
from aitia.agent.told_alike import COMPLAINTS
from aitia.agent.topology import CALLS_FAIL
from aitia.core.aspects import CHANGE, CLUSTER
from aitia.core.words import Contribution, Evidence, Suspect

TERM: Final = "component"
GROUPS: Final[Mapping[str, str]] = {
    aspect: group
    for group, aspects in {
        "latency": "latency",
        "errors": "errors",
        "availability": "availability",
        "restart": "restart",
        "cpu": "cpu steal",
        "memory": "memory",
        "disk": "disk",
        "io": "io scans",
        "network": "network",
        "connections": "connections threads file_descriptors",
        "queue": "queue lag redeliveries retries",
        "locks": "locks",
        "traffic": "traffic",
    }.items()
    for aspect in aspects.split()
}
"""The group of an aspect; a change is `change`, what is not named `other`."""
NAMES: Final = tuple(dict.fromkeys([*GROUPS.values(), "other", "change", "probe", "silent"]))
OF_COMPONENT: Final = (
    *(f"{side}.{group}" for side in ("own", "told") for group in NAMES),
    "told.alike", "told.calls", "own.most", "own.harm", "callers.harm", "callees.harm", "twin.harm", "first", "late", "undated",
    "rank.metrics", "rank.traces", "ledgers", "ledgers.nothing",
)  # fmt: skip
"""Features of a component. `told`: what others measure of it, and (`alike`, `calls`) what the logs of several say alike.
`ledgers`: the logarithm of its share by the ledgers.
"""
OF_NOBODY: Final = ("nobody", "nobody.ledgers", "nobody.healthy", "nobody.harm", "nobody.best")
FEATURES: Final = (*OF_COMPONENT, *OF_NOBODY)

# By hand.
LEAST: Final = 1e-3  # a share below it counts as this one
FLOOR: Final = 0.03  # share that the ledgers must give to whom this may raise: where no kind fits, no culprit
SOON_S: Final = 20.0  # after the first of all onsets: began first
LATE_S: Final = 300.0  # after it: as late as counts
MEASURED: Final = 5  # components with metrics of their own, in every case that it was learned from
TOLD: Final = 25  # facts of metrics, what stayed quiet included: the same
_NONE: Final = 1e-9  # a share that has a logarithm
_MACHINERY: Final = frozenset({"machine", "part", "channel"})

Values = dict[str, float]


def bundled_culprit() -> Factors:
    """The factors by feature (0 where not named) that come with aitia, made by `benchmarks/rca/fit_culprit.py`."""
    return bundled_factors("culprit")


def is_like(facts: Facts, types: Collection[str]) -> bool:
    """Whether it is a stack like those that it was learned from: servers with metrics and logs, no machines and no objects of a
    cluster.
    """
    if _MACHINERY & set(types) or any(e.aspect in CLUSTER for e in facts.all):
        return False
    of_metrics = [
        e.component for e in facts.all if e.kind.startswith("metric.") and not e.peer and e.component
    ]
    logged = any(
        e.kind.startswith("log.") and e.component and e.values.get("reported_by", e.component) == e.component
        for e in facts.all
    )
    return logged and len(set(of_metrics)) >= MEASURED and len(of_metrics) >= TOLD


def is_asked(facts: Facts, types: Collection[str]) -> bool:
    """Whether it is asked: not where callers measure how long each callee takes, or traces do. There who is slow is measured, and
    the ledgers tell.
    """
    return is_like(facts, types) and not any(_times_calls(e) for e in facts.all)


def _times_calls(fact: Evidence) -> bool:
    between = fact.kind.startswith("metric.") and fact.aspect == "latency" and bool(fact.peer)
    return between or fact.kind.startswith("trace.")


def score(factors: Mapping[str, float], values: Values) -> float:
    """The log-odds of these features."""
    return sum(factors.get(name, 0.0) * value for name, value in values.items())


def features(
    facts: Facts, shares: Mapping[str, float], healthy: float, nobody: float
) -> tuple[dict[str, Values], Values]:
    """The features of each component of which something moved, and of `nobody`, by the shares that the ledgers give."""
    moved = {name for e in facts.anomalies for name in (e.component, e.peer)}
    names = sorted((moved | {c for c, share in shares.items() if share > LEAST}) - {""})
    harm: dict[str, float] = defaultdict(float)
    for e in facts.anomalies:
        if is_harm(e) and not _is_text(e):
            harm[e.component] = max(harm[e.component], facts.weight(e))
    began = {n: found for n in names if (found := facts.first_onset({n}, or_named=True))}
    first = min((onset(e) for e in began.values()), default=None)
    made = {name: _strongest(facts, name) for name in names}
    for name, values in made.items():
        values["own.harm"] = harm[name]
        values["callers.harm"] = max((harm[c] for c in facts.topology.callers(name)), default=0.0)
        values["callees.harm"] = max((harm[c] for c in facts.topology.callees(name)), default=0.0)
        values["twin.harm"] = min(harm[name], max((harm[c] for c in facts.topology.twins(name)), default=0.0))
        if name in began and first is not None:
            after = (onset(began[name]) - first).total_seconds()
            values |= {"first": float(after <= SOON_S), "late": min(after, LATE_S) / LATE_S}
        else:
            values["undated"] = 1.0
        share = shares.get(name, 0.0)
        values |= {"ledgers": math.log(max(share, LEAST)), "ledgers.nothing": float(share <= LEAST)}
    return made, {
        "nobody": 1.0,
        "nobody.ledgers": math.log(max(nobody, LEAST)),
        "nobody.healthy": math.log(max(healthy, LEAST)),
        "nobody.harm": max((harm[n] for n in names), default=0.0),
        "nobody.best": math.log(max(*shares.values(), LEAST) if shares else LEAST),
    }


def _strongest(facts: Facts, name: str) -> Values:
    """The strongest fact of each group, at the component itself and in what others say of it; and what rankings say."""
    found: dict[str, float] = defaultdict(float)
    for e in facts.all:
        if e.kind.startswith("rank"):
            if e.component == name and e.aspect in ("rank.metrics", "rank.traces"):
                found[e.aspect] = max(found[e.aspect], e.strength)
            continue
        side = _side(e, name)
        if side and not _is_text(e):
            key = f"{side}.{_group(e)}"
            found[key] = max(found[key], facts.strength(e))
    found |= _told_by_logs(facts, name)
    found["own.most"] = max((v for k, v in found.items() if k.startswith("own.")), default=0.0)
    return dict(found)


def _group(fact: Evidence) -> str:
    """The group of a fact: what a probe from outside measures of an address is how its users fare, and not how it is."""
    if fact.kind == "log.vanished":
        return "silent"
    if fact.aspect in CHANGE:
        return "change"
    return (
        "probe"
        if str(fact.values.get("metric", "")).startswith("probe_")
        else GROUPS.get(fact.aspect, "other")
    )


def _told_by_logs(facts: Facts, name: str) -> Values:
    """What several others' logs say of it alike, as strong as what the second of them says: one writer alone may be anybody."""
    calls: dict[str, float] = defaultdict(float)
    alike: dict[str, float] = defaultdict(float)
    for e in facts.anomalies:
        if not _is_text(e) or e.provenance == "client":
            continue
        writer = str(e.values.get("reported_by", e.component))
        if writer == name:
            continue
        if e.peer == name and e.aspect in CALLS_FAIL:
            calls[writer] = max(calls[writer], facts.strength(e))
        elif e.component == name and e.aspect in COMPLAINTS:
            alike[writer] = max(alike[writer], facts.strength(e))
    return {"told.calls": _second(calls), "told.alike": _second(alike)}


def _second(by_writer: Mapping[str, float]) -> float:
    ranked = sorted(by_writer.values(), reverse=True)
    return ranked[1] if len(ranked) > 1 else 0.0


def _is_text(fact: Evidence) -> bool:
    """Whether it is words that somebody wrote. They convict by the rules of the ledgers alone: read here, a line that an attacker
    planted at another component made it the cause in 10 of 78.
    """
    return fact.kind.startswith("log.") and fact.kind != "log.vanished"


def _side(fact: Evidence, name: str) -> str:
    if fact.direction in ("steady", "none") and fact.aspect not in CHANGE:
        return ""
    if fact.component == name:
        return "" if fact.peer else "own"
    return "told" if fact.peer == name else ""


def shared_anew(
    facts: Facts,
    suspects: Sequence[Suspect],
    barred: Collection[tuple[str, str]],
    factors: Mapping[str, float],
) -> list[Suspect]:
    """The suspects with one more line each: what makes their component's share that which was learned.

    Shares are of pairs that may be the verdict. Components below `FLOOR` and barred pairs keep what they had beside
    `unknown` and `healthy`, with which they share what is nobody's.
    """
    open_ = [s for s in suspects if s.component and (s.component, s.fault) not in barred]
    held: dict[str, float] = defaultdict(float)
    for s in open_:
        held[s.component] += s.probability
    raised = {c for c, share in held.items() if share >= FLOOR}
    if not raised:
        return list(suspects)
    healthy = next(s.probability for s in suspects if not s.component and s.fault == "healthy")
    of_components, of_nobody = features(facts, held, healthy, max(0.0, 1.0 - sum(held.values())))
    said = {n: _of_persons(open_, n) for n in of_components}
    share = _learned(factors, of_components, of_nobody, said)
    others = 1.0 - sum(share[c] for c in raised)
    rest = 1.0 - sum(held[c] for c in raised)
    mine = {
        c: math.log(share[c] / held[c]) - math.log(max(others, _NONE) / max(rest, _NONE))
        for c in sorted(raised)
    }
    why = {c: _why(factors, of_components, c, up=mine[c] > 0) for c in mine}
    return [
        _with_line(s, mine[s.component], why[s.component])
        if s.component in mine and (s.component, s.fault) not in barred
        else s
        for s in suspects
    ]


def _learned(
    factors: Mapping[str, float],
    of_components: Mapping[str, Values],
    of_nobody: Values,
    said: Mapping[str, float],
) -> dict[str, float]:
    """The share of each component beside the others and nobody; `said`: log-odds of what persons said of it."""
    scores = {n: score(factors, v) + said[n] for n, v in of_components.items()}
    nobody = score(factors, of_nobody)
    high = max(nobody, *scores.values())
    total = math.exp(nobody - high) + sum(math.exp(v - high) for v in scores.values())
    return {n: max(math.exp(v - high) / total, _NONE) for n, v in scores.items()}


def _of_persons(pairs: Sequence[Suspect], component: str) -> float:
    """What persons said of a component counts whole, beside what was learned of stacks."""
    of = [s for s in pairs if s.component == component]
    best = max(of, key=lambda s: s.score, default=None)
    return sum(c.log_odds for c in best.ledger if c.term.startswith(("learned.", "person."))) if best else 0.0


def _with_line(suspect: Suspect, log_odds: float, why: str) -> Suspect:
    line = Contribution(evidence="", log_odds=round(log_odds, 3), why=why, term=TERM)
    return suspect.model_copy(
        update={"score": round(suspect.score + line.log_odds, 3), "ledger": (*suspect.ledger, line)}
    )


def _why(factors: Mapping[str, float], every: Mapping[str, Values], component: str, *, up: bool) -> str:
    """The two features by which it differs most from the average of all, in the direction of the line."""
    mean: dict[str, float] = defaultdict(float)
    for values in every.values():
        for name, value in values.items():
            mean[name] += value / len(every)
    mine = every[component]
    told = {n: factors.get(n, 0.0) * (mine.get(n, 0.0) - mean[n]) * (1 if up else -1) for n in OF_COMPONENT}
    best = [n for n in sorted(told, key=lambda n: -told[n])[:2] if told[n] > 0]
    words = " and ".join(_words(n) for n in best)
    return f"compared with the other components{': ' + words if words else ''}"


def _words(name: str) -> str:
    side, _, group = name.partition(".")
    plain = {
        "own.most": "its strongest fact", "own.harm": "its own harm", "callers.harm": "harm at its callers",
        "callees.harm": "harm at what it calls", "twin.harm": "harm at its replica",
        "own.probe": "probes of it", "own.silent": "the silence of its log",
        "told.alike": "what several logs say of it", "told.calls": "calls to it that several logs say failed",
        "first": "when it began", "late": "when it began",
        "undated": "when it began", "rank.metrics": "the ranking by metrics", "rank.traces": "the ranking by traces",
        "ledgers": "the kinds of fault that fit it", "ledgers.nothing": "the kinds of fault that fit it",
    }  # fmt: skip
    if name in plain:
        return plain[name]
    return f"its own {group}" if side == "own" else f"{group} told by others"
