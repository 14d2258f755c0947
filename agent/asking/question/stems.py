"""The part of a word that its forms have in common."""

from __future__ import annotations

import re


def stem_of(word: str) -> str:
    """A word without what tense and number put to it, by and large: `geschmiert` and `nachgeschmiert` have `schmier`."""
    word = re.sub(r"^(?:nach|aus|ab|an|ein)?ge(?=[a-zà-ÿ]{4})", "", word)
    return (
        re.sub(r"(?:ions|ings|ing|ed|es|s|en|er|et|te|t|e|ée|és|é|ado|ada|ato|ata|ati|o|a|i)$", "", word)
        if len(word) > 4
        else word
    )
