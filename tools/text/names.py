"""Which known component a message speaks of. Only names that the inventory holds can be found, never free text."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Final

from aitia.core.words import Component
from aitia.tools.registry import ToolContext
from aitia.tools.text.program_text import written

HOST_LOGS: Final = frozenset(
    {"kernel", "kern", "syslog", "messages", "dmesg", "journal", "systemd", "supervisor", "supervisord"}
    | {"kubelet", "docker", "dockerd", "containerd", "daemon"}
)
_MIN = 2
# What nginx adds to an error: who asked (client, host), which virtual server, for what; only `upstream` is the other end.
_CONTEXT: Final = re.compile(r",? client: .*?\brequest: .*", re.DOTALL)
_UPSTREAM: Final = re.compile(r"\bupstream: \S+")


class Names:
    """Aliases of the known components. `of(text)` lists the components that a masked message names."""

    def __init__(self, components: Collection[Component]) -> None:
        self.alias: dict[str, str] = {}
        self.hosts = HOST_LOGS | {c.id.casefold() for c in components if c.type == "node"}
        for component in sorted(components, key=lambda c: c.id):
            for name in (component.id, *component.aliases):
                if len(name) >= _MIN and not name.isdigit():
                    self.alias.setdefault(name.casefold(), component.id)
        words = sorted(self.alias, key=lambda name: (-len(name), name))
        # A word of its own, or the host of a URL; no part of a path, a file name or a longer name.
        self._find = (
            re.compile(
                r"(?:(?<![\w./-])|(?<=//)|(?<=@))("
                + "|".join(re.escape(word) for word in words)
                + r")(?![\w-])(?!/\w)(?!\.(?:py|go|js|ts|java|rb|c|h|rs|log|conf|ya?ml|json)\b)",
                re.IGNORECASE,
            )
            if words
            else None
        )
        self._memo: dict[str, str] = {}

    def of(self, text: str) -> list[str]:
        """Component ids named in the text, in order, each once."""
        if self._find is None:
            return []
        return list(dict.fromkeys(self.alias[m.casefold()] for m in self._find.findall(text)))

    def of_token(self, token: str) -> str:
        """The first component that one token names, memoised; "" if none."""
        found = self._memo.get(token)
        if found is None:
            if len(self._memo) > 100_000:
                self._memo.clear()
            found = self._memo[token] = next(iter(self.of(token)), "")
        return found


def known(ctx: ToolContext) -> Names:
    """The names of the run's inventory and topology."""
    by_id = {c.id: c for c in (*ctx.resolver.components, *ctx.inventory.components)}
    return Names(by_id.values())


def attribute(component: str, text: str, names: Names) -> tuple[str, str]:
    """Component and peer of a message. A host's log speaks of the one component that it names."""
    others = [name for name in names.of(_CONTEXT.sub(_other_end, text)) if name != component]
    if component.casefold() in names.hosts and len(others) == 1:
        return others[0], ""
    return component, others[0] if others else ""


def called(text: str, peer: str) -> bool:
    """Whether a message has a component as the host of an address that its own program wrote: whom it called."""
    address = re.compile(rf"(?:://|\b(?:upstream|backend|target)[=:] ?(?:\w+://)?){re.escape(peer)}(?![\w-])")
    return any(written(f"{text[: m.start()]}x").own.endswith("x") for m in address.finditer(text))


def _other_end(context: re.Match[str]) -> str:
    found = _UPSTREAM.search(context.group())
    return f", {found.group()}" if found else ""
