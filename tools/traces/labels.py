"""What stands for the statement that wrote a log line: its words up to the first variable part."""

from __future__ import annotations

import re
from collections.abc import Sequence

from aitia.tools.logs.classes import meaning
from aitia.tools.logs.drain import Drain, Template
from aitia.tools.logs.levels import RANK, Level, fold
from aitia.tools.logs.masks import Masker
from aitia.tools.logs.names import known
from aitia.tools.registry import ToolContext

_IDS = re.compile(
    r"(?:[A-Za-z_.]{2,20}[=:]\s*)?(?<![0-9a-zA-Z])(?:[0-9a-fA-F]{32}|[0-9a-fA-F]{16})(?![0-9a-zA-Z])"
)
_UUID = re.compile(r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}")
_WORDS = 2  # plain words after which the first variable ends a label
_LONGEST = 10


class Labels:
    """From messages to labels: the words up to the first variable part, mined with Drain per component."""

    def __init__(self, ctx: ToolContext) -> None:
        self._masker = Masker(known(ctx).alias)
        self._drains: dict[str, Drain] = {}
        self._bad: dict[tuple[Template, Level], bool] = {}

    def is_error(self, label: Template, message: str, level: Level) -> bool:
        """Whether a message of the label tells of an error, by its first one."""
        bad = self._bad.get((label, level))
        if bad is None:
            bad = RANK[meaning(message, level).severity] >= RANK["error"]
            self._bad[label, level] = bad
        return bad

    def of(self, component: str, message: str, level: Level) -> Template:
        """The label of a message of a component."""
        drain = self._drains.get(component)
        if drain is None:
            drain = self._drains[component] = Drain(self._masker.tokens, similarity=0.8)
        tokens = self._masker.tokens(_UUID.sub("<uuid>", _IDS.sub("", message)))
        return drain.add(" ".join(_beginning(tokens)), (level,), masked=True)


def _beginning(tokens: Sequence[str]) -> list[str]:
    """Tokens up to the first variable after two plain words: a masked one, or what follows a colon or an equals sign.

    Dates and levels at the front are no words.
    """
    out: list[str] = []
    words = 0
    for token in tokens[:_LONGEST]:
        masked = "<" in token
        if masked and words >= _WORDS:
            break
        if not (masked and not out):
            out.append(token)
        words += not masked and not fold(token.strip("[]():"))
        if words >= _WORDS and (token.endswith((":", "=")) or "=" in token):
            break
    return out
