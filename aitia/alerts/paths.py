"""Values inside a message: by path, as text, as labels, as time. Nothing here trusts a type or a size."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from itertools import islice
from typing import Any, Final

from aitia.alerts.formats import Part, Source
from aitia.core.errors import BadInput

LONGEST: Final = 4_000  # characters of a value
MOST_LABELS, LONGEST_NAME, LONGEST_LABEL = 50, 100, 500
_MOST_CHILDREN: Final = 100  # that a `*` looks at
_MOST_FIELDS: Final = 300  # of an object that are compared: a message of a thousand fields is no tool's
# What a template leaves where it had nothing to fill in: Datadog's $NAME, Zabbix's {MACRO} and *UNKNOWN*.
_UNFILLED: Final = re.compile(r"\$[A-Z_]+|\{\$?[A-Z][A-Z0-9_.]*\}|\*UNKNOWN\*|null")
_EPOCH: Final = re.compile(r"\d{9,19}(?:\.\d+)?")
_DOTTED_DATE: Final = re.compile(r"^(\d{4})\.(\d{2})\.(\d{2})")  # Zabbix's {EVENT.DATE}
_NAMES: Final = ("name", "key", "tag", "label")


@lru_cache(maxsize=2_048)
def loose(name: str) -> str:
    """A field's name as it is compared: `event_id`, `EVENT.ID` and `eventId` are one."""
    return "".join(c for c in name.casefold() if c.isalnum())


def values_at(value: Any, path: str) -> Iterator[Any]:
    """What lies at the path, None and empty values too."""
    step, _, rest = path.partition(".")
    if not step:
        yield value
        return
    if step == "*":
        children = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ()
        for child in islice(children, _MOST_CHILDREN):
            yield from values_at(child, rest)
    elif isinstance(value, Mapping):
        wanted = loose(step)
        for name in islice(value, _MOST_FIELDS):
            if loose(str(name)) == wanted:
                yield from values_at(value[name], rest)
                return


def has(message: Any, path: str) -> bool:
    """Whether there is such a field."""
    return any(True for _ in values_at(message, path))


def texts_at(message: Any, source: Source) -> Iterator[str]:
    """Every text of a source. Raises BadInput where an object or a list stands in the place of one."""
    part = Part(paths=(source,)) if isinstance(source, str) else source
    if len(part.paths) > 1:
        found = [next(_scalars(message, path), "") for path in part.paths]
        told = iter([" ".join(found)] if all(found) else [])
    else:
        told = _scalars(message, part.paths[0])
    for text in told:
        if not part.pattern:
            yield text
        elif match := re.search(part.pattern, text):
            yield "".join(group or "" for group in match.groups()).strip()


def text_at(message: Any, sources: Sequence[Source]) -> str:
    """The first text of the sources, "" where there is none."""
    return next((text for source in sources for text in texts_at(message, source) if text), "")


def _scalars(message: Any, path: str) -> Iterator[str]:
    for value in values_at(message, path):
        if value is None or value in ([], {}):
            continue
        if isinstance(value, Mapping | list):
            kind = "an object" if isinstance(value, Mapping) else "a list"
            raise BadInput(f"Fix {path!r} of the message: it is {kind}, not text.")
        text = (str(value).lower() if isinstance(value, bool) else str(value)).strip()[:LONGEST]
        if text and not _UNFILLED.fullmatch(text):
            yield text


def labels_in(value: Any) -> dict[str, str]:
    """Labels of a mapping, of a list of names and values, or of `name:value` texts (`role:db,host:web-1`)."""
    found: dict[str, str] = {}
    for name, held in _pairs(value):
        name, held = name.strip()[:LONGEST_NAME], held.strip()[:LONGEST_LABEL]
        if name and held and not _UNFILLED.fullmatch(held) and len(found) < MOST_LABELS:
            found.setdefault(name, held)
    return found


def _pairs(value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        for piece in value[: LONGEST * 4].split(","):
            name, colon, held = piece.partition(":")
            if colon:
                yield name, held
    elif isinstance(value, Mapping):
        value = dict(islice(value.items(), _MOST_FIELDS))
        held_at = {loose(str(name)): held for name, held in value.items()}
        named = next((held_at[n] for n in _NAMES if isinstance(held_at.get(n), str)), None)
        if named is not None and _plain(held_at.get("value")):
            yield named, str(held_at["value"])
        else:
            firsts = (
                (name, held[0] if isinstance(held, list) and held else held) for name, held in value.items()
            )
            yield from ((str(name), str(first)) for name, first in firsts if _plain(first))
    elif isinstance(value, list):
        for one in value[:_MOST_CHILDREN]:
            yield from _pairs(one)


def _plain(value: Any) -> bool:
    return isinstance(value, str | int | float) and not isinstance(value, bool)


def moment_of(text: str, what: str) -> datetime:
    """A time as the tools write it: ISO 8601, epoch in s, ms, µs or ns. Without a zone it stays so. Raises BadInput."""
    if _EPOCH.fullmatch(text):
        number = float(text)
        while number >= 1e11:  # seconds reach that in the year 5138
            number /= 1000
        return datetime.fromtimestamp(number, tz=UTC)
    try:
        return datetime.fromisoformat(_DOTTED_DATE.sub(r"\1-\2-\3", text))
    except ValueError:
        raise BadInput(
            f"{text[:60]!r} is not a time. Fix {what} of the message: ISO 8601 or epoch."
        ) from None
