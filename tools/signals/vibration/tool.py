"""The tool of rotating machines: defect lines, shaft orders and levels of vibration blocks against the machine's own past."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from aitia.core.words import NOT_SEEN, Evidence, Result
from aitia.tools.registry import ToolContext, tool
from aitia.tools.signals.learned.evidence import learned_facts
from aitia.tools.signals.plots import SPECTRUM, spectrum_artifact
from aitia.tools.signals.strength import calibrate
from aitia.tools.signals.vibration import quality
from aitia.tools.signals.vibration.bearings import Orders, orders_of
from aitia.tools.signals.vibration.blocks import Blocks, measured_blocks
from aitia.tools.signals.vibration.channels import Channel, channels_of, usable_blocks
from aitia.tools.signals.vibration.designations import Estimate, bearing_of
from aitia.tools.signals.vibration.diagnose import ESTIMATED_MOST, bearing_like, doubted
from aitia.tools.signals.vibration.echo import without_echoes
from aitia.tools.signals.vibration.facts import both_races_fact, line_fact, quiet_fact, shaft_fact
from aitia.tools.signals.vibration.level import level_evidence
from aitia.tools.signals.vibration.lines import Measured
from aitia.tools.signals.vibration.settle import settled
from aitia.tools.signals.vibration.shaft import ELSEWHERE_DB, LINE_DB, ORDERS, at_speed, order_spectrum, rises
from aitia.tools.signals.vibration.spectrum import OrderSpectrum, fused_envelope
from aitia.tools.signals.vibration.speed import Speed, speed_of
from aitia.tools.signals.vibration.verdict import (
    ALONE_DB,
    LEAD,
    Summary,
    bearing_fault,
    summarise,
    without_sidebands,
)
from aitia.tools.signals.vibration.whole_shaft import shaft_of_whole
from aitia.tools.signals.vibration.zone_facts import zone_facts

LEAST_PAST = 2  # blocks at this speed: a single one may have been taken when the fault was there
OTHER_SPEED = 0.75  # strength at most of what was held against other speeds; by hand


@tool(needs=("signals",), produces=("lines",))
def signals_envelope(ctx: ToolContext) -> Result:
    """Bearing, imbalance and misalignment lines in vibration spectra, compared with the machine's own baseline blocks."""
    result = calibrate(found_lines(ctx))
    rows = [{"component": e.component, "aspect": e.aspect, "strength": e.strength} for e in result.evidence]
    return result.model_copy(update={"data": {"lines": rows}}) if rows else result


def found_lines(ctx: ToolContext) -> Result:
    """What `signals_envelope` finds, its strengths as the formulas make them."""
    channels, problems = channels_of(ctx)
    if not any(any(c.inside) for c in channels):
        message = (
            " ".join(problems)
            or "No waveform block starts in the window. Widen it or check the signal sources."
        )
        return Result(status="no_data", message=message)
    facts: list[Evidence] = []
    for channel in channels:
        if any(channel.inside):
            found, notes = _channel(ctx, channel)
            facts += found
            problems += notes
    facts += shaft_of_whole(facts, ctx.resolver.components)
    facts = without_echoes(facts, ctx.resolver.components)
    learned, notes = learned_facts(ctx)
    facts += learned
    problems += notes
    facts.sort(key=lambda e: (-e.strength, e.component, e.aspect, e.statement))
    return Result(
        status="ok" if facts else "no_data",
        message=(NOT_SEEN if facts and problems else "") + " ".join(dict.fromkeys(problems)),
        query=", ".join(f"{c.name}: {len(c.blocks)} blocks" for c in channels),
        evidence=tuple(facts),
    )


def _channel(ctx: ToolContext, channel: Channel) -> tuple[list[Evidence], list[str]]:
    usable, notes = usable_blocks(channel)
    window = ctx.incident.window
    level = list(level_evidence(channel.component, channel.name, usable.blocks, usable.inside, window))
    if not any(usable.inside):
        return level, notes
    speeds = [speed_of(b) for b in usable.blocks]
    orders, estimate = _bearing(usable, speeds)
    zones, reasons = zone_facts(ctx, usable, speeds)
    blocks, unfit = measured_blocks(usable, speeds, orders)
    notes += [f"{channel.name}: {reason}." for reason in (*reasons, *unfit)]
    if blocks is None:
        return [*level, *zones], notes
    lines = [_by_tachometer(e, blocks) for e in _lines(ctx, blocks, orders)]
    if estimate is not None:
        notes.append(f"{channel.name}: {estimate.told}.")
        lines = [_as_estimated(e, estimate) for e in lines]
    if not orders.impacts:
        notes.append(_without_geometry(blocks))
    if not lines and not any(e.strength >= 0.5 for e in level):
        looked = [s.name for s in summarise(*blocks.split(), in_time=True) if np.isfinite(s.db)]
        lines = [quiet_fact(blocks.channel, [*looked, "1x", "2x"], window)]
    return [*level, *zones, *lines], notes


def _bearing(usable: Channel, speeds: Sequence[Speed | str]) -> tuple[Orders, Estimate | None]:
    """The bearing's orders as the window's first block names it; of a designation that is estimated, settled by that block."""
    first = usable.inside.index(True)
    block, speed = usable.blocks[first], speeds[first]
    known = (
        orders_of(block.bearing) if block.bearing or not block.designation else bearing_of(block.designation)
    )
    if isinstance(known, Orders):
        return known, None
    if isinstance(speed, str) or quality.too_short(block.x, block.fs, speed.hz):
        return known.candidates[0], known
    return settled(known, fused_envelope(block.x, block.fs, speed.hz)), known


def _as_estimated(fact: Evidence, estimate: Estimate) -> Evidence:
    """A line's fact by an estimated geometry: no surer than that allows, of a ball or cage a lead, and it says so."""
    most = {
        "vibration.bpfo": ESTIMATED_MOST,
        "vibration.bpfi": ESTIMATED_MOST,
        "vibration.bsf": LEAD,
        "vibration.ftf": LEAD,
    }
    if fact.aspect not in most:
        return fact
    said = (
        f"{fact.statement.rstrip('.')}; geometry estimated from {estimate.bore:g} × {estimate.outside:g} mm."
    )
    return fact.model_copy(update={"statement": said, "strength": min(fact.strength, most[fact.aspect]),
                                   "values": fact.values | {"geometry": "estimated"}})  # fmt: skip


def _by_tachometer(fact: Evidence, blocks: Blocks) -> Evidence:
    told = blocks.tachometer
    return fact.model_copy(update={"values": fact.values | told}) if told else fact


def _lines(ctx: ToolContext, blocks: Blocks, orders: Orders) -> Iterator[Evidence]:
    """Facts of the defect lines that count, and of the shaft orders that rose."""
    channel, window = blocks.channel, ctx.incident.window
    summaries = without_sidebands(summarise(*blocks.split(), in_time=True))
    fault = bearing_fault(summaries)
    hidden = fault.hidden if fault else ()
    by_name = {s.name: s for s in summaries}
    if fault and hidden:
        outer, inner = (by_name[n] for n in hidden)
        heights = [max(a, b) for a, b in zip(blocks.heights("bpfo"), blocks.heights("bpfi"), strict=True)]
        ball = by_name.get("bsf", max(outer, inner, key=lambda s: s.db))
        fact = both_races_fact(
            channel, ball, (outer, inner), heights, blocks.rpm, window, confidence=fault.confidence
        )
        yield _drawn(ctx, blocks, fact, [outer, inner])
    counted = [s for s in summaries if s.counts and s.name not in hidden and not (hidden and s.name == "bsf")]
    best = max((s.rise for s in counted), default=0.0)
    for s in counted:
        fact = line_fact(channel, s, blocks.heights(s.name), blocks.rpm, window, best=best)
        doubt = doubted(_highest(blocks, [s]), orders, summaries, s.name)
        yield _drawn(ctx, blocks, _as_lead(fact, doubt), [s])
    inside = [m for m, i in zip(blocks.shaft, channel.inside, strict=True) if i]
    past = [m for m, i in zip(blocks.shaft, channel.inside, strict=True) if not i]
    same = [rise for rise in rises(inside, past, in_time=True) if rise.counts]
    other = (
        []
        if same or len(past) >= LEAST_PAST
        else rises(inside, at_speed(blocks.elsewhere, blocks.rpm), in_time=True)
    )
    for rise in (*same, *(r for r in other if r.counts and r.rise >= ELSEWHERE_DB)):
        if not (rise.name == "harmonics" and counted):  # impacts raise many orders themselves
            heights = [m.levels[ORDERS.index(rise.order)] for m in blocks.shaft]
            fact = shaft_fact(channel, rise, heights, blocks.rpm, window)
            fact = fact if same else _elsewhere(fact, blocks)
            marks = {f"{rise.order:g}x": rise.order}
            top = max((n for n, i in enumerate(channel.inside) if i), key=lambda n: heights[n])
            spectrum, _ = order_spectrum(channel.blocks[top].x, channel.blocks[top].fs, blocks.speeds[top].hz)
            yield _stored(ctx, fact, spectrum, marks, LINE_DB)


def _elsewhere(fact: Evidence, blocks: Blocks) -> Evidence:
    """A shaft order's fact where the past has hardly a block at this speed: against other speeds, as far as speed explains."""
    low, high = (f(rpm for rpm, _ in blocks.elsewhere) for f in (min, max))
    said = fact.statement.replace(
        "that of the baseline blocks",
        f"what the baseline blocks at {low:.0f} to {high:.0f} rpm let expect at this speed (fourth power of the speed; fewer than"
        f" {LEAST_PAST} blocks at this one)",
    )
    values = fact.values | {"baseline_rpm": f"{low:.0f} to {high:.0f}"}
    return fact.model_copy(
        update={"statement": said, "strength": min(fact.strength, OTHER_SPEED), "values": values}
    )


def _highest(blocks: Blocks, lines: Sequence[Summary]) -> Measured:
    """The window's block in which lines are highest."""
    inside, _ = blocks.split()
    return max(inside, key=lambda m: max((m.lines[s.name].db for s in lines), default=0.0))


def _as_lead(fact: Evidence, doubt: str) -> Evidence:
    """The fact at most a lead where something else may cause its line."""
    if not doubt:
        return fact
    said = f"{fact.statement.rstrip('.')}; a lead only: {doubt}."
    return fact.model_copy(update={"statement": said, "strength": min(fact.strength, LEAD)})


def _drawn(ctx: ToolContext, blocks: Blocks, fact: Evidence, lines: list[Summary]) -> Evidence:
    """The fact with the envelope spectrum of the block in which its lines are highest."""
    top = _highest(blocks, lines)
    marks = {s.name: top.lines[s.name].found for s in lines}
    return _stored(ctx, fact, top.spectrum, marks, ALONE_DB)


def _stored(
    ctx: ToolContext, fact: Evidence, spectrum: OrderSpectrum, marks: dict[str, float], limit: float
) -> Evidence:
    data = spectrum_artifact(spectrum.orders, spectrum.db, marks=marks, limit=limit)
    return fact.model_copy(update={"artifact": ctx.put_artifact(data, SPECTRUM)})


def _without_geometry(blocks: Blocks) -> str:
    """What a bearing of unknown geometry tells."""
    inside, past = blocks.split()
    name = blocks.channel.name
    found = next((f for f in (bearing_like(m, past) for m in inside) if f is not None), None)
    if found is not None:
        return f"{found.why}. Give `bearing` orders for {name}."
    return f"Without bearing geometry only shaft orders were analysed. Give `bearing` orders for {name}."
