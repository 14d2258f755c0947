"""The sentence that says which change is to blame, or that none is, or that several cannot be told apart."""

from __future__ import annotations

from collections.abc import Sequence

from aitia.core.words import ChangeSuspect, Evidence, Sentence

_SHORT = 12  # characters of a hash
_NOUNS = {"deploy": "change", "config": "configuration change", "flag": "flag", "scale": "scaling", "maintenance": "maintenance"}


def blame_sentence(
    best: Sequence[ChangeSuspect], before: int, known: int, first: Evidence | None
) -> Sentence:
    """In plain words, with the facts of the changes and of the first onset."""
    cites = [*(i for s in best for i in s.evidence[:2]), *([first.id] if first else [])]
    if not best:
        text = _none(before, known, first)
    elif len(best) == 1:
        text = f"The change to blame is {told(best[0])}{_gap(best[0], first)}{_why(best[0])}."
    else:
        text = f"Which change is to blame cannot be told: {_listed([told(s) for s in best])} fit equally well."
    return Sentence(text=text, cites=tuple(dict.fromkeys(i for i in cites if i)), by="template", role="change")


def told(change: ChangeSuspect) -> str:
    """A change by its kind, id and component."""
    name = change.id[:_SHORT] if len(change.id) >= 20 and change.id.isalnum() else change.id[:60]
    of = f" of {change.component}" if change.component else ""
    return f"{_NOUNS[change.kind]} {name}{of} at {change.at:%H:%M:%S} UTC"


def _none(before: int, known: int, first: Evidence | None) -> str:
    when = f" ({first.onset:%H:%M:%S} UTC)" if first is not None and first.onset else ""
    if not before:
        return f"No change is to blame: {_counted(known)} came after the first onset{when}."
    later = f"; {_counted(known - before)} came after it" if known > before else ""
    return f"No change is to blame: {_counted(before)} came before the first onset{when}, and nothing known of them fits what failed{later}."


def _counted(n: int) -> str:
    return "1 change" if n == 1 else f"{n} changes"


def _gap(change: ChangeSuspect, first: Evidence | None) -> str:
    if first is None or first.onset is None:
        return ""
    seconds = round((first.onset - change.at).total_seconds())
    if seconds < 0:
        return ", at the first onset"
    return f", {seconds} s before the first onset" if seconds < 120 else f", {round(seconds / 60)} minutes before the first onset"


def _why(change: ChangeSuspect) -> str:
    return f": {'; '.join(change.why)}" if change.why else ""


def _listed(names: Sequence[str]) -> str:
    return f"{', '.join(names[:-1])} and {names[-1]}"
