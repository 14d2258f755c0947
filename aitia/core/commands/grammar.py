"""The grammar of each program as data (`*.yaml` beside this file): options, what they take, arguments, sub-commands.

A program entry is a mapping, or "" for one that takes anything an option of its parent does not:

    is        the platform that it speaks to (kubernetes, postgres, …); "" for any machine
    flags     options without an argument; `-abc` are three short ones, `-#` is a number (`head -20`)
    opt       options whose argument, if any, is glued to them (`-pSECRET`, `--color=always`)
    takes     options with an argument: `-n`, or `-n=kind` (see `aitia.core.commands.kinds`)
    args      kinds of the arguments in order; the last with `*` any number of times, `?` at most once. Beside `sub`
              it says that the name alone reads as well (`none`); without it a sub-command must be named: `git stash` acts
    sub       sub-commands: `"get list": entry`; they know their parent's options too
    style     `single`: options are whole words with one dash (`-connect`)
    posix     options end at the first argument
    need      at least one of these options must be given
    one       options that may be given once (where the last would win)
    then      `words` or `line`: what follows is a command of its own, after `skip` arguments
    after     `--`: that command stands behind `--`
    fed       what `echo` may write into it: it sends its input on
    text      what another writes into it is text to it, never commands (so for a `pure` one); without it none may stand before it
    dashes    `--` ends its options and nothing else (so for a `pure` one); some begin another command there
    raw       every word is an argument; its `args` is a reader of them all
    pure      no option or argument of it can change anything: file names from a pattern or from xargs are safe
    or        other ways to be given: entries whose `need`, `takes`, `args`, `fed` stand in place of the first's
    like      another program that it reads like

A program that is not here, an option that is not listed, an abbreviated one: all of them count as changing something.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib.resources import files
from typing import Any, Final, Literal

import yaml

FILES: Final = ("host", "network", "data", "cluster", "cloud")
_KEYS: Final = frozenset(
    [
        "is",
        "flags",
        "opt",
        "takes",
        "args",
        "sub",
        "style",
        "posix",
        "need",
        "one",
        "then",
        "skip",
        "after",
        "fed",
        "raw",
        "text",
        "dashes",
        "pure",
        "like",
        "or",
    ]
)


@dataclass(frozen=True, kw_only=True)
class Grammar:
    """What may follow a program's or a sub-command's name."""

    platform: str = ""
    flags: frozenset[str] = frozenset()
    opt: frozenset[str] = frozenset()
    takes: Mapping[str, str]
    args: tuple[str, ...] = ()
    sub: Mapping[str, Grammar]
    bare: bool = False
    single: bool = False
    posix: bool = False
    need: frozenset[str] = frozenset()
    one: frozenset[str] = frozenset()
    then: Literal["", "words", "line"] = ""
    skip: int = 0
    after: bool = False
    fed: str = ""
    raw: bool = False
    pure: bool = False
    text: bool = False
    dashes: bool = False
    others: tuple[Grammar, ...] = ()


@functools.cache
def _entries() -> dict[str, Any]:
    """The entries of all programs by name, read once."""
    raw: dict[str, Any] = {}
    for name in FILES:
        text = files("aitia.core.commands").joinpath(f"{name}.yaml").read_text(encoding="utf-8")
        for names, entry in yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)).items():
            raw |= dict.fromkeys(names.split(), entry)
    return raw


def is_program(name: str) -> bool:
    """Whether a grammar of this program is known."""
    return name in _entries()


@functools.cache
def grammar_of(name: str) -> Grammar | None:
    """The grammar of a program; None for one that is not known."""
    raw = _entries()
    return _grammar(_whole(raw[name], raw), None) if name in raw else None


def _whole(entry: Any, raw: Mapping[str, Any]) -> dict[str, Any]:
    own = dict(entry or {})
    like = _whole(raw[own.pop("like")], raw) if "like" in own else {}
    subs = {**(like.get("sub") or {}), **(own.get("sub") or {})}
    subs = {k: _whole(v, raw) if isinstance(v, dict) and "like" in v else v for k, v in subs.items()}
    return {**like, **own, "sub": subs}


def _grammar(entry: Mapping[str, Any], above: Grammar | None) -> Grammar:
    if unknown := set(entry) - _KEYS:
        raise ValueError(
            f"Correct the grammar of commands: unknown keys {sorted(unknown)} in {str(entry)[:80]}"
        )
    single = entry.get("style") == "single" or (above is not None and above.single)
    flags = frozenset(entry.get("flags", "").split()) if single else _options(entry.get("flags", ""))
    made = Grammar(
        platform=entry.get("is", above.platform if above else ""),
        flags=flags | (above.flags if above else frozenset()),
        opt=_options(entry.get("opt", "")) | (above.opt if above else frozenset()),
        takes={**(above.takes if above else {}), **_taking(entry.get("takes", ""))},
        args=tuple(kind for kind in entry.get("args", "").split() if kind != "none"),
        sub={},
        bare="args" in entry,  # its author said what it takes when no sub-command is named
        single=single,
        posix=bool(entry.get("posix", False)),
        need=frozenset(entry.get("need", "").split()),
        one=frozenset(entry.get("one", "").split()),
        then=entry.get("then", ""),
        skip=int(entry.get("skip", 0)),
        after="after" in entry,
        fed=entry.get("fed", ""),
        raw=bool(entry.get("raw", False)),
        pure=bool(entry.get("pure", False)),
        text=_told("text", entry, above),
        dashes=_told("dashes", entry, above),
    )
    below = {
        name: _grammar(_below(value), made)
        for names, value in (entry.get("sub") or {}).items()
        for name in names.split()
    }
    own = {k: v for k, v in entry.items() if k != "or"}
    others = tuple(_grammar(_other(own, other), above) for other in entry.get("or") or ())
    return replace(made, sub=below, others=others)


def _told(key: str, entry: Mapping[str, Any], above: Grammar | None) -> bool:
    """Whether it, what it belongs to, or that it is pure says so."""
    return bool(entry.get(key) or entry.get("pure") or (above is not None and getattr(above, key)))


def _other(entry: Mapping[str, Any], other: Mapping[str, Any]) -> Mapping[str, Any]:
    """Another way: what it names stands in place of the first's, its options come beside."""
    more = {k: f"{entry.get(k, '')} {other[k]}" for k in ("flags", "takes") if k in other}
    return {**entry, "need": "", **other, **more}


def _below(value: Any) -> Mapping[str, Any]:
    """A sub-command's entry; a text stands for its arguments, nothing for any."""
    return {"args": "any*"} if value is None else {"args": value} if isinstance(value, str) else value


def _options(text: str) -> frozenset[str]:
    found: set[str] = set()
    for word in text.split():
        if word.startswith("--") or not re.fullmatch(r"-[A-Za-z0-9#]+", word):
            found.add(word)
        else:
            found |= {f"-{c}" for c in word[1:]}
    return frozenset(found)


def _taking(text: str) -> dict[str, str]:
    """`-n` and `-n=kind`; each option by itself."""
    pairs = (word.partition("=") for word in text.split())
    return {name: kind or "any" for name, _, kind in pairs}
