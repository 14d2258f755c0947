"""A strict reader of one shell line: words and pipes, or nothing. What it does not know it refuses, it never guesses.

Every construct that could start a second program, write a file or mean different things in different shells is refused:
expansions, substitutions, here-documents, background jobs, redirections (but to /dev/null), assignments, control and
non-ASCII characters.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

MOST: Final = 4000  # characters of a line; longer ones are no command that a person reads before running it
_QUIET: Final = re.compile(r"(?:(?:[12]|&)?>>?[ ]*/dev/null|2>&1|1>&2|>&2|<[ ]*/dev/null)(?=[\s;|&)]|$)")
_OPERATOR: Final = re.compile(r"\|\||&&|\||;")
_VARIABLE: Final = re.compile(r"\$([A-Z][A-Z0-9_]*)(?![A-Za-z0-9_])|\$\{([A-Z][A-Z0-9_]*)\}")
_TELLING: Final = re.compile(r"SECRET|TOKEN|PASS|CREDENTIAL|(?:^|_)(?:PWD|AUTH)|KEY")
_SHELLS_OWN: Final = frozenset(
    {"IFS", "PATH", "ENV", "SHELL", "EDITOR", "VISUAL", "PAGER", "OPTARG", "REPLY", "RANDOM", "SECONDS"}
)
# <pod>: a placeholder, as long as no file would be written were it pasted as it stands: nothing that could be a file follows,
# or no file has the name from which it would be read (a shell stops at that first).
_ANGLE: Final = re.compile(
    r"<(?:[A-Za-z](?:[A-Za-z0-9 ._-]{0,60}[A-Za-z0-9])?>(?=\s*(?:$|[;|]|&&|-)|\s+<[A-Za-z]|:\d)"
    r"|(?:[A-Za-z][A-Za-z0-9]*[ _-]){0,4}"
    r"(?i:(?:pod|node|host|service|app|user|db|job|instance|container|topic|queue|group|cluster)?name"
    r"|namespace|ns|pod|node|service|svc|host|ip|id|container|deployment|pvc|pv|job|cluster|region|bucket|db|database|table|topic|queue|release|app|instance|port|domain"
    r"|resource|zone|key|value|address|url|server|broker|vhost|user|path|pid|arn|component|statefulset|ingress|configmap|verb|type)>)"
)
_COMMENT: Final = re.compile(r"#(?: +[A-Za-z0-9][A-Za-z0-9,.:/-]*)* *$")
_PLAIN: Final = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+=.,:/@%^~")
_GLOB: Final = frozenset("*?[]")
_KEPT: Final = frozenset('"\\$`')  # what a backslash takes its meaning from between double quotes


class Refused(ValueError):
    """The line is not one that can be read with certainty."""


@dataclass(frozen=True, slots=True)
class Token:
    """A word as the program gets it. `glob`: a shell may put file names in its place; `variable`: some value.

    `secret`: the value of a variable whose name says that nobody else should learn it.
    """

    text: str
    bare: bool = True  # no part of it was quoted
    glob: bool = False
    variable: bool = False
    secret: bool = False

    @property
    def certain(self) -> bool:
        """Whether the program gets exactly this text."""
        return not (self.glob or self.variable)


Part = tuple[Token, ...]


def lex(line: str) -> list[list[Part]]:
    """The pipelines of a line, each a list of commands. Raises Refused."""
    if not line.strip() or len(line) > MOST:
        raise Refused("empty or too long")
    if not line.isascii() or not line.replace("\\\n", "").isprintable():
        raise Refused("contains control or non-ASCII characters")
    return _Reader(line).pipelines()


class _Reader:
    def __init__(self, line: str) -> None:
        self._line, self._at = line, 0
        self._secret = False

    def pipelines(self) -> list[list[Part]]:
        found: list[list[Part]] = [[]]
        words: list[Token] = []
        while True:
            self._blanks()
            if self._at >= len(self._line) or (self._line[self._at] == "#" and self._comment()):
                break
            if operator := _OPERATOR.match(self._line, self._at):
                self._at = operator.end()
                if not words:
                    raise Refused("an empty command")
                found[-1].append(tuple(words))
                words = []
                if operator[0] != "|":
                    found.append([])
            elif quiet := _QUIET.match(self._line, self._at):
                self._at = quiet.end()
            else:
                words.append(self._word())
        if words:
            found[-1].append(tuple(words))
        if not found[-1]:  # only `;` may end a line
            found.pop()
            if not found or not self._line.rstrip().endswith(";"):
                raise Refused("an empty command")
        return found

    def _blanks(self) -> None:
        """Blanks, and the end of a line that goes on in the next one."""
        while blank := re.compile(r" +|\\\n").match(self._line, self._at):
            self._at = blank.end()

    def _comment(self) -> bool:
        if _COMMENT.match(self._line, self._at) is None:
            raise Refused("a comment that some shells would run")
        return True

    def _word(self) -> Token:
        text, bare, glob, variable = "", True, False, False
        self._secret = False
        while self._at < len(self._line):
            c = self._line[self._at]
            if c in " ;|" or self._line.startswith("\\\n", self._at):
                break
            if c in "'\"\\":
                bare = False
                piece, held = self._quoted(c)
                text, variable = text + piece, variable or held
            elif c == "$":
                text, variable = text + self._variable(), True
            elif angle := _ANGLE.match(self._line, self._at):
                text, variable, self._at = text + "X", True, angle.end()
            else:
                glob = glob or c in _GLOB
                text += self._bare(c)
        return Token(text=text, bare=bare, glob=glob, variable=variable, secret=self._secret)

    def _bare(self, c: str) -> str:
        """One unquoted character. Braces may hold a name or path, not a list; `!` may not call up the history."""
        rest = self._line[self._at + 1 :]
        if c == "{" and (body := re.match(r"[^{},' \"$`;|&<>()]*\}", rest)) and ".." not in body[0]:
            self._at += 1 + body.end()
            return c + body[0]
        if c == "!" and (not rest or rest[0] in "= "):
            self._at += 1
            return c
        if c not in _PLAIN and c not in _GLOB and c != "}" and c != "#":
            raise Refused(f"an unquoted {c}")
        self._at += 1
        return c

    def _quoted(self, c: str) -> tuple[str, bool]:
        if c == "\\":
            self._at += 2
            if self._at > len(self._line):
                raise Refused("ends in a backslash")
            return self._line[self._at - 1], False
        if c == "'":
            end = self._line.find("'", self._at + 1)
            if end < 0:
                raise Refused("an unclosed quote")
            piece, self._at = self._line[self._at + 1 : end], end + 1
            if "\n" in piece:
                raise Refused("a line break between quotes")
            return piece, False
        return self._double()

    def _double(self) -> tuple[str, bool]:
        self._at += 1
        text, variable = "", False
        while self._at < len(self._line):
            c, after = self._line[self._at], self._line[self._at + 1 : self._at + 2]
            if c == '"':
                self._at += 1
                return text, variable
            if c == "\n":
                raise Refused("a line break between quotes")
            if c == "\\" and after in _KEPT and after:
                text, self._at = text + after, self._at + 2
            elif c == "$" and (not after or after in '" )|/'):  # an anchor of a pattern
                text, self._at = text + c, self._at + 1
            elif c == "$":
                text, variable = text + self._variable(), True
            elif c == "`" or (c == "!" and after not in ("=", " ", '"')):
                raise Refused(f"a {c} between double quotes")
            else:
                text, self._at = text + c, self._at + 1
        raise Refused("an unclosed quote")

    def _variable(self) -> str:
        found = _VARIABLE.match(self._line, self._at)
        if found is None or (found[1] or found[2]) in _SHELLS_OWN:
            raise Refused("an expansion")
        self._secret = self._secret or _TELLING.search(found[1] or found[2]) is not None
        self._at = found.end()
        return "X"
