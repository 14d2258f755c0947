"""Columns between a mark (`|`, tab, `;`, `,`) or blanks, before the message."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import Final

from aitia.tools.text.headers.atoms import PADDED
from aitia.tools.text.headers.levels import ANY_CASE
from aitia.tools.text.headers.piece import SHARE, Piece, compiled, share, swallows, take

_MOST: Final = 12


def delimiter(rests: Sequence[str]) -> str:
    """The mark between columns, if nearly every line has one before its first blank that does not pad it."""
    for mark in ("\t", "|", ";", ","):
        if (
            share(
                rf"[^{re.escape(mark)}\s]*(?: \S+)? *{re.escape(mark)}" + (r"(?=\S)" if mark in ",;" else ""),
                rests,
            )
            >= SHARE
        ):
            return mark
    return ""


def take_columns(rests: Sequence[str], mark: str, used: list[str], taken: list[Piece]) -> list[str]:
    """Columns before the message: no prose in them. Where figures follow, the message begins after time and level."""
    known, m = list(rests), re.escape(mark)
    made: list[tuple[Piece, list[str]]] = []
    while len(made) < _MOST and share(rf"[^{m}]*{m}", known) >= SHARE:
        values = [rest.split(mark, 1)[0].strip() for rest in known if mark in rest]
        leveled = rf"\s*[\[\"]?(?P<level>{ANY_CASE}|[VDIWEF])[\]\"]?\s*{m}\s*"
        if "level" not in used and share(leveled, known) >= SHARE:
            piece = Piece("level", leveled)
        elif _identifiers(values):
            piece = Piece("column", rf"(?P<ctx>[^{m}]*){m} ?")
        else:
            break
        used.append(piece.name)
        known = take(piece, known, [])
        made.append((piece, known))
    if _figures([rest.split(mark, 1)[0] for rest in known]):
        while made and made[-1][0].name == "column":
            made.pop()
    taken += [piece for piece, _ in made]
    return made[-1][1] if made else list(rests)


def _identifiers(values: Sequence[str]) -> bool:
    simple = sum(" " not in value for value in values)
    few = len(set(values)) <= max(2, len(values) // 8)
    decimals = sum(re.fullmatch(r"-?\d+[.,]\d+", value) is not None for value in values)
    return (simple >= SHARE * len(values) or few) and decimals < 0.5 * len(values)


def _figures(values: Sequence[str]) -> bool:
    return sum(re.fullmatch(r"\s*-?[\d.,]+\s*", v) is not None for v in values) >= 0.5 * len(values)


def padded(rests: Sequence[str], used: Sequence[str]) -> Piece | None:
    """A column padded with blanks, or ended by a tab: what follows it begins at the same place."""
    if share(r"\S+\t", rests) >= SHARE and not swallows(r"\S+\t", rests):
        return Piece("padded", r"(?P<ctx>\S+)\t\s*")
    if share(PADDED.pattern, rests) < SHARE:
        return None
    match = compiled(PADDED.pattern).match
    widths = Counter(m.end() for rest in rests if (m := match(rest)))
    if widths.most_common(1)[0][1] >= SHARE * widths.total():
        return Piece("padded", PADDED.pattern)
    return None
