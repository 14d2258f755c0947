"""Bounds on what a file may unfold into: text, YAML and JSON that others wrote are read within these, and only so.

Every reader here raises the error of its format (`yaml.YAMLError`, `ValueError`, `OSError`), never RecursionError, and none
holds more than its bound in memory.
"""

from __future__ import annotations

import errno
import json
import os
import stat
from pathlib import Path
from typing import Any, Final

import yaml

MOST_TEXT: Final = (
    16 << 20
)  # bytes of a configuration, scenario, topology or taxonomy; ours have at most some 100 KiB
YAML_VALUES: Final = (
    2_000_000  # nodes, aliases counted as often as they unfold: 16 MiB of plain YAML have fewer
)
FRONT_VALUES: Final = 10_000  # of the front matter of a document: a runbook of 200 steps has about 1,500
YAML_DEPTH: Final = (
    100  # nested collections; a Kubernetes manifest has about 20, Python's stack ends at about 300 here
)
JSON_VALUES: Final = 16_000_000  # commas and brackets; one takes up to 72 bytes once parsed: about 1.1 GB
_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the same rules, ten times faster


class TooMuch(yaml.YAMLError):
    """YAML that unfolds to more, or nests deeper, than any file that a person wrote."""


class TooManyValues(ValueError):
    """JSON that would take far more memory than its text."""


def read_text(path: Path, *, most: int = MOST_TEXT, errors: str = "strict") -> str:
    """The text of a regular file of at most `most` bytes. Raises OSError, UnicodeDecodeError."""
    return read_bytes(path, most=most).decode("utf-8", errors)


def read_bytes(path: Path, *, most: int = MOST_TEXT) -> bytes:
    """The bytes of a regular file of at most `most` bytes. Raises OSError: EFBIG above it, EINVAL for devices and pipes.

    Looked at before it is opened: opening a pipe that nobody writes to waits for ever.
    """
    check_regular(path)
    with path.open("rb") as file:
        data = file.read(most + 1)
    if len(data) > most:
        raise OSError(errno.EFBIG, f"it is larger than the limit of {most >> 20} MiB", str(path))
    return data


def check_regular(path: Path) -> None:
    """Raises OSError (EINVAL) for a device, a pipe or a socket: reading one may never end."""
    if not (stat.S_ISREG(mode := os.stat(path).st_mode) or stat.S_ISDIR(mode)):
        raise OSError(errno.EINVAL, "it is a device, pipe or socket, not a file", str(path))


def own_yaml(text: str) -> Any:
    """A table that comes with aitia: nobody else wrote it, so nothing is bounded."""
    return yaml.load(text, Loader=_LOADER)


def load_yaml(text: str, *, values: int = YAML_VALUES, depth: int = YAML_DEPTH) -> Any:
    """The first document of a YAML text. Raises yaml.YAMLError: also for values that YAML allows and Python does not."""
    check_yaml(text, values=values, depth=depth)
    try:
        return yaml.load(text, Loader=_LOADER)
    except (
        ValueError,
        TypeError,
        OverflowError,
        RecursionError,
    ) as error:  # 2026-99-99, a 5,000-digit number
        raise yaml.YAMLError(f"a value cannot be read ({error})") from None


def check_yaml(text: str, *, values: int = YAML_VALUES, depth: int = YAML_DEPTH) -> None:
    """Raises yaml.YAMLError where the text unfolds to more than `values` or nests deeper than `depth`.

    Counted over the parser's events, so that nothing is unfolded: a node costs 1 plus what it holds, an alias what its
    anchor costs. Merge keys (`<<`) unfold no further than that.
    """
    costs: dict[str | None, int] = {}
    opened: list[tuple[str | None, int]] = []  # anchor and values before, of each collection that is open
    count = 0
    for event in yaml.parse(text, Loader=_LOADER):
        if isinstance(event, yaml.CollectionEndEvent):
            anchor, before = opened.pop()
            if anchor is not None:
                costs[anchor] = count - before
            continue
        if isinstance(event, yaml.AliasEvent):
            if event.anchor not in costs and any(a == event.anchor for a, _ in opened):
                raise TooMuch(f"the alias *{str(event.anchor)[:40]} is inside its own anchor")
            count += costs.get(event.anchor, 1)
        elif isinstance(event, yaml.CollectionStartEvent):
            costs.pop(event.anchor, None)
            opened.append((event.anchor, count))
            count += 1
        elif isinstance(event, yaml.ScalarEvent):
            count += 1
            if event.anchor is not None:
                costs[event.anchor] = 1
        if count > values:
            raise TooMuch(f"it expands to more than the limit of {values:,} values (check its aliases)")
        if len(opened) > depth:
            raise TooMuch(f"it is nested deeper than the limit of {depth} levels")


def load_json(data: str | bytes, *, values: int = JSON_VALUES) -> Any:
    """A JSON text. Raises ValueError: also for one that nests too deeply or has more than `values` commas and brackets."""
    if len(data) > values and _marks(data) > values:
        raise TooManyValues(f"it has more than the limit of {values:,} values")
    try:
        return json.loads(data)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def _marks(data: str | bytes) -> int:
    """Commas and opening brackets, those in strings among them."""
    if isinstance(data, bytes):
        return data.count(b",") + data.count(b"[") + data.count(b"{")
    return data.count(",") + data.count("[") + data.count("{")
