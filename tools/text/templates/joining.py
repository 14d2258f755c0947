"""Templates that are one statement although their words do not stand at the same places.

A template is read as pieces: words, brackets and quotes, and gaps. A blank-free word that holds a mask is one gap, as are
several beside each other, what follows `=`, a unit after a number, and what a bracket or a quote may hold or not. Templates of
equal pieces are one. So are those that differ in one word alone, where that looks like a value, and one whose words fit the gaps
of another.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from aitia.tools.text.templates.cluster import WILDCARD, Key
from aitia.tools.text.templates.masks import NUMBER, separator
from aitia.tools.text.templates.words import FAILED, METHODS, NAMING, REASONS, SYSTEM_ERRORS, UNITS, looks_like_a_word, of_statement

GAP: Final = "\0"
MANY: Final = 8  # words at one place, all else equal: a value wherever it stands
ROUNDS: Final = 4
_TAKEN: Final = 3  # words that fit one gap
_CLOSING: Final = {"(": ")", "[": "]", "{": "}", "<": ">", '"': '"', "'": "'"}
_LEADER: Final = re.compile(r"\.{3,}")
_ENDS: Final = frozenset(" ,;")
_TEXT_KEYS: Final = frozenset({"msg", "message", "event"})  # in logfmt: the statement; what other keys hold is a value


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


class Piece(NamedTuple):
    """A word, bracket, quote or gap, and the tokens that it stands for."""

    symbol: str
    start: int
    end: int


@dataclass(frozen=True, kw_only=True)
class Joined:
    """Templates that are one, by their numbers, and the tokens of the text that is shown."""

    tokens: Key
    members: tuple[int, ...]


def joined(templates: Sequence[Key], *, subject: Callable[[str], str] = lambda token: "") -> list[Joined]:
    """Which of some distinct templates are one statement. Those that speak of different subjects stay apart."""
    read = _Reader(subject)
    found: dict[Key, list[int]] = {tokens: [i] for i, tokens in enumerate(templates)}
    for _ in range(ROUNDS):
        before = len(found)
        for step in (_equal, _but_one_word, _fitting):
            found = step(found, read)
        if len(found) == before:
            break
    return [Joined(tokens=tokens, members=tuple(sorted(members))) for tokens, members in found.items()]


Found = dict[Key, list[int]]


class _Reader:
    """The pieces of templates, each read once."""

    def __init__(self, subject: Callable[[str], str]) -> None:
        self._subject = subject
        self._memo: dict[Key, list[Piece]] = {}

    def __call__(self, tokens: Key) -> list[Piece]:
        got = self._memo.get(tokens)
        if got is None:
            got = self._memo[tokens] = _gaps(list(self._atoms(tokens)), tokens)
        return got

    def signature(self, tokens: Key) -> Key:
        return tuple(p.symbol for p in self(tokens))

    def fixed(self, symbol: str) -> bool:
        """Whether a word belongs to its statement, or names a component."""
        return of_statement(symbol) or bool(self._subject(symbol)) or symbol[0] == GAP

    def _atoms(self, tokens: Key) -> Iterable[Piece]:
        i, n = 0, len(tokens)
        while i < n:
            token = tokens[i]
            if separator(token):
                if token not in _ENDS and token != ":":
                    yield Piece(token, i, i + 1)
                i += 1
                continue
            end = i
            while end < n and (tokens[end] == ":" or not separator(tokens[end])):
                end += 1
            yield from self._atom(tokens, i, end)
            i = end

    def _atom(self, tokens: Key, start: int, end: int) -> Iterable[Piece]:
        """What stands between blanks, brackets, quotes, `=`, commas."""
        while tokens[end - 1] == ":":
            end -= 1
        about = next((name for t in tokens[start:end] if (name := self._subject(t))), "")
        holds = any(len(t) > 1 and "<" in t for t in tokens[start:end])
        if about:
            yield Piece(f"{GAP}{about}" if holds else about, start, end)
        elif not holds:
            for i in range(start, end):
                if tokens[i] != ":":
                    yield Piece(tokens[i], i, i + 1)
        elif len(name := _LEADER.split(tokens[start], maxsplit=1)[0]) < len(tokens[start]) and name.isalpha():
            yield Piece(name + "...", start, start)  # `depth.......<num>`: a table's dots
            yield Piece(GAP, start, end)
        elif end - start > 2 and tokens[start + 1] == ":" and tokens[start].replace("_", "").isalpha():
            yield Piece(tokens[start], start, start + 1)
            yield Piece(GAP, start + 2, end)
        else:
            yield Piece(GAP, start, end)


def _gaps(pieces: list[Piece], tokens: Key) -> list[Piece]:
    """Pieces with what is a value by its place made a gap, and neighbouring gaps one."""
    out: list[Piece] = []
    i = 0
    while i < len(pieces):
        piece, last = pieces[i], out[-1] if out else None
        following = pieces[i + 1] if i + 1 < len(pieces) else None
        if last and last.symbol == GAP and (piece.symbol in (GAP, "-") or piece.symbol in UNITS):
            out[-1] = Piece(GAP, last.start, piece.end)
        elif piece.symbol == "-" and following and (following.symbol == GAP or (last and following.symbol == last.symbol)):
            out.append(Piece(GAP, piece.start, piece.end))  # access logs write it where a value is missing
        elif last and piece.symbol.lower() in REASONS and tokens[piece.end : piece.end + 2] == (":", " ") and following:
            end = _end_of_text(pieces, i + 1)
            out += [piece, Piece(GAP, following.start, pieces[end - 1].end)]
            i = end
            continue
        elif last and tokens[last.end : last.end + 2] == (":", " ") and (end := _cause(pieces, i, last)):
            out.append(Piece(GAP, piece.start, pieces[end - 1].end))
            i = end
            continue
        elif piece.symbol in METHODS and following and (following.symbol == GAP or following.symbol[:1] == "/"):
            out.append(Piece(GAP, piece.start, piece.end))
        elif piece.symbol == "=":
            out.append(piece)
            i = _after_equals(pieces, i + 1, tokens, out)
            continue
        elif piece.symbol in _CLOSING and following and following[:2] == (_CLOSING[piece.symbol], piece.end):
            out += [piece, Piece(GAP, piece.end, piece.end), following]
            i += 1
        else:
            out.append(piece)
        i += 1
    return out


def _end_of_text(pieces: list[Piece], i: int) -> int:
    """Where the text that begins with a piece ends: at a bracket that closes one before it, or at the end."""
    depth = 0
    for k in range(i, len(pieces)):
        symbol = pieces[k].symbol
        depth += (symbol in "([{") - (symbol in ")]}")
        if depth < 0:
            return max(k, i + 1)
    return len(pieces)


def _cause(pieces: list[Piece], i: int, last: Piece) -> int:
    """Where the cause ends that begins with a piece after a colon: after `failed:`, or where it is a text of the system; or 0."""
    end = _end_of_text(pieces, i)
    text = " ".join(p.symbol for p in pieces[i:end]).lower()
    return end if last.symbol.lower() in FAILED or text in SYSTEM_ERRORS else 0


def _after_equals(pieces: list[Piece], i: int, tokens: Key, out: list[Piece]) -> int:
    """The gap after `=`: nothing, a word, or what quotes hold."""
    equals = out[-1]
    following = pieces[i] if i < len(pieces) else None
    if following is None or following.start != equals.end or (following.symbol in ")]}|"):
        out.append(Piece(GAP, equals.end, equals.end))
        return i
    if following.symbol in ('"', "'"):
        close = next((k for k in range(i + 1, len(pieces)) if pieces[k].symbol == following.symbol), None)
        key = out[-2].symbol if len(out) > 1 else ""
        if close is None or key in _TEXT_KEYS:
            return i
        out.append(Piece(GAP, following.start, pieces[close].end))
        return close + 1
    if following.symbol in _CLOSING or following.symbol[:1] == GAP != following.symbol:
        return i
    out.append(Piece(GAP, following.start, following.end))
    return i + 1


def _words(signature: Key) -> int:
    """Words that say something: with two letters or more."""
    return sum(len(s) > 1 and s[0] != GAP and any(c.isalpha() for c in s) for s in signature)


def _equal(found: Found, read: _Reader) -> Found:
    """Templates of equal pieces are one."""
    parts: dict[Key, list[Key]] = defaultdict(list)
    for tokens in found:
        parts[read.signature(tokens)].append(tokens)
    out: Found = {}
    for signature, same in parts.items():
        if len(same) > 1 and (_words(signature) or '"' in signature):
            _merge(out, found, same, read, None)
        else:
            _keep(out, found, same)
    return out


def _but_one_word(found: Found, read: _Reader) -> Found:
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
    before, after, words = rest[i - 1] if i else "", rest[i] if i < len(rest) else "", _words(rest)
    if len(found) > MANY:
        return words >= LIMITS.many
    if before in ('"', "'") and before == after:
        return words >= LIMITS.quoted
    if after == "(" or not _words(rest[:i]):
        return words >= LIMITS.first
    if before.lower() in NAMING:
        return words >= LIMITS.named
    if not any(looks_like_a_word(w) for w in found):
        return words >= LIMITS.identifier
    return words >= LIMITS.alone


def _fitting(found: Found, read: _Reader) -> Found:
    """A template whose words stand where another has gaps is that one."""
    patterns: dict[str, list[Key]] = defaultdict(list)
    for tokens in found:
        signature = read.signature(tokens)
        if GAP in signature and (_words(signature) > 1 or '"' in signature):
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


def _shown(out: Found, into: dict[Key, Key], read: _Reader) -> Found:
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


def _fits(pattern: list[Piece], tokens: Key, other: list[Piece], read: _Reader) -> bool:
    """Whether each gap of a pattern holds some of the other's words, none of them one of a statement."""
    if len(other) < len(pattern) or len(other) > len(pattern) + _TAKEN:
        return False
    open_ = {
        k: set(tokens[p.start : p.end]) != {NUMBER} for k, p in enumerate(pattern) if p.symbol == GAP
    }
    taken = 0

    def match(a: int, b: int) -> bool:
        nonlocal taken
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


def _merge(out: Found, found: Found, same: Sequence[Key], read: _Reader, at: int | None) -> None:
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
