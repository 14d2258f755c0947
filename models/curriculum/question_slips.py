"""What a hurry does to a question: small letters, slips of the finger, lost accents; and numbers as people say them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from random import Random
from typing import Final

_NUMBERS: Final = {
    "en": ("two", "three", "four", "five", "six", "ten"), "de": ("zwei", "drei", "vier", "fünf", "sechs", "zehn"),
    "fr": ("deux", "trois", "quatre", "cinq", "six", "dix"), "es": ("dos", "tres", "cuatro", "cinco", "seis", "diez"),
    "it": ("due", "tre", "quattro", "cinque", "sei", "dieci"),
}  # fmt: skip
_WORTH: Final = ("2", "3", "4", "5", "6", "10")
_UNITS: Final = ("", "", "", " %", " ms", " bar", " °C", " MB", " A", " s", " kW", " m3/h")
_UMLAUTS: Final = {"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue"}
_LOWER, _PLAIN, _SLIP, _FIRST = 0.35, 0.25, 0.18, 0.3  # shares of questions
_WORD: Final = re.compile(r"[a-zà-ÿ]{5,}")


def number(random: Random, language: str) -> tuple[str, str]:
    """A small number as it is written, and as it is said."""
    if random.random() < 0.3:
        at = random.randrange(len(_WORTH))
        return _WORTH[at], _NUMBERS[language][at]
    written = str(random.choice([2, 3, 4, 5, 7, 8, 12, 15, 20, 25, 30, 50, 100]))
    return written, written


def value(random: Random, language: str) -> tuple[str, str]:
    """A bound as it is written, and as it is said, perhaps with its unit and a decimal comma."""
    written = random.choice(
        [
            str(random.randrange(2, 100)),
            str(random.randrange(10, 400) * 5),
            f"{random.randrange(1, 99) / 10:g}",
        ]
    )
    told = written if language == "en" else written.replace(".", ",")
    return written, told + random.choice(_UNITS)


def slipped(random: Random, language: str, text: str, kept: Sequence[str]) -> str:
    """A text as it is typed; the words of `kept` stay as they are."""
    if random.random() < _PLAIN:
        text = _plain(text) if language != "de" else "".join(_UMLAUTS.get(c, c) for c in text)
    if random.random() < _FIRST:
        text = text[:1].upper() + text[1:]
    if random.random() < _SLIP:
        whole = " ".join(kept).casefold()
        words = [m for m in _WORD.finditer(text) if m[0] not in whole]
        if words:
            m = random.choice(words)
            text = text[: m.start()] + _mistyped(random, m[0]) + text[m.end() :]
    if random.random() < _LOWER:
        text = "".join(
            p if p.casefold() in {k.casefold() for k in kept} else p.lower() for p in re.split(r"(\s+)", text)
        )
    return text


def _mistyped(random: Random, word: str) -> str:
    at = random.randrange(1, len(word) - 1)
    style = random.random()
    if style < 0.4:
        return word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    return word[:at] + word[at + 1 :] if style < 0.8 else word[:at] + word[at] + word[at:]


def _plain(text: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFD", text) if not unicodedata.combining(c))
