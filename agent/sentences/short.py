"""The paragraph "in short" by a model that was tuned for it: each sentence through the verifier, or none of it is printed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from aitia.agent.sentences.gist import Gist
from aitia.agent.sentences.paragraph import checked, refused, tidied
from aitia.core.errors import ModelError
from aitia.core.llm import Completion, Prompt
from aitia.core.words import Sentence
from aitia.models.curriculum.explain import SYSTEM, prompt_of

MAX_TOKENS: Final = 220  # of a paragraph; what is longer is cut off, and refused for its unfinished end
Ask = Callable[[Prompt], Completion | None]


@dataclass(frozen=True, kw_only=True)
class Written:
    """The paragraph's sentences, none where it was refused (`why`) or nobody wrote; the completion that it cost."""

    sentences: tuple[Sentence, ...] = ()
    why: str = ""
    completion: Completion | None = None


def asked(gist: Gist) -> Prompt:
    """What the model is asked, in the form of the curriculum."""
    told = prompt_of(gist.fact_lines(), gist.against_lines(), gist.missing, gist.suspect, gist.sure)
    return Prompt(system=SYSTEM, user=told)


def paragraph(gist: Gist, names: frozenset[str], ask: Ask) -> Written:
    """The model's paragraph, sentence by sentence with what each cites; asked once."""
    try:
        completion = ask(asked(gist))
    except ModelError as error:
        return Written(why=f"the model failed: {error}")
    if completion is None:
        return Written()
    text = tidied(completion.text)
    if reasons := refused(text, gist, names):
        return Written(why="; ".join(reasons)[:500], completion=completion)
    made = tuple(
        Sentence(text=s.text, cites=s.cites, by="model", role="short", attempts=1)
        for s in checked(text, gist, names)
    )
    return Written(sentences=made, completion=completion)


def holds(sentences: tuple[Sentence, ...], gist: Gist, names: frozenset[str]) -> bool:
    """Whether a paragraph still passes: held once more before it is printed."""
    return not sentences or not refused(" ".join(s.text for s in sentences), gist, names)
