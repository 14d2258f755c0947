"""Drain (He et al., ICWS 2017): a fixed-depth tree that groups log messages into templates, one pass, flat memory."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

WILDCARD: Final = "<*>"
_SEEN = 200_000

Key = tuple[str, ...]


@dataclass(slots=True, eq=False)
class Template:
    """A group of messages. `tokens` generalise as messages arrive; `size` counts them."""

    group: Key
    tokens: list[str]
    size: int = 0

    @property
    def text(self) -> str:
        """The template as text."""
        return " ".join(self.tokens)

    @property
    def id(self) -> str:
        """A hash of group and text: the same on every machine."""
        return hashlib.sha256("\x1f".join((*self.group, self.text)).encode()).hexdigest()[:12]


def _nothing(token: str) -> str:
    return ""


class Drain:
    """Assigns each message a Template.

    `mask` splits a message into masked tokens (named masks, never the wildcard, so that they count as equal);
    messages of different `group` (the level), of different length or about different `subjects` (the components
    that a masked token names) never share a template.
    """

    def __init__(
        self,
        mask: Callable[[str], Sequence[str]],
        *,
        subjects: Callable[[str], str] = _nothing,
        similarity: float = 0.5,
        depth: int = 2,
        max_templates: int = 5000,
    ) -> None:
        self._mask = mask
        self._subjects = subjects
        self._similarity = similarity
        self._depth = depth
        self._max = max_templates
        self._leaves: dict[tuple[Key, int, Key], list[Template]] = {}
        self._by_tokens: dict[tuple[Key, Key], Template] = {}
        self._seen: dict[tuple[Key, str], Template] = {}
        self.templates: list[Template] = []

    def add(self, message: str, group: Key = (), *, masked: bool = False) -> Template:
        """The template of a message, made or generalised as needed; `masked` messages are taken as they are."""
        template = self._seen.get((group, message))
        if template is None:
            tokens = message.split() if masked else self._mask(message)
            template = self._match(tuple(tokens), group)
            if len(self._seen) >= _SEEN:
                self._seen.clear()
            self._seen[group, message] = template
        template.size += 1
        return template

    def _match(self, tokens: Key, group: Key) -> Template:
        template = self._by_tokens.get((group, tokens))
        if template is None:
            template = self._search(tokens, group)
            if len(self._by_tokens) >= _SEEN:
                self._by_tokens.clear()
            self._by_tokens[group, tokens] = template
        return template

    def _search(self, tokens: Key, group: Key) -> Template:
        leaf = self._leaves.setdefault((group, len(tokens), self._path(tokens)), [])
        best, score = None, (-1.0, 0)
        for template in leaf:
            equal = sum(a == b for a, b in zip(template.tokens, tokens, strict=True))
            candidate = equal / max(1, len(tokens)), template.tokens.count(WILDCARD)
            if candidate > score:
                best, score = template, candidate
        if best is not None and (score[0] >= self._similarity or len(self.templates) >= self._max):
            for i, token in enumerate(tokens):
                if best.tokens[i] != token:
                    best.tokens[i] = WILDCARD
            return best
        if len(self.templates) >= self._max:
            group, tokens = ("",), (WILDCARD,)
            leaf = self._leaves.setdefault((group, -1, ()), [])
            if leaf:
                return leaf[0]
        made = Template(group, list(tokens))
        leaf.append(made)
        self.templates.append(made)
        return made

    def _path(self, tokens: Key) -> Key:
        head = tuple(WILDCARD if "<" in token else token for token in tokens[: self._depth])
        return head + tuple(name for token in tokens if (name := self._subjects(token)))

    def state(self) -> dict[str, Any]:
        """Plain JSON: enough to go on mining."""
        return {
            "version": 1,
            "templates": [
                {"group": list(t.group), "tokens": t.tokens, "size": t.size} for t in self.templates
            ],
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from a `state()`."""
        for entry in state["templates"]:
            template = Template(tuple(entry["group"]), list(entry["tokens"]), entry["size"])
            self.templates.append(template)
            key = (template.group, len(template.tokens), self._path(tuple(template.tokens)))
            self._leaves.setdefault(key, []).append(template)
