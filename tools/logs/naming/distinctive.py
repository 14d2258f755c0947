"""Names without a model: the words of a template that fewest of the others hold."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Final

from aitia.tools.logs.naming.check import closed, negative, words

WORDS: Final = 3


class Telling:
    """Names templates by what tells them from the others of their log."""

    def __init__(self, templates: Iterable[str]) -> None:
        self._held = Counter(word for text in templates for word in set(words(text)))

    def name(self, template: str) -> str:
        """The three words that fewest templates hold, longer ones first, in the template's order; empty where it has none.

        They are no phrase, hence the commas. Of a template that says that something is wrong or not done, one of them
        says so.
        """
        found = list(dict.fromkeys(words(template)))
        free = closed().free
        rare = sorted(found, key=lambda word: (word in free, self._held[word], -len(word), word))
        kept, wrong = rare[:WORDS], list(filter(negative, rare))
        if wrong and not any(map(negative, kept)):
            kept = [*kept[: WORDS - 1], wrong[0]]
        return ", ".join(word for word in found if word in kept)
