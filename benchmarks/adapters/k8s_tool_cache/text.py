"""Text as kubectl prints it: tables of `get`, trees of `describe`, and ages.

Nothing here raises on odd input: what does not look like a table or a tree gives an empty answer.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

MAX_LINES: Final = 60_000
_HEADING = re.compile(r"\S+(?: \S+)*")
_KEY = re.compile(r"^(\s*)([^\s:][^:]*?(?:://[^:]*)?):(?:\s+(.*))?$")
_GAP = re.compile(r"\s{2,}")
_TITLE = re.compile(r"[A-Z()/ -]+")
_AGE = re.compile(r"(\d{1,9})([ydhms])")
_SECONDS: Final = {"y": 31_536_000, "d": 86_400, "h": 3600, "m": 60, "s": 1}
Row = dict[str, str]


def rows(text: str) -> list[Row]:
    """The rows of every aligned table in the text, by heading; blank lines part tables."""
    found: list[Row] = []
    columns: list[tuple[str, int]] = []
    for line in text.split("\n")[:MAX_LINES]:
        if not line.strip():
            columns = []
        elif not columns:
            columns = headings(line) if _is_heading(line) else []
        else:
            found.append(cut(line, columns))
    return found


def _is_heading(line: str) -> bool:
    return "A" <= line[:1] <= "Z" and all(_TITLE.fullmatch(part) for part in _GAP.split(line.rstrip()))


def headings(line: str) -> list[tuple[str, int]]:
    """Names and start columns of a heading line; names are parted by two or more blanks, or by one where they abut."""
    return [(m.group(), m.start()) for m in _HEADING.finditer(line)]


def cut(line: str, columns: Sequence[tuple[str, int]]) -> Row:
    """A line cut at the columns of its heading."""
    ends = [*(start for _, start in columns[1:]), len(line)]
    return {name: line[start:end].strip() for (name, start), end in zip(columns, ends, strict=True)}


@dataclass(kw_only=True)
class Branch:
    """One `Key:  value` of a describe tree: its children, and the further lines that belong to its value."""

    key: str
    value: str = ""
    indent: int = 0
    column: int = 0  # where the value begins; further lines of the same value begin there too
    children: list[Branch] = field(default_factory=list)
    more: list[str] = field(default_factory=list)

    def get(self, *path: str) -> Branch:
        """The branch under a path of keys; an empty one where there is none."""
        here = self
        for key in path:
            here = next((c for c in here.children if c.key == key), Branch(key=key))
        return here

    def text(self, *path: str) -> str:
        """The first line of a value; "" for `<none>`, `<unset>` and absent keys."""
        value = self.get(*path).value
        return "" if value in ("<none>", "<unset>", "<nil>") else value

    def lines(self, *path: str) -> list[str]:
        """All lines of a value, without `<none>`."""
        here = self.get(*path)
        return [v for v in (here.value, *here.more) if v and v not in ("<none>", "<unset>")]

    def pairs(self, *path: str) -> dict[str, str]:
        """`key=value` lines (labels, selectors) as a mapping."""
        return pairs(",".join(self.lines(*path)))

    def table(self, *path: str) -> list[Row]:
        """The aligned table that hangs under a key (Conditions, Events)."""
        lines = [line for line in self.get(*path).more if line.strip()]
        if not lines:
            return []
        columns = headings(lines[0])
        rest = lines[1:]
        if rest and set(rest[0]) <= {"-", " "}:
            columns = _names(lines[0], rest[0])
            rest = rest[1:]
        return [cut(line, columns) for line in rest]


def _names(heading: str, dashes: str) -> list[tuple[str, int]]:
    starts = [m.start() for m in re.finditer(r"-+", dashes)]
    ends = [*starts[1:], len(heading)]
    return [(heading[s:e].strip(), s) for s, e in zip(starts, ends, strict=True)]


def trees(text: str) -> list[Branch]:
    """One tree per described object: kubectl begins each with `Name:` in the first column."""
    blocks: list[list[str]] = []
    for line in text.split("\n")[:MAX_LINES]:
        if re.match(r"^Name:\s", line) or (not blocks and line.strip()):
            blocks.append([])
        if blocks:
            blocks[-1].append(line)
    return [_tree(block) for block in blocks]


def _tree(lines: Sequence[str]) -> Branch:
    root = Branch(key="", indent=-1)
    stack = [root]
    for line in lines:
        if line.strip():
            _place(stack, line.rstrip())
    return root


_TABLES: Final = frozenset({"Events", "Conditions", "Non-terminated Pods", "Allocated resources", "Ports"})


def _place(stack: list[Branch], line: str) -> None:
    indent = len(line) - len(line.lstrip(" "))
    top = stack[-1]
    tabled = next((b for b in stack[1:] if b.key in _TABLES and indent > b.indent), None)
    if tabled is not None and (tabled.key != "Events" or indent > 0):
        tabled.more.append(line)
        return
    if top.indent >= 0 and top.column and indent >= top.column and top.value:
        top.more.append(line.strip())
        return
    match = _KEY.match(line)
    if match is None:
        if top.indent >= 0:
            top.more.append(line.strip())
        return
    while len(stack) > 1 and stack[-1].indent >= indent:
        stack.pop()
    value = match.group(3) or ""
    branch = Branch(key=match.group(2), value=value, indent=indent, column=match.start(3) if value else 0)
    stack[-1].children.append(branch)
    stack.append(branch)


def pairs(text: str) -> dict[str, str]:
    """`a=b,c=d` as a mapping; `a` alone maps to ""."""
    found: dict[str, str] = {}
    for part in text.split(","):
        name, _, value = part.strip().partition("=")
        if name and name not in ("<none>", "<unset>"):
            found[name] = value
    return found


def age_s(text: str) -> float | None:
    """A kubectl age (`2m5s`, `4d6h`) in seconds, or None."""
    found = _AGE.findall(text)
    return float(sum(int(n) * _SECONDS[unit] for n, unit in found)) if found else None
