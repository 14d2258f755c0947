"""Stacks of servers judged in stages: who complains of whom, since when and by which mechanism, beside the ledgers' shares.

A ledger adds up what fits a kind of fault; where somebody relays what fails behind him, the loudest wins, and a component that
is well by its own measurements is no suspect at all. Here the complaints are traced first: when it began, by discrete signs
(`scene`); who complains and calls nobody who complains himself; what these call together; who of two replicas is well; what was
changed, went down or ran full in these seconds; what its own measurements exclude; what sort of server it is (`roles`); and which
mechanism the lines of protocols name (`mechanisms`). The log-odds of these features, and how much the ledgers' own shares count
beside them, are learned from stacks of the lab (`benchmarks/rca/fit_staged.py`). Words of a line count where a counter or a state
of their author bears them out, and never where a client could have written them. Where the ledgers are sure, nobody asks.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Final

from aitia.agent.factors import Factors, bundled_factors
from aitia.agent.staged.features import Staged
from aitia.agent.staged.scene import NEAR_S, Scene
from aitia.agent.staged.tables import FEATURES, KIND, KINDS, WORDS, Row
from aitia.agent.witness_table import BY_LOGS, SERVES
from aitia.core.words import Contribution, Suspect

TERM: Final = "staged"
OF_KIND, OF_COMPONENT, NOBODYS, OPEN, UNREAD = (
    "share.kind",
    "share.component",
    "share.nobody",
    "open",
    "kind.unread",
)
ALL: Final = (*FEATURES, OF_KIND, OF_COMPONENT, NOBODYS, UNREAD, OPEN)
"""Features of a pair: those of the stages, the logarithms of the ledgers' shares (of its component, of the pair in it, of
nobody), and whether no stage knows its kind."""
SURE: Final = 0.8  # the ledgers' share of a component, before what persons said, from which on the stages are not asked; by hand
HEARSAY: Final = 1.5  # log-odds that words add at most to a component to which nothing else points; by hand
LEAST_KIND, NO_KIND, LEAST, LEAST_NOBODY = math.exp(-4.0), 0.05, 3e-3, 1e-2  # shares below count as these
ADDED: Final = 0.03  # a pair that no ledger has becomes a suspect from this share on
CITED: Final = 0.1
INVOLVED: Final = (
    "common", "single", "beyond", "named", "labelled", "labelled_slow", "bottom", "replica_out", "emits", "change", "down",
    "exit", "hung", "wall", "stalled", "flood", "unobserved", "withheld",
)  # fmt: skip
"""What makes a component one of which pairs are added: however many others there are, they take nothing away."""
DARK: Final = "no telemetry of its own"
SOFT: Final = (BY_LOGS, SERVES)
"""Bars of one who shows nothing itself, as who was changed and now refuses what others send."""
_NOBODY: Final = ("", "")
Pair = tuple[str, str]


def bundled_staged() -> Factors:
    """The log-odds by feature that come with aitia, made by `benchmarks/rca/fit_staged.py`."""
    return bundled_factors("staged")


def values_of(
    suspects: Sequence[Suspect], bars: Mapping[Pair, str], scene: Scene, asked: Collection[str] = ()
) -> dict[Pair, Row]:
    """The features of each pair that may be the verdict, those that no ledger has among them (of components that are `asked` for
    or that something points to), and of nobody ("", "").
    """
    rows = Staged(scene).rows()
    open_ = [s for s in suspects if s.component and (s.component, s.fault) not in bars]
    shares: dict[str, float] = defaultdict(float)
    for s in open_:
        shares[s.component] += s.probability
    made: dict[Pair, Row] = {}
    for s in open_:
        of_kind = max(s.probability / max(shares[s.component], 1e-3), LEAST_KIND)
        made[s.component, s.fault] = _row(rows, s) | _shares(of_kind, shares[s.component])
    barred = {c for (c, _), why in bars.items() if why != DARK}
    barred |= {c for (c, _), why in bars.items() if why == DARK and scene.callees(c)}  # it may lie behind it
    barred |= {c for c in scene.names if c not in scene.seen and scene.callees(c)}
    kinds: dict[str, set[str]] = defaultdict(set)
    for s in suspects:
        kinds[s.component].add(s.fault)
    for (c, kind), row in rows.items():
        known = any(_near(kind, f) for f in kinds[c])
        if c and c not in barred and not known and (c in asked or any(row.get(n) for n in INVOLVED)):
            of_kind = LEAST_KIND if shares[c] > 0 else NO_KIND
            made[c, kind] = row | _shares(of_kind, shares[c])
    nobody = sum(s.probability for s in suspects if not s.component)
    made[_NOBODY] = rows[_NOBODY] | {NOBODYS: math.log(max(nobody, LEAST_NOBODY))}
    return made


def freed(scene: Scene, bars: Mapping[Pair, str]) -> dict[Pair, str]:
    """The bars without those that only say that a component shows nothing itself, where it was changed in the seconds before and
    those that complain call it.
    """
    staged = Staged(scene)
    soft = {c for (c, _), why in bars.items() if why.startswith(SOFT) and scene.change_before(c)[0] <= NEAR_S}
    free = {c for c in soft if (place := staged.place(c))["change"] and not place["change_far"]}
    return {pair: why for pair, why in bars.items() if pair[0] not in free or not why.startswith(SOFT)}


def restaged(
    scene: Scene,
    suspects: Sequence[Suspect],
    bars: Mapping[Pair, str],
    factors: Mapping[str, float],
    ledger_of: Callable[[str, str], Suspect | None],
) -> list[Suspect]:
    """The suspects with one line each that makes its share the learned one, and pairs that no ledger has where their share is
    worth it: with what `ledger_of` finds for and against them, None where something bars them. Pairs that cannot be the verdict
    stay where they are beside `unknown`; what persons said counts whole.
    """
    bare = {(s.component, s.fault): s.score - _of_persons(s) for s in suspects}
    sure: dict[str, float] = defaultdict(float)
    whole = _log_sum(list(bare.values()))
    for (c, fault), score in bare.items():
        if c and (c, fault) not in bars:
            sure[c] += math.exp(score - whole)
    if max(sure.values(), default=0.0) >= SURE:
        return list(suspects)
    values = values_of(suspects, bars, scene)
    odds = {pair: _odds(row, factors) for pair, row in values.items()}
    hearsay = {c for c, _ in values if c and not scene.stands(c)}
    if hearsay:
        mute = values_of(suspects, bars, Scene(scene.facts, words=False), hearsay)
        for c in hearsay:
            own = [p for p in values if p[0] == c]
            most = (
                _log_sum([_odds(mute[p], factors) for p in own if p in mute] or [math.log(LEAST)]) + HEARSAY
            )
            over = max(0.0, _log_sum([odds[p] for p in own]) - most)
            odds |= {p: odds[p] - over for p in own}
    held = math.log(max(sum(s.probability for s in suspects if not s.component), LEAST_NOBODY))
    total, all_ = _log_sum([s.score for s in suspects]), _log_sum(list(odds.values()))
    known = {(s.component, s.fault) for s in suspects}
    added: list[Suspect] = []
    left = [odds[_NOBODY]]  # what is too little to be a suspect, or what something bars, is nobody's
    for pair, score in odds.items():
        if pair == _NOBODY or pair in known:
            continue
        found = ledger_of(*pair) if math.exp(score - all_) >= ADDED else None
        if found is None:
            left.append(score)
            continue
        cited = _citing(found, scene)
        line = total + score + _of_persons(found) - cited.score
        added.append(_with(cited, line, _why(values[pair], factors, up=True)))
    of_nobody = _log_sum(left) - held
    made = []
    for s in suspects:
        pair = (s.component, s.fault)
        if pair not in values:
            made.append(_with(s, of_nobody, "no cause that is named, beside the stages of the others"))
            continue
        said = (1.0 - factors.get(OF_COMPONENT, 0.0)) * _of_persons(s)
        line = odds[pair] + said - (s.score - total)
        made.append(_with(s, line, _why(values[pair], factors, up=odds[pair] > of_nobody)))
    return made + added


def _of_persons(suspect: Suspect) -> float:
    """What persons said of it, or of earlier ones like it."""
    return sum(c.log_odds for c in suspect.ledger if c.term.startswith(("learned.", "person.")))


def _citing(suspect: Suspect, scene: Scene) -> Suspect:
    """A pair that no ledger had, with the facts that its stages rest on, a tenth of a unit each."""
    lines = [
        Contribution(evidence=e, log_odds=CITED, why=told, term=TERM)
        for e, told in scene.cited(suspect.component)
    ]
    score = round(suspect.score + CITED * len(lines), 3)
    return suspect.model_copy(update={"score": score, "ledger": (*suspect.ledger, *lines)})


def _shares(of_kind: float, of_component: float) -> Row:
    return {OF_KIND: math.log(of_kind), OF_COMPONENT: math.log(max(of_component, LEAST))}


def _near(kind: str, fault: str) -> bool:
    return fault == kind or fault.startswith(kind + ".") or kind.startswith(fault + ".")


def _odds(row: Row, factors: Mapping[str, float]) -> float:
    return sum(factors.get(n, 0.0) * v for n, v in row.items())


def _row(rows: Mapping[Pair, Row], suspect: Suspect) -> Row:
    """The row of its kind, of the nearest one, or of its place alone."""
    component, fault = suspect.component, suspect.fault
    near = next((k for k in KINDS if _near(k, fault)), "")
    if near and (component, near) in rows:
        return rows[component, near]
    place = {n: v for n, v in rows.get((component, KINDS[0]), {}).items() if n not in KIND}
    return place | {UNREAD: 1.0, OPEN: float(fault == "unspecified")}


def _with(suspect: Suspect, log_odds: float, why: str) -> Suspect:
    line = Contribution(evidence="", log_odds=round(log_odds, 3), why=why, term=TERM)
    return suspect.model_copy(
        update={"score": round(suspect.score + line.log_odds, 3), "ledger": (*suspect.ledger, line)}
    )


def _why(row: Row, factors: Mapping[str, float], *, up: bool) -> str:
    told = {n: factors.get(n, 0.0) * v * (1 if up else -1) for n, v in row.items() if n in WORDS}
    best = [n for n in sorted(told, key=lambda n: -told[n])[:2] if told[n] > 0]
    return f"traced by who complains of whom{': ' + ' and '.join(WORDS[n] for n in best) if best else ''}"


def _log_sum(scores: Sequence[float]) -> float:
    high = max(scores)
    return high + math.log(sum(math.exp(s - high) for s in scores))
