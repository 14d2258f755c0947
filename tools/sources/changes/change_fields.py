"""What the fields of a deploy, a commit, a flag change, a work order or a managed service's event mean."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import Any, Final

from aitia.tools.sources.column_names import DONE, FLAG, ID, KIND, OF, TEXT, VERSION, first, plain

KINDS: Final = ("deploy", "config", "flag", "scale", "maintenance")
CONFIG_FILES: Final = (
    "*.yaml",
    "*.yml",
    "*.conf",
    "*.cfg",
    "*.ini",
    "*.toml",
    "*.json",
    "*.properties",
    "*.env",
    "*.tf",
)
DOCUMENTS: Final = ("*.md", "*.rst", "*.adoc", "LICENSE*", "*/LICENSE*")
LISTS: Final = ("items", "events", "Events", "changes", "deployments", "deploys", "commits", "releases", "flags", "history",
                "results", "data", "values", "value", "entries")  # fmt: skip
"""Under which an answer holds its entries."""
_ALIASES: Final = {
    "deployment": "deploy", "release": "deploy", "rollout": "deploy", "configuration": "config", "feature_flag": "flag",
    "toggle": "flag", "scaling": "scale", "work_order": "maintenance", "rollback": "deploy", "repair": "maintenance",
    "inspection": "maintenance", "commit": "deploy", "configuration change": "config",
}  # fmt: skip
_FILES: Final = ("files_changed", "files", "changed_files", "paths", "modified", "added", "removed")
_CATEGORIES: Final = ("EventCategories", "event_categories", "eventCategories")
_HOLDERS: Final = frozenset({"services", "service", "apps", "app", "src", "pkg", "packages", "cmd", "libs", "lib", "internal",
                             "charts", "deploy", "deployments", "helm", "modules", "projects", "components", "cluster", "k8s",
                             "manifests", "infra", "environments", "overlays", "base", "terraform"})  # fmt: skip
"""Folders that hold a folder for each component."""
_URLS: Final = re.compile(r"https?://[^/\s]+/(?:api/v\d+/)?(?:repos/|projects/)?[^/\s]+/(?:[^/\s]+/)*?([\w.-]+)/(?:-/)?"
                          r"(?:commits?|deployments?|releases?|pull|merge_requests|tree)\b")  # fmt: skip
_HEX: Final = re.compile(r"[0-9a-f]{20,64}")
_CHART: Final = re.compile(r"-v?\d[\w.+-]*$")  # Helm puts the version behind the name
_DIFFS: Final = ("diff", "patch", "unified_diff")
_BEFORE_AFTER: Final = (("before", "after"), ("old", "new"), ("old_value", "new_value"), ("from", "to"), ("previous", "current"),
                        ("oldValue", "newValue"), ("previous_value", "value"))  # fmt: skip
_ARROWED: Final = ("change", "changes", "transition", "values")
_ARROW: Final = re.compile(r"(.{1,80}?)\s*(?:->|=>|→)\s*(.{1,80})")
_DIFF: Final = 65_536  # characters of a diff
_DEPTH: Final = 3
_FIELDS: Final = 200
_TOLD: Final = 6  # further fields that stand for a text where there is none
_SHORT: Final = 12  # digits of a hash that are shown

Fields = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Roles:
    """Which field holds what, by its name; "" for none."""

    at: str = ""
    component: str = ""
    text: str = ""
    version: str = ""
    kind: str = ""
    id: str = ""
    flag: str = ""
    files: str = ""
    categories: str = ""

    @classmethod
    def of(cls, entry: Fields) -> Roles:
        """By the usual names. A field is used once, but for an id that is a version too."""
        held = {n: isinstance(v, list) for n, v in entry.items() if v not in (None, "", [])}
        return cls._named(
            tuple(n for n, is_list in held.items() if not is_list),
            tuple(n for n, is_list in held.items() if is_list),
        )

    @classmethod
    @lru_cache(maxsize=1024)  # entries of one file have few different sets of fields
    def _named(cls, names: tuple[str, ...], lists: tuple[str, ...]) -> Roles:
        at = first(names, DONE)
        flag = first(names, FLAG, [at])
        component = first(names, OF, [at, flag])
        text = first(names, TEXT, [at, component, flag])
        taken = [at, component, text]
        return cls(
            at=at, component=component, text=text, version=first(names, VERSION, taken), kind=first(names, KIND),
            id=first(names, ID, taken) or flag, flag=flag, files=next((n for n in _FILES if n in lists), ""),
            categories=next((n for n in _CATEGORIES if n in lists), ""),
        )  # fmt: skip

    def said(self) -> Iterator[str]:
        """The fields that are called otherwise than ours."""
        roles = {"time": (self.at, "at"), "component": (self.component, "component"), "text": (self.text, "text"),
                 "id": (self.id, "id")}  # fmt: skip
        for role, (name, own) in roles.items():
            if name and name not in (own, role):
                yield f"{role} from {name!r}"
        if not self.component and self.files:
            yield f"component from the folders of {self.files!r}"

    @property
    def used(self) -> frozenset[str]:
        """All fields that mean something."""
        return frozenset(vars(self).values()) - {""}


def flattened(entry: Fields) -> Fields:
    """An entry whose inner objects' fields lie beside its own, under their paths (`commit.committer.date`); bounded."""
    found: dict[str, Any] = {}

    def add(held: Fields, prefix: str, depth: int) -> None:
        for key, value in held.items():
            if len(found) >= _FIELDS:
                return
            if isinstance(value, dict) and depth < _DEPTH:
                add(value, f"{prefix}{key}.", depth + 1)
            else:
                found[f"{prefix}{key}"] = value

    add(entry, "", 0)
    return found


def components_of(entry: Fields, roles: Roles) -> list[str]:
    """Whom an entry changed: as its field says, else by the folders of its files, else by the repository in its address."""
    if named := str(entry.get(roles.component) or ""):
        named = _CHART.sub("", named) if plain(roles.component) == "chart" else named
        return [named.removesuffix(".git").rpartition("/")[2] if "/" in named else named]
    files = [f for f in files_of(entry, roles) if not any(fnmatchcase(f, p) for p in DOCUMENTS)]
    if folders := sorted({folder for f in files if (folder := _folder(f))}):
        return folders
    address = next((m[1] for v in entry.values() if isinstance(v, str) and (m := _URLS.match(v))), "")
    return [address]


def _folder(file: str) -> str:
    *folders, _ = file.split("/")
    return next((f for f in folders if f.casefold() not in _HOLDERS and f not in ("", ".")), "")


def files_of(entry: Fields, roles: Roles) -> list[str]:
    """The files that a commit touched."""
    found = entry.get(roles.files) if roles.files else None
    told = [
        f.get("filename") or f.get("path") or f.get("new_path") if isinstance(f, dict) else f
        for f in found or ()
    ]
    return [str(f) for f in told if isinstance(f, str)][:_FIELDS]


def diff_of(entry: Fields, roles: Roles) -> str:
    """What an entry changed as a diff: as it holds one, that of its files, or its values before and after as lines."""
    for name in _DIFFS:
        if isinstance(told := entry.get(name), str) and told.strip():
            return told[:_DIFF]
    parts = [
        f"+++ {f.get('filename') or f.get('new_path') or ''}\n{patch}"
        for f in (entry.get(roles.files) if roles.files else None) or ()
        if isinstance(f, dict) and isinstance(patch := f.get("patch") or f.get("diff"), str)
    ]
    if parts:
        return "\n".join(parts)[:_DIFF]
    old, new = _values(entry)
    name = _flat(entry.get(roles.flag or roles.id))
    sides = [(sign, x) for sign, value in (("-", old), ("+", new)) for x in value.splitlines()]
    return "\n".join(
        f"{sign}{x}" if not name or any(mark in x for mark in ":= ") else f"{sign}{name}: {x}"
        for sign, x in sides
    )[:_DIFF]


def _values(entry: Fields) -> tuple[str, str]:
    """The values before and after a change: fields of their own, or one such as `off->on`."""
    for before, after in _BEFORE_AFTER:
        old, new = (_lines(entry, name) for name in (before, after))
        if old or new:
            return old, new
    for name in _ARROWED:
        told = entry.get(name)
        if isinstance(told, str) and (match := _ARROW.fullmatch(told.strip()[:_FIELDS])):
            return match[1], match[2]
    return "", ""


def _lines(entry: Fields, name: str) -> str:
    """A value as lines: a text as it stands, each part of a list, each field of an inner object."""
    inner = [
        f"{key.removeprefix(name + '.')}: {_flat(v)}"
        for key, v in entry.items()
        if key.startswith(name + ".")
    ]
    value = entry.get(name)
    return "\n".join(inner or [_flat(v) for v in (value if isinstance(value, list) else [value])])


def kind_of(entry: Fields, roles: Roles, *, hint: str, fallback: str) -> str:
    """The kind: as the entry says, by its event categories, or by what it has; `hint` is the file's name. "" for no change."""
    word = str(entry.get(roles.kind) or "").strip().lower().removeprefix("change.")
    if (word := _ALIASES.get(word, word)) in KINDS:
        return word
    if roles.categories:  # RDS and others: a backup or a failover is an event, no change
        told = [_ALIASES.get(str(c).lower(), str(c).lower()) for c in entry[roles.categories]]
        return next((c for c in told if c in KINDS), "")
    if fallback == "maintenance":
        return fallback
    if roles.flag or "flag" in hint:
        return "flag"
    if files := files_of(entry, roles):
        return "config" if all(any(fnmatchcase(f, p) for p in CONFIG_FILES) for f in files) else "deploy"
    deployed = any(word in hint for word in ("deploy", "release", "rollout", "commit", "git"))
    return (
        "deploy"
        if deployed
        or ((roles.version or roles.id) and not roles.text)
        or not {"commit.message", "chart"}.isdisjoint(entry)
        else fallback
    )


def text_of(entry: Fields, roles: Roles) -> str:
    """The text, or what further fields say; and the version where it does not name it."""
    text, version = (_flat(entry.get(name)) for name in (roles.text, roles.version))
    text = text.strip().split("\n", 1)[0] if roles.text.endswith("message") else text
    if not text:
        more = [
            name
            for name in (roles.flag, *entry)
            if name and name not in (roles.used - {roles.flag}).union(_DIFFS) and _plain(entry[name])
        ]
        text = ", ".join(f"{name} {_flat(entry[name])}" for name in dict.fromkeys(more[:_TOLD]))
    if version and short(version) not in text:
        text = f"{text} ({roles.version} {short(version)})" if text else f"{roles.version} {short(version)}"
    return text


def id_of(entry: Fields, roles: Roles) -> str:
    """The id of the commit, deploy or flag."""
    return _flat(entry.get(roles.id))[:_FIELDS]


def short(name: str) -> str:
    """A hash by its first digits, anything else as it is."""
    return name[:_SHORT] if _HEX.fullmatch(name) else name


def _plain(value: object) -> bool:
    return (
        isinstance(value, str | int | float)
        and not str(value).startswith(("http://", "https://"))
        and str(value) != ""
    )


def _flat(value: object) -> str:
    return "" if value is None else value if isinstance(value, str) else json.dumps(value, sort_keys=True)


def unused(entry: Fields, roles: Roles, known: Sequence[str]) -> list[str]:
    """The fields that are not used, apart from our own names."""
    return [n for n in entry if n not in roles.used and plain(n) not in ("", *known)]
