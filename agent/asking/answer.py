"""What an answer is: sentences, each with its citations; or that what is asked is not in what there is."""

from __future__ import annotations

from typing import Literal

from aitia.core.words import Unit01, Word
from aitia.tools.query.found import Found

AnswerStatus = Literal["answered", "not_known", "unclear", "refused"]
NOT_KNOWN = "None of my sources answers that."


class Citation(Word):
    """What a sentence rests on, exactly as it stands: a line of a run's report, or a span of a document.

    `id` is E5 for a fact, S2 a suspect, X1 one that was ruled out, M1 a mitigation, N1 a next check, C3 a call, H1 a
    source, V1 the verdict, D1 a span of a document, Q1 a look at a source, L1 a line or entry that it holds. `query` reads a
    fact again; `path` and `lines` hold a span.
    """

    id: str
    text: str
    source: str = ""
    query: str = ""
    document: str = ""
    title: str = ""
    heading: str = ""
    path: str = ""
    lines: tuple[int, int] | None = None


class Reply(Word):
    """One sentence of an answer, or one quoted span."""

    text: str
    cites: tuple[str, ...]
    by: Literal["code", "quote", "model"] = "code"


class Answer(Word):
    """The answer to one question. `sure` is how likely it answers what was asked, 0..1.

    `nearest` names what comes closest where it is not known; `dropped` holds sentences that the verifier refused. Of live
    sources: `queries` as they can be edited and asked again, with `found` what each returned; `needs` what would have it where
    it is not known. `unclear` asks back (the reply is the question), `refused` was asked to change something. `choices`: queries
    that may be meant where it was not answered, none of which was run; the next turn chooses one by its number.
    """

    schema_version: Literal[1] = 1
    conversation: str = ""
    turn: int = 1
    run: str = ""
    question: str
    understood: str = ""
    status: AnswerStatus
    sure: Unit01
    replies: tuple[Reply, ...] = ()
    citations: tuple[Citation, ...] = ()
    nearest: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()
    queries: tuple[str, ...] = ()
    found: tuple[Found, ...] = ()
    needs: str = ""
    choices: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """All that is said, a line each."""
        return "\n".join(r.text for r in self.replies)
