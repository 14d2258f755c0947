"""Chat templates of our own, per model family. The ones inside GGUF files are programs; they are not run."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from aitia.models.catalogue import Family

# What chat formats use as control tokens: <|im_start|>, <|eot_id|>, <s>, </s>, [INST], <start_of_turn>, <think> ...
_SPECIAL = re.compile(
    r"<\|[^<>|\n]{0,40}\|?>|<｜[^<>｜\n]{0,40}｜?>|</?s>|\[/?INST\]|<</?SYS>>|</?(?:start|end)_of_turn>|</?think>|<[be]os>",
    re.IGNORECASE,
)


def defuse(text: str) -> str:
    """The text with all that looks like a control token made harmless (its brackets become round), nested ones too."""
    while (milder := _SPECIAL.sub(lambda m: "(" + m.group().strip("<>[]/|｜") + ")", text)) != text:
        text = milder
    return text


@dataclass(frozen=True, kw_only=True)
class Piece:
    """Part of a rendered prompt. Only `special` pieces may become control tokens; the rest is plain text."""

    text: str
    special: bool = False


@dataclass(frozen=True, kw_only=True)
class ChatTemplate:
    """How one family writes a system and a user turn, and what ends the assistant's."""

    before_system: str
    after_system: str
    before_user: str
    after_user: str
    end: str

    def prefix(self, system: str) -> tuple[Piece, ...]:
        """The static part: the system turn up to where the user's text begins."""
        return (
            Piece(text=self.before_system, special=True),
            Piece(text=defuse(system)),
            Piece(text=self.after_system + self.before_user, special=True),
        )

    def turn(self, user: str) -> tuple[Piece, ...]:
        """The varying part: the user's text, up to where the assistant writes."""
        return Piece(text=defuse(user)), Piece(text=self.after_user, special=True)

    def conversation(self, turns: Sequence[str]) -> tuple[Piece, ...]:
        """Texts of user and assistant by turns, the user's first and last, up to where the assistant writes."""
        pieces = list(self.turn(turns[0]))
        for said, asked in zip(turns[1::2], turns[2::2], strict=True):
            pieces += [Piece(text=defuse(said)), Piece(text=f"{self.end}\n{self.before_user}", special=True)]
            pieces += self.turn(asked)
        return tuple(pieces)


CHATML = ChatTemplate(
    before_system="<|im_start|>system\n",
    after_system="<|im_end|>\n",
    before_user="<|im_start|>user\n",
    after_user="<|im_end|>\n<|im_start|>assistant\n",
    end="<|im_end|>",
)
_TEMPLATES: dict[Family, ChatTemplate] = {"chatml": CHATML}


def template_of(family: Family) -> ChatTemplate:
    """The chat template of a model family."""
    return _TEMPLATES[family]
