"""Headers of plain text lines, from the time's place and the pieces around it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, tzinfo
from typing import Final

from aitia.tools.text.headers.atoms import SYSLOG_5424
from aitia.tools.text.headers.compact_pattern import slim, whole
from aitia.tools.text.headers.epoch import Timekeeper
from aitia.tools.text.headers.header import PUNCTUATION, TextHeader
from aitia.tools.text.headers.levels import fold
from aitia.tools.text.headers.piece import SHARE, Piece, compiled, share
from aitia.tools.text.headers.start import AFTER, Start, find
from aitia.tools.text.headers.timestamps import Format
from aitia.tools.text.headers.vote import pieces

_GROUP: Final = re.compile(r"\(\?P<(\w+)>")
_SHOWN: Final = {
    "separator": "-",
    "level": "LEVEL",
    "letter": "LEVEL",
    "bracket": "[…]",
    "angle": "<…>",
    "paren": "(…)",
    "brace": "{…}",
}


def text_headers(
    lines: Sequence[str], *, zone: tzinfo, near: datetime, component: str = ""
) -> list[TextHeader]:
    """The layouts of a stream whose lines share one time format, the most demanding first; none without a time."""
    start = find(lines)
    if start is None:
        return []
    start = _with_level(start, lines)
    opening = start.prefix + start.form.pattern + AFTER
    match = compiled(opening).match
    matched = [(line, found.end()) for line in lines if (found := match(line))]
    if not matched:
        return []
    rests = [line[end:] for line, end in matched]
    if share(SYSLOG_5424, rests) >= SHARE and all(re.match(r"<\d+>1 ", line) for line, _ in matched):
        layouts = [[Piece("syslog 5424", SYSLOG_5424)]]
    else:
        host = start.form.name in ("BSD syslog", "ISO 8601", "Y month D", "asctime", "month D Y")
        level_known = "(?P<level>" in start.prefix + start.form.pattern
        layouts = pieces(rests, host=host, level_known=level_known, component=component)
    made = []
    left = [line for line, _ in matched]
    for layout in layouts:
        header = _header(start, layout, left, zone=zone, near=near)
        made.append(header)
        left = [line for line in left if header(line) is None]
    return made


def _with_level(start: Start, lines: Sequence[str]) -> Start:
    """A word before the time that is a level in nearly every line is known as that."""
    regex = re.compile(_named([(start.prefix + start.form.pattern, True)]))
    found = [m for line in lines if (m := regex.match(line))]
    words = list(re.finditer(r"\(\?P<(?:word|ctx)>", start.prefix))
    names = [name for name in regex.groupindex if name.startswith(("word", "ctx"))]
    for place, name in zip(words, names, strict=True):
        values = [m[name].strip(PUNCTUATION) for m in found]
        if "(?P<level>" in start.form.pattern or any(value.isdecimal() for value in values):
            continue
        if sum(fold(value) != "" for value in values) >= SHARE * len(values):
            prefix = start.prefix[: place.start()] + "(?P<level>" + start.prefix[place.end() :]
            return Start(form=start.form, prefix=prefix)
    return start


def _header(
    start: Start, layout: Sequence[Piece], lines: Sequence[str], *, zone: tzinfo, near: datetime
) -> TextHeader:
    first = Piece("start", start.form.pattern, needed=True, form=start.form)
    main, best = first, (False, False, False)
    for candidate in (first, *(p for p in layout if p.form is not None)):
        match = whole(_joined(start, layout, candidate)).match
        found = [m for line in lines if (m := match(line))]
        complete = _complete(candidate.form, found)
        if found and complete >= best:
            main, best = candidate, complete
    assert main.form is not None
    pattern = _joined(start, layout, main)
    match = whole(pattern).match
    pattern = slim(pattern, [line for line in lines if match(line)])
    match = whole(pattern).match
    texts = [m["ts"] for line in lines if (m := match(line))]
    keeper = Timekeeper(main.form, zone=zone, near=near, texts=texts)
    return TextHeader(_name(start, layout, main.form, keeper.order), pattern, keeper, lines)


def _complete(form: Format | None, found: Sequence[re.Match[str]]) -> tuple[bool, bool, bool]:
    """How much a time says: whether it names its zone, its year, its day."""
    assert form is not None
    zoned = "(?P<tz>" in form.pattern and sum(bool(m["tz"]) for m in found) >= SHARE * len(found)
    return form.absolute or zoned, form.year, form.date


def _joined(start: Start, layout: Sequence[Piece], main: Piece) -> str:
    """The pattern of a layout, all its pieces optional but those that are needed to tell it from another."""
    parts = [(start.prefix, False), (start.form.pattern + AFTER, main.name == "start")]
    for piece in layout:
        needed = piece.needed or piece is main
        parts.append((piece.pattern if needed else f"(?:{piece.pattern})?", piece is main))
    return _named(parts)


def _named(parts: Sequence[tuple[str, bool]]) -> str:
    """The joined pattern, its groups numbered where a name repeats: the main time and the last level keep theirs."""
    count: dict[str, int] = {}
    last_level = max((i for i, (part, _) in enumerate(parts) if "(?P<level>" in part), default=-1)

    def renamed(index: int, main: bool, name: str) -> str:
        if (name in ("ts", "frac", "tz") and main) or (name == "level" and index == last_level):
            return name
        count[name] = count.get(name, 0) + 1
        kept = name not in ("ts", "frac", "tz", "level") and count[name] == 1
        return name if kept else f"{name}_{count[name]}"

    return "".join(
        _GROUP.sub(lambda m, i=index, main=main: f"(?P<{renamed(i, main, m[1])}>", part)  # type: ignore[misc]
        for index, (part, main) in enumerate(parts)
    )


def _name(start: Start, layout: Sequence[Piece], form: Format, order: str) -> str:
    names = [piece.name for piece in layout]
    if names == ["syslog 5424"]:
        return "syslog RFC 5424"
    what = {"BSD syslog": "syslog RFC 3164"}.get(form.name, form.name) if "host" in names else form.name
    if order:
        what += f" ({order})"
    if form.uptime:
        what += " (the last sampled line is placed in the window)"
    words = "".join(r"… " for _ in re.findall(r"\\S\+\)", start.prefix))
    return f"{what}: {words}time " + " ".join([*(_SHOWN.get(n, n) for n in names), "message"])
