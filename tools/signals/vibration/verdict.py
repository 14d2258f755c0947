"""From heights of lines to a fault: which lines count, which of them names the fault, and how sure that is.

Without a past, a line counts at 10 dB over the floor and with a harmonic or its sidebands; with a past, where it rose over
it as well. A defect of a race gives one line far over the other's: every rolling element strikes it at every pass. A defect
of a rolling element meets both races and its spin wanders: its own line (2×BSF) is broad, and the lines of both races may
stand at comparable heights instead (Smith and Randall, MSSP 64-65, 2015, find both in ball-fault records). So do two races
that are damaged at once. A ball without its own line, a line that has neither a harmonic nor sidebands (a cage's has no
sidebands that are looked for) and one that a multiple of the shaft speed explains as well are leads: at most .5.

Which lines count, and 10 dB between one race and both, were set on synthetic healthy records and beforehand; ball and cage
without lines of their own are leads, sidebands of the inner race are passed over and the confidence is what it is since
simulated rigs of the split `develop` were looked at (benchmarks/signals/rigs.py); CWRU and the rigs held out only judged it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from aitia.tools.signals.vibration.began_before import of_the_past
from aitia.tools.signals.vibration.lines import LINE_DB, Measured
from aitia.tools.signals.vibration.speed import MAINS
from aitia.tools.sources.rows import Floats

ALONE_DB = (
    10.0  # 1 in 300 simulated healthy records has a line of this height, none with a second one beside it
)
HARMONIC_DB = 1.5  # that each further harmonic of 8 dB adds; by hand, simulated rigs (shown) looked at
DOMINANT_DB = 10.0  # a tenth of the power: below that the weaker race's line is a by-product
LEAST_RISE_DB = 4.0
NAMES = {"bpfo": "outer_race", "bpfi": "inner_race", "bsf": "ball", "ftf": "cage"}
LEAD = 0.5  # the most that an indirect sign is worth
SIDEBANDS = 3  # of the inner race, one shaft speed apart, that are looked at
_SAME = 0.01  # of an order: lines this near are one; slip moves the inner race's sidebands with it
_OVER_DB = 3.0  # a sideband may stand over its own line by so much
_LEAST, _MOST, _SCALE_DB = 0.35, 0.97, 4.0


@dataclass(frozen=True, kw_only=True)
class Summary:
    """One defect's line over the records looked at; heights in dB, `base` NaN without a past.

    `db` is the median of the highest third of the records (a fault grows), `hz` their median place.
    `coincides`: what else has a line there at this resolution.
    """

    name: str
    order: float
    found: float
    hz: float
    db: float
    base: float
    spread: float
    family: int
    supported: bool
    coincides: str = ""

    @property
    def evidence(self) -> float:
        """The line's height with what its harmonics add: noise has lines of 8 dB, hardly ever several in step."""
        return self.db + (HARMONIC_DB * max(self.family - 1, 0) if self.db >= LINE_DB else 0.0)

    @property
    def rise(self) -> float:
        """Decibels over the machine's own past; over a healthy floor where there is none."""
        return self.db - (self.base if np.isfinite(self.base) else LINE_DB)

    @property
    def threshold(self) -> float:
        """How far the line must rise to count."""
        return max(LEAST_RISE_DB, 3.0 * self.spread)

    @property
    def stands(self) -> bool:
        """Whether the line counts, whatever else may lie at its frequency."""
        if not np.isfinite(self.db):
            return False
        if not np.isfinite(self.base):
            return self.db >= LINE_DB and self.evidence >= ALONE_DB and self.supported
        return self.db >= ALONE_DB and self.rise >= self.threshold

    @property
    def counts(self) -> bool:
        """Whether the line is evidence of a defect; what coincides with it would be in the past as well."""
        return self.stands and (not self.coincides or bool(np.isfinite(self.base)))

    @property
    def indirect(self) -> str:
        """Why the line alone is no more than a lead; "" where it is direct evidence of its part."""
        if self.coincides:
            return f"{self.coincides} would explain it as well"
        return "" if self.supported else "it has neither a harmonic nor sidebands of its own"


def summarise(now: Sequence[Measured], past: Sequence[Measured], *, in_time: bool = False) -> list[Summary]:
    """The defect lines of the records of one channel against those of its past.

    in_time   the past lies right before, in the order of time: it ends where a line began to stand as it does now
    """
    return [_summary(name, now, past, in_time=in_time) for name in (now[0].lines if now else ())]


def _summary(name: str, now: Sequence[Measured], past: Sequence[Measured], *, in_time: bool) -> Summary:
    lines = [m.lines[name] for m in now]
    heights = _known([x.db for x in lines])
    before = _known([m.lines[name].db for m in past if name in m.lines])
    best = int(np.nanargmax([x.db for x in lines])) if heights.size else 0
    count = max(min(2, heights.size), -(-heights.size // 3))
    hertz = [x.found * m.shaft_hz for x, m in zip(lines, now, strict=True)]
    reached = float(np.median(np.sort(heights)[-count:])) if heights.size else float("nan")
    if in_time:
        before = before[: of_the_past(before, reached, least=LEAST_RISE_DB)]
    return Summary(
        name=name,
        order=lines[best].order,
        found=lines[best].found,
        hz=float(np.median(hertz)),
        db=reached,
        base=float(np.median(before)) if before.size else float("nan"),
        spread=float(np.std(before)) if before.size >= 2 else 1.5,
        family=max(x.family for x in lines),
        supported=any(x.supported for x in lines),
        coincides=coincidence(lines[best].order, hertz[best], now[best]),
    )


def _known(values: Sequence[float]) -> Floats:
    array = np.array(values, dtype=np.float64)
    return array[np.isfinite(array)]


def coincidence(order: float, hz: float, record: Measured) -> str:
    """What else has a line that this record cannot tell from a defect's: the shaft, or the mains; "" for nothing."""
    if record.spectrum.on_shaft(order):
        return f"{round(order)} times the shaft speed"
    near = 0.5 * record.spectrum.resolution * record.shaft_hz
    mains = next((n * 2 * m for m in MAINS for n in (1, 2, 3) if abs(hz - n * 2 * m) < near), 0.0)
    return f"a multiple of twice the mains frequency ({mains:.0f} Hz)" if mains else ""


@dataclass(frozen=True, kw_only=True)
class Fault:
    """A named fault, its confidence, and why; `line` is the line that carries it, `hidden` those it explains."""

    name: str
    confidence: float
    why: str
    line: str
    hidden: tuple[str, ...] = ()


def bearing_fault(summaries: Sequence[Summary], *, dominant: float = DOMINANT_DB) -> Fault | None:
    """The defect that the lines tell of; None where none counts. The cage only where nothing else counts."""
    summaries = without_sidebands(summaries)
    by_name = {s.name: s for s in summaries if s.counts}
    rolling = {n: s for n, s in by_name.items() if n != "ftf"}
    if not rolling:
        cage = by_name.get("ftf")
        return None if cage is None else _cage(cage, [s for s in summaries if s.stands and s is not cage])
    first = max(rolling.values(), key=lambda s: s.db)
    others = [
        s.db for s in summaries if s.name in NAMES and s.name not in (first.name, "ftf") and np.isfinite(s.db)
    ]
    margin = first.db - max([*others, LINE_DB])
    if first.name == "bsf":
        return _fault(first, "its line is the highest", margin)
    other = _race_beside(first, summaries, dominant)
    if other is not None:
        why = (
            f"the lines of both races stand out ({first.db:.1f} and {other.db:.1f} dB) and neither dominates; "
            "a lead only, since two damaged races look the same and the rolling elements' own line "
            f"(2×BSF) {'is lower' if 'bsf' in rolling else 'does not stand out'}"
        )
        even = 1.0 - abs(first.db - other.db) / dominant
        return Fault(name="ball", confidence=round(_LEAST + (LEAD - _LEAST) * even, 3), why=why, line="bsf",
                     hidden=("bpfo", "bpfi"))  # fmt: skip
    return _fault(first, f"its line is {margin:.1f} dB over those of the other parts", margin)


def without_sidebands(summaries: Sequence[Summary]) -> list[Summary]:
    """The lines less those that are sidebands of the inner race: it passes the load zone once a turn.

    BPFI - BPFO = Z·d/D·cos φ is near a whole number for many bearings, and so is the distance to 2×BSF.
    """
    inner = next((s for s in summaries if s.name == "bpfi" and s.stands), None)
    if inner is None:
        return list(summaries)
    return [s for s in summaries if s is inner or not _sideband(s, inner)]


def _sideband(line: Summary, inner: Summary) -> bool:
    apart = abs(line.found - inner.found)
    near = 1 <= round(apart) <= SIDEBANDS and abs(apart - round(apart)) <= max(_SAME, 0.003 * inner.found)
    return near and line.db <= inner.db + _OVER_DB


def _cage(line: Summary, others: Sequence[Summary]) -> Fault:
    """A cage's defect where nothing else counts; a lead where something else stands that could modulate with the cage."""
    found = _fault(line, "its line is the only one", ALONE_DB)
    if not others or found.confidence <= LEAD:
        return found
    return replace(found, confidence=LEAD, why="the only line that counts; a lead only, since "
                   f"{', '.join(s.name for s in others)} stands out as well")  # fmt: skip


def _race_beside(first: Summary, summaries: Sequence[Summary], dominant: float) -> Summary | None:
    """The other race's line, where it stands out as well (over its own past, if known) and is not dominated."""
    other = next((s for s in summaries if s.name in ("bpfo", "bpfi") and s.name != first.name), None)
    if other is None or not np.isfinite(other.db) or other.db < LINE_DB or other.coincides:
        return None
    risen = not np.isfinite(other.base) or other.rise >= other.threshold
    return other if risen and first.db - other.db < dominant else None


def _fault(line: Summary, why: str, margin: float) -> Fault:
    sure = confidence(line, margin)
    if line.indirect:
        sure, why = min(sure, LEAD), f"{why}; a lead only: {line.indirect}"
    return Fault(name=NAMES[line.name], confidence=sure, why=why, line=line.name)


def confidence(line: Summary, margin: float) -> float:
    """How likely the named part is the faulty one: grows with the height (or rise) over what counts, and with the margin.

    Harmonics count for the height, not for the margin: there they made one second of a ball's record surer of a race than it is
    right (CWRU). Its ends and the scale of 4 dB are those at which one-second stretches of the CWRU records are right as often as
    it says (benchmarks/signals/cwru.py prints the shares).
    """
    past = np.isfinite(line.base)
    over = line.rise - line.threshold if past else line.evidence - ALONE_DB
    sure = (1.0 - float(np.exp(-max(over, 0.0) / _SCALE_DB))) * (
        1.0 - float(np.exp(-max(margin, 0.0) / _SCALE_DB))
    )
    return round(_LEAST + (_MOST - _LEAST) * sure, 3)
