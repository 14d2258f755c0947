"""Code of other packages: loaded within a time, never in place of ours, and given copies of what a run shares.

A package runs in this process and can do what aitia can do. What is kept here is that one which is broken, slow or careless
costs a run its own facts and nothing else.
"""

from __future__ import annotations

import copy
import logging
import re
import sys
from collections.abc import Callable, Collection, Iterator
from dataclasses import replace
from functools import lru_cache
from importlib.metadata import EntryPoint, entry_points
from typing import TYPE_CHECKING, Any, Final, get_args

from pydantic import BaseModel

from aitia.core.deadline import TookTooLong, all_within
from aitia.core.words import Effect

if TYPE_CHECKING:
    from aitia.tools.registry import ToolContext, ToolSpec

_log: Final = logging.getLogger("aitia.tools")
LOAD_S: Final = 10.0  # for one package to be imported; torch takes about five
_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,79}")
_LONGEST_DOC: Final = 300  # characters
_MOST: Final = 64  # tools of one package
_given_up: dict[EntryPoint, str] = {}  # what hung is not waited for again in this process


def own(entry: EntryPoint) -> bool:
    """Whether an entry point is of aitia itself."""
    return entry.value.partition(":")[0].partition(".")[0] == "aitia"


def entries(group: str) -> list[EntryPoint]:
    """All of a group, aitia's own first."""
    return list(_entries(group, tuple(sys.path)))


@lru_cache(maxsize=64)
def _entries(group: str, path: tuple[str, ...]) -> tuple[EntryPoint, ...]:
    """Read once for each import path: every installed package's metadata is opened for it."""
    return tuple(sorted(entry_points(group=group), key=lambda e: (not own(e), e.name, e.value)))


def foreign(group: str, read: Callable[[Any], Any]) -> Iterator[tuple[str, Any]]:
    """What `read` finds in each package of others, with the package's name; one that cannot be read is told and left out."""
    for entry in entries(group):
        if own(entry):
            continue
        why = _given_up.get(entry, "")
        try:
            found = None if why else _in_time(lambda entry=entry: read(entry.load()))  # type: ignore[misc]
        except TookTooLong:
            why = _given_up[entry] = f"its import took longer than {LOAD_S:g} s"
        except BaseException as error:  # an import may raise anything, SystemExit among it
            why = described(error)
        if why:
            told(entry.name, f"it was left out: {why}")
        else:
            yield entry.name, found


def told(package: str, what: str) -> None:
    """Say on the log what is wrong with a package."""
    _log.warning("Fix or remove the plugin %r: %s.", package, what)


def usable(spec: ToolSpec, names: Collection[str], produced: Collection[str]) -> ToolSpec:
    """A tool of another package as it is taken: never in place of another. Raises ValueError."""
    if not (isinstance(spec.name, str) and _NAME.fullmatch(spec.name)):
        raise ValueError("a tool's name must be letters, digits, '_', '.' or '-', at most 80")
    if spec.name in names:
        raise ValueError(f"there is already a tool {spec.name!r}")
    if spec.effect not in get_args(Effect):
        raise ValueError(f"the effect of {spec.name!r} must be one of {', '.join(get_args(Effect))}")
    if not (isinstance(spec.arguments, type) and issubclass(spec.arguments, BaseModel)):
        raise ValueError(f"the arguments of {spec.name!r} must be a pydantic model")
    if taken := sorted(set(spec.produces) & set(produced)):
        raise ValueError(f"{spec.name!r} may not produce {taken[0]!r}: a tool of aitia does")
    doc = " ".join("".join(c if c.isprintable() else " " for c in str(spec.doc)[:_LONGEST_DOC]).split())
    return replace(spec, doc=doc, foreign=True)


def most_of(specs: list[ToolSpec]) -> list[ToolSpec]:
    """As many tools of one package as are taken."""
    return specs[:_MOST]


def copied(context: ToolContext) -> ToolContext:
    """The same context in copies: what a tool of others changes in it, no other tool sees."""
    from aitia.tools.registry import SourceSet

    return replace(
        context,
        incident=context.incident.model_copy(deep=True),
        inventory=context.inventory.model_copy(deep=True),
        resolver=copy.deepcopy(context.resolver),
        sources=SourceSet(context.sources),
        found=copy.deepcopy(dict(context.found)),
    )


def described(error: BaseException) -> str:
    """An exception in words, whatever its own text does."""
    try:
        said = str(error)
    except Exception:  # of somebody else's class
        said = "no reason given"
    return " ".join(f"{type(error).__name__}: {said}"[:300].split())


def _in_time(work: Callable[[], Any]) -> Any:
    deepest = sys.getrecursionlimit()
    try:
        future = all_within(LOAD_S, {"plugin": work})["plugin"]
        if not future.done():
            raise TookTooLong
        return future.result()  # whatever it raised, SystemExit among it
    finally:
        sys.setrecursionlimit(deepest)
