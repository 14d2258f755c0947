"""A runbook as a program: the calls that it names, what to check, what to do, in order."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final, Literal

from aitia.core.commands import effect
from aitia.tools.incidents.front_matter import steps_of
from aitia.tools.incidents.steps import steps
from aitia.tools.sources.base import Document

Origin = Literal["bundled", "site", "foreign"]
"""Who vouches for a document: aitia, the site that configured its folder, or nobody (docs/runbooks.md, "Whose runbooks")."""
BUNDLED: Final = "bundled"  # the source of runbooks that come with aitia


def as_program(
    document: Document, *, source: str, similarity: float, origin: Origin = "site"
) -> dict[str, Any]:
    """Plain values: `tools` are calls of the front matter, `named` and `ids` what it says of them and calls them, `checks`
    and `steps` its steps and those of the text.
    """
    meta, found = document.meta, steps(document.text)
    listed = steps_of(meta.get("steps", ""))
    return {
        "id": document.id,
        "title": document.title,
        "source": source,
        "origin": origin,
        "similarity": similarity,
        "faults": meta.get("faults", "").split(),
        "services": meta.get("services", "").split(),
        "tools": list(
            dict.fromkeys(
                (*meta.get("tools", "").splitlines(), *(str(s["tool"]) for s in listed if s.get("tool")))
            )
        ),
        "named": {str(s["tool"]): str(s["text"])[:400] for s in listed if s.get("tool") and s.get("text")},
        "ids": _first((str(s["tool"]), str(s["id"])[:100]) for s in listed if s.get("tool") and s.get("id")),
        "steps": [step for step in found if step["when"] != "check"],
        "checks": [
            *(_listed(s) for s in listed if not s.get("tool")),
            *(step for step in found if step["when"] == "check"),
        ],
    }


def _first(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Of pairs with the same key the first one."""
    found: dict[str, str] = {}
    for key, value in pairs:
        found.setdefault(key, value)
    return found


def _listed(step: dict[str, Any]) -> dict[str, str]:
    command = str(step.get("command") or "")
    return {
        "id": str(step.get("id") or "")[:100],
        "text": str(step.get("text") or command)[:400],
        "command": command[:600],
        "effect": effect(command) if command else "read-only",
        "when": "check",
    }
