"""An answer over a run before its sentences are checked."""

from __future__ import annotations

from dataclasses import dataclass, field

from aitia.agent.asking.answer import AnswerStatus, Reply


@dataclass(kw_only=True)
class Draft:
    """An answer before its sentences are checked. `sure` is how far its lines can be relied on, 0..1."""

    status: AnswerStatus = "answered"
    replies: list[Reply] = field(default_factory=list)
    nearest: list[str] = field(default_factory=list)
    sure: float = 0.9

    def say(self, text: str, *cites: str) -> None:
        """Add a sentence with what it rests on; the same one is not said twice."""
        reply = Reply(text=text, cites=tuple(dict.fromkeys(c for c in cites if c)))
        if all(r.text != text for r in self.replies):
            self.replies.append(reply)
