"""Whether a command only reads. The answer is `read-only` where an exact grammar says so for every part; else `changing`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, Literal

from aitia.core.commands.grammar import Grammar, grammar_of, is_program
from aitia.core.commands.kinds import KINDS, matches
from aitia.core.commands.lexer import Part, Refused, Token, lex

Does = Literal["read-only", "changing"]

DEEPEST: Final = 3  # commands within commands: sudo timeout ssh
_ASSIGNED: Final = re.compile(
    r"(?:LC_ALL|LANG|LC_[A-Z]+|TZ|COLUMNS|NO_COLOR|SYSTEMD_COLORS|ETCDCTL_API|AWS_PROFILE|AWS_REGION"
    r"|AWS_DEFAULT_REGION|PGPASSWORD|PGHOST|PGPORT|PGUSER|PGDATABASE|PGCONNECT_TIMEOUT|REDISCLI_AUTH|MYSQL_PWD)=[\w.:/@+-]*"
    r"|TERM=[\w-]*|SYSTEMD_LESS=-?[FRSXMK]*"
)
_PAGERS: Final = re.compile(r"(?:PAGER|GIT_PAGER|SYSTEMD_PAGER|AWS_PAGER|MANPAGER)=(?:cat|less|more)?")
_PLACES: Final = re.compile(r"(?:/usr)?(?:/local)?/s?bin/|/opt/[a-z]+/bin/|/snap/bin/")
_DASHED: Final = {"dashed": re.compile(r"-\d[\w.:]*"), "out": re.compile("-")}
# Reading these takes from them what they hold, or acts.
_ONCE: Final = re.compile(r"/proc/kmsg|trace_pipe|/dev/(?:watchdog|tty|pts|ptmx|tcp|udp)")
_SHELLS: Final = frozenset({"sh", "bash"})
_ABOUT: Final = frozenset({"--version", "--help"})  # after which a program only tells of itself


def effect(command: str) -> Does:
    """`read-only` where every part of the command is known to be; anything else may change something."""
    return "read-only" if _reads_line(command, 0) else "changing"


def programs_of(command: str) -> tuple[str, ...]:
    """The programs that a command starts, as far as it can be read; else every word of it that is a program's name."""
    try:
        parts = [part for line in lex(command) for part in line]
    except Refused:
        return tuple(w for w in dict.fromkeys(re.findall(r"[\w./-]+", command)) if is_program(_name(w)))
    return tuple(dict.fromkeys(name for part in parts for name in _started(part)))


def _started(part: Part) -> Iterator[str]:
    """The program of a part; for one that starts another (sudo, kubectl exec) each word that names a program as well."""
    words = _unassigned(part)
    if not words:
        return
    name = _name(words[0].text)
    yield name
    known = grammar_of(name)
    if known is None or known.then or known.sub.get("exec") is not None or name in (*_SHELLS, "xargs"):
        for word in words[1:]:
            yield from (
                n for w in re.split(r"[\s;|&]+", word.text) if is_program(n := _name(w)) and n != name
            )


def _reads_line(line: str, depth: int, before: Part = ()) -> bool:
    try:
        return depth <= DEEPEST and all(_reads_pipe(pipe, depth, before) for pipe in lex(line))
    except Refused:
        return False


def _reads_pipe(pipe: Sequence[Part], depth: int, before: Part) -> bool:
    return all(_reads(part, depth, pipe[i - 1] if i else before) for i, part in enumerate(pipe))


def _name(word: str) -> str:
    return _PLACES.sub("", word) if word.startswith("/") else word


def _unassigned(part: Part) -> Part:
    words = part
    while (
        words
        and words[0].certain
        and (_ASSIGNED.fullmatch(words[0].text) or _PAGERS.fullmatch(words[0].text))
    ):
        words = words[1:]
    return words


def _reads(part: Part, depth: int, before: Part = ()) -> bool:
    """Whether one command only reads; `before` is the one that writes into it."""
    words = _unassigned(part)
    if not words or not words[0].certain or any(_ONCE.search(w.text) for w in words):
        return False
    name = _name(words[0].text)
    if name in _SHELLS:
        given = len(words) == 3 and words[1].text in ("-c", "-lc") and words[2].certain
        return given and _reads_line(words[2].text, depth + 1, before)
    if name == "xargs":
        return _reads_xargs(words[1:], depth)
    known = grammar_of(name)
    return known is not None and any(
        _Reading(grammar=g, depth=depth, before=before).takes(words[1:]) for g in (known, *known.others)
    )


def _fed(before: Part, pattern: str) -> bool:
    """Whether what is sent on is known: `echo stats | nc host 11211`, or nothing."""
    if before and (before[0].text not in ("echo", "printf") or not all(t.certain for t in before)):
        return False
    said = [t.text for t in before[1:] if t.text not in ("-n", "-e", "-ne")]
    return re.fullmatch(pattern, " ".join(said).replace("\\n", "").replace("\\r", "").strip()) is not None


def _reads_xargs(words: Part, depth: int) -> bool:
    """`xargs` puts unknown words behind a command: one of which no argument at all can change anything."""
    rest, put = list(words), ""
    while rest and re.fullmatch(
        r"-0|-r|-t|-n ?\d*|-L ?\d*|-P ?\d*|-I ?\S*|--no-run-if-empty|--null", rest[0].text
    ):
        option = rest.pop(0).text
        if option in ("-n", "-L", "-P", "-I") and rest:
            option += rest.pop(0).text
        if option.startswith("-I"):
            put = option[2:].strip()
    if not rest or (put and put in rest[0].text):
        return False  # the program itself would come from the input
    known = grammar_of(_name(rest[0].text))
    return known is not None and known.pure and _reads(tuple(rest), depth + 1)


@dataclass
class _Reading:
    """One command held against its grammar, word by word; `grammar` moves on to the sub-command's."""

    grammar: Grammar
    depth: int
    before: Part = ()
    given: list[str] = field(default_factory=list)
    args: list[Token] = field(default_factory=list)

    def takes(self, words: Part) -> bool:
        """Whether all words are as the grammar has them."""
        rest = list(words)
        while rest:
            token = rest.pop(0)
            text = token.text
            if token.glob and not self.grammar.pure and (not text or text[0] in "*?[-"):
                return False  # a file's name might be read as an option
            if self.grammar.raw:
                self.args.append(token)
                continue
            if text == "--":
                return self._rest(rest, dashed=True)
            if text.startswith("-") and len(text) > 1:
                if token.variable and text[1:2] == "X":
                    return False
                if not self._option(token, rest):
                    return False
            elif self.grammar.sub and not self.args and text in self.grammar.sub and token.certain:
                return self._below(text, tuple(rest))
            else:
                if self.grammar.then and not self.grammar.after and len(self.args) == self.grammar.skip:
                    return self._rest([token, *rest], dashed=False)
                self.args.append(token)
                if self.grammar.posix and not self.grammar.then:
                    self.args += rest
                    rest = []
        return not self.grammar.then and self._whole()

    def _below(self, name: str, rest: Part) -> bool:
        known = self.grammar.sub[name]
        return any(
            _Reading(grammar=g, depth=self.depth, before=self.before, given=[*self.given]).takes(rest)
            for g in (known, *known.others)
        )

    def _rest(self, rest: list[Token], *, dashed: bool) -> bool:
        g = self.grammar
        if not g.then:
            self.args += rest
            return dashed and g.dashes and self._whole()
        if (g.after and (not dashed or len(self.args) != g.skip)) or not rest:
            return False
        if not self._whole():
            return False
        if g.then == "words":
            return _reads(tuple(rest), self.depth + 1, self.before)
        line = " ".join(t.text for t in rest)
        return all(t.certain for t in rest) and _reads_line(line, self.depth + 1, self.before)

    def _whole(self) -> bool:
        g = self.grammar
        if g.need and not (g.need & set(self.given)):
            return False
        if g.sub and not (g.bare or _ABOUT & set(self.given)):
            return False  # `git stash` acts, `influx` runs what is sent to it
        if any(self.given.count(name) > 1 for name in g.one):
            return False
        if self.before and not (g.text or g.fed or g.then == "words"):
            return False  # what is sent to it may be commands, or goes to another machine
        if g.fed and not _fed(self.before, g.fed):
            return False
        return matches(g.args, self.args, loose=g.pure)

    def _option(self, token: Token, rest: list[Token]) -> bool:
        g, text = self.grammar, token.text
        if text in g.flags:
            return self._noted(text)
        if text in g.takes:
            if text in g.opt and (not rest or re.match(r"-(?!\d)", rest[0].text)):
                return self._noted(text)
            return self._value(text, None, token, rest)
        name, equals, value = text.partition("=")
        if equals and name in g.takes:
            return self._value(name, value, token, rest)
        if equals and name in g.flags and value in ("true", "false") and name.startswith("--"):
            return self._noted(name) if value == "true" else name not in g.need
        if text in g.opt or (equals and name in g.opt):
            return self._noted(name) and (not equals or KINDS["any"](Token(text=value)))
        if text.startswith("--") or g.single:
            return False
        return self._cluster(token, rest)

    def _cluster(self, token: Token, rest: list[Token]) -> bool:
        """Short options in one word; the last may have its argument glued to it."""
        g, text = self.grammar, token.text[1:]
        if "-#" in g.flags and text.isdecimal():
            return True
        for i, c in enumerate(text):
            name = f"-{c}"
            if name in g.flags:
                self._noted(name)
            elif name in g.takes:
                return self._value(name, text[i + 1 :] or None, token, rest)
            elif name in g.opt:
                return self._noted(name)
            else:
                return False
        return True

    def _value(self, name: str, glued: str | None, token: Token, rest: list[Token]) -> bool:
        self._noted(name)
        kind = self.grammar.takes[name]
        if kind == "COMMAND":
            return glued is None and self._run(rest)
        if glued is not None:
            value = replace(token, text=glued)
        elif rest:
            value = rest.pop(0)
            if value.text.startswith("-") and not (kind in _DASHED and _DASHED[kind].fullmatch(value.text)):
                return False  # an option, for a program that takes no argument here
        else:
            return False
        if kind == "LINE":  # what a shell of another user is given
            return value.certain and _reads_line(value.text, self.depth + 1, self.before)
        return KINDS[kind](value) if kind in KINDS else matches((kind,), [value])

    def _run(self, rest: list[Token]) -> bool:
        """What `find -exec` runs, up to its `;` or `+`: with any file names as arguments."""
        end = next((i for i, t in enumerate(rest) if t.text in (";", "+")), None)
        if not end:
            return False
        inner, rest[:] = tuple(rest[:end]), rest[end + 1 :]
        known = grammar_of(_name(inner[0].text))
        return known is not None and known.pure and _reads(inner, self.depth + 1)

    def _noted(self, name: str) -> bool:
        self.given.append(name)
        return True
