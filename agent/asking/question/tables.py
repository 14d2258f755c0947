"""The words of questions in five languages, and where a text holds them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any, Final, NamedTuple

from aitia.core.bounds import own_yaml
from aitia.tools.meaning.incidents.words import one_of, plain

ASKING: Final = re.compile(
    r"^\W*(?:what|which|who|whose|when|where|how|is|are|was|were|do|does|did|has|have|can|could|show|list|count|give|tell|print|get|find|grep|max|min|average"
    r"|was|welche\w*|wer|wann|wo|wie|ist|sind|war|waren|hat|haben|gibt|gab|zeig\w*|liste|nenne|gib"
    r"|que|quel\w*|qui|quand|où|combien|comment|est-ce|y a-t-il|montre\w*|affiche\w*|donne\w*"
    r"|qué|cuál\w*|cual\w*|quién\w*|cuándo|dónde|cuánt\w*|cómo|hay|muestra\w*|muéstra\w*|dame|enséña\w*"
    r"|che|cosa|quale|quali|chi|quando|dove|quant\w*|come|ci sono|c'è|mostra\w*|elenca|dammi"
    r"|(?:at|on|in|since|from|by|to|for|until) (?:what|which|when|how)"
    r"|(?:seit|ab|um|an|auf|in|von|bis|zu|bei) (?:wann|welche\w*|wie|was)"
    r"|(?:à|depuis|de|en|dans|sur|par|pour|jusqu'à) (?:quel\w*|quand|combien|quoi)"
    r"|(?:a|desde|de|en|por|con|para|hasta) (?:qué|cuál\w*|cuándo|cuánt\w*|quién\w*)"
    r"|(?:a|da|di|in|su|per|con|fino a) (?:che|quale|quali|quando|quant\w*|cosa))(?!\w)"
)
"""How a sentence begins that asks, in any of the languages."""

GOES_ON: Final = re.compile(
    r"^\W*(?:and|or|but|what about|how about|same|und|oder|aber|was ist mit|et|mais|qu'en est-il|y|o|pero|qué tal|e|ma"
    r"|anche)(?!\w)|^那|呢\W*$"
)
"""How a sentence begins that goes on from another one, in any of the languages."""


_LETTERS: Final = 3  # by which words are found that a text may hold


class Hit(NamedTuple):
    """A word of a table in a text: the key that it stands under, and its span."""

    key: str
    begin: int
    end: int


@cache
def data() -> dict[str, Any]:
    """`tables.yaml` with the further words of `lexicon.yaml` and `further.yaml`."""
    held = _read("tables.yaml")
    for name, more in (pair for file in ("lexicon.yaml", "further.yaml") for pair in _read(file).items()):
        into = "glue" if name.startswith("glue") else name
        if isinstance(more, list):
            held[into] = [*held.get(into, []), *more]
            continue
        held_words = held.setdefault(into, {})
        for key, words in more.items():
            held_words[key] = [*held_words.get(key, []), *words]
    return held


def _read(name: str) -> dict[str, Any]:
    text = files("aitia.agent.asking.question").joinpath(name).read_text(encoding="utf-8")
    return dict(own_yaml(text))


def table(name: str) -> Mapping[str, Sequence[str]]:
    """One table: the words under each key."""
    found: Mapping[str, Sequence[str]] = data()[name]
    return found


@cache
def patterns_of(name: str) -> tuple[tuple[str, re.Pattern[str]], ...]:
    """The pattern of each key of a table."""
    return tuple((key, re.compile(_any(tuple(words)))) for key, words in table(name).items())


class _Probe(NamedTuple):
    """The longest part of a word that a text must hold to hold the word, and the word's place in its table."""

    part: str
    key: int
    word: int


@cache
def _probes(name: str) -> tuple[tuple[str, ...], Mapping[str, Sequence[_Probe]]]:
    """The keys of a table, and its words by the first letters of such a part."""
    index: dict[str, list[_Probe]] = {}
    for n, words in enumerate(table(name).values()):
        for i, word in enumerate(words):
            part = _part(word)
            index.setdefault(part[:_LETTERS], []).append(_Probe(part, n, i))
    return tuple(table(name)), index


def _part(word: str) -> str:
    low = word.replace(" .. ", " ") if " .. " in word else plain(word).strip("*$")
    return max(re.split(r"[\s#]+", low), key=len)


@lru_cache(maxsize=8192)
def _pattern(words: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile(_any(words))


@lru_cache(maxsize=1024)
def raw_hits(name: str, low: str) -> tuple[Hit, ...]:
    """Every word of each key of a table that a text in small letters holds, overlapping ones of other keys too.

    To compile the patterns of all words takes a second; of those whose letters the text has, milliseconds.
    """
    every, index = _probes(name)
    held: dict[int, set[int]] = {}
    for first in {low[i : i + n] for i in range(len(low)) for n in range(1, _LETTERS + 1)} & index.keys():
        for probe in index[first]:
            if probe.part in low:
                held.setdefault(probe.key, set()).add(probe.word)
    found: list[Hit] = []
    for n in sorted(held):
        words = table(name)[every[n]]
        pattern = _pattern(tuple(words[i] for i in sorted(held[n])))
        found += [Hit(every[n], m.start(), m.end()) for m in pattern.finditer(low)]
    return tuple(found)


def _any(words: Sequence[str]) -> str:
    gapped = [w for w in words if " .. " in w]
    plain_words = [plain(w) for w in words if w not in gapped]
    parts = [one_of(plain_words)] if plain_words else []
    parts += [r"\b" + r"\b.{1,40}?\b".join(re.escape(p) for p in w.split(" .. ")) + r"\b" for w in gapped]
    return "|".join(parts)


def hits(name: str, low: str) -> list[Hit]:
    """Every word of a table that a text in small letters holds, the longest at each place, in order."""
    found = sorted(raw_hits(name, low), key=lambda h: (h.begin - h.end, h.begin))
    kept: list[Hit] = []
    for hit in found:
        if all(hit.end <= k.begin or hit.begin >= k.end for k in kept):
            kept.append(hit)
    return sorted(kept, key=lambda h: h.begin)


def keys(name: str, low: str) -> list[str]:
    """The keys of a table whose words a text holds, in the order of the text, each once."""
    return list(dict.fromkeys(h.key for h in hits(name, low)))


@cache
def words_of(name: str) -> frozenset[str]:
    """A plain list of words."""
    return frozenset(plain(str(w)) for w in data()[name])


@cache
def pattern_of(name: str) -> re.Pattern[str]:
    """A pattern of any word of a plain list."""
    return re.compile(one_of(plain(str(w)) for w in data()[name]))


@cache
def follow_pattern() -> re.Pattern[str]:
    """How a sentence begins that leaves out what was said before."""
    starts = [
        re.escape(plain(w[1:]).rstrip("$")).replace(r"\*", r"\w*")
        for w in data()["follow"]
        if w.startswith("^")
    ]
    return re.compile(rf"^\s*(?:{'|'.join(sorted(starts, key=len, reverse=True))})(?!\w)")


@lru_cache(maxsize=16384)
def is_glue(word: str) -> bool:
    """Whether a word tells how something is asked and not of what, in any of the languages."""
    exact, begins = _glue()
    return (
        (len(word) == 1 and word not in "hv")
        or word in words_of("stop")
        or word in exact
        or word.startswith(begins)
    )


@cache
def _glue() -> tuple[frozenset[str], tuple[str, ...]]:
    """Single words of asking, and beginnings of such words."""
    every = {plain(str(w)) for w in (*data()["glue"], *data()["comparatives"]) if " " not in str(w)}
    begins = tuple(w.removesuffix("*") for w in every if w.endswith("*"))
    return frozenset(w for w in every if not w.endswith("*")), begins
