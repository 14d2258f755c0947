"""How a question is asked, as features: hashed pieces of its words, pairs, and the keys of the rules' tables.

Names of the site and numbers are masked, so that what is learned tells how something is asked and not of what. Letters are taken
three to five at a time, of Chinese one to three characters.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from aitia.agent.asking.question.line_form import FUNCTIONS, fields_of
from aitia.agent.asking.question.tables import GOES_ON, keys
from aitia.agent.asking.question.word_by_word import english
from aitia.tools.meaning.incidents.words import plain

LETTERS: Final = 1 << 14  # columns of pieces of words
WORDS: Final = 1 << 15  # of words and pairs
MARKS: Final = 1 << 12  # and of what the rules' tables hold of it
MARKED: Final = 0.3
"""How much a mark of the rules counts beside the pieces, whose columns have length 1 in all."""
VERBS: Final = (
    *FUNCTIONS, "curve", "above", "below", "compare", "share", "most", "least", "lines", "count lines", "count changes",
    "count things", "list", "get", "events", "changes", "who", "incidents", "documents", "none",
)  # fmt: skip
WANTED: Final = ("", "time", "first", "last", "times", "duration")
_TABLES: Final = ("verbs", "functions", "order", "levels", "resources", "states", "parts", "relations", "share", "rank",
    "lifecycle", "lasting", "outside")  # fmt: skip
_SIZES: Final = (3, 4, 5)
_HAN_SIZES: Final = (1, 2, 3)
_NAME: Final = "¤"  # in the place of a name of the site
_WORD: Final = re.compile(r"[^\W\d_]+|[0¤?]")
_HAN: Final = re.compile(r"[\u4e00-\u9fff]+")
_CODED: Final = re.compile(r"(?<!\w)(?=[\w./-]*\d)(?=[\w./-]*[a-z])[\w./-]+")  # pump2, P-101A
_NUMBER: Final = re.compile(r"\d+")


def verb_of(line: str) -> str:
    """Which of `VERBS` a line has, "" for no line."""
    told = fields_of(line)
    if told is None:
        return ""
    verb, of = told["verb"], told["args"].split(" ")[0]
    if verb == "count":
        verb = f"count {of}" if of in ("lines", "changes") else "count things"
    return verb if verb in VERBS else ""


def wanted_of(line: str) -> str:
    """What is wanted of it: "" for a value, rows or whether."""
    told = fields_of(line)
    return told["wanted"] if told else ""


def features(
    question: str, names: Iterable[str], before: str
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """The columns that a question has, and their values."""
    named = _named(question, names)
    masked, read = _NUMBER.sub("0", _CODED.sub(_NAME, named)), plain(english(named))
    letters = sorted({zlib.crc32(p) % LETTERS for p in _pieces(masked)})
    told = _NUMBER.sub("0", read) if _HAN.search(masked) else masked
    words = sorted({LETTERS + zlib.crc32(p) % WORDS for p in _words(told)})
    marks = sorted({LETTERS + WORDS + zlib.crc32(m.encode()) % MARKS for m in _marks(masked, read, before)})
    columns = [*letters, *words, *marks]
    values = [*_of_length_one(len(letters)), *_of_length_one(len(words)), *([MARKED] * len(marks))]
    return np.array(columns, dtype=np.int64), np.array(values, dtype=np.float32)


def size() -> int:
    """How many columns there are."""
    return LETTERS + WORDS + MARKS


def _named(question: str, names: Iterable[str]) -> str:
    """The question in small letters with a sign for each name of the site."""
    low = question.casefold()
    held = sorted({n.casefold() for n in names if len(n) > 2 and n.casefold() in low}, key=len, reverse=True)
    if held:
        low = re.sub("|".join(rf"(?<![a-zß-ÿ0-9]){re.escape(n)}(?![a-zß-ÿ0-9])" for n in held), _NAME, low)
    return low


def _of_length_one(n: int) -> list[float]:
    return [n**-0.5] * n if n else []


def _pieces(masked: str) -> Iterator[bytes]:
    for run in _HAN.findall(masked):
        yield from (run[i : i + n].encode() for n in _HAN_SIZES for i in range(len(run) - n + 1))
    for word in _HAN.sub(" ", masked).split():
        padded = f" {word[:60]} "
        for n in _SIZES:
            for i in range(max(1, len(padded) - n + 1)):
                yield padded[i : i + n].encode("utf-8", "replace")


def _words(text: str) -> Iterator[bytes]:
    words = _WORD.findall(text)
    yield f"^ {' '.join(words[:2])}".encode("utf-8", "replace")
    for word in words:
        yield f"1 {word}".encode("utf-8", "replace")
    for one, two in pairwise(words):
        yield f"2 {one} {two}".encode("utf-8", "replace")


def _marks(masked: str, read: str, before: str) -> Iterator[str]:
    """What the rules' tables hold of it, whether it goes on, and from which verb."""
    for name in _TABLES:
        yield from (f"{name} {key}" for key in keys(name, read))
    if before:
        yield from ("before", f"before {verb_of(before)}", f"before wanted {wanted_of(before)}")
    signs = {"goes on": GOES_ON.search(masked), "named": _NAME in masked, "number": "0" in masked, "asks": _ASKS.search(masked),
        "short": len(masked.split()) < _FEW}  # fmt: skip
    yield from (sign for sign, on in signs.items() if on)


_ASKS: Final = re.compile("[?？]")
_FEW: Final = 5  # words of a question that may leave something out
