"""From comparisons to facts: the evidence of the trace tools and the sentences that state it."""

from __future__ import annotations

from collections import Counter
from typing import Final

from aitia.core.percent import percent
from aitia.core.redact import Redactor
from aitia.core.words import Direction, Evidence, Scalar, from_epoch
from aitia.tools.change.counts import certainty
from aitia.tools.traces.analysis import Analysis, explained
from aitia.tools.traces.behind import silent
from aitia.tools.traces.errors import Failing
from aitia.tools.traces.excess import FELT_S, Excess
from aitia.tools.traces.flow import Break
from aitia.tools.traces.gather import Compared

QUOTE: Final = 110
PASSED_ON: Final = 0.5  # of its strength counts a failure that a callee's failure explains
UNDER: Final = 0.4  # and a flow that a callee's changed flow explains


def latency_facts(a: Analysis) -> list[Evidence]:
    """Own times and ways that are slower, with their share of the time that requests take longer."""
    found, out = a.latency, []
    total = sum(found.blamed.values())
    for e in found.slow(found.own):
        out.append(_own(a.compared, e, _share(e, total)))
    for e in found.slow(found.ways):
        if e.place in found.callers:
            continue
        out.append(_way(a.compared, e, _share(e, total), _server_steady(a, e.place[1])))
    for caller in sorted(set(found.callers.values())):
        out.append(_busy(a, caller, total))
    return out


def _share(e: Excess, total: float) -> float:
    return min(1.0, e.added * e.steady / total) if total > 0 else 0.0


def _own(c: Compared, e: Excess, share: float) -> Evidence:
    name = e.place[0]
    return time_fact(
        c, e, component=name, kind="trace.latency",
        statement=f"{name}: its own time per request rose from {ms(e.old_p50)} to {ms(e.p50)} (p95 from "
        f"{ms(e.old_p95)} to {ms(e.p95)}) over {counted(e.n, 'request')}{_part(share)}.",
        values={"share": sig(share)},
    )  # fmt: skip


def _way(c: Compared, e: Excess, share: float, steady: bool) -> Evidence:
    caller, callee = e.place
    but = f"; {callee} itself answered as fast as before" if steady else ""
    return time_fact(
        c, e, component=caller, peer=callee, kind="trace.path",
        statement=f"{caller}: its calls to {callee} spent {ms(e.p50)} in transit, before that {ms(e.old_p50)} "
        f"(p95 from {ms(e.old_p95)} to {ms(e.p95)}) over {counted(e.n, 'call')}{_part(share)}{but}.",
        values={"share": sig(share)},
    )  # fmt: skip


def _busy(a: Analysis, caller: str, total: float) -> Evidence:
    """A caller all of whose calls lose time, whoever they go to: the time is lost in the caller."""
    e = a.latency.busy[caller]
    callees = sorted(way[1] for way, by in a.latency.callers.items() if by == caller)
    listed = f"{len(callees)} callees" if len(callees) > 3 else ", ".join(callees)
    share = min(1.0, a.latency.blamed.get(caller, 0.0) / total) if total > 0 else 0.0
    return time_fact(
        a.compared, e, component=caller, kind="trace.latency",
        statement=f"{caller}: its own work and its calls to {listed} both take longer, a median of {ms(e.p50)}, "
        f"before that {ms(e.old_p50)}, while others call them as fast as before{_part(share)}.",
        values={"share": sig(share), "callees": len(callees)},
    )  # fmt: skip


def _server_steady(a: Analysis, callee: str) -> bool:
    """Whether a callee's own time is watched and not longer."""
    return any(e.place == (callee,) and e.p > 0.1 for e in a.latency.own)


def time_fact(
    c: Compared, e: Excess, *, component: str, kind: str, statement: str,
    values: dict[str, Scalar], peer: str = "",
) -> Evidence:  # fmt: skip
    """A fact about times that rose: quantiles, ratio, seconds added, and how sure it is.

    Where it adds less than a third of the time that requests take longer, it is as much weaker: a component may be
    slower beyond doubt and nobody feels it. Likewise below a millisecond.
    """
    felt = min(1.0, 0.35 + 2.0 * float(values["share"])) if "share" in values else 1.0
    felt *= min(1.0, e.each / FELT_S)
    return Evidence(
        component=component,
        peer=peer,
        kind=kind,
        aspect="latency",
        statement=statement,
        values=values
        | {
            "p50_ms": sig(1e3 * e.p50), "p95_ms": sig(1e3 * e.p95), "p50_baseline_ms": sig(1e3 * e.old_p50),
            "p95_baseline_ms": sig(1e3 * e.old_p95), "ratio": sig(e.ratio), "added_s": sig(e.added), "n": e.n,
            "n_baseline": e.old_n, "steady": sig(e.steady), "p_value": sig(e.q),
        },
        unit="ms",
        window=c.window,
        onset=from_epoch(e.first) if e.first else None,
        onset_error_s=round(max(5.0, 3 * c.exposure / max(1, e.n)), 1),
        direction="up",
        strength=round(e.strength * felt, 3),
        source=c.source,
        taint="operation" in values,
    )  # fmt: skip


def failure_facts(a: Analysis, redactor: Redactor) -> list[Evidence]:
    """Where failures began, which ways fail, which exceptions are new, and who only passes failures on."""
    return [_failure(a, f, quoted(redactor.text(f.what))) for f in a.failing]


def _failure(a: Analysis, f: Failing, what: str) -> Evidence:
    now, before = f"{f.bad} of {f.n}", f"{f.old_bad} of {f.old_n}"
    strength = certainty(f.q) * (0.5 + 0.5 * min(1.0, 2 * f.share))
    kind, aspect, direction = "trace.errors", "errors", "up"
    if f.sort == "began":
        text = (
            f"{f.component}: {now} requests failed because of an error of its own, before that {before}, "
            f"most of {what}."
        )
    elif f.sort == "passed":
        strength *= PASSED_ON
        text = (
            f"{f.component}: {now} requests failed because a call that they made failed, before that "
            f"{before}."
        )
    elif f.sort == "way":
        text = f"{f.component}: {now} calls to {f.peer} failed{_in_its_own_words(a, f.peer)}, before that {before}."
    else:
        kind, aspect, direction = "trace.exception", "log.exception", "up" if f.old_bad else "new"
        text = f"{f.component}: {now} requests hit the exception {what}, before that {before}."
    way: Direction = "new" if direction == "new" else "up"
    return Evidence(
        component=f.component,
        peer=f.peer,
        kind=kind,
        aspect=aspect,
        statement=text,
        values={
            "failed": f.bad, "n": f.n, "failed_baseline": f.old_bad, "n_baseline": f.old_n,
            "share": sig(f.share), "began": f.sort == "began", "p_value": sig(f.q),
            "ratio": sig(f.share / max(f.old_bad / max(1, f.old_n), 1 / max(1, f.old_n))),
        },
        unit="requests",
        window=a.compared.window,
        onset=from_epoch(f.first),
        direction=way,
        strength=round(min(0.98, strength), 3),
        source=a.compared.source,
        taint=True,
    )  # fmt: skip


def _in_its_own_words(a: Analysis, callee: str) -> str:
    """What a callee's spans say of calls to it that failed: of one that sends none they say nothing."""
    sends = {v.component for v in (*a.compared.now, *a.compared.before)}
    if callee not in sends:
        return f" ({callee} sends no spans)"
    return (
        f" and left no span of {callee}"
        if callee in silent(a.compared)
        else f" although {callee} reports no failure"
    )


def flow_facts(a: Analysis, redactor: Redactor) -> list[Evidence]:
    """What requests left out that they did before: one fact per component and operation, its surest break."""
    best: dict[tuple[str, str], Break] = {}
    for b in a.breaks:
        kept = best.get((b.component, b.operation))
        if kept is None or (b.strength, -b.q) > (kept.strength, -kept.q):
            best[b.component, b.operation] = b
    also = Counter((b.component, b.operation) for b in a.breaks)
    return [_flow(a, b, also[key] - 1, redactor) for key, b in sorted(best.items())]


def _flow(a: Analysis, b: Break, also: int, redactor: Redactor) -> Evidence:
    sort, what = b.event
    done = {"log": "log", "call": "call", "span": "run"}[sort]
    quote, operation = quoted(redactor.text(what)), quoted(redactor.text(b.operation), 60)
    under = explained(b, a.breaks)
    strength = b.strength * (UNDER if under else 1.0)
    more = f" and {also} more steps" if also else ""
    by = f", once {b.after} has answered" if b.after else ""
    return Evidence(
        component=b.component,
        kind="trace.flow",
        aspect="log.flow",
        statement=f"{b.component}: {b.broken} of {b.n} requests of {operation} that did not fail "
        f"no longer {done} {quote}{more}{by}; before, {b.old_n - b.old_broken} of {b.old_n} did.",
        values={
            "operation": operation.strip('"'), "missing": quote.strip('"'), "broken": b.broken, "n": b.n,
            "broken_baseline": b.old_broken, "n_baseline": b.old_n, "share": sig(b.share), "after": b.after,
            "explained_by_callee": under, "other_kind": b.other_kind, "p_value": sig(b.q), "steps": also + 1,
        },
        unit="requests",
        window=a.compared.window,
        onset=from_epoch(b.first),
        direction="gone",
        strength=round(strength, 3),
        source=a.compared.source,
        taint=True,
    )  # fmt: skip


def _part(share: float) -> str:
    return f": {percent(share)} of the extra request time" if share >= 0.005 else ""


def quoted(text: str, most: int = QUOTE) -> str:
    """Outside text on one line, in quotation marks, at most `most` characters."""
    line = " ".join(text.replace('"', "'").split())
    return '"' + (line if len(line) <= most else line[: most - 1] + "…") + '"'


def counted(count: int, noun: str) -> str:
    """`1 request`, `2 requests`."""
    return f"{count} {noun}" + ("" if count == 1 else "s")


def ms(seconds: float) -> str:
    """Three digits, in seconds from one second on."""
    return f"{seconds:.3g} s" if seconds >= 1 else f"{1e3 * seconds:.3g} ms"


def sig(value: float) -> float:
    """Four significant digits."""
    return float(f"{value:.4g}")
