"""A tag whose words stand side by side: the machine before the quantity, `P101_Bearing_2_Temp`, or anywhere, `Flow_P-101`."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from aitia.tools.meaning.plant_words import quantity_of_word
from aitia.tools.tags.equipment_words import (
    CODE,
    ISA,
    Parts,
    instrument_of,
    is_part,
    is_place,
    plain,
    vocabulary,
    without_accents,
)

_INSTRUMENT: Final = re.compile(r"([^\s/\\.|:]{2,60}?)_([A-Z]{2,4}-?\d{3,6}[A-Z]?)(?=$|[._ ])")
_KIND: Final = 4  # letters of a kind of machine at the end of a word
_SHORTEST: Final = 2  # letters and figures of a machine's name
NUMBERED: Final = "a machine and its number"
WORDS: Final = "words before the quantity"
_WORD: Final = re.compile(
    r"[A-Z]+(?![a-z])(?:\d+(?:[A-Z](?![A-Za-z\d]))?)?|[^\W\d_]+\d*|\d+[A-Za-z]?(?![A-Za-z])|\d+"
)
_BEFORE: Final = re.compile(
    r"(?i)^(?:(?:tag|hmi|scada|opc|trend\d*|trd|area[ _-]?\d+|u\d{1,3}|unit[ _-]?\d+)[_ .-]+)+(?=(?-i:[A-Z][A-Za-z]*)[-_ ]?\d)"
)
"""What systems and sites set before the code of a machine: `HMI_P101_Flow`, `AREA1_P101_PT01`, `U12_P1201A_AMPS`."""


def by_words(text: str) -> Parts | None:
    """Of words side by side: those before the first that tells a quantity, up to the last with a number."""
    if own := instrument_of(text):
        return Parts(asset=own[1], point=text, whole=own[0], by="loop of ISA-5.1", loop=own[1])
    if (before := _BEFORE.match(text)) and (inner := by_words(text[before.end() :])):
        return replace(inner, whole=text[: before.end()] + inner.whole)
    if (before := _INSTRUMENT.match(text)) and ISA.match(before[2]) and _ends_machine(before[1]):
        return Parts(asset=before[1], point=text[before.start(2) :], whole=before[1], by=WORDS)
    words = list(_WORD.finditer(without_accents(text)))
    first = next((n for n, w in enumerate(words) if n and _measures(text, words, n)), len(words))
    if (end := _whole_token(text, _numbered_machine(text, words))) and end < len(text):
        return Parts(
            asset=text[:end],
            point=text[end:].strip(" _-.:,/'"),
            whole=text[:end],
            by=NUMBERED,
        )
    if words and _measures(text, words, 0) and not _code_at(text, words, 0):
        return None
    kept = first
    while kept > 0 and is_part(words[kept - 1][0]) and not _numbers_before(text, words, kept - 1):
        kept -= 1
    numbered = [
        n
        for n in range(min(first, len(words)))
        if re.search(r"\d", words[n][0]) and _machine_end(text, words, n)
    ]
    if numbered and not (numbered == [0] and words[0][0].isdecimal()):
        kept = numbered[-1] + 1
        for n in numbered[:-1]:  # `P101 Bearing 2 Temp`: a number of a part ends no machine
            if is_part(words[numbered[-1] - 1][0]) and numbered[-1] - 1 > n:
                kept = n + 1
                break
    elif first == len(words) and not _known_machine(text, words):
        return None
    while kept < first and kept < len(words) and numbered and _ends_with_machine(words[kept][0]):
        kept += 1  # `PM3_BROKEPUMP_RUN`
    if kept == 0 or (kept == 1 and is_part(words[0][0]) and not re.search(r"\d", words[0][0])):
        return None
    b = _whole_token(text, words[kept - 1].end())
    asset = text[:b]
    if sum(c.isalnum() for c in asset) < _SHORTEST or not any(c.isalpha() for c in asset):
        return None
    return Parts(asset=asset, point=text[b:].strip(" _-.:,/'") or text, whole=asset, by=WORDS)


def _ends_machine(text: str) -> bool:
    """Whether words before an instrument name a machine: a number among them, and a word that is no place's at their end."""
    last = re.split(r"[_ ]", text)[-1]
    return (
        bool(re.search(r"[^\W\d_]+\d", text))
        and len(re.split(r"[_ ]", text)) > 1
        and not is_place(last)
        and not last.isdecimal()
    )


def _ends_with_machine(word: str) -> bool:
    """Whether a word ends with a kind of machine: `BROKEPUMP`."""
    text = plain(word)
    return not is_part(word) and any(len(m) >= _KIND and text.endswith(m) for m in vocabulary()["machines"])


def _whole_token(text: str, end: int) -> int:
    """The end of a code that goes on behind hyphens, `B1-FWP-A SPEED`, where a blank ends it and it tells no quantity."""
    more = re.match(r"(?:-[A-Z0-9]{1,5})+(?=\s)", text[end:]) if end else None
    if more is None or any(quantity_of_word(w) for w in more[0].split("-") if len(w) > 1):
        return end
    return end + more.end()


def _numbered_machine(text: str, words: Sequence[re.Match[str]]) -> int:
    """Where `Feed water pump A` or `Pumpe 2` ends in a text; 0 where no machine with a number or letter stands in it."""
    for n, (word, behind) in enumerate(itertools.pairwise(words)):
        between = text[word.end() : behind.start()]
        number = re.fullmatch(r"\d{1,4}[A-Za-z]?", behind[0])
        letter = re.fullmatch(r"[A-H]", behind[0]) and not re.match(r"[-_]?\d", text[behind.end() :])
        marked = (number or letter) and len(between) <= 1
        if (
            n <= 4
            and plain(without_accents(word[0])) in vocabulary()["machines"]
            and marked
            and not (n and is_part(word[0]))
        ):
            before = words[:n]
            return behind.end() if not any(re.search(r"\d", w[0]) for w in before) else 0
    return 0


def _numbers_before(text: str, words: Sequence[re.Match[str]], n: int) -> bool:
    return bool(re.search(r"\d", words[n][0]))


def _measures(text: str, words: Sequence[re.Match[str]], n: int) -> bool:
    """Whether a word tells a quantity; a single letter only as the last, and none that a number follows as in `P-101`."""
    word = words[n][0]
    if n and word[-1].isdigit() and quantity_of_word(word) == "concentration":  # `O2`, `Cl2`
        return True
    if len(word) == 1 and n < len(words) - 1:
        return (
            len(words) > n + 1
            and text[words[n].end() : words[n + 1].start()] == "_"
            and n > 0
            and not words[n + 1][0][0].isdigit()
            and bool(quantity_of_word(word))
        )
    bare = re.sub(r"\d+[A-Za-z]?$", "", word)
    if not bare:
        return False
    if (
        n + 1 < len(words)
        and words[n + 1][0][0].isdigit()
        and word.isupper()
        and len(word) <= 4
        and word in vocabulary()["codes"]
    ):
        return False
    if bare != word and (
        plain(bare) in vocabulary()["machines"]
        or (len(bare) <= 4 and bare.isupper() and bare in vocabulary()["codes"])
    ):
        return False
    if n == 0 and (plain(bare) in vocabulary()["machines"] and bare != word):
        return False
    if quantity_of_word(bare):
        return True
    instrument = ISA.match(f"{bare}-100") and bare.isupper() and 2 <= len(bare) <= 4
    return (
        bool(instrument)
        and bare not in vocabulary()["codes"]
        and n > 0
        and not _numbers_a_machine(text, words, n)
    )


def _numbers_a_machine(text: str, words: Sequence[re.Match[str]], n: int) -> bool:
    """Whether letters of an instrument are a machine's: a number is joined to them, and words behind it tell a quantity."""
    joined = n + 1 < len(words) and words[n + 1][0][0].isdigit() and text[words[n].end()] in "-_"
    return joined and any(len(w[0]) > 2 and quantity_of_word(w[0]) for w in words[n + 2 :])


def _code_at(text: str, words: Sequence[re.Match[str]], n: int) -> bool:
    word = words[n][0]
    behind = words[n + 1][0] if n + 1 < len(words) else ""
    return (word in vocabulary()["codes"] or plain(word) in vocabulary()["machines"]) and behind[:1].isdigit()


def _machine_end(text: str, words: Sequence[re.Match[str]], n: int) -> bool:
    """Whether a word with a number ends the name of a machine."""
    word = words[n][0]
    bare = re.sub(r"\d+[A-Za-z]?$", "", word)
    if (
        bare
        and quantity_of_word(bare)
        and not (bare in vocabulary()["codes"] or plain(bare) in vocabulary()["machines"])
    ):
        return False
    return not (bare and is_part(bare) and n > 0 and bare not in vocabulary()["codes"])


def _known_machine(text: str, words: Sequence[re.Match[str]]) -> bool:
    return any(re.sub(r"\d+$", "", plain(w[0])) in vocabulary()["machines"] for w in words)


def by_mention(text: str) -> Parts | None:
    """A code of equipment anywhere in a tag: `Flow_P-101`."""
    for found in CODE.finditer(text.replace("_", " ")):
        if (
            found[2] in vocabulary()["codes"]
            and re.search(r"\d{2}|-\d", found[1])
            and not instrument_of(found[1])
        ):
            asset = text[found.start(1) : found.end(1)]
            point = (text[: found.start()] + " " + text[found.end() :]).strip(" _-.")
            return Parts(asset=asset, point=point or text, whole=asset, by="code of equipment")
    return None
