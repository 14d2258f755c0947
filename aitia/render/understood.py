"""How a person's words were read, in one line, so that a wrong reading is seen at once."""

from __future__ import annotations

from aitia.core.words import Report, Saying
from aitia.render import text as t
from aitia.render.sections import on_its_day

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
