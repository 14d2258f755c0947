"""Words of plants by the quantity that they tell, in tags and descriptions."""

from __future__ import annotations

import itertools
import re
import unicodedata
from functools import cache, lru_cache
from importlib.resources import files
from typing import Final

from aitia.core.bounds import own_yaml

_PIECES: Final = re.compile(r"[^\w%°.+-]+|_|(?<=[^\W\d_])\.(?=[^\W\d_])")
_CAMEL: Final = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_FIELDS: Final = frozenset(
    {
        "pv",
        "prval",
        "presentvalue",
        "value",
        "val",
        "wert",
        "fb",
        "mag",
        "cval",
        "instmag",
        "phsa",
        "phsb",
        "phsc",
        "cv",
        "rt",
        "st",
    }
)  # tell no quantity
_FIRST: Final = ("setting", "state")  # decide wherever they stand
_STATE_ALSO: Final = frozenset(
    {"open", "on", "ein", "drift", "auto", "run", "running", "praca", "in", "closed", "mode", "betrieb"}
)


@lru_cache(maxsize=65536)
def _plain(text: str) -> str:
    swapped = unicodedata.normalize("NFKD", text.casefold().replace("ß", "ss").replace("ł", "l"))
    return "".join(c for c in swapped if not unicodedata.combining(c)).strip(" .")


@cache
def _words() -> tuple[dict[str, str], list[tuple[str, str]], list[tuple[str, str]]]:
    """Whole words and phrases, beginnings, and endings, each with its quantity."""
    raw = dict(
        own_yaml(files("aitia.tools.meaning").joinpath("plant_words.yaml").read_text(encoding="utf-8"))
    )
    whole: dict[str, str] = {}
    begin: list[tuple[str, str]] = []
    end: list[tuple[str, str]] = []
    for quantity, words in raw.items():
        for word in map(str, words):
            if word.endswith("*"):
                begin.append((_plain(word[:-1]), quantity))
            elif word.startswith("*"):
                end.append((_plain(word[1:]), quantity))
            else:
                whole.setdefault(_plain(word), quantity)
    return whole, begin, end


@lru_cache(maxsize=65536)
def quantity_of_word(word: str) -> str:
    """The quantity that one word tells; "" for none."""
    whole, begin, end = _words()
    text = _plain(word)
    if text in whole:
        return whole[text]
    return next((q for w, q in begin if text.startswith(w)), "") or next(
        (q for w, q in end if text.endswith(w) and len(text) > len(w)), ""
    )


def quantity_in(text: str) -> str:
    """The quantity that a tag's point or a description tells by its words; "" for none.

    A set point or a state decides wherever it stands, else the last word or pair of words that tells a quantity; of words with
    one letter only the last.
    """
    words = []
    for piece in (p.strip(".-+") for p in _PIECES.split(text)):
        whole = quantity_of_word(piece) or quantity_of_word(re.sub(r"\d+$", "", piece))
        words += [piece] if whole or not piece else [w for w in _CAMEL.split(piece) if w]
    words = [w for w in words if w and w.casefold() not in _FIELDS]
    bare = [re.sub(r"\d+$", "", w) or w for w in words]
    found = [(n, quantity_of_word(w) or quantity_of_word(b)) for n, (w, b) in enumerate(zip(words, bare, strict=True))
             if len(b) > 1 or n == len(words) - 1 or n == 0]  # fmt: skip
    pairs = [quantity_of_word(f"{a} {b}") for a, b in itertools.pairwise(words)]
    pairs += [quantity_of_word(" ".join(words[n : n + 3])) for n in range(len(words) - 2)]
    told = [q for _, q in found if q]
    if "setting" in told:
        return "setting"
    strong = [q for q in told if q != "state"]
    if "state" in told and (not strong or told[-1] == "state"):
        return "state"
    if any(pairs):
        return [q for q in pairs if q][-1]
    long = [q for n, q in found if q and q != "state" and len(bare[n]) > 2]
    return (long or strong or [""])[-1]
