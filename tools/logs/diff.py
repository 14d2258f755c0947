"""Which log templates are new, surging or gone between the baselines and the incident window."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from aitia.core.home import aitia_home
from aitia.core.redact import Redactor, load_key
from aitia.core.words import Evidence, Result, SourceKind, Window
from aitia.tools.change.counts import adjust, dispersion, exact_p
from aitia.tools.logs.access import as_before, failing_share, slower
from aitia.tools.logs.calls import calls
from aitia.tools.logs.constant import constant
from aitia.tools.logs.count import Count
from aitia.tools.logs.facts import ALPHA, MIN_RATIO, Change, Finding, distinct, evidence, quiet
from aitia.tools.logs.heard import all_mined, listen
from aitia.tools.logs.mine import CELLS, Mined, mine
from aitia.tools.logs.outside import one_name
from aitia.tools.logs.planted import planted
from aitia.tools.logs.pools import pools
from aitia.tools.logs.provider_levels import far_from, stated
from aitia.tools.logs.silence import ended, silence
from aitia.tools.logs.standing import standing
from aitia.tools.logs.values import inside
from aitia.tools.registry import ToolContext, tool
from aitia.tools.text.classes import Meaning
from aitia.tools.text.headers.levels import RANK
from aitia.tools.text.names import Names, known
from aitia.tools.text.streams import spans, streams

OTHERS = (
    2  # components of which lines of the baseline were read, from which on logs go back that far; by hand
)
_TELL_CALLS: Final[tuple[SourceKind, ...]] = (
    "metrics",
    "traces",
)  # where they are at hand, they tell who calls whom
_MEASURE: Final[tuple[SourceKind, ...]] = ("metrics", "traces", "cluster", "signals")
PER_COMPONENT = 8
QUIET_ANYWAY = 0.35  # facts up to this strength leave a component quiet


@tool(needs=("logs",), produces=("templates",))
def logs_diff(ctx: ToolContext, *, component: str = "") -> Result:
    """Which log templates are new, more frequent or gone in the incident window."""
    window, baselines = spans(ctx)
    names = known(ctx)
    if component:
        ((name, sources),) = streams(ctx, component).items()
        mined, problems = [mine(name, sources, window, baselines, names)], list[str]()
    else:
        mined, problems = all_mined(ctx)
    mined = [listen(ctx, m) for m in mined]
    notes = [*problems, *(note for m in mined for note in m.notes)]
    if not any(m.lines or m.old_lines for m in mined):
        return _nothing(mined, window, notes)
    # Whose past nobody read: whether that of others was read is then asked of all.
    beside = mined if all(m.old_lines for m in mined) else all_mined(ctx)[0]
    covered = sum(bool(m.old_lines) for m in beside) >= OTHERS
    alone = not ctx.inventory.has_any(*_MEASURE)
    facts = _facts(mined, findings(mined, covered=covered), window, names, alone=alone)
    if not component and not ctx.inventory.has_any(*_TELL_CALLS):
        told = calls(mined, window, names)
        facts = [*facts[: max(0, ctx.limits.evidence - len(told))], *told]
    return Result(
        status="ok" if facts else "no_data",
        message=_message(mined, notes, facts),
        query=", ".join(f.path.name for m in mined for f in m.files)[:400],
        evidence=tuple(facts[: ctx.limits.evidence]),
        data={
            "templates": [
                {k: e.values[k] for k in ("template", "count_window", "count_baseline") if k in e.values}
                | {"component": e.component, "kind": e.kind, "aspect": e.aspect}
                for e in facts
                if "template" in e.values
            ]
        },
    )


def findings(mined: Sequence[Mined], *, covered: bool = False) -> list[Finding]:
    """All changes that matter, tested together so that the false-discovery rate holds over all templates.

    covered  whether lines of the baselines were read, of these or of other components
    """
    pairs = [(m, c) for m in mined for c in m.counts]
    if not pairs:
        return []
    p = np.array([_p(m, c) for m, c in pairs])
    q = adjust(p)
    out = []
    for (m, c), p_one, q_one in zip(pairs, p, q, strict=True):
        if (change := _change(m, c, float(q_one))) is not None:
            out.append(_finding(m, c, change, float(p_one), float(q_one), covered=covered))
    return out


def _p(m: Mined, c: Count) -> float:
    total = m.exposure + m.old_exposure
    if not m.old_exposure or not m.exposure:
        return 1.0
    phi = dispersion(c.old_cells, round(CELLS * m.old_exposure / m.exposure))
    before, after = np.array([c.before / phi]), np.array([c.window / phi])
    return float(exact_p(before, after, m.exposure / total)[0])


def _change(m: Mined, c: Count, q: float) -> Change | None:
    if not c.before and c.window:
        bad = meaning_of(m, c)
        significant = q < ALPHA or bad.bad or bad.aspect == "log.restart" or m.events
        return "new" if significant else None
    ratio = _ratio(m, c)
    if q >= ALPHA:
        return None
    if not c.window:
        return "vanished"
    return "surge" if ratio >= MIN_RATIO else None


def meaning_of(m: Mined, c: Count) -> Meaning:
    """What a template means; of a provider's event also by the level that it states."""
    plain = not c.meaning.bad or c.meaning.aspect in ("log.error", "log.other")
    if m.events and plain and (aspect := stated(c.text)):
        return Meaning(aspect=aspect, severity="error", weight=1.0)
    if m.events and far_from(
        c.text, c.meaning.aspect
    ):  # "low storage: 99 of 200 GB remaining" is no full disk
        return Meaning(aspect="log.other", severity=c.meaning.severity, weight=0.25)
    return c.meaning


def _ratio(m: Mined, c: Count) -> float:
    """Of the rates; where the baseline has none, against the one occurrence that it may just have missed."""
    if not m.exposure or not m.old_exposure:
        return float(c.window)
    return (c.window / m.exposure) / (max(c.before, 1) / m.old_exposure)


def _finding(m: Mined, c: Count, change: Change, p: float, q: float, *, covered: bool) -> Finding:
    rate = c.window / m.exposure if m.exposure else 0.0
    fades = len(m.exposures) > 1 and any(
        n / seconds >= 0.67 * rate for n, seconds in zip(c.baseline, m.exposures, strict=True) if seconds > 60
    )
    return Finding(
        mined=m,
        count=c,
        change=change,
        meaning=meaning_of(m, c),
        p=p,
        q=q,
        ratio=_ratio(m, c),
        load=_load(m),
        fades=fades,
        begins="" if change != "new" or m.old_lines or m.events else "beside others" if covered else "alone",
        expected_new=_expected_new(m),
    )


def _load(m: Mined) -> float:
    """How the component's ordinary lines (not warnings or errors) changed in rate."""
    ordinary = [c for c in m.counts if RANK[c.level] < RANK["warning"] and c.before]
    before, after = sum(c.before for c in ordinary), sum(c.window for c in ordinary)
    if before < 10 or not m.exposure:
        return 1.0
    return (after / m.exposure) / (before / m.old_exposure)


def _all_load(mined: Sequence[Mined]) -> float:
    """How much all components log together in relation to the baseline, at least a quarter and at most as much."""
    before = sum(m.old_lines / m.old_exposure for m in mined if m.old_exposure)
    after = sum(m.lines / m.exposure for m in mined if m.exposure)
    return min(1.0, max(0.25, after / before)) if before else 1.0


def _expected_new(m: Mined) -> float:
    """Good-Turing: error templates seen once in the baseline tell how many unseen ones a window brings by itself."""
    once = sum(1 for c in m.counts if c.before == 1 and RANK[c.level] >= RANK["warning"])
    return once * m.exposure / m.old_exposure if m.old_exposure else 0.0


def _facts(
    mined: Sequence[Mined], found: Sequence[Finding], window: Window, names: Names, *, alone: bool
) -> list[Evidence]:
    redactor = Redactor(load_key(aitia_home()))
    out: list[Evidence] = []
    load = _all_load(mined)
    for m in mined:
        own = [f for f in found if f.mined is m]
        own.sort(key=lambda f: (-f.strength, -f.count.window, _first_at(f), f.count.template.text))
        kept = distinct(own)[:PER_COMPONENT]
        out += [evidence(f, window, names, redactor, alone=alone) for f in kept]
        out += inside(m, window, names, redactor)
        out += pools(m, window, redactor)
        out += planted(m, window, redactor)
        out += standing(m, own, window, names, redactor) if alone else []
        out += [
            fact
            for fact in (
                failing_share(m, window),
                silence(m, window, load=load, end=ended(m, mined, window)),
                constant(m, own, window, names, redactor),
                quiet(m, own, window),
            )
            if fact is not None
        ]
        if m.files:
            known_ones = {via: took for via, took in m.took.items() if not via or via in names.alias.values()}
            durations = m.component, known_ones, window, m.reference("response times")
            out += [*slower(*durations), *as_before(*durations)]
    out = one_name(_contradicted(out), names)
    out.sort(key=lambda e: (-e.strength, e.component, e.kind, e.statement))
    return out


def _contradicted(facts: Sequence[Evidence]) -> list[Evidence]:
    """Without the quiet of components that others report on, that restarted, or that fell silent."""
    news = ("log.new", "log.surge", "log.vanished", "log.standing")
    loud = {e.component for e in facts if e.kind in news and e.strength > QUIET_ANYWAY}
    return [e for e in facts if e.kind != "log.quiet" or e.component not in loud]


def _first_at(f: Finding) -> float:
    return f.count.record.at if f.count.record else 0.0


def _message(mined: Sequence[Mined], notes: Sequence[str], facts: Sequence[Evidence]) -> str:
    parts = list(notes)
    if cut := sorted(m.component for m in mined if min(m.shares) < 1):
        parts.append(f"only sampled, because their logs are large: {', '.join(cut)}")
    if not facts:
        lines = sum(m.lines for m in mined)
        parts.append(
            f"no template changed, but there are too few lines to call it quiet ({lines} lines in the window)"
        )
    return "; ".join(parts)


def _nothing(mined: Sequence[Mined], window: Window, notes: Sequence[str]) -> Result:
    seen = [f.path.name for m in mined for f in m.files]
    hint = (
        f"There are no log lines between the baselines' start and {window.end:%Y-%m-%d %H:%M:%S} UTC "
        f"in {', '.join(seen[:5]) or 'the log files'}. Fix the window, or set options.timezone of the "
        "source if its clock is not UTC."
    )
    return Result(status="no_data", message="; ".join([hint, *notes]))
