"""The sentence that says which change is to blame, or that none is, or that several cannot be told apart."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from aitia.core.words import ChangeSuspect, Evidence, Sentence

_SHORT: Final = 12  # characters of a hash, as the fact shows it
_NOUNS: Final = {"deploy": "change", "config": "configuration change", "flag": "flag", "scale": "scaling",
                 "maintenance": "maintenance"}  # fmt: skip


def blame_sentence(
    best: Sequence[ChangeSuspect], known: Sequence[Evidence], first: Evidence | None, before: bool, alone: str
) -> Sentence:
    """In plain words, citing the changes and the first onset; `alone` says why what failed needs no change."""
    cites = [i for s in best for i in (*s.evidence[:2], *s.fits)] or [e.id for e in known[:2]]
    cites += [first.id] if first is not None else []
    dated = first is not None and any(_other_day(e, first) for e in known)
    if len(best) == 1:
        text = f"The change to blame is {_told(best[0])}{_onset(first, ', before the first onset at')}{_why(best[0])}."
    elif best:
        *others, last = map(_told, best)
        text = f"Which change is to blame cannot be told: {', '.join(others)} and {last} fit equally well."
    else:
        text = f"No change is to blame: {_none(before, alone, first, dated=dated)}."
    return Sentence(text=text, cites=tuple(dict.fromkeys(cites)), by="template", role="change")


def _told(change: ChangeSuspect) -> str:
    """A change by its kind, id and component; one without an id is told by its kind alone."""
    of = f" of {change.component}" if change.component else ""
    when = f"{of} at {change.at:%H:%M:%S} UTC"
    if change.id in change.evidence:
        return f"the {change.kind}{when}"
    return f"{_NOUNS[change.kind]} {shown(change.id)}{when}"


def shown(change: str) -> str:
    """An id as a sentence has it: a hash by its first digits."""
    return change[:_SHORT] if len(change) >= 20 and change.isalnum() else change[:40]


def _other_day(change: Evidence, first: Evidence) -> bool:
    return change.onset is not None and first.onset is not None and change.onset.date() != first.onset.date()


def _onset(first: Evidence | None, lead: str, *, dated: bool = False) -> str:
    """When it began, with its date where a known change is of another day."""
    if first is None or first.onset is None:
        return ""
    return f"{lead} {f'{first.onset:%Y-%m-%d} ' if dated else ''}{first.onset:%H:%M:%S} UTC"


def _none(before: bool, alone: str, first: Evidence | None, *, dated: bool = False) -> str:
    if not before:
        return f"all that are known came after the first onset{_onset(first, ' at', dated=dated)}"
    told = f"{alone}, and none" if alone else "none"
    return f"{told} of those before the first onset{_onset(first, ' at', dated=dated)} fits what failed"


def _why(change: ChangeSuspect) -> str:
    return f": {'; '.join(change.why)}" if change.why else ""
