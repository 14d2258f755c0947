"""Phrases as data, compiled to patterns that match whole words only and tried where their first word stands."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Final

_LETTER: Final = "0-9A-Za-zÀ-ɏ_"  # of words with spaces between; Japanese is matched wherever it stands
_CAMEL: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|_")
_STEM: Final = 3  # letters of a first word by which phrases are found
_FIRST: Final = re.compile(rf"(?<![{_LETTER}])[{_LETTER}]{{1,{_STEM}}}")
_NAMED: Final = {"<ip>": r"[\[(]?\d{1,3}(?:\.\d{1,3}){3}", "<n>": r"\d+"}


def plain(text: str) -> str:
    """A text, and below it the same with CamelCase and snake_case taken apart."""
    return f"{text}\n{_CAMEL.sub(' ', text)}"


@cache
def compiled(phrase: str) -> re.Pattern[str]:
    """The pattern of a phrase: `word*` any ending, ` .. ` up to 60 characters, groups and `?` as in regular expressions."""
    gap = rf"(?:[^{_LETTER}\n]|[^{_LETTER}\n].{{0,60}}?[^{_LETTER}\n])"
    parts = []
    for number, part in enumerate(
        re.split(r"(\[[^\]]*\])", phrase)
    ):  # what stands in brackets stays as it is
        if number % 2 == 0:
            part = re.sub(r"<\w+>", lambda m: _NAMED[m[0]], part)
            part = re.sub(r"(?<=[\wÀ-ɏぁ-ヿ一-鿿])\*", f"[{_LETTER}]*", part)
            part = (
                part.replace("(", "(?:").replace("(?:?", "(?").replace(" .. ", "\0").replace(" ", r"[ \t:-]+")
            )
        parts.append(part)
    pattern = "".join(parts).replace("\0", gap)
    return re.compile(rf"(?<![{_LETTER}])(?:{pattern})(?![{_LETTER}])", re.IGNORECASE)


class Phrases:
    """Phrases in order, each with a mark; `found` yields the marks of those that a text holds."""

    def __init__(self, marked: Iterable[tuple[str, str]]) -> None:
        self._by_stem: dict[str, list[int]] = defaultdict(list)
        self._always: list[int] = []
        self._all = list(marked)
        for number, (_, phrase) in enumerate(self._all):
            stems = list(_stems(phrase))
            for stem in set(stems):
                self._by_stem[stem].append(number)
            if not stems:
                self._always.append(number)

    def found(self, text: str) -> Iterator[str]:
        """The marks of the phrases in a text that `plain` made, in the order of the phrases."""
        return (mark for mark, _ in self.matched(text))

    def matched(self, text: str) -> Iterator[tuple[str, re.Match[str]]]:
        """Each mark with its match."""
        tried = set(self._always)
        for start in {s.casefold() for s in _FIRST.findall(text)}:
            tried.update(self._by_stem.get(start, ()))
        for number in sorted(tried):
            mark, phrase = self._all[number]
            if match := compiled(phrase).search(text):
                yield mark, match


def _stems(phrase: str) -> Iterator[str]:
    """The beginnings of the words that a phrase can begin with; nothing where that is not plain."""
    group = re.match(r"\(([^()]*)\)(?![?*])", phrase)
    starts = group[1].split("|") if group else [phrase]
    found = []
    for start in starts:
        word = re.match(rf"[{_LETTER}]+", start)
        if not word or (
            start[word.end() : word.end() + 1] in "?[.\\("
            and len(word[0]) < _STEM + 1
            and word.end() < len(start)
        ):
            return
        if start[word.end() : word.end() + 1] == "*" and len(word[0]) < _STEM:
            return
        if start[word.end() : word.end() + 1] == "?" and len(word[0]) <= _STEM:
            return
        found.append(word[0][:_STEM].casefold())
    yield from found
