"""A diff is hostile text: of it only names, numbers and kinds of edits are kept, bounded; nothing is run or opened."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Final, Literal

from aitia.tools.diffs.identifiers import generic, terms
from aitia.tools.diffs.risks import Edit, Seen, seen_in
from aitia.tools.diffs.settings import settings_of

MOST_CHARS: Final = 48_000  # of a diff that are read
MOST_LINE: Final = 400
MOST_TERMS: Final = 60
ASIDE: Final = (
    "*.md", "*.rst", "*.adoc", "*.txt", "license*", "*/license*", "docs/*", "*/docs/*", "documentation/*", "*codeowners",
    "*_test.*", "*test_*.py", "*.test.*", "*.spec.*", "tests/*", "*/tests/*", "*/testdata/*", "*/fixtures/*", ".github/*",
    ".gitlab-ci*", ".circleci/*", ".golangci*", ".editorconfig", ".gitignore", "*.snap", "jenkinsfile", ".pre-commit*",
)  # fmt: skip
"""Files that do not run where a service does: documents, tests, the build's own settings."""
_COMMENT: Final = re.compile(r"^\s*(?://|#(?!include|define|if)|/\*|\*(?:\s|/|$)|--\s|;|<!--|%|\"\"\"|''')")
_TAIL: Final = re.compile(r"\s(?://|#)\s.*$")
_FILE: Final = re.compile(
    r"^(?:\+\+\+|---) (?:[ab]/)?(\S+)|^@@ ([\w./-]+\.\w+|Dockerfile|Makefile)(?:[: ]|$)"
)
_HUNK: Final = re.compile(r"^@@ -\d+(?:,\d+)? \+\d+(?:,\d+)? @@ (.{1,200})")

Nature = Literal["read", "moved", "aside", "unread"]


@dataclass(frozen=True, kw_only=True)
class Touched:
    """What a change touches: `moved` is code whose words stay the same, or remarks; `aside` does not run in a service."""

    nature: Nature
    terms: tuple[str, ...] = ()  # of what was taken out or put in, rearrangement left out
    near: tuple[str, ...] = ()  # of its files' paths and of the lines around
    risks: tuple[Seen, ...] = ()
    files: tuple[str, ...] = ()


def read_diff(diff: str, files: Sequence[str] = ()) -> Touched:
    """What a unified diff touches; `files` where the journal names them beside it."""
    parts = list(_by_file(diff[:MOST_CHARS]))
    named = tuple(dict.fromkeys([*files, *(p.file for p in parts if p.file)]))[:50]
    counted = [p for p in parts if not is_aside(p.file)]
    if named and all(is_aside(f) for f in named):
        return Touched(nature="aside", files=named)
    if not any(p.edits for p in counted):
        nature: Nature = "moved" if any(p.remarks for p in counted) else "unread"
        return Touched(nature=nature, near=_distinct(" ".join(named)), files=named)
    removed, added = (_bag(counted, sign) for sign in "-+")
    net = (removed - added) + (added - removed)
    edits = [e for p in counted for e in _edits(p) if e.direction != "same"]
    net.update(
        term for e in edits for term in terms(e.name)
    )  # a setting keeps its name when its value changes
    if not net:  # what has no name but a number or a letter tells nothing
        same = _tokens(counted, "-") == _tokens(counted, "+")
        return Touched(nature="moved" if same else "unread", files=named, near=_distinct(" ".join(named)))
    around = " ".join(t for p in counted for t in p.around)
    ranked = sorted(net, key=lambda w: (-("_" in w), -net[w], w))
    return Touched(
        nature="read",
        terms=tuple(ranked[:MOST_TERMS]),
        near=tuple(w for w in _distinct(f"{' '.join(named)} {around}") if w not in net)[:MOST_TERMS],
        risks=seen_in(edits, _code(counted, "-"), _code(counted, "+")),
        files=named,
    )


def is_aside(file: str) -> bool:
    """Whether a file does not run where a service does."""
    name = file.casefold().removeprefix("./")
    return bool(name) and any(fnmatchcase(name, pattern) for pattern in ASIDE)


@dataclass(frozen=True, kw_only=True)
class _Part:
    """The lines of one file: edits with their sign, and lines around."""

    file: str
    edits: list[tuple[str, str]]
    around: list[str]
    remarks: list[str]


def _by_file(diff: str) -> Iterator[_Part]:
    part = _Part(file="", edits=[], around=[], remarks=[])
    for raw in diff.splitlines():
        line = raw[:MOST_LINE]
        if found := _FILE.match(line):
            if (file := found[1] or found[2]) not in (part.file, "/dev/null"):
                yield part
                part = _Part(file=file, edits=[], around=[], remarks=[])
        elif line[:1] in ("+", "-"):
            bare = _bare(line[1:])
            part.edits.append((line[0], bare)) if bare else part.remarks.append(line)
        elif found := _HUNK.match(line):
            part.around.append(found[1])
        elif line.startswith(" ") and (bare := _bare(line)):
            part.around.append(bare)
    yield part


def _bare(line: str) -> str:
    """A line without what is only a comment: words there are anybody's."""
    return "" if _COMMENT.match(line) else _TAIL.sub("", line).strip()


def _code(parts: Iterable[_Part], sign: str) -> list[str]:
    return [text for p in parts for s, text in p.edits if s == sign]


def _bag(parts: Iterable[_Part], sign: str) -> Counter[str]:
    return Counter(term for text in _code(parts, sign) for term in terms(text))


def _tokens(parts: Iterable[_Part], sign: str) -> Counter[str]:
    return Counter(
        w for text in _code(parts, sign) for w in re.findall(r"\w+", text.lower()) if w not in generic()
    )


def _edits(part: _Part) -> Iterator[Edit]:
    """The settings that a file's edits took out, put in or gave another value."""
    before = {s.name: s for text in _code([part], "-") for s in settings_of(text)}
    after = {s.name: s for text in _code([part], "+") for s in settings_of(text)}
    for name in dict.fromkeys([*before, *after]):
        yield Edit.between(name, before.get(name), after.get(name))


def _distinct(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(terms(text)))[:MOST_TERMS]
