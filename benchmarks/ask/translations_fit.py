"""Fit which words people use for which parts of a measurement's name, and measure it on authors that are left out.

python benchmarks/ask/translations_fit.py [--write]

The questions are those of the curriculum and further ones (`questions_written.jsonl` and `questions_further.jsonl` in
`models/curriculum`: made-up sites, language models as authors, whom the end of a site's name tells). Every author in turn is left
out; the names of a dozen of their sites are one site, and told is how often the name that a question is of is among the first 12
and 20: by shared words, by the table, and by both.
`--write` fits on all of them and writes `agent/asking/question/translations.json`.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from random import Random
from typing import Final

sys.path.insert(0, str(Path(__file__).parents[2]))

from aitia.agent.asking.question.at_hand import LIKE, likeness
from aitia.agent.asking.question.translated import TABLE, Table, parts_of, words_of
from aitia.agent.asking.question.word_by_word import english
from aitia.models.curriculum.items import SPLITS
from aitia.models.curriculum.question_written import Visited, further, visited
from aitia.tools.meaning.incidents.words import plain

SITES: Final = 12  # whose names are put together
FIRST: Final = (12, 20)
_ROUNDS: Final = 6  # of expectation maximisation
_NOTHING: Final = 0.7  # share of words that are about no part of the name
_PRIOR: Final = 2.0  # questions' worth of the usual words added to each part
_LEAST: Final = 0.005  # probability below which a pair is left out
Pair = tuple[frozenset[str], frozenset[str]]


def asked(site: Visited) -> Iterator[tuple[str, str]]:
    """Questions of a site that name a measurement and stand alone, with the name."""
    for ask in site.asks:
        names = [m for m in site.metrics if re.search(rf"(?<!\S){re.escape(m)}(?!\S)", ask.line)]
        if names and not ask.before:
            yield ask.question, names[0]


@cache
def spoken(question: str) -> frozenset[str]:
    """The words of a question with the things that they stand for."""
    return words_of(question, plain(english(question)))


def fitted(sites: Sequence[Visited]) -> Table:
    """The table of some sites."""
    pairs: list[Pair] = [(spoken(q), parts_of(name)) for site in sites for q, name in asked(site)]
    counts = Counter(w for words, _ in pairs for w in words)
    total = sum(counts.values()) + 0.5 * len(counts)
    usual = {w: (n + 0.5) / total for w, n in counts.items()}
    together = Counter((p, w) for words, parts in pairs for w in words for p in parts)
    said = dict.fromkeys(together, 1.0)
    for _ in range(_ROUNDS):
        said = _round(pairs, usual, said)
    table: dict[str, dict[str, float]] = {}
    for (part, word), value in sorted(said.items()):
        if value >= _LEAST:
            table.setdefault(part, {})[word] = round(value, 4)
    kept = {w for found in table.values() for w in found}
    return Table(said=table, usual={w: round(usual[w], 6) for w in sorted(kept)}, rare=round(0.5 / total, 6))


def _round(
    pairs: Sequence[Pair], usual: dict[str, float], said: dict[tuple[str, str], float]
) -> dict[tuple[str, str], float]:
    """One round of expectation maximisation."""
    shares: defaultdict[tuple[str, str], float] = defaultdict(float)
    of_part: defaultdict[str, float] = defaultdict(float)
    for words, parts in pairs:
        for word in words:
            each = {p: said[p, word] / len(parts) * (1 - _NOTHING) for p in parts}
            whole = usual[word] * _NOTHING + sum(each.values())
            for part, value in each.items():
                shares[part, word] += value / whole
                of_part[part] += value / whole
    return {key: value / (of_part[key[0]] + _PRIOR) for key, value in shares.items()}


def ranks(sites: Sequence[Visited], table: Table) -> Iterator[tuple[int, int, int]]:
    """The rank from 0 of the name that a question is of: by shared words, by the table, and by both."""
    order = Random(3).sample(list(sites), len(sites))
    for at in range(0, len(order) - SITES + 1, SITES):
        group = order[at : at + SITES]
        names = sorted({m for site in group for m in site.metrics})
        for question, name in (pair for site in group for pair in asked(site)):
            told = re.findall(r"[a-zà-ÿ0-9]{3,}", question.casefold())
            like = {n: likeness(n, told) for n in names}
            learned = {n: table.score(spoken(question), parts_of(n)) for n in names}
            both = {n: learned[n] + LIKE * like[n] for n in names}
            yield _rank(name, like), _rank(name, learned), _rank(name, both)


def _rank(name: str, points: Mapping[str, float]) -> int:
    return sorted(points, key=lambda n: (-points[n], n)).index(name)


def main() -> None:
    made = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("--write", action="store_true", help="fit on everything and write the table")
    arguments = made.parse_args()
    sites = [*(site for split in SPLITS for site in visited(split)), *further()]
    authors = sorted({site.name.split()[-1] for site in sites})
    found: list[tuple[int, int, int]] = []
    for author in authors:
        table = fitted([s for s in sites if s.name.split()[-1] != author])
        found += ranks([s for s in sites if s.name.split()[-1] == author], table)
    for first in FIRST:
        words, learned, both = (sum(r[i] < first for r in found) / len(found) for i in range(3))
        print(
            f"among the first {first}: shared words {words:.3f}, table {learned:.3f}, both {both:.3f} of {len(found)}"
        )
    if arguments.write:
        table = fitted(sites)
        TABLE.write_text(
            json.dumps(
                {"said": table.said, "usual": table.usual, "rare": table.rare}, ensure_ascii=False, indent=0
            )
            + "\n",
            encoding="utf-8",
        )
        print(f"{TABLE.name}: {sum(map(len, table.said.values()))} pairs of {len(table.said)} parts")


if __name__ == "__main__":
    main()
