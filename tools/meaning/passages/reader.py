"""What each sentence of a post-mortem or runbook is for, learned from documents that many hands wrote.

Multinomial logistic regression over hashed pieces of the sentence (letters three to five at a time, words, pairs; Weinberger
et al. 2009), of the sentences beside it and of its heading, over its style and where it stands; then each sentence's role given
its neighbours', by how often one follows another (forward-backward, Rabiner 1989). The weights (`passages.npz`, by
benchmarks/meaning/fit_passages.py) hold no text. What a command does is told by `aitia.core.commands`, never here.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import as_file, files
from itertools import pairwise
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from aitia.core.commands import effect
from aitia.tools.meaning.passages.conditions import forbids
from aitia.tools.meaning.passages.units import Unit

Kind = Literal["postmortem", "runbook"]
ROLES: Final[Mapping[Kind, tuple[str, ...]]] = {
    "postmortem": (
        "symptom", "change", "cause", "ruledout", "look", "tried", "action", "recovered", "later", "other",
    ),
    "runbook": ("look", "change", "decide", "wait", "escalate", "expect", "warn", "later", "other"),
}  # fmt: skip
"""What a sentence can be for: what was seen, what set it off, why, what it was not, what was looked at, what did not help, what
helped, that it was well again, what shall be done; of a runbook: to look, to change, where to go on, to wait, whom to tell, what
should be seen, what never to do, what to do afterwards."""
COLUMNS: Final = 1 << 17
_SIZES: Final = (3, 4, 5)
_DIGITS: Final = re.compile(r"\d+")
_WORD: Final = re.compile(r"[^\W\d_]+|0")
_BLAMES: Final = re.compile(
    r"(?<!\w)(?:caus(?:e[ds]?|ing)|culprit|because|due to|reason|ursache|grund|schuld|weil|wegen|causa|culpa|culpable|porque|"
    r"debido|perché|dovut[oaie]|colpa|coupable|parce qu\w*|à cause|raison|devido)(?!\w)|原因|因为|由于|ため|せい",
    re.I,
)
_DENIES: Final = re.compile(
    r"(?<!\w)(?:not|no|never|nothing|nor|neither|without|innocent|\w+n['’]t|nicht|kein\w*|nichts|nie|ohne|pas|aucun\w*|rien|sin|nada|ningun\w*|"
    r"non|nessun\w*|niente|senza|não|nenhum\w*|sem)(?!\w)|没|不|无|未|ない|なかった|せず|ません",
    re.I,
)
_CAUSE_WAS: Final = re.compile(
    r"(?<!\w)cause (?:was|were|is|turned out)(?!\w)|(?:was|were|is|that's) the (?:root |real |actual )?cause(?!\w)|"
    r"^\W{0,4}(?:root )?cause ?:|(?<!\w)(?:ursache|grund|schuld) (?:war|ist|waren)(?!\w)|"
    r"(?:war|ist) (?:die|der) (?:eigentliche )?(?:ursache|grund)|^\W{0,4}ursache ?:|la cause (?:était|est|fut)|"
    r"la causa (?:fue|era|es|è|fu|foi)|(?:cause|causa) ?:|a causa (?:foi|era)|原因(?:是|は|：|:)",
    re.I,
)
SAID_SO: Final = 2.0
"""Log-odds that a sentence gains for the cause where it names the cause as such; by hand."""
_IDEOGRAPH: Final = re.compile(r"[\u3040-\u30ff\u4e00-\u9fff]")
_SHARES: Final[Mapping[str, float]] = {
    "letters": 1.0,
    "words": 1.0,
    "first": 0.5,
    "before": 0.4,
    "after": 0.3,
    "heading": 0.6,
    "place": 0.5,
}
"""How much each group of columns counts: the length of its vector."""


@dataclass(frozen=True, kw_only=True)
class Weights:
    """Of each role a column per feature, float32, shape (features, roles), a constant, and the log-odds of what follows what."""

    table: NDArray[np.float32]
    constants: NDArray[np.float32]
    follows: NDArray[np.float32]


def log_shares(units: Sequence[Unit], kind: Kind) -> NDArray[np.float32]:
    """Log-probabilities of each unit's roles by itself, shape (units, roles)."""
    weights = bundled(kind)
    scores = []
    for unit, (columns, values) in zip(units, features(units), strict=True):
        raw = values @ weights.table[columns] + weights.constants
        if kind == "postmortem" and says_cause(unit.text):
            raw[ROLES[kind].index("cause")] += SAID_SO
        high = float(raw.max())
        scores.append(raw - high - np.log(np.exp(raw - high).sum()))
    return np.array(scores, dtype=np.float32)


def says_cause(text: str) -> bool:
    """Whether a sentence says in so many words what the cause was, and does not deny it as it does."""
    found = _CAUSE_WAS.search(text)
    return found is not None and _DENIES.search(text[: found.end() + 6]) is None


def in_order(scores: NDArray[np.float32], follows: NDArray[np.float32]) -> NDArray[np.float32]:
    """Log-probabilities of each unit's roles given those before and after it, shape (units, roles): the forward-backward sums.

    `scores` are log-probabilities of each unit by itself, `follows`, shape (roles + 1, roles), the log-odds of what follows what
    (in its last row: of what begins).
    """
    ahead = [scores[0] + follows[-1]]
    for row in scores[1:]:
        ahead.append(row + _log_sum(ahead[-1][:, None] + follows[:-1], 0))
    behind = [np.zeros(scores.shape[1], dtype=np.float32)]
    for row in scores[:0:-1]:
        behind.append(_log_sum(follows[:-1] + (row + behind[-1])[None, :], 1))
    joint = np.array(ahead) + np.array(behind[::-1])
    return np.asarray(joint - _log_sum(joint, 1)[:, None], dtype=np.float32)


def _log_sum(values: NDArray[np.float32], axis: int) -> NDArray[np.float32]:
    high = values.max(axis=axis, keepdims=True)
    return np.asarray(np.log(np.exp(values - high).sum(axis=axis)) + high.squeeze(axis), dtype=np.float32)


def features(units: Sequence[Unit]) -> Iterator[tuple[NDArray[np.int64], NDArray[np.float32]]]:
    """The columns that each unit has, and their values."""
    low = [_DIGITS.sub("0", u.text.lower()) for u in units]
    words = [_words(text) for text in low]
    for i, unit in enumerate(units):
        found: dict[int, float] = {}
        groups = {
            "letters": _pieces(low[i]),
            "words": [*(f"w {w}" for w in words[i]), *(f"p {a} {b}" for a, b in pairwise(words[i]))],
            "first": [f"f {w}" for w in words[i][:3]] + [f"l {w}" for w in words[i][-2:]],
            "before": [f"b {w}" for w in (words[i - 1] if i else ["^"])],
            "after": [f"a {w}" for w in (words[i + 1] if i + 1 < len(units) else ["$"])],
            "heading": [f"h {w}" for w in _words(unit.heading.lower())],
            "place": _marks(unit),
        }
        for name, texts in groups.items():
            columns = {zlib.crc32(t.encode("utf-8", "replace")) % COLUMNS for t in texts}
            for column in columns:
                found[column] = found.get(column, 0.0) + _SHARES[name] * len(columns) ** -0.5
        order = sorted(found)
        yield np.array(order, dtype=np.int64), np.array([found[c] for c in order], dtype=np.float32)


@cache
def bundled(kind: Kind) -> Weights:
    """The weights that come with aitia."""
    with (
        as_file(files("aitia.tools.meaning.passages").joinpath("passages.npz")) as path,
        np.load(path) as kept,
    ):
        columns, steps, scale = (kept[f"{kind}_{name}"] for name in ("columns", "steps", "scale"))
        table = np.zeros((COLUMNS, len(scale)), dtype=np.float32)
        table[columns] = steps.astype(np.float32) * scale
        return Weights(table=table, constants=kept[f"{kind}_constants"], follows=kept[f"{kind}_follows"])


def _marks(unit: Unit) -> list[str]:
    """Its style, its tenth of the document, whether it asks, holds a command that reads or changes, a time, an address."""
    text = unit.text
    marks = [f"style {unit.style}", f"tenth {int(unit.place * 9.99)}", f"long {min(len(text) // 40, 6)}"]
    if text.rstrip().endswith(("?", "？")):
        marks.append("asks")
    code = text if unit.style == "code" else " ".join(re.findall(r"`([^`]+)`", text))
    if code:
        marks.append(f"code {effect(code.splitlines()[0])}")
    if re.match(r"\W*\d{1,2}[:h]\d\d", text):
        marks.append("clock first")
    if "http" in text:
        marks.append("link")
    denies, blames = _DENIES.search(text) is not None, _BLAMES.search(text) is not None
    marks += [f"denies {denies}"] * denies + [f"blames, denies {denies}"] * blames
    if forbids(text):
        marks.append("forbids")
    return [f"m {m}" for m in marks]


def _words(low: str) -> list[str]:
    """Words in order; of Chinese and Japanese, which part none, each sign and each two."""
    made: list[str] = []
    for word in _WORD.findall(low):
        if _IDEOGRAPH.search(word):
            made += [*word, *(a + b for a, b in pairwise(word))]
        else:
            made.append(word)
    return made


def _pieces(low: str) -> list[str]:
    made = []
    for word in low.split():
        padded = f" {word[:60]} "
        made += [padded[i : i + n] for n in _SIZES for i in range(max(1, len(padded) - n + 1))]
    return made
