"""Text to rows of cells: by the mark, the blanks or the ruler that most lines have in common."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Final

from aitia.core.errors import SourceError
from aitia.tools.sources.exports.line_protocol import line_protocol
from aitia.tools.sources.exports.numbers import looks_numeric
from aitia.tools.sources.exports.times import CLOCK, stamp_of
from aitia.tools.sources.exports.told_in_text import named_values
from aitia.tools.sources.exports.words import is_missing, quality_word

_LOOKED: Final = 120  # lines by which the separator is told
_LABELLED: Final = re.compile(r"[#;*/\s]*[^\W\d_][^:=]{1,40}[:=]\s")
_COLUMNS: Final = re.compile(
    r"(?i)[#;*/\s]*(?:columns?|fields?|header|variables?|spalten|units?|einheiten)\s*[:=]\s*"
)
_NAMED: Final = 2  # cells of a line of names or units, at least
_BODY: Final = 3  # rows, or columns, by which places are told, at least
_HEADS: Final = 6  # lines above the data that may name columns
NAMED: Final = "="  # the mark of lines that name their values
_MARKS: Final = (";", "\t", ",", "|")
_WIDE: Final = re.compile(r"[ \t]{2,}|\t")
_BLANK: Final = re.compile(r"\s+")
_RULE: Final = re.compile(r"[\s\-=+|_*]+")
_RULER: Final = re.compile(r"(?:-{3,}|={3,})(?: +(?:-{3,}|={3,}))+")


def split(text: str, given: str = "") -> tuple[str, list[list[str]]]:
    """What separates the columns, and the rows: the mark by which most lines have times, numbers and one width."""
    told = re.match(r"\ufeff?sep=(.)\r?\n", text)
    if told:
        text, given = text[told.end() :], given or told[1]
    if not given and (rows := line_protocol(text)) is not None:
        return " ", rows
    if not given and (rows := named_values(text)) is not None:
        return NAMED, rows
    given = {"tab": "\t", "\\t": "\t"}.get(given, given)
    if len(given) > 1:
        raise SourceError(f"Set `options.delimiter` to one character or to tab, not {given[:20]!r}.")
    lines = text.split("\n", 4 * _LOOKED)[: 4 * _LOOKED]
    if not given and (ruler := next((line for line in lines[:40] if _RULER.fullmatch(line.strip())), "")):
        spans = [found.span() for found in re.finditer(r"[-=]+", ruler)]
        return "  ", list(_ruled(text.splitlines(), spans))
    sample = [line for line in lines if line.strip()]
    middle = sample[:_LOOKED]
    marks = (given,) if given else (*_MARKS, "  ", " ")
    mark = max(marks, key=lambda m: (_score(middle, m), len(m) == 1 and _even(middle, m), -marks.index(m)))
    return mark, [trimmed(row) for row in _rows(text, mark)]


def _ruled(lines: Sequence[str], spans: Sequence[tuple[int, int]]) -> Iterator[list[str]]:
    """Rows by the columns of a ruler: names above one, and lines that begin with a time or number; others by their blanks."""
    for n, line in enumerate(lines):
        if _RULE.fullmatch(line) and line.strip():
            continue
        cells = _fixed(line, spans)
        named = n + 1 < len(lines) and bool(_RULER.fullmatch(lines[n + 1].strip()))
        gaps = [line[a:b] for (_, a), (b, _) in pairwise(spans)]
        fits = len(cells) == len(spans) and all(cells) and not any(map(str.strip, gaps))
        apart = _WIDE.split(line.strip())
        if len(apart) == len(spans) and any(
            line[a - 1 : a + 1].strip() == line[a - 1 : a + 1] != "" for a, _ in spans[1:]
        ):
            yield trimmed(apart)  # the ruler would cut words
            continue
        plain = bool(cells) and not (named or fits) and not (_timed(cells[0]) or looks_numeric(cells[0]))
        yield (
            trimmed(_WIDE.split(line.strip()))
            if plain and len(_WIDE.split(line.strip())) < len(spans)
            else cells
        )


def _fixed(line: str, spans: Sequence[tuple[int, int]]) -> list[str]:
    """The cells of a line below a ruler of dashes, each with what reaches up to the next one."""
    if not line.strip():
        return []
    starts = [a for a, _ in spans]
    cells = trimmed([line[a:b] for a, b in zip(starts, [*starts[1:], len(line)], strict=True)])
    for n, cell in enumerate(cells):  # a cell that begins before its dashes
        head, *rest = _WIDE.split(cell)
        if rest and (n + 1 == len(cells) or not cells[n + 1]):
            cells[n : n + 2] = [head, " ".join(rest)]
    return cells


def _score(lines: Sequence[str], mark: str) -> float:
    """How much the lines look like rows of a table with this mark: cells that are a time, a number or a word for none."""
    rows = [row for row in _rows("\n".join(lines), mark) if any(c.strip() for c in row)]
    good = 0.0
    for row in rows:
        held = [c for c in row if c.strip()]
        whole = [c for c in held if not any(m in c and m != mark for m in ";\t")]
        timed = any(_timed(c) for c in whole)
        known = sum(_timed(c) or looks_numeric(c) or bool(quality_word(c)) or is_missing(c) for c in whole)
        good += (
            (1.0 if timed else 0.3) * (known / len(held)) * (len(held) > 1) * (1 + 0.01 * min(len(row), 20))
        )
    blanks = {"  ": 0.5, " ": 0.25}.get(mark, 1.0)  # a time has a blank of its own
    return round(blanks * good / max(len(rows), 1), 4)


def _even(lines: Sequence[str], mark: str) -> int:
    """How many lines a mark parts into as many cells as the first one: a list of words has no numbers to tell it by."""
    return (
        sum(line.count(mark) == lines[0].count(mark) > 0 for line in lines)
        if mark.strip() or mark == "\t"
        else 0
    )


def _timed(cell: str) -> bool:
    return stamp_of(cell) is not None or bool(CLOCK.fullmatch(cell.strip()))


def _rows(text: str, mark: str) -> Iterator[list[str]]:
    if mark in (" ", "  "):
        cut = _WIDE if mark == "  " else _BLANK
        rows = [
            (line, cut.split(line.strip()))
            for line in text.splitlines()
            if not _RULE.fullmatch(line) or not line.strip()
        ]
        width = Counter(len(row) for _, row in rows).most_common(1)[0][0] if rows else 0
        heads = _heads([line for line, _ in rows], [row for _, row in rows], width)
        for n, (line, row) in enumerate(rows):  # a title is one cell
            label = mark == " " and _LABELLED.match(line) is not None and not any(map(_timed, row))
            if (named := _COLUMNS.match(line)) and len(
                cells := line[named.end() :].replace(",", " ").split()
            ) == width:
                yield cells  # `# columns: time ws wd`
                continue
            alone = label or not (mark == "  " or len(row) <= width or _timed(row[0]))
            yield heads.get(n) or ([line.strip()] if alone else row)
        return
    csv.field_size_limit(1 << 20)
    try:
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=mark):
            if not (row and "---" in row[0] and _RULE.fullmatch("".join(row))):
                yield row
    except csv.Error as error:
        raise SourceError(f"A row of the table cannot be read: {error}. Check its quotation marks.") from None


def _heads(lines: Sequence[str], rows: Sequence[Sequence[str]], width: int) -> dict[int, list[str]]:
    """Lines right above data in columns of fixed places as rows of as many cells, where theirs are fewer or more.

    A cell belongs to the column that lies nearest below it; only where the places of the columns are clear.
    """
    body = [n for n, row in enumerate(rows[:_LOOKED]) if len(row) == width and any(map(_timed, row))]
    if len(body) < _BODY or width < _BODY:
        return {}
    spans = [_spans(lines[n], rows[n]) for n in body]
    columns = [(min(s[k][0] for s in spans), max(s[k][1] for s in spans)) for k in range(width)]
    if any(a[1] > b[0] for a, b in pairwise(columns)):
        return {}
    found: dict[int, list[str]] = {}
    at = body[0] - 1
    while at >= 0 and body[0] - at <= _HEADS and lines[at].strip():
        words = [(m.start(), m.end(), m[0]) for m in re.finditer(r"\S+(?: \S+)*", lines[at])]
        places = [min(range(width), key=lambda k: _apart(columns[k], a, b)) for a, b, _ in words]
        if places != sorted(places) or len(words) < _NAMED:
            break
        cells = [""] * width
        for place, (_, _, word) in zip(places, words, strict=True):
            cells[place] = f"{cells[place]} {word}".strip()
        if len(rows[at]) != width:
            found[at] = cells
        at -= 1
    return found


def _spans(line: str, row: Sequence[str]) -> list[tuple[int, int]]:
    """Where the cells of a row stand in its line."""
    spans, at = [], 0
    for cell in row:
        at = line.index(cell, at)
        spans.append((at, at + len(cell)))
        at += len(cell)
    return spans


def _apart(column: tuple[int, int], begin: int, end: int) -> tuple[int, float]:
    """How far a word lies from a column: characters between them, then between their middles."""
    between = max(column[0] - end, begin - column[1], 0)
    return between, abs(sum(column) - begin - end) / 2


def trimmed(row: list[str]) -> list[str]:
    """The cells of a row without outer blanks and without empty ones at its end."""
    cells = [c.strip() for c in row]
    while cells and not cells[-1]:
        cells.pop()
    return cells
