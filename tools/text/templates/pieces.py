"""A template read as pieces: words, brackets and quotes, and gaps where values stand.

A blank-free word that holds a mask is one gap (`blk_<num>:<hex>`), but for a key before a colon or dots that lead to a value; so
are neighbouring values, what follows `=`, what quotes hold, a unit after a number, the cause after `failed:`, SQL. What names a
component stays a word.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Final, NamedTuple

from aitia.tools.text.templates.cluster import Key
from aitia.tools.text.templates.masks import separator
from aitia.tools.text.templates.words import (
    FAILED,
    METHODS,
    REASONS,
    SAYING,
    SYSTEM_ERRORS,
    UNITS,
    of_statement,
)

GAP: Final = "\0"
SQL: Final = "SQL"
_BRACKETS: Final = {"(": ")", "[": "]", "{": "}", "<": ">"}
_QUOTES: Final = ('"', "'")
_BETWEEN: Final = frozenset(" ,;:")
_LEADER: Final = re.compile(r"([A-Za-z]+)\.{3,}")
_TEXT_KEYS: Final = frozenset(
    {"msg", "message", "event"}
)  # of JSON and logfmt: their text is the statement, others' a value
# How statements of SQL begin (ISO/IEC 9075, and what all servers add). In small letters most of its words are plain English.
_SQL: Final = re.compile(
    r"(?:SELECT|TRUNCATE|ANALYZE|VACUUM|COMMIT|ROLLBACK|BEGIN|(?:GRANT|REVOKE) [A-Z]+"
    r"|(?i:INSERT INTO|UPDATE \S+ SET|DELETE FROM|WITH \S+ AS|MERGE INTO|SELECT (?=.{1,200}\bFROM\b)"
    r"|(?:CREATE|ALTER|DROP) (?:OR REPLACE |UNIQUE |TEMP(?:ORARY)? |MATERIALIZED )?"
    r"(?:TABLE|INDEX|VIEW|DATABASE|SCHEMA|SEQUENCE|USER|ROLE|TYPE|FUNCTION|TRIGGER|EXTENSION|PROCEDURE)))\b",
    re.DOTALL,
)


class Piece(NamedTuple):
    """A word, bracket, quote or gap, and the tokens that it stands for."""

    symbol: str
    start: int
    end: int


class Reader:
    """The pieces of templates, each read once. `subject` tells which component a token names; `causes`: a cause is no value."""

    def __init__(self, subject: Callable[[str], str], *, causes: bool = False) -> None:
        self._subject, self._causes = subject, causes
        self._memo: dict[Key, tuple[Piece, ...]] = {}
        self._signatures: dict[Key, Key] = {}
        self._words: dict[Key, frozenset[str]] = {}
        self._fixed: dict[str, bool] = {}

    def __call__(self, tokens: Key) -> tuple[Piece, ...]:
        """The pieces of a template."""
        got = self._memo.get(tokens)
        if got is None:
            got = self._memo[tokens] = tuple(
                _Gaps(list(self._atoms(tokens)), tokens, causes=self._causes).read()
            )
        return got

    def signature(self, tokens: Key) -> Key:
        """The symbols of a template's pieces."""
        got = self._signatures.get(tokens)
        if got is None:
            got = self._signatures[tokens] = tuple(p.symbol for p in self(tokens))
        return got

    def fixed(self, symbol: str) -> bool:
        """Whether a word belongs to its statement, or names a component."""
        got = self._fixed.get(symbol)
        if got is None:
            got = of_statement(symbol) or bool(self._subject(symbol)) or symbol[0] == GAP
            self._fixed[symbol] = got
        return got

    def words(self, tokens: Key) -> frozenset[str]:
        """The words of a template."""
        got = self._words.get(tokens)
        if got is None:
            got = self._words[tokens] = frozenset(s for s in self.signature(tokens) if s[0] != GAP)
        return got

    def _atoms(self, tokens: Key) -> Iterator[Piece]:
        """Words and separators as they stand; a word is what is between blanks, commas, brackets, quotes and `=`."""
        i, n = 0, len(tokens)
        while i < n:
            end = _word_end(tokens, i)
            if end > i:
                yield from self._atom(tokens, i, end)
            elif tokens[i] not in _BETWEEN:
                yield Piece(tokens[i], i, i + 1)
            i = max(end, i + 1)

    def _atom(self, tokens: Key, start: int, end: int) -> Iterator[Piece]:
        while tokens[end - 1] == ":":
            end -= 1
        first = tokens[start]
        about = next((name for t in tokens[start:end] if (name := self._subject(t))), "")
        holds = any("<" in t and t != "<=" for t in tokens[start:end])
        if about:
            yield Piece(f"{GAP}{about}" if holds else about, start, end)
        elif not holds:
            yield from (Piece(tokens[i], i, i + 1) for i in range(start, end) if tokens[i] != ":")
        elif leader := _LEADER.match(first):
            yield Piece(f"{leader[1]}...", start, start)
            yield Piece(GAP, start, end)
        elif end - start > 2 and tokens[start + 1] == ":" and first.replace("_", "").isalpha():
            yield Piece(first, start, start + 1)
            yield Piece(GAP, start + 2, end)
        else:
            yield Piece(GAP, start, end)


def _word_end(tokens: Key, i: int) -> int:
    """Where the word ends that begins at `i`; `i` where none does. `<unknown>` belongs to its word."""
    end, n = i, len(tokens)
    while end < n:
        if tokens[end] == "<" and end + 2 < n and tokens[end + 2] == ">" and not separator(tokens[end + 1]):
            end += 3
        elif (tokens[end] == ":" and end > i) or not separator(tokens[end]):
            end += 1
        else:
            break
    return end


class _Gaps:
    """Makes a gap of what is a value by its place, and one of neighbouring gaps."""

    def __init__(self, pieces: list[Piece], tokens: Key, *, causes: bool) -> None:
        self._pieces, self._tokens, self._causes = pieces, tokens, causes
        self._out: list[Piece] = []

    def read(self) -> list[Piece]:
        i = 0
        while i < len(self._pieces):
            i = self._next(i)
        return self._out

    def _next(self, i: int) -> int:
        """Take what begins with a piece; where the next begins."""
        pieces, out = self._pieces, self._out
        piece, last = pieces[i], out[-1] if out else None
        after = pieces[i + 1] if i + 1 < len(pieces) else None
        if end := self._text(i, last):
            if piece.symbol in REASONS:
                out.append(piece)
                i += 1
            out.append(Piece(GAP, pieces[i].start, pieces[end - 1].end))
            return end
        if piece.symbol in _QUOTES and (close := self._closing(i)):
            return self._quoted(i, close)
        if piece.symbol == "=":
            out.append(piece)
            if self._causes and last and last.symbol.lower() in SAYING:
                return i + 1
            if after is None or after.start != piece.end or after.symbol in ")]}>|":
                out.append(Piece(GAP, piece.end, piece.end))
            elif not separator(after.symbol) and after.symbol[0] != GAP:
                out.append(Piece(GAP, after.start, after.end))
                return i + 2
            return i + 1
        if _BRACKETS.get(piece.symbol, "") == (after.symbol if after else None):
            out += [piece, Piece(GAP, piece.end, piece.end)]
            return i + 1
        dashes = not piece.symbol.strip("-")  # as access logs have them where a value is missing
        if last and last.symbol == GAP and (piece.symbol == GAP or dashes or piece.symbol in UNITS):
            out[-1] = Piece(GAP, last.start, piece.end)
        elif (dashes and after and after.symbol == GAP) or (
            piece.symbol in METHODS and after and after.symbol[0] in (GAP, "/")
        ):
            out.append(Piece(GAP, piece.start, piece.end))
        else:
            out.append(piece)
        return i + 1

    def _text(self, i: int, last: Piece | None) -> int:
        """Where a text ends that is a value as a whole: a cause, SQL; 0 where none begins."""
        tokens, piece = self._tokens, self._pieces[i]
        if (
            not self._causes
            and last
            and piece.symbol.lower() in REASONS
            and tokens[piece.end : piece.end + 2] == (":", " ")
        ):
            return self._end(i + 1)
        if last and tokens[last.end : last.end + 2] != (":", " "):
            return 0
        if not separator(piece.symbol) and _SQL.match("".join(tokens[piece.start : piece.start + 40])):
            if not last:
                self._out.append(Piece(SQL, piece.start, piece.start))
            return len(self._pieces)
        if not last or self._causes:
            return 0
        end = self._end(i)
        text = " ".join(p.symbol for p in self._pieces[i:end]).lower()
        return end if last.symbol.lower() in FAILED or text in SYSTEM_ERRORS else 0

    def _end(self, i: int) -> int:
        """Where the text that begins with a piece ends: at a bracket that closes one before it, or at the end."""
        depth = 0
        for k in range(i, len(self._pieces)):
            symbol = self._pieces[k].symbol
            depth += (symbol in _BRACKETS) - (symbol in _BRACKETS.values())
            if depth < 0:
                return max(k, i + 1)
        return len(self._pieces) if i < len(self._pieces) else 0

    def _closing(self, i: int) -> int:
        """The piece that closes a quote; 0 where it opens none (an apostrophe)."""
        tokens, quote = self._tokens, self._pieces[i]
        if quote.start and not separator(tokens[quote.start - 1]):
            return 0
        for k in range(i + 1, len(self._pieces)):
            piece = self._pieces[k]
            after = tokens[piece.end] if piece.end < len(tokens) else " "
            if piece.symbol == quote.symbol and (separator(after) or not after[0].isalnum()):
                return k
        return 0

    def _quoted(self, i: int, close: int) -> int:
        """What quotes hold is a value, but for a key of JSON, and the text of a message in JSON or logfmt."""
        pieces, out, tokens = self._pieces, self._out, self._tokens
        opening, closing = pieces[i], pieces[close]
        key = next((p.symbol for p in reversed(out) if not separator(p.symbol)), "")
        a_key = tokens[closing.end : closing.end + 1] == (":",) and close == i + 2
        assigned = (
            tokens[opening.start - 1 : opening.start] == ("=",)
            or tokens[opening.start - 2 : opening.start - 1] == (":",)
            or tokens[opening.start - 1 : opening.start] == (":",)
        )
        if a_key or (assigned and key in _TEXT_KEYS):
            out.append(opening)
            return i + 1
        out += [opening, Piece(GAP, opening.end, closing.start), closing]
        return close + 1


def words_in(signature: Sequence[str]) -> int:
    """How many words say something: those with two letters or more."""
    return sum(len(s) > 1 and s[0] != GAP and any(c.isalpha() for c in s) for s in signature)
