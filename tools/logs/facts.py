"""From counts to facts: which templates are new, surging or gone, how strongly, and the sentence that says so."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Literal

from aitia.core.aspects import READ_AS_NORMAL
from aitia.core.provenance import Provenance
from aitia.core.redact import Redactor
from aitia.core.words import Direction, Evidence, Scalar, SourceRef, Window, from_epoch
from aitia.tools.change.counts import burst
from aitia.tools.change.spells import Spells, spells
from aitia.tools.logs.count import Count
from aitia.tools.logs.mine import CELLS, Mined, only_errors
from aitia.tools.logs.outside import parties
from aitia.tools.sources.logs.remote_lines import hash_of, time_of
from aitia.tools.text.classes import Meaning, meaning, unclear
from aitia.tools.text.headers.levels import RANK
from aitia.tools.text.names import Names, attribute, called
from aitia.tools.text.replies import replier
from aitia.tools.text.templates.gaps import filled

QUOTE: Final = 160
_HEAD: Final = 50  # characters of a message that are kept before the exception below it
_BELOW: Final = " | "
SAID: Final = 0.85  # what the provider says of what it runs: one line is enough, and days without one are usual; by hand
ALIKE: Final = 4
REPEATED: Final = 10  # lines from which on their end is told; by hand
ALPHA: Final = 0.05
MIN_RATIO: Final = 1.5
Change = Literal["new", "surge", "vanished"]
_DIRECTION: Final[dict[Change, Direction]] = {"new": "new", "surge": "up", "vanished": "gone"}
# What is new where nothing of a component was read before: it may have logged elsewhere, or only now has anything to say.
_BEGINS: Final = {"": 1.0, "beside others": 0.85, "alone": 0.6}
_MASK_AS: Final = (("<*>", "…"),)


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One template of one component whose rate changed."""

    mined: Mined
    count: Count
    change: Change
    meaning: Meaning
    q: float  # adjusted p-value
    p: float
    ratio: float  # of the rates; of at least one expected occurrence where the baseline has none
    load: float  # ratio of the component's ordinary lines
    fades: bool  # another baseline knows this rate
    begins: Literal[
        "", "beside others", "alone"
    ]  # no earlier line of its component, while others of the source have some
    expected_new: float  # how many error templates the baseline's own novelty lets one expect

    @property
    def strength(self) -> float:
        """0..1, from significance, effect and how informative the class is."""
        return round(min(0.98, max(0.05, _strength(self))), 2)


def _strength(f: Finding) -> float:
    severity = RANK[f.meaning.severity]
    if f.change == "vanished":
        share = f.count.before / max(1, f.mined.old_lines)
        return 0.2 if f.meaning.bad else 0.3 + 0.3 * share
    if severity < RANK["warning"]:
        if f.meaning.aspect == "log.restart" and f.change == "new":
            return 0.5
        return 0.3 if f.change == "new" else 0.3 * (1 - min(1.0, max(1.0, f.load) / f.ratio))
    base = _novel(f) if f.change == "new" else _raised(f)
    named = f.meaning.aspect not in ("log.other", "log.error")
    if named and f.mined.events and f.change == "new":
        base = max(base, SAID)
    cap = 0.98 if severity >= RANK["error"] else 0.75 if named else 0.6
    return min(cap, base * (0.6 if f.fades else 1.0) * _BEGINS[f.begins])


def _novel(f: Finding) -> float:
    n = f.count.window
    if n < 3:
        base = (0.5 if n == 1 else 0.65) * max(1.0, f.meaning.weight)
        return min(0.9, base) if f.expected_new < 0.5 else 0.35
    certainty = min(1.0, -math.log10(max(f.p, 1e-12)) / 6)
    return 0.8 + 0.08 * (f.meaning.weight - 0.8) / 0.2 + 0.1 * certainty


def _raised(f: Finding) -> float:
    beyond = f.ratio / max(1.0, f.load)  # an error per request that stays the same is no news
    effect = min(1.0, max(0.0, math.log2(max(beyond, 1.0)) / math.log2(10)))
    certainty = 1.0 if f.q < 1e-6 else 0.85 if f.q < 1e-3 else 0.65
    return (0.25 + 0.65 * effect) * certainty * (0.9 + 0.1 * f.meaning.weight)


def onset(count: Count, change: Change, window: Window, rate: float) -> tuple[float | None, float]:
    """Epoch seconds and error of a finding's beginning; `rate` is the baseline's, per second."""
    if change == "vanished":
        return (count.old_last or None), window.seconds / CELLS
    if count.record is None:
        return None, 0.0
    if change == "new":
        return count.record.at, 0.0
    width = window.seconds / CELLS
    last = max(count.cells)
    cells = [count.cells.get(i, 0) for i in range(last + 1)]
    begin = burst(cells, rate * width)
    first = next((count.firsts[i] for i in range(begin, last + 1) if i in count.firsts), count.record.at)
    return first, width


def spells_of(finding: Finding, window: Window) -> Spells:
    """In which spells of the window it was logged. What its writer outlived is over; with its last words nothing is."""
    tally = finding.mined.tally
    if tally is None or finding.change == "vanished":
        return Spells()
    width = window.seconds / CELLS
    start, last = window.epoch[0], tally.covers(-1)[1]
    times = [start + (cell + 0.5) * width for cell in sorted(finding.count.cells)]
    return spells(times, last, error=width / 2)


def evidence(
    finding: Finding, window: Window, names: Names, redactor: Redactor, *, alone: bool = False
) -> Evidence:
    """The fact, with a sentence that ends with the quoted, masked template; where logs are `alone`, a call's other end may be
    nobody who is known.
    """
    count, mined = finding.count, finding.mined
    quote = quoted(count, redactor)
    old_rate = count.before / mined.old_exposure if mined.old_exposure else 0.0
    at, error = onset(count, finding.change, window, old_rate)
    told = spells_of(finding, window)
    component, peer = attribute(mined.component, count.template.text, names)
    peer = peer or names.member(component, count.text)  # whose number the template masks
    if server := replier(component, count.template.text, names):
        component, peer = server, ""
    if alone and not peer and component == mined.component:
        component, peer = parties(component, count, finding.meaning, names)
    rate = count.window / mined.exposure if mined.exposure else 0.0
    ref = reference(mined, count)
    aspect = finding.meaning.aspect
    if aspect == "log.error" and peer and called(count.template.text, peer):
        aspect = "log.unavailable"  # an error about a call, whatever its words
    return Evidence(
        component=component,
        peer=peer,
        kind=f"log.{finding.change}",
        aspect=aspect,
        statement=_sentence(finding, _shown(mined, count, redactor), at, component, told.over),
        values={
            "template": quote,
            "template_id": count.template.id,
            "count_baseline": count.before,
            "count_window": count.window,
            "rate_baseline_per_min": _three(old_rate * 60),
            "rate_window_per_min": _three(rate * 60),
            "ratio": _three(finding.ratio),
            "level": finding.meaning.severity,
            "p_value": _three(finding.q),
            "line": ref.lines[0] if ref.lines else 0,
            "reported_by": mined.component,
            "whose": finding.meaning.whose,
            "whose_sure": finding.meaning.whose_sure,
            **_heard(count),
            **told.values(),
        },
        unit="lines",
        window=window,
        onset=None if at is None else from_epoch(at),
        onset_error_s=round(error, 3),
        direction=_DIRECTION[finding.change],
        strength=round(finding.strength * _sure(count) * finding.meaning.sure, 3),
        source=ref,
        taint=True,
        provenance="control plane" if mined.events else writer(mined.component, names),
    )


def _heard(count: Count) -> dict[str, Scalar]:
    """Which model said that a message is a sign of a fault, or that it is none, where that is what makes it one or none."""
    heard = count.heard
    if heard is None or heard.by == "person" or not (heard.taken or heard.outweighs):
        return {}
    of = (count.template.text, count.level, count.text)
    if heard.taken and not unclear(*of):
        return {}
    if heard.outweighs and (not meaning(*of).bad or meaning(*of, heard).bad):
        return {}
    return {
        "read_by": heard.by.removeprefix("model "),
        "read_as": "a sign of a fault" if heard.fault else READ_AS_NORMAL,
        "read_sure": heard.confidence,
    }


def _sure(count: Count) -> float:
    heard = count.heard
    return heard.confidence if heard and heard.taken and _heard(count) else 1.0


def writer(component: str, names: Names) -> Provenance:
    """Who writes a stream: a host's is written by what runs the services."""
    return "infrastructure" if component.casefold() in names.hosts else "service"


def _sentence(f: Finding, quote: str, at: float | None, component: str, over: float | None = None) -> str:
    who = f.mined.component
    about = f" about {component}" if component != who else ""
    when = "" if at is None else f" at {clock(at)} UTC"
    if f.mined.events and f.change == "new":
        return f'{who}: its provider reported{when if f.count.window == 1 else when.replace(" at ", " since ")}: "{quote}"'
    times = "once" if f.count.window == 1 else f"{f.count.window} times"
    if f.change == "vanished":
        rate = _three(60 * f.count.before / max(f.mined.old_exposure, 1e-9))
        return f'{who} stopped logging{about} (last{when}, before that {rate:g} a minute): "{quote}"'
    ended = "" if over is None or f.count.window < REPEATED else f", over since {clock(over)} UTC"
    if f.change == "new":
        span = _span(f.mined.old_exposure)
        never = (
            f"not once in the {span} baseline" if f.mined.old_lines else "no earlier lines of it are at hand"
        )
        seen = when if f.count.window == 1 else when.replace(" at ", " since ")
        return f'{who} logged{about} {times}{seen}{ended} and {never}: "{quote}"'
    return (
        f"{who} logged{about} {_three(f.ratio):g} times as often as before "
        f'({times} in the window, rising from{when.removeprefix(" at")}{ended}): "{quote}"'
    )


def _span(seconds: float) -> str:
    """`3 min`, `2 h`, `45 s`: about."""
    for unit, size in (("h", 3600.0), ("min", 60.0)):
        if seconds >= 2 * size:
            return f"{round(seconds / size)} {unit}"
    return f"{round(seconds)} s"


def _shown(mined: Mined, count: Count, redactor: Redactor) -> str:
    """The quoted template; a number, route or host that is always the same stands as itself."""
    if mined.tally is None:
        return quoted(count, redactor)
    sample = count.new if count.window else count.old
    return quoted(count, redactor, filled(count.template.text, (m for _, m in mined.tally.messages(sample))))


def quoted(count: Count, redactor: Redactor, text: str = "") -> str:
    """The masked template (or `text` in its place) for a reader: redacted, one line, at most 160 characters."""
    text = redactor.text(text or count.template.text)
    for mask, sign in _MASK_AS:
        text = text.replace(mask, sign)
    text = " ".join(text.split()).replace('"', "'")
    if len(text) > QUOTE and _BELOW in text:  # what was raised says more than where: it stands last
        head, _, raised = text.rpartition(_BELOW)
        raised = raised[: QUOTE - _HEAD - len(_BELOW) - 1]
        text = f"{head[: QUOTE - len(raised) - len(_BELOW) - 1].rstrip()}…{_BELOW}{raised}"
    return text if len(text) <= QUOTE else text[: QUOTE - 1] + "…"


def distinct(findings: Sequence[Finding]) -> list[Finding]:
    """At most a few of one kind about one thing, one of a restart: they say the same. Keeps the order."""
    seen: dict[tuple[str, str], int] = {}
    out = []
    for finding in findings:
        key = (finding.change, finding.meaning.aspect)
        seen[key] = seen.get(key, 0) + 1
        if seen[key] <= (1 if finding.meaning.aspect == "log.restart" else ALIKE):
            out.append(finding)
    return out


def reference(mined: Mined, count: Count) -> SourceRef:
    """The first record's file, lines and hash."""
    record = count.record
    if record is None:
        return mined.reference()
    file = mined.files[record.file]
    raw = file.read_at(record.offset, record.size)
    if query := mined.queries.get(file.path):
        return SourceRef(source=mined.source, query=f"{query} at {time_of(raw)}", sha256=hash_of(raw))
    line = record.line if file.packed else file.line(record.offset)
    lines = None if line < 0 else (line, line + record.lines - 1)
    where = f"{lines[0]}-{lines[1]}" if lines else f"bytes={record.offset}-{record.offset + record.size}"
    return SourceRef(
        source=mined.source,
        query=f"{file.path}:{where}",
        path=str(file.path),
        lines=lines,
        sha256=hashlib.sha256(raw).hexdigest(),
    )


def quiet(mined: Mined, findings: Sequence[Finding], window: Window) -> Evidence | None:
    """Counter-evidence: the component logged in both spans and nothing bad is new or more frequent."""
    if not mined.lines or not mined.old_lines:
        return None
    if any(f.meaning.bad and f.change != "vanished" for f in findings) or only_errors(mined):
        return None
    bad = sum(c.window for c in mined.counts if c.meaning.bad)
    old_bad = sum(c.before for c in mined.counts if c.meaning.bad)
    what = "no error or warning lines" if not bad else f"{bad} error or warning lines, as often as before"
    strength = min(0.7, 0.15 + 0.15 * math.log10(1 + min(mined.lines, mined.old_lines)))
    return Evidence(
        component=mined.component,
        kind="log.quiet",
        aspect="log.error",
        statement=f"{mined.component}: error templates unchanged ({what} in {mined.lines} lines of the window).",
        values={
            "lines_window": mined.lines,
            "lines_baseline": mined.old_lines,
            "errors_window": bad,
            "errors_baseline": old_bad,
        },
        unit="lines",
        window=window,
        direction="steady",
        strength=round(strength, 2),
        source=mined.reference(),
    )


def clock(at: float) -> str:
    """`10:02:11`."""
    return datetime.fromtimestamp(at, tz=UTC).strftime("%H:%M:%S")


def _three(value: float) -> float:
    """Three significant digits."""
    return float(f"{value:.3g}")
