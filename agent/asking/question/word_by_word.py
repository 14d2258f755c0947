"""Questions in languages that the tables lack, in the English that the rules read: word by word, by the longest phrase.

A language is a file of this folder: the short words that mark it, and for each English word what says it. The order of the words
stays that of the language. Which language a question is in, its marks tell; Chinese has forms of its own (`chinese.py`).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any, Final

from aitia.agent.asking.question import chinese
from aitia.agent.asking.question.spelling import is_known
from aitia.core.bounds import own_yaml
from aitia.tools.meaning.incidents.words import plain

LANGUAGES: Final = ("dutch", "portuguese")
_QUOTED: Final = (
    r"\"[^\"\n]{2,120}\"|“[^”\n]{2,120}”|«[^»\n]{2,120}»|`[^`\n]{2,120}`|(?<!\w)'[^'\n]{2,120}'(?!\w)"
)
_TOKEN: Final = re.compile("\ue800\\d+\ue801|" r"[^\W_](?:[\w'’ªº]*\w)?(?:[-./:=][\w]+)*%?|\S")
_AT: Final = r"(?:às|as|das|pelas|desde|até|entre|e|a|om|rond|vanaf|sinds|tot|tussen|en|na|voor) "  # before a time of day
_AGO: Final = r"(?! (?:geleden|atrás|later))"
_CLOCK: Final = re.compile(
    r"(?<![\w.:])([01]?\d|2[0-3])[uh]([0-5]\d)(?!\w)|(?<![\w.:])([01]?\d|2[0-3])[.:]([0-5]\d) uur(?!\w)"
    rf"|(?<!\w)({_AT})([01]?\d|2[0-3]) ?[uh](?!\w){_AGO}",
    re.IGNORECASE,
)
_HOURS: Final = re.compile(r"(?<![\w.:])(\d{1,3}) ?[uh](?!\w)")
_HOURS_AGO: Final = re.compile(r"(?<![\w.:])(\d{1,3}) ?(?:uur|u) geleden(?!\w)", re.IGNORECASE)
_SINCE: Final = re.compile(r"(?<!\w)h[áa] (\d+ \w+)(?! atrás)", re.IGNORECASE)  # há 2 horas: two hours ago
_NO_MASKS: Final = dict.fromkeys((0xE800, 0xE801), " ")
_KEPT: Final = re.compile("\ue800(\\d+)\ue801")
_BEFORE: Final = re.compile(r"\s+([?,;!)\]]|[.:](?!\w))")
_LEADS: Final = frozenset(
    {"ok", "okay", "please", "now", "and", "so", "good", "well", "then", "even", "just"}
)
_LINKS: Final = ("", "s", "e", "en")  # letters that join the parts of a compound
_PART: Final = 4  # letters of such a part, at least


@dataclass(frozen=True, kw_only=True)
class Words:
    """A language's words: `said` by the letters as written, `bare` without accents; `begins` are beginnings, longest first.

    `single` are its words that stand alone, `goes_on` how only its follow-ups begin, `orders` what begins a sentence as an order.
    """

    marks: frozenset[str]
    single: frozenset[str]
    goes_on: tuple[str, ...]
    orders: Mapping[str, str]
    said: Mapping[tuple[str, ...], str]
    bare: Mapping[tuple[str, ...], str]
    begins: Sequence[tuple[str, str]]
    longest: int
    compounds: bool

    def at(self, tokens: Sequence[str], place: int) -> tuple[str, int] | None:
        """What the longest phrase that begins at a place says, and how many tokens it has."""
        for size in range(min(self.longest, len(tokens) - place), 0, -1):
            phrase = tuple(tokens[place : place + size])
            if (told := self.said.get(phrase)) is not None:
                return told, size
            if (told := self.bare.get(tuple(map(_bare, phrase)))) is not None:
                return told, size
        word = _bare(tokens[place])
        told = next((t for begin, t in self.begins if word.startswith(begin)), None)
        if told is None and self.compounds:
            told = self._parts(word)
        return None if told is None else (told, 1)

    def _parts(self, word: str) -> str | None:
        """A compound by its two parts: `geheugenlimiet` is `memory limit`."""
        for cut in range(len(word) - _PART, _PART - 1, -1):
            first, last = word[:cut], self.bare.get((word[cut:],))
            if not last:
                continue
            for link in _LINKS:
                if first.endswith(link) and (
                    told := self.bare.get((first.removesuffix(link) if link else first,))
                ):
                    return f"{told} {last}"
        return None


def english(text: str, names: Iterable[str] = ()) -> str:
    """A question in English words where it is in one of the languages; any other text as it is.

    Quotes, `names` and what a table lacks stay as they are written.
    """
    if chinese.is_chinese(text):
        return chinese.english(text, names)
    return _english(text, tuple(sorted({n for n in names if len(n) > 1}, key=lambda n: (-len(n), n))))


@lru_cache(maxsize=1024)
def _english(text: str, names: tuple[str, ...]) -> str:
    kept: list[str] = []

    def keep(m: re.Match[str]) -> str:
        kept.append(m[0])
        return f"\ue800{len(kept) - 1}\ue801"

    named = [rf"(?<!\w){re.escape(n)}(?!\w)" for n in names]
    masked = re.sub("|".join([_QUOTED, *named]), keep, text.translate(_NO_MASKS), flags=re.IGNORECASE)
    language = language_of(masked)
    if not language:
        return text
    timed = _HOURS.sub(r"\1 hours", _CLOCK.sub(_time, _HOURS_AGO.sub(r"\1 hours ago", masked)))
    told = _read(_SINCE.sub(r"\1 atrás", timed), words_of(language))
    return _KEPT.sub(lambda m: kept[int(m[1])], told)


def language_of(text: str) -> str:
    """The language that most words of a text are of, where the languages of the rules mark fewer of them; else "".

    One of the words must be of that language alone: neither a mark of another one nor in the tables of the rules.
    """
    low = plain(text)
    words = set(re.findall(r"[^\W\d_]+", low))
    if said := next((n for n in LANGUAGES if low.lstrip("¿¡ ").startswith(words_of(n).goes_on)), ""):
        return said
    others = _marks()
    most = max(len(words & marks) for marks in others.values())
    found = {name: words & words_of(name).single for name in LANGUAGES}
    best = max(LANGUAGES, key=lambda name: len(found[name]))
    alone = {w for w in words if not is_known(w) and all(w not in m for m in others.values())}
    own = words_of(best).marks & words or found[best] & alone
    least = (
        most if words_of(best).marks & alone else most + 1
    )  # a mark that no other language has weighs more
    return best if own and len(found[best]) >= max(1, least) else ""


def _read(text: str, words: Words) -> str:
    tokens = _TOKEN.findall(text)
    low = [plain(t).replace("’", "'") for t in tokens]
    said: list[str] = []
    at = 0
    while at < len(tokens):
        found = (_joined(low[at], words), 1) if "-" in low[at] else None
        if found is None or not found[0]:
            found = None if _is_name(tokens[at], text) else words.at(low, at)
        if (
            (found is None or found[1] == 1)
            and all(t.strip(",.!") == "" or _bare(plain(t)) in _LEADS for t in said)
            and (order := words.orders.get(_bare(low[at]))) is not None
        ):
            found = order, 1
        said.append(tokens[at] if found is None else found[0])
        at += 1 if found is None else found[1]
    return _BEFORE.sub(r"\1", " ".join(filter(None, said)))


def _joined(word: str, words: Words) -> str:
    """A compound of a number, sign or name and a word that is known: `503-antwoorden` is `503 answers`; else ""."""
    first, _, last = word.rpartition("-")
    if len(last) < _PART or not words.compounds or (told := words.at([last], 0)) is None:
        return ""
    front = words.at([first], 0)
    return f"{front[0] if front else first} {told[0]}"


def _is_name(token: str, text: str) -> bool:
    """Whether a word is written as a name is: in capitals, with digits or signs of names in it."""
    return (token.isupper() and len(token) > 1 and not text.isupper()) or bool(
        re.search(r"[\d_./:=\ue800]", token)
    )


def _time(m: re.Match[str]) -> str:
    return f"{m[5] or ''}{int(m[1] or m[3] or m[6]):02d}:{m[2] or m[4] or '00'}"


@cache
def words_of(language: str) -> Words:
    """The words of a language."""
    held = _file(language)
    said: dict[tuple[str, ...], str] = {}
    begins: list[tuple[str, str]] = []
    for told, phrases in held["words"].items():
        for phrase in map(str, phrases):
            low = plain(phrase).replace("’", "'")
            if low.endswith("*"):
                begins.append((_bare(low[:-1]), str(told)))
            else:
                said.setdefault(tuple(_TOKEN.findall(low)), str(told))
    marks = frozenset(plain(str(w)) for w in held["marks"])
    bare: dict[tuple[str, ...], str] = {}
    for key, told in said.items():
        bare.setdefault(tuple(map(_bare, key)), told)
    return Words(
        marks=marks,
        single=marks | {k[0] for k in said if len(k) == 1},
        goes_on=tuple(f"{w} " for w in held["goes_on"]),
        orders={_bare(plain(str(w))): str(told) for told, ws in held["orders"].items() for w in ws},
        said=said,
        bare=bare,
        begins=sorted(begins, key=lambda b: (-len(b[0]), b[0])),
        longest=max(map(len, said)),
        compounds=bool(held["compounds"]),
    )


@cache
def _marks() -> Mapping[str, frozenset[str]]:
    """The words that mark each language of the rules."""
    return {name: frozenset(plain(str(w)) for w in words) for name, words in _file("marks").items()}


def _file(name: str) -> dict[str, Any]:
    return dict(
        own_yaml(files("aitia.agent.asking.question").joinpath(f"{name}.yaml").read_text(encoding="utf-8"))
    )


@lru_cache(maxsize=16384)
def _bare(word: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFD", word) if not unicodedata.combining(c))
