"""Which column of an alarm log holds what, by the names that control systems give them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from aitia.tools.sources.alarms.events import state_of, words
from aitia.tools.sources.column_names import first, plain


@dataclass(frozen=True, kw_only=True)
class Columns:
    """The columns of a log by role; "" for none. `clock` where date and time stand apart."""

    time: str
    clock: str = ""
    end: str = ""
    acked: str = ""
    tag: str = ""
    component: str = ""
    state: str = ""
    text: str = ""
    kind: str = ""
    priority: str = ""
    console: str = ""
    value: str = ""
    limit: str = ""


def columns_of(names: Sequence[str]) -> Columns | None:
    """The roles of a log's columns; None where it has no time, or neither a tag nor a text."""
    start, end = first(names, words()["start"]), first(names, words()["end"])
    date, clock = first(names, words()["date"]), first(names, words()["clock"])
    apart = bool(
        date
        and clock
        and date != clock
        and not first(names, words()["time"][: words()["time"].index("time")])
    )
    time = start if start and end else (date if apart else first(names, words()["time"]))
    tag, text = first(names, words()["tag"]), first(names, words()["text"])
    if not time or not (tag or text):
        return None
    taken = [time, tag, clock if apart else ""]
    state = first(names, words()["state"], taken)
    return Columns(
        time=time,
        clock=clock if apart else "",
        end=end if start and end else "",
        acked=first(names, words()["acked"]),
        tag=tag or text,
        component=first(names, words()["component"]),
        state=state,
        text=text if text != tag else "",
        kind=first(names, words()["kind"], [*taken, state, text]),
        priority=first(names, words()["priority"], taken),
        console=first(names, words()["console"], taken),
        value=first(names, words()["value"]),
        limit=first(names, words()["limit"]),
    )


def is_alarm_log(names: Sequence[str], states: Sequence[str] = ()) -> bool:
    """Whether columns are those of an alarm log: by names that nothing else has, or by a column of alarm states."""
    found = columns_of(names)
    if found is None:
        return False
    if {plain(n) for n in names} & set(words()["telling"]) and (found.state or found.end):
        return True
    known = [state_of(s) for s in states if s]
    return bool(found.state and found.tag and known) and sum(k is not None for k in known) >= 0.9 * len(known)
