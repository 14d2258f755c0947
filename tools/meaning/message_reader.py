"""What a message means, learned from messages that many products and applications write: fault or normal, its class, whose it is.

Multinomial logistic regression over what the words' rules saw (`messages.Reading`) and over hashed pieces of the program's own
words: letters three to five at a time within words, single words and pairs (feature hashing, Weinberger et al. 2009). Only own
words are read (`program_text`), and only where there are some, so what a client can put into a message moves nothing. The weights
(`message_reader.npz`, by benchmarks/meaning/fit_reader.py) hold no text.
"""

from __future__ import annotations

import math
import re
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import as_file, files
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from aitia.tools.meaning.dictionary import Message
from aitia.tools.meaning.messages import SIGNS, Reading, Whose, classes

LETTERS: Final = 1 << 15  # columns of pieces of words
WORDS: Final = 1 << 16  # and of words and pairs
RULED: Final = 0.3
"""How much a column of the rules counts beside the pieces, whose columns have length 1 in all."""
OWNERS: Final[tuple[Whose, ...]] = ("own", "peer", "client", "host")
_SIZES: Final = (3, 4, 5)
_DIGITS: Final = re.compile(r"\d+")
_CAMEL: Final = re.compile(r"(?<=[a-z])(?=[A-Z])")
_WORD: Final = re.compile(r"[^\W\d_]+|0")
LEAST: Final = (
    3  # own words from which a message is read: `GET …` and what was only given to a program say nothing here
)
_OWN_WORD: Final = re.compile(r"[^\W\d_]{2,}")


@dataclass(frozen=True, kw_only=True)
class Learned:
    """Log-odds of a fault; given one, the probability of each class and of each owner."""

    fault: float
    kinds: Mapping[str, float]
    owners: Mapping[Whose, float]

    @property
    def kind(self) -> str:
        """The likeliest class."""
        return max(self.kinds, key=lambda k: self.kinds[k])

    @property
    def whose(self) -> Whose:
        """The likeliest owner."""
        return max(self.owners, key=lambda w: self.owners[w])

    def said(self, heard: Message) -> Learned:
        """The same with class and owner as a tuned model says them: where both were measured it is right more often."""
        rest = (1.0 - heard.kind_sure) / (len(self.kinds) - 1)
        others = (1.0 - heard.whose_sure) / (len(self.owners) - 1)
        return Learned(
            fault=max(self.fault, math.log(heard.confidence / max(1.0 - heard.confidence, 1e-3))),
            kinds={k: heard.kind_sure if k == heard.kind else rest for k in self.kinds},
            owners={w: heard.whose_sure if w == heard.whose else others for w in self.owners},
        )


@dataclass(frozen=True, kw_only=True)
class Weights:
    """Of each head (`fault`, the classes, the owners) a column per feature, float32, shape (features, heads), and a constant."""

    table: NDArray[np.float32]
    constants: NDArray[np.float32]


@lru_cache(maxsize=8192)
def learned(own: str, found: Reading) -> Learned:
    """What `own`, a program's own words of a message, and what the rules read of it, `found`, mean."""
    if len(_OWN_WORD.findall(own)) < LEAST:
        return _unread(found)
    weights = bundled()
    columns, values = features(own, found)
    scores = values @ weights.table[columns] + weights.constants
    kinds, owners = list(classes()), scores[1 + len(classes()) :]
    return Learned(
        fault=float(scores[0]),
        kinds=dict(zip(kinds, _shares(scores[1 : 1 + len(kinds)]), strict=True)),
        owners=dict(zip(OWNERS, _shares(owners), strict=True)),
    )


def _unread(found: Reading) -> Learned:
    """Of a message with too few words: what the rules read of it, and nothing else."""
    even = 1.0 / len(classes())
    return Learned(
        fault=found.fault,
        kinds=dict.fromkeys(classes(), even),
        owners=dict.fromkeys(OWNERS, 1.0 / len(OWNERS)),
    )


def features(own: str, found: Reading) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """The columns that a message has, and their values."""
    letters = sorted({zlib.crc32(p) % LETTERS for p in _pieces(own)})
    words = sorted({LETTERS + zlib.crc32(p) % WORDS for p in _words(own)})
    ruled = [(LETTERS + WORDS + i, RULED * v) for i, v in enumerate(_ruled(found)) if v]
    columns = [*letters, *words, *(c for c, _ in ruled)]
    values = [*_of_length_one(len(letters)), *_of_length_one(len(words)), *(v for _, v in ruled)]
    return np.array(columns, dtype=np.int64), np.array(values, dtype=np.float32)


def size() -> int:
    """How many columns there are."""
    return LETTERS + WORDS + len(_ruled(None))


@cache
def bundled() -> Weights:
    """The weights that come with aitia."""
    with as_file(files("aitia.tools.meaning").joinpath("message_reader.npz")) as path, np.load(path) as kept:
        columns, steps, scale = kept["columns"], kept["steps"], kept["scale"]
        table = np.zeros((size(), len(scale)), dtype=np.float32)
        table[columns] = steps.astype(np.float32) * scale
        return Weights(table=table, constants=kept["constants"].astype(np.float32))


def _of_length_one(n: int) -> list[float]:
    return [n**-0.5] * n if n else []


def _pieces(own: str) -> Iterator[bytes]:
    for word in _DIGITS.sub("0", own.lower()).split():
        padded = f" {word[:60]} "
        for n in _SIZES:
            for i in range(max(1, len(padded) - n + 1)):
                yield padded[i : i + n].encode("utf-8", "replace")


def _words(own: str) -> Iterator[bytes]:
    spaced = _DIGITS.sub("0", _CAMEL.sub(" ", own)).replace("_", " ").lower()
    words = _WORD.findall(spaced)
    for word in words:
        yield f"1 {word}".encode("utf-8", "replace")
    for one, two in pairwise(words):
        yield f"2 {one} {two}".encode("utf-8", "replace")


def _ruled(found: Reading | None) -> Sequence[float]:
    """What the rules saw, as numbers; of nothing as many zeros."""
    kinds = list(classes())
    if found is None:
        return [0.0] * (len(SIGNS) + 3 * len(kinds) + len(OWNERS) + 2)
    return [
        *found.seen,
        *(float(k in found.says) for k in kinds),
        *(float(k in found.hints) for k in kinds),
        *(float(k == found.kind) for k in kinds),
        *(float(w == found.whose) for w in OWNERS),
        float(bool(found.peer)),
        found.fault / 3.0,
    ]


def _shares(scores: NDArray[np.float32]) -> list[float]:
    shares = np.exp(scores - scores.max())
    return [float(v) for v in shares / shares.sum()]
