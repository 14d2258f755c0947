"""Work on an asset shortly before its trouble, and whether what is asked for repeats it."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import timedelta
from typing import Final, NamedTuple

from aitia.core.words import Evidence, Incident

DAYS: Final = 14  # within which work is told beside a finding; by hand: two rounds of a weekly plan
_MOST: Final = 4
_KINDS: Final = ("maintenance.work", "change.maintenance")
_QUOTED: Final = re.compile(r'"(.*)"')
_SOON_H: Final = 48.0  # hours below which hours are said
_DONE: Final = {  # what was done, by the stems of English, German and Spanish words
    "greased": r"greas|lubric|schmier|engras",
    "aligned": r"\balign|realign|ausgericht|ausricht|alinea",
    "cleaned": r"\bclean|gereinigt|reinig|limpi",
    "balanced": r"\bbalanc|rebalanc|wucht|equilibr",
    "tightened": r"tighten|nachgezogen|nachzieh|apret",
    "calibrated": r"calibrat|kalibrier|calibr",
}


class Work(NamedTuple):
    """One piece of work: what its order says, how long before the alarm, and the fact that tells of it."""

    text: str
    before: timedelta
    fact: str

    @property
    def told(self) -> str:
        """In a line: the order's words, how long ago, the fact."""
        hours = self.before.total_seconds() / 3600.0
        ago = f"{hours:.0f} h" if hours < _SOON_H else f"{hours / 24.0:.0f} days"
        ago = ago if hours >= 1.5 else f"{60.0 * hours:.0f} min"
        return f"{self.text}, {ago} before the alarm [{self.fact}]"


def recent_work(evidence: Iterable[Evidence], family: Collection[str], incident: Incident) -> list[Work]:
    """Work on the asset or its parts in the last two weeks before the alarm, the latest first."""
    found = [
        work
        for e in evidence
        if e.kind in _KINDS and e.component in family and (work := _work(e, incident)) is not None
    ]
    return sorted(found, key=lambda w: w.before)[:_MOST]


def _work(e: Evidence, incident: Incident) -> Work | None:
    seconds = e.values.get("before_alarm_s")
    if isinstance(seconds, int | float):
        before = timedelta(seconds=float(seconds))
    elif e.onset is not None:
        before = incident.started_at - e.onset
    else:
        return None
    if not timedelta(0) <= before <= timedelta(days=DAYS):
        return None
    quoted = _QUOTED.search(e.statement)
    return Work(
        text=str(e.values.get("text") or (quoted[1] if quoted else e.statement)), before=before, fact=e.id
    )


def repeated(job: str, works: Sequence[Work]) -> Iterator[str]:
    """For what a job asks and recent work did: that it was done, so that the work is looked at before it is done again."""
    for done, stems in _DONE.items():
        if re.search(stems, job, re.IGNORECASE):
            same = next((w for w in works if re.search(stems, w.text, re.IGNORECASE)), None)
            if same is not None:
                yield f"{done} already: {same.told}; check that work before it is repeated"
