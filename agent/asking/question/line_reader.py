"""A tuned model tells which of a log's kinds of lines a question means, among those that it is shown."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from aitia.core.errors import ModelError
from aitia.core.llm import Continues, Llm, Prompt, Tuned
from aitia.core.words import Word
from aitia.models.curriculum.log_lines import NONE, SYSTEM, WANTS, asked, head
from aitia.tools.meaning.answers import ANSWERS, Answers

_LONGEST: Final = 300  # characters of a question that are read
_MOST_TOKENS: Final = 40


class Meant(Word):
    """What a model says that a question asks of a log: `want`, the kind of lines (None: none of them), how probable that is."""

    want: str
    kind: int | None
    sure: float


class LineReader:
    """Puts a question and the kinds of lines of a log to a model that was tuned on choosing among them."""

    def __init__(self, model: Llm, *, home: Path | None = None, redact: Callable[[str], str] = str) -> None:
        if not isinstance(model, Continues):
            raise ModelError(f"{model.name} cannot go on with a plain text. Choose a GGUF model.")
        self.name = model.name
        self.adapter = model.adapter if isinstance(model, Tuned) else ""
        self._answers = Answers(model, model.sha256, home / ANSWERS if home else None)
        self._redact = redact

    def read(self, question: str, lines: Sequence[str]) -> Meant:
        """Which of `lines` is meant, and what of it. Raises ModelError."""
        text = " ".join("".join(c if c.isprintable() else " " for c in question).split())[:_LONGEST]
        prompt = Prompt(system=SYSTEM, user=asked(lines, text))
        written, log_prob = self._answers.continued(
            prompt, max_tokens=_MOST_TOKENS, grammar=_grammar(lines), keeps=lambda t: self._redact(t) == t
        )
        want, _, line = written.strip().partition(": ")
        heads = list(map(head, lines))
        return Meant(
            want=want,
            kind=heads.index(line) if line in heads else None,
            sure=math.exp(min(0.0, log_prob)),
        )


def _grammar(lines: Sequence[str]) -> str:
    heads = dict.fromkeys([*map(head, lines), NONE])
    options = " | ".join('"' + h.replace("\\", "\\\\").replace('"', '\\"') + '"' for h in heads)
    wants = " | ".join(f'"{w}"' for w in WANTS)
    return f'root ::= " " ({wants}) ": " ({options}) "\\n"'
