"""A suspect of the ranking as evidence: the sentence, its values, and where its weightiest series is read again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from aitia.core.words import Evidence, Scalar, SourceRef, Window, from_epoch
from aitia.tools.rank.blame import Sign
from aitia.tools.rank.combine import Ranked
from aitia.tools.rank.target import Target
from aitia.tools.series.metric_facts import subject
from aitia.tools.series.numbers import sig3, text
from aitia.tools.series.rates import step_of

_ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")
_EXTRA = {"errors": "failures", "latency": "latency"}


@dataclass(frozen=True, kw_only=True)
class Found:
    """What the sentences need beside a suspect: how many were ranked, who calls whom, which of them moved."""

    measured: int
    named: frozenset[str]  # all of which there are metrics
    graph: Mapping[str, Sequence[str]]
    moved: frozenset[str]
    target: Target | None
    method: str
    window: Window
    source: str
    query: str


def suspect_fact(one: Ranked, rank: int, found: Found) -> Evidence:
    """One suspect as a `rank.suspect` fact. It is a ranking's word: neither symptom nor cause by itself."""
    sign = first_sign(one)
    onset = onset_of(sign)
    values: dict[str, Scalar] = {
        "rank": rank,
        "of": found.measured,
        "score": sig3(one.score),
        "method": found.method,
        "target": found.target.component if found.target else "",
    }
    reasons = [*_account(one, found.target, values), *_sign(one, sign, values)]
    reasons += _callees(found.graph.get(one.component, ()), found)
    return Evidence(
        component=one.component,
        kind="rank.suspect",
        aspect="rank.metrics",
        statement=f"{one.component} ranks {_ORDINALS[rank - 1]} of {found.measured} components by their metrics:"
        f" {'; '.join(reasons) or 'by its score alone'}.",
        values=values,
        window=found.window,
        onset=from_epoch(onset[0]) if onset else None,
        onset_error_s=sig3(onset[1]) if onset else 0.0,
        direction="none",
        strength=round(min(1.0, one.share), 3),
        source=SourceRef(
            source=sign.row.of.source if sign else found.source,
            query=sign.row.of.query if sign else found.query,
        ),
    )


def _callees(called: Sequence[str], found: Found) -> list[str]:
    """That what it calls did not change, and of which callee nothing is known."""
    if not called or found.moved.intersection(called):
        return []
    unmeasured = sorted(set(called) - found.named)
    if not unmeasured:
        return ["nothing that it calls changed"]
    calm = sorted(found.named.intersection(called))
    told = [f"{_listed(calm)}, which it calls, did not change"] if calm else []
    verb = "sends" if len(unmeasured) == 1 else "send"
    return [*told, f"{_listed(unmeasured)}, which it{' also' * bool(calm)} calls, {verb} no metrics"]


def _listed(names: Sequence[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def _account(one: Ranked, target: Target | None, values: dict[str, Scalar]) -> list[str]:
    if one.account is None or target is None:
        return []
    share = values["share_percent"] = sig3(100.0 * one.account.share)
    extra = _EXTRA.get(target.aspect, target.aspect)
    whose = "" if one.component == target.component else f" of {target.component}"
    return [f"it accounts for {text(share)} % of the extra {extra}{whose}"]


def _sign(one: Ranked, sign: Sign | None, values: dict[str, Scalar]) -> list[str]:
    if sign is None:
        return []
    off = sig3(sign.move.z)
    values |= {"metric": sign.row.of.metric, "deviations": off}
    seen = f"its {subject(sign.row.of)}"
    if sign.row.component != one.component:
        seen = f"{subject(sign.row.of)} as measured by {sign.row.component}"
    return [f"{seen}: {text(off)} robust deviations from normal"]


def first_sign(one: Ranked) -> Sign | None:
    """The weightiest moved series that speaks of a suspect."""
    return one.blame.signs[0] if one.blame and one.blame.signs else None


def onset_of(sign: Sign | None) -> tuple[float, float] | None:
    """When the weightiest sign began (epoch seconds) and how uncertain that is, in seconds."""
    if sign is None:
        return None
    t = sign.row.t_now
    return float(t[min(sign.move.first, t.size - 1)]), step_of(t) * max(1, sign.row.of.smooth)
