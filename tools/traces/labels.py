"""What stands for the statement that wrote a log line: its words up to the first variable part."""

from __future__ import annotations

import re
from dataclasses import dataclass

from aitia.tools.registry import ToolContext
from aitia.tools.text.classes import meaning
from aitia.tools.text.headers.levels import RANK, Level, fold
from aitia.tools.text.names import known
from aitia.tools.text.templates import Form, Masker, Miner
from aitia.tools.text.templates.cluster import variable
from aitia.tools.text.templates.masks import Tokens, separator

_IDS = re.compile(
    r"(?:[A-Za-z_.]{2,20}[=:]\s*)?(?<![0-9a-zA-Z])(?:[0-9a-fA-F]{32}|[0-9a-fA-F]{16})(?![0-9a-zA-Z])"
)
_UUID = re.compile(r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}")
_WORDS = 2  # plain words after which the first variable ends a label
_LONGEST = 10


@dataclass(slots=True, eq=False)
class Label:
    """What stands for a statement; `text` is set by `Labels.settle`."""

    form: Form
    text: str = ""


class Labels:
    """From messages to labels: the words up to the first variable part, mined per component."""

    def __init__(self, ctx: ToolContext) -> None:
        self._masker = Masker(known(ctx).alias, apart=True)
        self._miners: dict[str, Miner] = {}
        self._labels: dict[Form, tuple[Miner, Label]] = {}
        self._bad: dict[tuple[Label, Level], bool] = {}

    def is_error(self, label: Label, message: str, level: Level) -> bool:
        """Whether a message of the label tells of an error, by its first one."""
        bad = self._bad.get((label, level))
        if bad is None:
            bad = RANK[meaning(message, level).severity] >= RANK["error"]
            self._bad[label, level] = bad
        return bad

    def of(self, component: str, message: str, level: Level) -> Label:
        """The label of a message of a component."""
        miner = self._miners.setdefault(component, Miner(self._masker))
        tokens = self._masker.tokens(_UUID.sub("<uuid>", _IDS.sub("", message)))
        form = miner.take(_beginning(tokens), (level,))
        return self._labels.setdefault(form, (miner, Label(form)))[1]

    def settle(self) -> None:
        """Give the labels their texts, once all messages were seen."""
        for form, (miner, label) in self._labels.items():
            label.text = miner.template(form).text


def _beginning(tokens: Tokens) -> Tokens:
    """Tokens up to the first variable after two plain words, or up to a colon or an equals sign after them.

    Dates and levels at the front are no words.
    """
    out: list[tuple[str, str]] = []
    words = 0
    for token, value in zip(tokens.masked, tokens.values, strict=True):
        if separator(token):
            if out:
                out.append((token, ""))
            if words >= _WORDS and token in ":=":
                break
            continue
        if variable(token):
            if words >= _WORDS:
                break
            if not out:
                continue
        elif not fold(token):
            words += 1
        out.append((token, value))
        if sum(not separator(t) for t, _ in out) >= _LONGEST:
            break
    while out and out[-1][0] == " ":
        out.pop()
    return Tokens(tuple(t for t, _ in out), tuple(v for _, v in out))
