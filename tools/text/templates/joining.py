"""Templates that are one statement although their words do not stand at the same places.

Templates of equal pieces are one. So are those that differ in one word alone, where that looks like a value by its form and by
what stands around it, and a template whose words fit the gaps of another.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from aitia.tools.text.templates.cluster import WILDCARD, Key
from aitia.tools.text.templates.masks import NUMBER, separator
from aitia.tools.text.templates.pieces import GAP, Reader, words_in
from aitia.tools.text.templates.words import NAMING, looks_like_a_word

MANY: Final = 8  # words at one place, all else equal: a value wherever it stands
ROUNDS: Final = 4
TAKEN: Final = 3  # words that fit one gap


@dataclass(frozen=True, kw_only=True)
class Limits:
    """How many other words two templates must share to be one where one word differs, by what stands around that."""

    quoted: int = 1
    named: int = 2  # a preposition or a noun of things that have names stands before it
    identifier: int = 3  # none of the words looks like one of a language
    alone: int = 3
    many: int = 3  # of more words than `MANY`
    first: int = 5  # no word stands before it, or it is called (`name(`)


LIMITS = Limits()


@dataclass(frozen=True, kw_only=True)
class Joined:
    """Templates that are one, by their numbers, and the tokens of the text that is shown."""

    tokens: Key
    members: tuple[int, ...]


def joined(
    templates: Sequence[Key],
    *,
    subject: Callable[[str], str] = lambda token: "",
    causes: bool = False,
    limits: Limits = LIMITS,
) -> list[Joined]:
    """Which of some distinct templates are one statement. Those of different subjects, or `causes`, stay apart."""
    read = Reader(subject, causes=causes)
    found: dict[Key, list[int]] = {tokens: [i] for i, tokens in enumerate(templates)}
    for _ in range(ROUNDS):
        before = len(found)
        for step in (_equal, _but_one_word, _fitting):
            found = step(found, read, limits)
        if len(found) == before:
            break
    return [Joined(tokens=tokens, members=tuple(sorted(members))) for tokens, members in found.items()]


Found = dict[Key, list[int]]


def _equal(found: Found, read: Reader, limits: Limits) -> Found:
    """Templates of equal pieces are one."""
    parts: dict[Key, list[Key]] = defaultdict(list)
    for tokens in found:
        parts[read.signature(tokens)].append(tokens)
    out: Found = {}
    for signature, same in parts.items():
        if len(same) > 1 and (words_in(signature) or '"' in signature):
            _merge(out, found, same, read, None)
        else:
            _keep(out, found, same)
    return out


def _but_one_word(found: Found, read: Reader, limits: Limits) -> Found:
    """Templates that differ in one word alone, which looks like a value, are one."""
    by_rest: dict[tuple[Key, int], list[Key]] = defaultdict(list)
    for tokens in found:
        signature = read.signature(tokens)
        for i, symbol in enumerate(signature):
            if not separator(symbol) and not read.fixed(symbol):
                by_rest[signature[:i] + signature[i + 1 :], i].append(tokens)
    out: Found = {}
    done: set[Key] = set()
    for (rest, i), same in sorted(by_rest.items(), key=lambda kv: (-len(kv[1]), kv[0][1], kv[0][0])):
        same = [t for t in same if t not in done]
        if len(same) < 2:
            continue
        if any(symbol.endswith("...") for symbol in rest[i:]):  # the name of a table's row
            continue
        if _named(rest, i, [read(t)[i].symbol for t in same], limits):
            _merge(out, found, same, read, i)
            done.update(same)
    _keep(out, found, [t for t in found if t not in done])
    return out


def _named(rest: Key, i: int, found: Sequence[str], limits: Limits) -> bool:
    """Whether what is found between the pieces of `rest` at `i` is the value of something, by what stands around it."""
    before, after, words = rest[i - 1] if i else "", rest[i] if i < len(rest) else "", words_in(rest)
    if len(found) > MANY:
        return words >= limits.many
    if before in ('"', "'") and before == after:
        return words >= limits.quoted
    if after == "(" or not words_in(rest[:i]):
        return words >= limits.first
    if before.lower() in NAMING:
        return words >= limits.named
    if not any(looks_like_a_word(w) for w in found):
        return words >= limits.identifier
    return words >= limits.alone


def _fitting(found: Found, read: Reader, limits: Limits) -> Found:
    """A template whose words stand where another has gaps is that one."""
    patterns: dict[_Place, list[Key]] = defaultdict(list)
    for tokens in sorted(found):
        signature = read.signature(tokens)
        if GAP in signature and (words_in(signature) > 1 or '"' in signature):
            at = next(i for i, s in enumerate(signature) if s[0] != GAP)
            patterns[len(signature), at > 0, signature[at], signature[-1]].append(tokens)
    into: dict[Key, Key] = {}
    open_at: dict[Key, set[int]] = defaultdict(set)  # pieces of a pattern that others filled with other words
    for tokens in sorted(found, key=lambda t: (len(t), t)):
        for pattern in _candidates(read.signature(tokens), patterns):
            if pattern == tokens or pattern in into or tokens in open_at:
                continue
            if (filled := _fits(pattern, tokens, read, limits)) is not None:
                into[tokens] = pattern
                open_at[pattern] |= filled
                break
    out: Found = {}
    for tokens, members in found.items():
        pattern = into.get(tokens, tokens)
        out.setdefault(_opened(pattern, open_at.get(pattern, set()), read), []).extend(members)
    return out


# Of a pattern: how many pieces it has, whether a gap is the first, its first word, its last piece.
_Place = tuple[int, bool, str, str]


def _candidates(signature: Key, patterns: Mapping[_Place, list[Key]]) -> Iterator[Key]:
    """The patterns that may fit, by their place: a gap may have taken some words, the first ones too."""
    n = len(signature)
    for last in dict.fromkeys((signature[-1], GAP)) if signature else ():
        for at, symbol in enumerate(signature[: TAKEN + 1]):
            for taken in range(TAKEN + 1):
                yield from patterns.get((n - taken, at > 0, symbol, last), ())


def _opened(tokens: Key, at: set[int], read: Reader) -> Key:
    """A template with the wildcard in place of some of its pieces."""
    for k in sorted(at, reverse=True):
        piece = read(tokens)[k]
        tokens = (
            (*tokens[: piece.start], WILDCARD, *tokens[piece.end :]) if piece.end <= len(tokens) else tokens
        )
    return tokens


def _fits(pattern: Key, tokens: Key, read: Reader, limits: Limits) -> set[int] | None:
    """The pieces of a pattern that hold other words in a template, none of them one of a statement; None where it does not fit.

    Besides its gaps that may be one word after a naming one.
    """
    if len(read.words(pattern) - read.words(tokens)) > 1:  # most do not: seen at once
        return None
    ours, others = read(pattern), read(tokens)
    if not len(ours) <= len(others) <= len(ours) + TAKEN:
        return None
    words = words_in(read.signature(pattern))
    numbers = {k for k, p in enumerate(ours) if p.symbol == GAP and set(pattern[p.start : p.end]) == {NUMBER}}

    def match(a: int, b: int, spare: int) -> frozenset[int] | None:
        if a == len(ours) or b == len(others):
            return frozenset() if a == len(ours) and b == len(others) else None
        if ours[a].symbol != GAP:
            if others[b].symbol == ours[a].symbol:
                return match(a + 1, b + 1, spare)
            named = a and ours[a - 1].symbol.lower() in NAMING and words > limits.alone
            if not (spare and named) or any(_no_value(s, read) for s in (ours[a].symbol, others[b].symbol)):
                return None
            rest = match(a + 1, b + 1, spare - 1)
            return None if rest is None else rest | {a}
        for n in range(1, min(TAKEN, len(others) - b) + 1):
            symbol = others[b + n - 1].symbol
            if symbol != GAP and (a in numbers or _no_value(symbol, read)):
                return None
            if (rest := match(a + 1, b + n, spare)) is not None:
                same = (
                    n == 1
                    and symbol == GAP
                    and pattern[ours[a].start : ours[a].end] == tokens[others[b].start : others[b].end]
                )
                return rest if same else rest | {a}
        return None

    found = match(0, 0, 1)
    return None if found is None else set(found)


def _no_value(symbol: str, read: Reader) -> bool:
    return separator(symbol) or read.fixed(symbol)


def _keep(out: Found, found: Found, kept: Iterable[Key]) -> None:
    for tokens in kept:
        out.setdefault(tokens, []).extend(found[tokens])


def _merge(out: Found, found: Found, same: Sequence[Key], read: Reader, at: int | None) -> None:
    """One template of several that have equal pieces, but for the one at `at`."""
    first = min(same, key=lambda t: (-len(found[t]), t))
    text = first
    for k in range(len(read(first)) - 1, -1, -1):
        spans = {t[read(t)[k].start : read(t)[k].end] for t in same}
        if len(spans) > 1 and (k == at or read(first)[k].symbol == GAP):
            piece = read(first)[k]
            text = (*text[: piece.start], WILDCARD, *text[piece.end :])
    members = [m for t in same for m in found[t]]
    out.setdefault(text, []).extend(members)
