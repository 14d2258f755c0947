"""What a plant's journal says of its machines beside alarms: commands, protection that operated, announced work and load."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from typing import Final

from aitia.core.redact import Redactor
from aitia.core.words import MACHINES, Component, Evidence, SourceRef, Window, from_epoch
from aitia.tools.text.names import Names
from aitia.tools.text.reading.record import Record

BEFORE_S: Final = 86_400.0  # of the window: what was done a day before may still be felt; by hand
KIND: Final = "journal.entry"
OPERATED: Final = re.compile(
    r"(?i)\b(?:operated|tripped|trip|shut ?down|emergency|fault|failed|failure|locked out|lockout|line off|standby|opened"
    r"|open command|ausgel[oö]st|ausl[oö]sung|st[oö]rung|notaus|aus ?geschaltet|abgeschaltet|disparo|disparado|fallo)\b"
    r"|\bP(?:TOC|DIF|DIS|IOC|TRC)\d*\.Op\b"
)
"""Says that a protection or a switch acted, or a machine gave up: no announcement of ordinary running."""
_MOST: Final = 6
_SELDOM: Final = 4  # times that an entry's words may come in the whole log: of more it is routine; by hand
_QUOTED: Final = 110
_ALARM: Final = re.compile(
    r"(?i)\b(?:alarm|alm|warn\w*|offnormal|limit|grenzwert|l[ií]mite|rtn|reset|ack\w*|quittiert\w*|to-normal|normal again"
    r"|returned|gegangen|gekommen|reconoc\w*)\b"
)
_WORDS: Final = re.compile(r"[\d.,:-]+")


def journal(
    found: Sequence[Record],
    machines: Collection[str],
    window: Window,
    names: Names,
    redactor: Redactor,
    ref: SourceRef,
) -> Iterator[Evidence]:
    """A fact for each entry of the window or the day before it that names one of `machines`, is no alarm, and is no routine."""
    told = [(record, named) for record in found if (named := _machine(record, machines, names))]
    shapes = Counter(_shape(record.message, named) for record, named in told)
    late = window.start.timestamp() - BEFORE_S
    kept = [(r, m) for r, m in told if r.at >= late and shapes[_shape(r.message, m)] <= _SELDOM]
    for record, machine in kept[-_MOST:]:
        whole = " ".join(redactor.text(record.message).replace('"', "'").split())
        text = whole if len(whole) <= _QUOTED else f"{whole[:_QUOTED]}…"
        at = from_epoch(record.at)
        yield Evidence(
            component=machine, kind=KIND, aspect="condition.alarms",
            statement=f'{machine}: the journal says at {at:%H:%M:%S} UTC: "{text}".',
            values={"text": text, "acted": "yes" if OPERATED.search(whole) else "no"},
            window=window, onset=at, direction="changed", strength=0.3, source=ref, taint=True, provenance="infrastructure",
        )  # fmt: skip


def machines_in(components: Collection[Component]) -> frozenset[str]:
    """The components of which a plant's journal speaks."""
    return frozenset(c.id for c in components if c.type in MACHINES)


def _machine(record: Record, machines: Collection[str], names: Names) -> str:
    """The machine that an entry names first; "" for an alarm, its end, or its acknowledgement, and where it names none."""
    if _ALARM.search(record.message):
        return ""
    return next((n for n in names.of(record.message) if n in machines), "")


def _shape(text: str, machine: str) -> str:
    return _WORDS.sub("#", text.replace(machine, ""))
