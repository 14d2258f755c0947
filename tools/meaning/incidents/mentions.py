"""Where a text speaks of the components of a site: by name, by a name with a slip, or by what people call it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

from aitia.core.words import MACHINES, Component
from aitia.tools.meaning.incidents.words import meaning_of, one_of, plain, table

_WORD: Final = re.compile(r"[a-z0-9à-öø-ÿœ]+")
_GAP: Final = re.compile(
    r"[\s\-_./:#の'’]{0,3}(?:号機?の?|no\.?|nr\.?|n°|nº|number|nummer|número)?[\s\-_#]{0,2}"
)
_SEAM: Final = re.compile(
    r"(?<=[a-z0-9])(?=[A-Z])|(?<=[a-zA-Z]{3})(?=\d)|(?<=[ぁ-んァ-ヶー一-龠])(?=[A-Za-z0-9])|(?<=[A-Za-z0-9])(?=[ぁ-んァ-ヶー一-龠])"
)
_LONGEST_RUN: Final = 5  # words of a name
_SHORTEST_SLIP, _SHORTEST_PART_SLIP, _SHORTEST_PART = 5, 6, 3
_UNSPACED: Final = re.compile(r"[ぁ-んァ-ヶー一-龠]")
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
    found = list(names.literal(low))
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


def is_plant(components: Sequence[Component]) -> bool:
    """Whether a component is a machine, by its type or by its name."""
    machines = set(table("roles")["plant"])
    return any(c.type in MACHINES or machines & {t.role for t in _tokens(plain(c.id))} for c in components)


def is_software(word: str, component: str) -> bool:
    """Whether a word is software of the kind that a component is by its name: the postgres of orders-db."""
    role = _named_roles().get(word, "")
    return (
        bool(role)
        and any(_named_roles().get(w) == role for w in _words(component))
        and word not in _words(component)
    )


def names_software(word: str) -> bool:
    """Whether a word is a piece of software that is known by its name: nginx, postgres, redis."""
    return bool(_named_roles().get(word))


def called_so(word: str, components: Sequence[Component]) -> tuple[str, ...]:
    """All components that a word may be of by what they do: both databases for "the database"; none for a word of no role."""
    role = _said_roles().get(plain(word), "")
    return tuple(sorted(_Names(components).doing(role))) if role else ()


class _Names:
    """What the components of a site can be called. A call that two of them answer to names none."""

    def __init__(self, components: Sequence[Component]) -> None:
        self._full: dict[str, set[str]] = {}
        self._keys: dict[frozenset[str], set[str]] = {}
        self._parts: dict[str, set[str]] = {}
        self._roles: dict[str, set[str]] = {}
        self._numbers: dict[str, set[str]] = {}
        self._literal: dict[str, set[str]] = {}
        self._lengths: dict[tuple[str, int], set[str]] = {}
        for component in components:
            for name in (component.id, *component.aliases):
                self._add(component.id, name)
        for name in (*self._full, *self._parts):
            self._lengths.setdefault((name[0], len(name)), set()).add(name)

    def _add(self, id: str, name: str) -> None:
        words = [w for w in _words(name) if w]
        if not words:
            return
        self._full.setdefault("".join(words), set()).add(id)
        if _UNSPACED.search(name):
            self._literal.setdefault(plain(name), set()).add(id)
        telling = [w for w in words if w not in _generic()]
        if telling:
            self._full.setdefault("".join(telling), set()).add(id)
            self._keys.setdefault(frozenset(map(_said_by_name, telling)), set()).add(id)
        for role in {t.role for t in _tokens(plain(name))} | {_named_roles().get(w, "") for w in telling}:
            self._roles.setdefault(role, set()).add(id)
        for first in range(len(telling)):
            for last in range(first + 1, len(telling) + 1):
                if part := _part(telling[first:last]):
                    self._parts.setdefault(part, set()).add(id)
        self._numbers.setdefault(id, set()).update(n for w in telling for n in _numbers(w))

    def doing(self, role: str) -> set[str]:
        """Those that have a role by their names."""
        return self._roles.get(role, set())

    def of(self, run: Sequence[_Token], raw: str) -> tuple[str, float]:
        """The component that a run of words names, and how surely."""
        joined = "".join(_words(raw))
        if found := _only(self._full.get(joined)):
            return found, _NAME
        telling = [t for t in run if t.word not in _generic()]
        if not telling:
            return "", 0.0
        alone = len(telling) == 1 and bool(
            telling[0].role
        )  # "the pump": a role, though it may be a part of a name
        key = frozenset(t.role or _stem(t.word) for t in telling)
        if not alone and (found := _only(self._keys.get(key))):
            return found, _KEY
        short = "".join(_plain(t.word) for t in telling)
        if found := _only(self._full.get(short)) or _only(self._full.get(short.removesuffix("s"))):
            return found, _KEY
        if found := _only(self._near(self._full, joined, _SHORTEST_SLIP)):
            return found, _SLIP
        if not alone and (found := self._by_part(short)):
            return found, _PART
        return self._by_role(telling)

    def literal(self, low: str) -> Iterator[Mention]:
        """Names in a script without blanks, wherever they stand."""
        for name, ids in self._literal.items():
            if found := _only(ids):
                for m in re.finditer(re.escape(name), low):
                    yield Mention(component=found, begin=m.start(), end=m.end(), sure=_NAME)

    def _by_part(self, short: str) -> str:
        parts = self._parts
        exact = _only(parts.get(short)) or _only(parts.get(short.removesuffix("s")))
        return exact or _only(self._near(parts, short, _SHORTEST_PART_SLIP))

    def _near(self, names: Mapping[str, set[str]], joined: str, shortest: int) -> set[str]:
        """Those from whose names the word differs by one slip of the finger (first letter right)."""
        if len(joined) < shortest:
            return set()
        lengths = range(max(shortest, len(joined) - 1), len(joined) + 2)
        beside = (n for size in lengths for n in self._lengths.get((joined[0], size), ()))
        return {id for name in beside if name in names and one_slip(name, joined) for id in names[name]}

    def _by_role(self, telling: Sequence[_Token]) -> tuple[str, float]:
        """By a role, with a number where one is said; or by "number three" alone, where only one component has it."""
        numbers = {n for t in telling for n in _numbers(t.word)}
        roles = [t.role for t in telling if t.role]
        if telling[0].word in _number_words() and len(telling) == 2 and numbers:
            return _only(id for id, held in self._numbers.items() if numbers & held), _PART
        if len(roles) != 1 or len(telling) > 1 + bool(numbers):
            return "", 0.0
        holders = self._roles.get(roles[0], set())
        if not numbers:
            return _only(holders), _ROLE
        numbered = {h for h in holders if numbers & self._numbers[h]}
        # "pump 2" of P-101 and P-102
        ending = {h for h in holders if any(n[-1] in numbers for n in self._numbers[h])}
        return _only(numbered or ending), _PART


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
    spaced = re.sub(_SEAM, " ", name)
    return [_plain(w) for w in re.split(r"[\s\-_./:#'’()の]+", spaced) if w]


def _part(words: Sequence[str]) -> str:
    """A part of a name by which it may be called, or ""."""
    joined = "".join(words)
    coded = any(c.isdigit() for c in joined) and not joined.isdigit()  # FB3, P-102
    if len(words) == 1 and not coded and (joined in _everyday() or joined.isdigit()):
        return ""
    return joined if len(joined) >= _SHORTEST_PART or (coded and len(joined) > 1) else ""


@cache
def _number_words() -> frozenset[str]:
    return frozenset(table("roles")["number"])


def _numbers(word: str) -> Iterator[str]:
    """Numbers, also in words, and single letters that tell like things apart."""
    for digits in re.findall(r"\d+[a-z]?", word):
        yield digits.lstrip("0") or "0"
    if len(word) == 1 and word.isalpha():
        yield word
    spelled = meaning_of(table("times")["numbers"]).get(word)
    if spelled in range(1, 13) and len(word) > 2:
        yield str(spelled)


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
