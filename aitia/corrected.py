"""What a correction came to: taken at a door that asks, and told in a few lines beside the revision that it made."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from aitia.core.errors import RunNotFound
from aitia.core.protocols import Source
from aitia.core.store import RunStore
from aitia.correcting import correct, tell
from aitia.correction_words import parts, passed_over
from aitia.settings import Settings

if TYPE_CHECKING:
    from aitia.agent.asking.answer import Answer

TAKEN = "Taken as a correction: the diagnosis goes on from there."


def change_told(store: RunStore) -> Answer | None:
    """What the last correction of a run changed; None where its report is not a revision that a correction made."""
    from aitia.agent.asking.corrected import is_corrected, what_changed
    from aitia.graphs.judgement import taxonomy_of

    number = int(store.meta().get("revision", 1))
    if number < 2 or not (store.path / "report.json").is_file():
        return None
    try:
        before = store.revision(number - 1).report()
    except RunNotFound:  # it is kept no longer
        return None
    after = store.report()
    return (
        what_changed(before, after, taxonomy_of(store.meta()))
        if is_corrected(before.incident, after.incident)
        else None
    )


def taken(
    store: RunStore,
    text: str,
    *,
    by: str,
    settings: Settings | None = None,
    sources: Sequence[Source] = (),
) -> tuple[Answer | None, str]:
    """Correct a run where a message does; the answer to that (None where it corrects nothing), and what else it asks.

    One that is under way goes on from there by itself; one that is over is diagnosed as its next revision. Raises BadInput.
    """
    from aitia.agent.asking.answer import Answer, Reply

    said, asked = parts(text, store)
    if not said:
        return None, text
    settings = settings or Settings()
    left = passed_over(said, store)
    notes = tuple(f"left out of the correction: nothing here is called {thing!r}" for thing in left)
    if store.meta().get("state") == "running" and tell(store, said, by=by, settings=settings):
        reply = Reply(text=TAKEN, cites=())
        return Answer(
            run=store.id, question=text, status="answered", sure=1.0, replies=(reply,), notes=notes
        ), asked
    correct(store.id, said, by=by, settings=settings, sources=sources, home=store.home)
    answer = change_told(RunStore.open(store.home, store.id))
    assert answer is not None, "a correction is a revision with one correction more"
    return answer.model_copy(update={"question": text, "notes": (*answer.notes, *notes)}), asked


def joined(first: Answer, then: Answer) -> Answer:
    """Two answers to one message: what the correction changed, and what else was asked."""
    known = {c.id for c in first.citations}
    more = tuple(c for c in then.citations if c.id not in known)
    return then.model_copy(
        update={
            "question": first.question,
            "replies": (*first.replies, *then.replies),
            "citations": (*first.citations, *more),
        }
    )
