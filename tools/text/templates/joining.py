"""Templates that are one statement although their words do not stand at the same places.

Templates of equal pieces are one. So are those that differ in one word alone, where that looks like a value by its form and by
what stands around it, and a template whose words fit the gaps of another.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from aitia.tools.text.templates.cluster import WILDCARD, Key
from aitia.tools.text.templates.masks import NUMBER, separator
from aitia.tools.text.templates.pieces import GAP, Piece, Reader, words_in
from aitia.tools.text.templates.words import NAMING, looks_like_a_word

MANY: Final = 8  # words at one place, all else equal: a value wherever it stands
ROUNDS: Final = 4
_TAKEN: Final = 3  # words that fit one gap


@dataclass(frozen=True, kw_only=True)
class Limits:
    """How many other words two templates must share to be one where one word differs, by what stands around that."""

    quoted: int = 1
    named: int = 2  # a preposition or a noun of things that have names stands before it
    identifier: int = 3  # none of the words looks like one of a language
    alone: int = 3
    many: int = 1  # of more words than `MANY`
    first: int = 5  # no word stands before it, or it is called (`name(`)


LIMITS = Limits()


@dataclass(frozen=True, kw_only=True)
class Joined:
    """Templates that are one, by their numbers, and the tokens of the text that is shown."""

    tokens: Key
    members: tuple[int, ...]


def joined(templates: Sequence[Key], *, subject: Callable[[str], str] = lambda token: "") -> list[Joined]:
    """Which of some distinct templates are one statement. Those that speak of different subjects stay apart."""
    read = Reader(subject)
    found: dict[Key, list[int]] = {tokens: [i] for i, tokens in enumerate(templates)}
    for _ in range(ROUNDS):
        before = len(found)
        for step in (_equal, _but_one_word, _fitting):
            found = step(found, read)
        if len(found) == before:
            break
    return [Joined(tokens=tokens, members=tuple(sorted(members))) for tokens, members in found.items()]


Found = dict[Key, list[int]]


def _equal(found: Found, read: Reader) -> Found:
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


def _but_one_word(found: Found, read: Reader) -> Found:
    """Templates that differ in one word alone, which looks like a value, are one."""
    by_rest: dict[tuple[Key, int], list[Key]] = defaultdict(list)
    for tokens in found:
        signature = read.signature(tokens)
        for i, symbol in enumerate(signature):
            if symbol[0] != GAP and not separator(symbol):
                by_rest[signature[:i] + signature[i + 1 :], i].append(tokens)
    out: Found = {}
    done: set[Key] = set()
    for (rest, i), same in sorted(by_rest.items(), key=lambda kv: (-len(kv[1]), kv[0][1], kv[0][0])):
        same = [t for t in same if t not in done]
        if len(same) < 2:
            continue
        if any(symbol.endswith("...") for symbol in rest[i:]):  # the name of a table's row
            continue
        values = [t for t in same if not read.fixed(read(t)[i].symbol)]
        if len(values) > 1 and _named(rest, i, [read(t)[i].symbol for t in values]):
            _merge(out, found, values, read, i)
            done.update(values)
    _keep(out, found, [t for t in found if t not in done])
    return out


def _named(rest: Key, i: int, found: Sequence[str]) -> bool:
    """Whether what is found between the pieces of `rest` at `i` is the value of something, by what stands around it."""
    before, after, words = rest[i - 1] if i else "", rest[i] if i < len(rest) else "", words_in(rest)
    if len(found) > MANY:
        return words >= LIMITS.many
    if before in ('"', "'") and before == after:
        return words >= LIMITS.quoted
    if after == "(" or not words_in(rest[:i]):
        return words >= LIMITS.first
    if before.lower() in NAMING:
        return words >= LIMITS.named
    if not any(looks_like_a_word(w) for w in found):
        return words >= LIMITS.identifier
    return words >= LIMITS.alone


def _fitting(found: Found, read: Reader) -> Found:
    """A template whose words stand where another has gaps is that one."""
    patterns: dict[str, list[Key]] = defaultdict(list)
    for tokens in found:
        signature = read.signature(tokens)
        if GAP in signature and (words_in(signature) > 1 or '"' in signature):
            patterns[_anchor(signature)].append(tokens)
    out: Found = {}
    into: dict[Key, Key] = {}
    for tokens in sorted(found, key=lambda t: (len(t), t)):
        signature = read.signature(tokens)
        candidates = (p for s in dict.fromkeys(signature[: _TAKEN + 1]) for p in patterns.get(s, ()))
        for pattern in candidates:
            if pattern != tokens and pattern not in into and _fits(read(pattern), pattern, read(tokens), read):
                into[tokens] = pattern
                break
    for tokens in found:
        end = tokens
        while end in into:
            end = into[end]
        out.setdefault(end, []).extend(found[tokens])
    return _shown(out, into, read)


def _anchor(signature: Key) -> str:
    return next((s for s in signature if s[0] != GAP), "")


def _shown(out: Found, into: dict[Key, Key], read: Reader) -> Found:
    """Patterns that took others, with the wildcard in their gaps."""
    took = set(into.values())
    shown: Found = {}
    for tokens, members in out.items():
        text = tokens
        if tokens in took:
            for piece in reversed(read(tokens)):
                if piece.symbol == GAP and set(tokens[piece.start : piece.end]) != {NUMBER}:
                    text = (*text[: piece.start], WILDCARD, *text[piece.end :])
        shown.setdefault(text, []).extend(members)
    return shown


def _fits(pattern: Sequence[Piece], tokens: Key, other: Sequence[Piece], read: Reader) -> bool:
    """Whether each gap of a pattern holds some of the other's words, none of them one of a statement."""
    if len(other) < len(pattern) or len(other) > len(pattern) + _TAKEN:
        return False
    open_ = {
        k: set(tokens[p.start : p.end]) != {NUMBER} for k, p in enumerate(pattern) if p.symbol == GAP
    }

    def match(a: int, b: int) -> bool:
        if a == len(pattern):
            return b == len(other)
        if pattern[a].symbol != GAP:
            return b < len(other) and other[b].symbol == pattern[a].symbol and match(a + 1, b + 1)
        for n in range(1, _TAKEN + 1):
            if b + n > len(other):
                return False
            symbol = other[b + n - 1].symbol
            if symbol != GAP and (not open_[a] or separator(symbol) or read.fixed(symbol)):
                return False
            if match(a + 1, b + n):
                return True
        return False

    return match(0, 0)


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
