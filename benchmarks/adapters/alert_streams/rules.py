"""Rules of public collections over the metrics of a recording: what fires, from when to when."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import yaml
from numpy.typing import NDArray

Floats = NDArray[np.float64]
WINDOW = 6  # samples of a rate
HOLD = 3  # samples for which a condition must hold
_OWNERS = ("pod", "node", "deployment", "statefulset", "persistentvolumeclaim", "namespace")
_SERVICE = ("service",)


@dataclass(frozen=True, kw_only=True)
class Series:
    """One series of a recording, times in epoch seconds."""

    metric: str
    component: str
    labels: Mapping[str, str]
    t: Floats
    v: Floats


@dataclass(frozen=True, kw_only=True)
class Fired:
    """One time that an alert fired; `end` is None where it still does."""

    name: str
    severity: str
    labels: Mapping[str, str]
    says: str
    start: float
    end: float | None


@cache
def rules() -> tuple[dict[str, Any], ...]:
    """The rules, in the order of the file."""
    return tuple(yaml.safe_load(Path(__file__).with_name("rules.yaml").read_text(encoding="utf-8")))


def read(folder: Path) -> list[Series]:
    """The metrics of a recording that a rule may ask for."""
    wanted = "|".join(f"(?:{r['metric']})" for r in rules()) + "|" + "|".join(
        re.escape(r["of"]) for r in rules() if r.get("of", "same") != "same"
    ) + "|.*(?:duration|latency)_(?:seconds|milliseconds)_sum"  # fmt: skip
    fits = re.compile(wanted)
    with duckdb.connect() as base:
        base.execute("set threads = 1")
        table = str(folder / "metrics.parquet")
        names = [
            n for (n,) in base.execute("select distinct metric from read_parquet(?)", [table]).fetchall()
        ]
        kept = sorted(n for n in names if fits.fullmatch(n))
        found = base.execute(
            "select metric, component, labels, list(epoch(time) order by time), list(value order by time)"
            " from read_parquet(?) where list_contains(?, metric) and value is not null group by all order by all",
            [table, kept],
        ).fetchall()
    return [
        Series(metric=m, component=c or "", labels=json.loads(text or "{}"), t=np.array(t), v=np.array(v, float))
        for m, c, text, t, v in found
    ]  # fmt: skip


def fired(series: Sequence[Series], before: float) -> list[Fired]:
    """All that fires, by time. What a threshold `times` what it was compares with are the samples until `before`."""
    kept: list[Fired] = []
    for one in (one for rule in rules() for one in _of_rule(rule, series, before)):
        # Two rules of one name (by code, by outcome) tell the same: the first one does.
        if not any(k.name == one.name and k.labels == one.labels and _meet(k, one) for k in kept):
            kept.append(one)
    return sorted(kept, key=lambda f: (f.start, f.name, sorted(f.labels.items())))


def _meet(a: Fired, b: Fired) -> bool:
    return (b.end is None or a.start <= b.end) and (a.end is None or b.start <= a.end)


def _of_rule(rule: Mapping[str, Any], series: Sequence[Series], before: float) -> Iterator[Fired]:
    for name in sorted({s.metric for s in series if re.fullmatch(rule["metric"], s.metric)}):
        for labels, parts in _groups(rule, [s for s in series if s.metric == name]):
            below = _below(rule, name, labels, series, parts[0].component)
            drawn = _drawn(rule, parts, below)
            if drawn is not None:
                match = re.fullmatch(rule["metric"], name)
                title = rule["name"].replace(
                    "{1}", (match[1] or "").capitalize() if match and match.groups() else ""
                )
                yield from _spans(rule, title, labels, *drawn, before)


def _groups(rule: Mapping[str, Any], series: Sequence[Series]) -> list[tuple[dict[str, str], list[Series]]]:
    """Series of one alert, with its labels: those of the rule, or who it is; what no label says is the target's name."""
    found: dict[tuple[tuple[str, str], ...], list[Series]] = {}
    wheres = rule.get("where", {})
    for one in series:
        if not all(re.fullmatch(p, one.labels.get(k, "")) for k, p in wheres.items()):
            continue
        kept = rule.get("by", [k for k in (*_OWNERS, *_SERVICE) if k in one.labels])
        labels = {k: one.labels[k] for k in kept if k in one.labels}
        if "namespace" in one.labels and "service" in one.labels:
            labels |= {"service": one.labels["service"], "namespace": one.labels["namespace"]}
        if not any(k in labels for k in (*_OWNERS[:-1], *_SERVICE)) and "namespace" not in labels:
            labels["instance"] = one.component
        found.setdefault(tuple(sorted(labels.items())), []).append(one)
    return [(dict(key), parts) for key, parts in sorted(found.items())]


def _below(
    rule: Mapping[str, Any], name: str, labels: Mapping[str, str], series: Sequence[Series], component: str
) -> list[Series]:
    """What the values are divided by."""
    if rule["calc"] == "mean":
        return [
            s for s in series if s.metric == name.removesuffix("_count") + "_sum" and s.component == component
        ]
    of = name if rule.get("of") == "same" else rule.get("of", "")
    wheres = rule.get("of_where", {})
    return [
        s
        for s in series
        if s.metric == of and s.component == component
        and all(re.fullmatch(p, s.labels.get(k, "")) for k, p in wheres.items())
        and all(s.labels.get(k, v) == v for k, v in labels.items() if k != "instance")
    ]  # fmt: skip


def _drawn(
    rule: Mapping[str, Any], parts: Sequence[Series], below: Sequence[Series]
) -> tuple[Floats, Floats] | None:
    """Times and values of the rule's expression; None where it has none."""
    t = np.unique(np.concatenate([s.t for s in parts]))
    calc = rule["calc"]
    if len(t) <= WINDOW:
        return None
    if calc in ("value", "share"):
        v = _sum(t, parts)
        if calc == "share":
            whole = _sum(t, below)
            v = np.where(whole > 0, v / np.where(whole > 0, whole, 1), np.nan)
        return t, v
    grown = _grown(t, parts)
    if calc == "increase":
        return t, grown
    seconds = np.concatenate([np.full(WINDOW, np.nan), t[WINDOW:] - t[:-WINDOW]])
    if calc == "rate":
        return t, grown / seconds
    whole = _grown(t, below)
    if calc == "mean":
        grown, whole = whole, grown
    return t, np.where(whole > 0, grown / np.where(whole > 0, whole, 1), np.nan)


def _sum(t: Floats, parts: Sequence[Series]) -> Floats:
    """The sum of the parts that have a sample at a time; none where no part has one."""
    total, there = np.zeros(len(t)), np.zeros(len(t), bool)
    for s in parts:
        at = np.searchsorted(t, s.t)
        near = (at < len(t)) & (t[np.minimum(at, len(t) - 1)] == s.t)
        total[at[near]] += s.v[near]
        there[at[near]] = True
    if not there.any() and parts:  # sampled at other times: the newest of each
        for s in parts:
            at = np.searchsorted(s.t, t, side="right") - 1
            total += np.where(at >= 0, s.v[np.maximum(at, 0)], 0.0)
        there[:] = True
    return np.where(there, total, np.nan)


def _grown(t: Floats, parts: Sequence[Series]) -> Floats:
    """How much the counters grew over the last samples; a reset counts from zero."""
    total = np.zeros(len(t))
    for s in parts:
        up = np.diff(s.v, prepend=s.v[:1])
        up = np.where(up < 0, s.v, up)
        at = np.searchsorted(s.t, t, side="right") - 1
        held = np.concatenate([[0.0], np.cumsum(up)])
        total += held[at + 1]
    return np.concatenate([np.full(WINDOW, np.nan), total[WINDOW:] - total[:-WINDOW]])


def _spans(
    rule: Mapping[str, Any], name: str, labels: Mapping[str, str], t: Floats, v: Floats, before: float
) -> Iterator[Fired]:
    holds = np.isfinite(v)
    usual = v[(t <= before) & holds]
    middle = float(np.median(usual)) if usual.size else float("nan")
    with np.errstate(invalid="ignore"):
        if "above" in rule:
            holds &= v > rule["above"]
        if "below" in rule:
            holds &= v < rule["below"]
        if "times" in rule:
            holds &= v > rule["times"] * middle
        if "below_times" in rule:
            holds &= (v < rule["below_times"] * middle) & (middle > 0)
    first = None
    for n in range(len(t) + 1):
        if n < len(t) and holds[n]:
            first = n if first is None else first
            continue
        if first is not None and n - first >= HOLD:
            start = first + HOLD - 1
            value = float(v[start])
            says = rule["says"].replace("{value}", f"{value:.3g}").replace(
                "{times}", f"{value / middle:.2g}" if middle > 0 else "many"
            )  # fmt: skip
            for key, text in labels.items():
                says = says.replace("{" + key + "}", text)
            yield Fired(
                name=name, severity=rule["severity"], labels=labels, says=says, start=float(t[start]),
                end=float(t[n]) if n < len(t) else None,
            )  # fmt: skip
        first = None
