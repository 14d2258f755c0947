"""Cells to values: numbers, states, words that stand for none, and qualities."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import Final

import numpy as np

from aitia.tools.sources.exports.asked import Asked, Reading, Samples, Tag
from aitia.tools.sources.exports.columns import Column, Shape, cell_at
from aitia.tools.sources.exports.numbers import Notation, notation_of, number_and_unit, number_and_word
from aitia.tools.sources.exports.sheets import Sheet
from aitia.tools.sources.exports.words import (
    Quality,
    code_of,
    code_quality,
    data,
    folded,
    is_missing,
    quality_word,
    state_of,
)
from aitia.tools.sources.rows import Floats

MOST_STATES: Final = 12  # different words of a column that is read as states
_WORST: Final[tuple[Quality, ...]] = ("", "good", "uncertain", "bad")
_PAIR: Final = 2  # states that have the values 0 and 1
_STATES: Final = 0.8  # of the words of a column, which then holds states
_BEYOND: Final = 1e36  # no measurement: an open input of an instrument reads 9.9e37
_RARE: Final = 0.3  # of the cells of a column of qualities; by hand
_TOLD: Final = 400  # cells by which an unknown unit is told
_VOTED: Final = 20_000  # cells by which the notation of numbers is told


def notation_in(sheet: Sheet, values: Sequence[Column], body: Sequence[list[str]], asked: Asked) -> Notation:
    """How the numbers of some columns are written."""
    if asked.decimal:
        return Notation(asked.decimal == ",")
    per = max(1, _VOTED // max(len(values), 1))
    step = max(1, len(body) // per)
    cells = (cell_at(row, c.at) for c in values for row in body[::step])
    return notation_of((c for c in cells if c), commas_part=sheet.commas_part)


def qualities_of(shape: Shape, body: Sequence[list[str]], column: Column) -> list[Quality]:
    """What each cell's quality is, the worst of several columns of it; empty where the table tells none."""
    of = [c for c in shape.of_role("quality") if c.of == column.at or shape.long]
    told = [_qualities_in(c.name, [cell_at(r, c.at) for r in body]) for c in of]
    return [max(words, key=_WORST.index) for words in zip(*told, strict=True)]


def _qualities_in(name: str, cells: Sequence[str]) -> list[Quality]:
    """What the cells of one column of qualities say: words, codes of OPC or of a confidence, or true and false."""
    words = {c: quality_word(c) or _only_here(c) for c in set(cells)}
    numbers = {
        c: code_of(c) for c in set(cells) if not re.search(r"[a-zA-Z]{2}", c) or c.lower().startswith("0x")
    }
    known = [n for n in numbers.values() if n is not None]
    if known and len(known) >= 0.5 * len([c for c in words if c]):
        counted = Counter(c for c in cells if c)
        usual = numbers.get(counted.most_common(1)[0][0]) if counted else None
        if max(known) >= 1 << 30:  # OPC UA: the two highest bits of 32
            words |= {
                c: ("good", "uncertain")[n >> 30] if n >> 30 < 2 else "bad"
                for c, n in numbers.items()
                if n is not None
            }
        elif max(known) >= 64 and max(known) != 100:
            words |= {
                c: code_quality(n, opc=True)
                for c, n in numbers.items()
                if n is not None and (n < 256 or n & 0xFF)
            }
        elif max(known) == 100:  # a confidence in per cent (PHD)
            words |= {c: "good" if n and n >= 50 else "bad" for c, n in numbers.items() if n is not None}
        else:
            words |= {c: "good" if n == usual else "bad" for c, n in numbers.items() if n is not None}
    flags = {folded(c) for c in cells if c}
    if flags and flags <= {"true", "false", "wahr", "falsch", "yes", "no"}:
        good = "true" if not re.search(r"(?i)bad|quest|substit|invalid", name) else "false"
        words = {
            c: "good" if (folded(c) in ("true", "wahr", "yes")) == (good == "true") else "bad"
            for c in set(cells)
        }
    _unknown_beside_good(words, cells)
    return [words[c] for c in cells]


def _unknown_beside_good(words: dict[str, Quality], cells: Sequence[str]) -> None:
    """Take rare words that nothing is known of as uncertain beside a usual word for good: they may be alarms of true values."""
    counted = Counter(c for c in cells if c)
    unknown = [c for c in counted if not words[c] and any(map(str.isalpha, c)) and not is_missing(c)]
    usual = words[counted.most_common(1)[0][0]] if counted else ""
    if usual == "good" and sum(counted[c] for c in unknown) <= _RARE * counted.total():
        words |= dict.fromkeys(unknown, "uncertain")


def _only_here(cell: str) -> Quality:
    """What a word says in a column of qualities alone, as elsewhere it is a state: `{down}`."""
    return "bad" if folded(cell).strip("[](){}<>'\"") in data()["quality_column_bad"] else ""


def samples_of(
    tag: Tag,
    t: Floats,
    cells: Sequence[str],
    codes: Sequence[str],
    chosen: np.ndarray,
    notation: Notation,
    read: Reading,
) -> Samples | None:
    """The samples of a tag; None where its cells are texts that say nothing."""
    made = Samples(tag=tag, t=t[chosen], v=np.full(chosen.size, np.nan))
    parsed: dict[str, tuple[float | None, str, bool]] = {}
    units: Counter[str] = Counter()
    texts: Counter[str] = Counter()
    numbers = 0
    unit_of_all = _one_word(cells, chosen, notation)
    for place, row in enumerate(chosen):
        cell = cells[row]
        if not cell:
            continue
        if cell not in parsed:
            parsed[cell] = number_and_unit(cell, notation)
            if (
                parsed[cell][0] is None
                and unit_of_all
                and (of := number_and_word(cell, notation))[1] == unit_of_all
            ):
                parsed[cell] = (*of, False)
        value, unit, doubt = parsed[cell]
        if value is None or not np.isfinite(value):
            (made.words if is_missing(cell) or quality_word(cell) == "bad" else texts)[cell] += 1
            continue
        numbers += 1
        code = codes[row] if codes else ""
        made.bad += code == "bad"
        made.doubtful += doubt or code == "uncertain"
        made.v[place] = np.nan if code == "bad" else value
        units[unit] += bool(unit)
    if texts and texts.total() > numbers:
        if not _as_states(made, cells, codes, chosen, texts, read):
            return None
    else:
        made.words += texts
    if units and not tag.unit:
        tag.unit = units.most_common(1)[0][0]
    _placeholders(made, codes, chosen)
    _sentinels(made, read)
    _once(made)
    return made


def _placeholders(made: Samples, codes: Sequence[str], chosen: np.ndarray) -> None:
    """Leave out zeros of uncertain quality that lie further from all certain values than those from one another."""
    doubted = (
        np.array([codes[row] == "uncertain" for row in chosen], dtype=bool) if codes else np.zeros(0, bool)
    )
    known = np.isfinite(made.v)
    if not doubted.any() or not (known & ~doubted).any() or np.any(made.v[doubted & known] != 0.0):
        return
    sure = made.v[known & ~doubted]
    if float(np.min(np.abs(sure))) > float(np.ptp(sure)):
        count = int((doubted & known).sum())
        made.v[doubted] = np.nan
        made.bad, made.doubtful = made.bad + count, made.doubtful - count


def _one_word(cells: Sequence[str], chosen: np.ndarray, notation: Notation) -> str:
    """The one unknown unit that stands behind most numbers of a column; "" for none."""
    held = [cells[row] for row in chosen[:_TOLD] if cells[row]]
    words = Counter(w for c in held if (w := number_and_word(c, notation)[1]))
    word, most = words.most_common(1)[0] if words else ("", 0)
    return word if most > 0.5 * len(held) and len(held) > 1 else ""


def _once(made: Samples) -> None:
    """Leave out rows that repeat time and value of another one."""
    pairs = np.stack([made.t, np.where(np.isfinite(made.v), made.v, np.inf)], axis=1)
    kept = (
        np.sort(np.unique(pairs, axis=0, return_index=True)[1])
        if len(pairs)
        else np.array([], dtype=np.int64)
    )
    made.twice = made.t.size - kept.size
    made.t, made.v = made.t[kept], made.v[kept]


def _as_states(
    made: Samples,
    cells: Sequence[str],
    codes: Sequence[str],
    chosen: np.ndarray,
    texts: Counter[str],
    read: Reading,
) -> bool:
    """Words as states with numbers: the usual 0 and 1 of both words, else in the order of their first appearance."""
    kinds = list(dict.fromkeys(cells[row] for row in chosen if cells[row] in texts))
    usual = {k: state_of(k, made.tag.name) for k in kinds}
    pair = {k: v for k, v in usual.items() if v is not None}
    if (
        len(set(pair.values())) == len(pair) == _PAIR < len(kinds)
        and sum(texts[k] for k in pair) >= _STATES * texts.total()
    ):
        made.words += Counter(
            {k: texts[k] for k in kinds if k not in pair}
        )  # `ON`, `OFF` and, now and then, `Data Loss`
        kinds, usual = list(pair), dict(pair)
    whole = len(kinds) == 1 and usual[kinds[0]] is not None and not quality_word(kinds[0])  # on all the time
    if len(kinds) > MOST_STATES or (len(kinds) < _PAIR and not whole):
        first = kinds[0] if kinds else ""
        read.said.append(
            f"left out, as more than half of its cells are no numbers: {made.tag.name} ({len(kinds)} words, e.g. {first[:30]!r})"
        )
        return False
    if None in usual.values() or len(set(usual.values())) < len(kinds):
        usual = {k: float(n) for n, k in enumerate(sorted(kinds, key=folded))}
    made.tag.states = True
    made.states = {k: float(v) for k, v in usual.items() if v is not None}
    for place, row in enumerate(chosen):
        if cells[row] in made.states and not (codes and codes[row] == "bad"):
            made.v[place] = made.states[cells[row]]
    return True


def _sentinels(made: Samples, read: Reading) -> None:
    """Numbers that stand for nothing, such as -9999, where they lie far outside of all others."""
    beyond = np.abs(made.v) > _BEYOND
    if beyond.any():
        made.v[beyond] = np.nan
        made.words["beyond 1e36"] += int(beyond.sum())
    for mark in data()["sentinels"]:
        hit = made.v == float(mark)
        rest = made.v[np.isfinite(made.v) & ~hit]
        if (
            hit.any()
            and rest.size
            and hit.sum() < rest.size
            and abs(float(mark)) > 3 * max(float(np.abs(rest).max()), 1.0)
        ):
            made.v[hit] = np.nan
            made.words[f"{mark:g}"] += int(hit.sum())
