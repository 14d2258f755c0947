"""Taking apart what follows the time: one piece after the other, as long as nearly all sampled lines share it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from aitia.tools.text.headers.atoms import ATOMS, EVENT, GLUED, LEVEL_UPPER, NUMBER
from aitia.tools.text.headers.columns import delimiter, padded, take_columns
from aitia.tools.text.headers.context import (
    bare_logger,
    host_of,
    is_glued,
    is_known,
    level_column,
    number_is_header,
    second_time,
    words_before,
)
from aitia.tools.text.headers.piece import SHARE, Piece, compiled, share, swallows, take

_MOST: Final = 18  # pieces
_SPLIT: Final = (0.1, 3)  # share and number of lines that make a layout of their own
_NESTED: Final = {"bracket": 6, "angle": 14}  # how often a piece may come again, if more than four times


def pieces(rests: Sequence[str], *, host: bool, level_known: bool, component: str) -> list[list[Piece]]:
    """The pieces after the time: one list for each layout that the lines show, the most demanding first."""
    used = ["level"] if level_known else []
    taken: list[Piece] = []
    if host and (piece := host_of(rests)):
        rests = take(piece, rests, taken)
    if mark := delimiter(rests):
        rests = take_columns(rests, mark, used, taken)
    while len(taken) < _MOST:
        piece = _next(rests, used)
        if piece is None:
            if (apart := _split(rests, used)) is None:
                break
            own, others = apart
            demanded = Piece("level", LEVEL_UPPER.pattern, needed=True)
            rest = pieces(take(demanded, own, []), host=False, level_known=True, component=component)
            without = pieces(others, host=False, level_known=True, component=component)
            return [[*taken, demanded, *more] for more in rest[:1]] + [
                [*taken, *more] for more in without[:2]
            ]
        if piece.form is not None:
            used.clear()
        used.append(piece.name)
        rests = take(piece, rests, taken)
        if piece.form is not None and piece.form.name == "BSD syslog" and (named := host_of(rests)):
            rests = take(named, rests, taken)
    if "class" not in used and "tag" not in used and (logger := bare_logger(rests, used, component)):
        taken.append(logger)
    return [taken]


def _next(rests: Sequence[str], used: Sequence[str]) -> Piece | None:
    if not any(rests):
        return None
    if share(EVENT, rests) >= SHARE:
        return Piece("event", EVENT)
    if "time" not in used and (time := second_time(rests)):
        return time
    for atom in ATOMS:
        if atom.name == "mark" and all(rest.startswith("-") for rest in rests):
            continue
        if (
            (atom.once and atom.name in used)
            or used.count(atom.name) >= _NESTED.get(atom.name, 4)
            or is_known(atom, used)
        ):
            continue
        if atom.name == "level" and (column := level_column(rests)):
            return column
        if share(atom.vote or atom.pattern, rests) >= atom.share and (
            atom.whole or not swallows(atom.pattern, rests)
        ):
            return Piece(atom.name, atom.pattern)
    if used[-1:] == ["level"] and is_glued(rests):
        return Piece(GLUED.name, GLUED.pattern)
    if share(NUMBER.pattern, rests) >= SHARE and number_is_header(rests, used):
        return Piece("number", NUMBER.pattern)
    return words_before(rests, used) or padded(rests, used)


def _split(rests: Sequence[str], used: Sequence[str]) -> tuple[list[str], list[str]] | None:
    """Lines with a level and lines without: two programs, or two layouts of one."""
    if any(u in used for u in ("level", "letter", "cisco", "facility")):
        return None
    match = compiled(LEVEL_UPPER.pattern).match
    own = [rest for rest in rests if match(rest)]
    others = [rest for rest in rests if not match(rest)]
    share_needed, number_needed = _SPLIT
    if min(len(own), len(others)) < max(number_needed, share_needed * len(rests)):
        return None
    return own, others
