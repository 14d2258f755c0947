"""Where a text speaks of the components of a site: by name, by a name with a slip, or by what people call it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

from aitia.core.words import Component
from aitia.tools.meaning.incidents.words import meaning_of, one_of, plain, table

_WORD: Final = re.compile(r"[a-z0-9à-öø-ÿœ]+")
_GAP: Final = re.compile(
    r"[\s\-_./:#の'’]{0,3}(?:号機?の?|no\.?|nr\.?|n°|nº|number|nummer|número)?[\s\-_#]{0,2}"
)
_LONGEST_RUN: Final = 5  # words of a name
_SHORTEST_SLIP, _SHORTEST_PART = 5, 4
_NAME, _KEY, _SLIP, _PART, _ROLE = 5.0, 4.0, 3.0, 2.0, 1.0  # how surely a match names its component


@dataclass(frozen=True, kw_only=True)
class Mention:
    """A component where a text speaks of it."""

    component: str
    begin: int
    end: int
    sure: float


@dataclass(frozen=True, kw_only=True)
class _Token:
    begin: int
    end: int
    word: str
    role: str


def mentions_of(text: str, components: Sequence[Component]) -> list[Mention]:
    """The mentions in order; where several lie over each other the surest and longest stays."""
    low = plain(text)
    names = _Names(components)
    tokens = _tokens(low)
    found: list[Mention] = []
    for first in range(len(tokens)):
        for last in range(first, min(len(tokens), first + _LONGEST_RUN)):
            if last > first and not _GAP.fullmatch(low, tokens[last - 1].end, tokens[last].begin):
                break
            run = tokens[first : last + 1]
            component, sure = names.of(run, low[run[0].begin : run[-1].end])
            if component:
                found.append(Mention(component=component, begin=run[0].begin, end=run[-1].end, sure=sure))
    found.sort(key=lambda m: (-m.sure, m.begin - m.end, m.begin))
    kept: list[Mention] = []
    for mention in found:
        if all(mention.end <= k.begin or mention.begin >= k.end for k in kept):
            kept.append(mention)
    return sorted(kept, key=lambda m: m.begin)


class _Names:
    """What the components of a site can be called. A call that two of them answer to names none."""

    def __init__(self, components: Sequence[Component]) -> None:
        self._full: dict[str, set[str]] = {}
        self._keys: dict[frozenset[str], set[str]] = {}
        self._parts: dict[str, set[str]] = {}
        self._roles: dict[str, set[str]] = {}
        self._numbers: dict[str, set[str]] = {}
        for component in components:
            for name in (component.id, *component.aliases):
                self._add(component.id, name)

    def _add(self, id: str, name: str) -> None:
        words = [w for w in _words(name) if w]
        if not words:
            return
        self._full.setdefault("".join(words), set()).add(id)
        telling = [w for w in words if w not in _generic()]
        if telling:
            self._full.setdefault("".join(telling), set()).add(id)
            self._keys.setdefault(frozenset(map(_said_by_name, telling)), set()).add(id)
        for word in telling:
            if len(word) >= _SHORTEST_PART and word not in _everyday() and not word.isdigit():
                self._parts.setdefault(word, set()).add(id)
            if role := _named_roles().get(word, ""):
                self._roles.setdefault(role, set()).add(id)
        self._numbers.setdefault(id, set()).update(n for w in telling for n in _numbers(w))

    def of(self, run: Sequence[_Token], raw: str) -> tuple[str, float]:
        """The component that a run of words names, and how surely."""
        joined = "".join(_words(raw))
        if found := _only(self._full.get(joined)):
            return found, _NAME
        telling = [t for t in run if t.word not in _generic()]
        if not telling:
            return "", 0.0
        key = frozenset(t.role or _stem(t.word) for t in telling)
        if (len(telling) > 1 or not telling[0].role) and (found := _only(self._keys.get(key))):
            return found, _KEY
        short = "".join(_plain(t.word) for t in telling)
        if found := _only(self._full.get(short)) or _only(self._full.get(short.removesuffix("s"))):
            return found, _KEY
        if found := self._slip(joined):
            return found, _SLIP
        return self._by_role(telling)

    def _slip(self, joined: str) -> str:
        """The only name from which the word differs by one slip of the finger (first letter right)."""
        if len(joined) < _SHORTEST_SLIP:
            return ""
        near = {
            id
            for name, ids in self._full.items()
            if len(name) >= _SHORTEST_SLIP and name[0] == joined[0] and one_slip(name, joined)
            for id in ids
        }
        return _only(near)

    def _by_role(self, telling: Sequence[_Token]) -> tuple[str, float]:
        """By a word of the name that only one has, or by a role, with a number where one is said."""
        first = telling[0]
        numbers = {n for t in telling for n in _numbers(t.word)}
        roles = [t.role for t in telling if t.role]
        if (
            len(telling) == 1
            and not first.role
            and (found := _only(self._parts.get(_stem(first.word)) or self._parts.get(_plain(first.word))))
        ):
            return found, _PART
        if len(roles) != 1 or len(telling) > 1 + bool(numbers):
            return "", 0.0
        holders = self._roles.get(roles[0], set())
        if numbers:
            holders = {h for h in holders if numbers & self._numbers[h]}
            return _only(holders), _PART
        return _only(holders), _ROLE


def one_slip(a: str, b: str) -> bool:
    """Whether one letter was missed, doubled, replaced, or two were swapped."""
    if a == b or abs(len(a) - len(b)) > 1:
        return False
    at = next((n for n, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))
    rest_a, rest_b = a[at:], b[at:]
    if len(a) == len(b):
        swapped = len(rest_a) > 1 and rest_a[:2] == rest_b[1::-1] and rest_a[2:] == rest_b[2:]
        return rest_a[1:] == rest_b[1:] or swapped
    return rest_a[1:] == rest_b if len(a) > len(b) else rest_a == rest_b[1:]


def _tokens(low: str) -> list[_Token]:
    """Words and role phrases in order. A role in a script without blanks is found anywhere."""
    spans = [
        (m.start(), m.end(), _said_roles()[" ".join(m.group().split())]) for m in _phrases().finditer(low)
    ]
    found = [_Token(begin=a, end=b, word=_plain(low[a:b]), role=role) for a, b, role in spans]
    taken = [(a, b) for a, b, _ in spans]
    for m in _WORD.finditer(low):
        if any(a < m.end() and m.start() < b for a, b in taken):
            continue
        found.append(_Token(begin=m.start(), end=m.end(), word=m.group(), role=_compound(m.group())))
    for m in re.finditer(r"[ァ-ヶー一-龠]+", low):  # names in Japanese
        if not any(a < m.end() and m.start() < b for a, b in taken):
            found.append(_Token(begin=m.start(), end=m.end(), word=m.group(), role=""))
    return sorted(found, key=lambda t: t.begin)


def _compound(word: str) -> str:
    """The role that a German compound ends in: `kühlwasserpumpe`."""
    return next((role for end, role in _endings() if len(word) > len(end) + 2 and word.endswith(end)), "")


@cache
def _endings() -> list[tuple[str, str]]:
    return [
        (w, r)
        for w, r in _said_roles().items()
        if len(w) >= 5 and w.isalpha() and w.isascii() is not None and " " not in w
    ]


@cache
def _roles_table() -> dict[str, dict[str, list[str]]]:
    return {name: held for name, held in table("roles").items() if isinstance(held, dict)}


@cache
def _said_roles() -> dict[str, str]:
    return meaning_of({name: held["said"] for name, held in _roles_table().items()})


@cache
def _named_roles() -> dict[str, str]:
    return meaning_of({name: held["named"] for name, held in _roles_table().items()})


@cache
def _phrases() -> re.Pattern[str]:
    return re.compile(one_of(_said_roles()))


@cache
def _generic() -> frozenset[str]:
    return frozenset(table("roles")["generic"])


@cache
def _everyday() -> frozenset[str]:
    return frozenset(table("roles")["everyday"])


def _said_by_name(word: str) -> str:
    return _named_roles().get(word) or _stem(word)


def _stem(word: str) -> str:
    bare = _plain(word)
    return bare.lstrip("0") or "0" if bare.isdigit() else bare.removesuffix("s") if len(bare) > 3 else bare


def _words(name: str) -> list[str]:
    """The words of a name: separators, camelCase, a letter beside digits."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[a-zA-Z]{3})(?=\d)", " ", name)
    return [_plain(w) for w in re.split(r"[\s\-_./:#'’()の]+", spaced) if w]


def _numbers(word: str) -> Iterator[str]:
    """Numbers and single letters that tell like things apart."""
    for digits in re.findall(r"\d+[a-z]?", word):
        yield digits.lstrip("0") or "0"
    if len(word) == 1 and word.isalpha():
        yield word


def _plain(word: str) -> str:
    swapped = word.lower().replace("ß", "ss")
    return (
        "".join(c for c in unicodedata.normalize("NFKD", swapped) if unicodedata.category(c) != "Mn")
        if swapped.isascii() or swapped[0] < "\u0250"
        else swapped
    )


def _only(ids: Iterable[str] | None) -> str:
    found = list(ids or ())
    return found[0] if len(found) == 1 else ""
