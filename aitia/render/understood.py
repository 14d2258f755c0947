"""How words were read: a person's in one line, so that a wrong reading is seen at once; names and messages in a section."""

from __future__ import annotations

from aitia.core.percent import chance
from aitia.core.words import Report, Saying
from aitia.render import text as t
from aitia.render.items import Item, Section
from aitia.render.sections import in_chain, on_its_day

_LONGEST_WORDS = 60


def understood(report: Report) -> str:
    """`Understood: checkout, latency, since 10:00:00 UTC ("since 10:00"); not orders-db ("the database")`, or ""."""
    read = report.incident.understood
    if read is None or not (read.start or read.affected or read.excluded):
        return ""
    about = ", ".join(_named(s) for s in read.affected)
    parts = [about] if about else []
    if read.symptom not in ("", "other"):
        parts.append(read.symptom)
    if read.start is not None:
        date = not on_its_day(read.start, report.incident.window)
        parts.append(f"since {t.at(read.start, date=date)} UTC{_quoted(read.start_words)}")
    sides = [", ".join(parts)] if parts else []
    if read.excluded:
        sides.append("not " + ", ".join(_named(s) for s in read.excluded))
    if report.verdict == "cause" and report.component in report.incident.cleared:
        sides.append("the telemetry points to it all the same")
    return f"Understood: {'; '.join(sides)}"


def _named(saying: Saying) -> str:
    same = saying.words.casefold() == saying.component.casefold()
    return t.clean(saying.component) + ("" if same else _quoted(saying.words))


def _quoted(words: str) -> str:
    return f' ("{t.clip(t.clean(words), _LONGEST_WORDS)}")' if words else ""


def readings(report: Report) -> Section:
    """Names and messages on whose reading the verdict rests: what a model took them for, and those that nobody understands."""
    leading = report.suspects[0].supporting if report.suspects and report.verdict == "cause" else ()
    wanted = in_chain(report) | set(leading)
    facts = [e for e in report.evidence if e.id in wanted or report.verdict == "unknown"]
    found: dict[str, Item] = {}
    for e in sorted(facts, key=lambda e: -e.strength):
        template = str(e.values.get("template", ""))
        name = t.clean(str(e.values.get("metric", "")) or f'"{template}"')
        if reader := e.values.get("read_by"):
            said = t.clean(f"{e.values['read_as']}, {chance(float(e.values['read_sure']))} sure, by {reader}")
            found.setdefault(name, Item(lead=name, text=said, cites=(e.id,)))
        elif e.values.get("meaning") == "unknown":
            found.setdefault(name, Item(lead=name, text="nobody knows what it measures", cites=(e.id,)))
    return Section(
        title="How words were read",
        items=tuple(found.values()),
        note="to correct: aitia dictionary set NAME QUANTITY, or MESSAGE fault|normal" if found else "",
    )
