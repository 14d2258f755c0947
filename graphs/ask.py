"""The ask machine: understand → read the run, or search documents → condense → verify → answer, turn by turn."""

from __future__ import annotations

import operator
import os
import re
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, TypedDict

os.environ.setdefault("LANGGRAPH_STRICT_MSGPACK", "true")

from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.checkpoint.sqlite import SqliteSaver
from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph
from langgraph.runtime import Runtime

from aitia.agent.asking.answer import Answer, Citation, Reply
from aitia.agent.asking.answerable import (
    Fit,
    chosen,
    features,
    fit_of,
    mix_of,
    not_quoted,
    of_commands,
    quoted,
)
from aitia.agent.asking.condense import condensed, unsupported
from aitia.agent.asking.kinds import Embeds
from aitia.agent.asking.lookup import Hit, Lookup, asked
from aitia.agent.asking.questions import Topic, in_english, understood
from aitia.agent.asking.questions import lists as question_lists
from aitia.agent.asking.reading import LEAST, read, reader_fit
from aitia.agent.asking.record import Record
from aitia.agent.asking.replies import compose
from aitia.agent.sentences.narrator import Budget
from aitia.core.database import querying, sound
from aitia.core.errors import BadInput, ModelError
from aitia.core.llm import Llm
from aitia.graphs.isolation import apart
from aitia.graphs.serde import STRICT

Plain = dict[str, Any]
MAX_QUESTION = 2000
TOP = 24


class AskState(TypedDict, total=False):
    """One turn, and what of the earlier ones the next may leave out. Plain values only."""

    question: str
    turns: Annotated[list[Plain], operator.add]
    topic: Plain
    search: str  # the question as it is searched: with what it leaves out
    found: list[Plain]  # passages, best first
    draft: Plain
    answer: Plain


@dataclass(kw_only=True)
class AskContext:
    """What is asked: a run's record, else shelves of documents, the site's own first."""

    record: Record | None = None
    shelves: Sequence[Lookup] = ()
    llm: Llm | None = None  # writes a sentence before the quotes
    reader: Llm | None = None  # says whether passages answer
    meaning: Embeds | None = None  # compares questions over a run by meaning; by words alone without
    redact: Callable[[str], str] = str
    conversation: str = ""
    notes: Sequence[str] = ()
    budget: Budget = field(default_factory=Budget)


def build(
    checkpointer: BaseCheckpointSaver[str] | None = None,
) -> CompiledStateGraph[AskState, AskContext, AskState, AskState]:
    """The compiled machine. Its drawing is kept in docs/graph.md by a test."""
    graph = StateGraph(AskState, context_schema=AskContext)
    graph.add_node("understand", understand)
    graph.add_node("read_run", read_run)
    graph.add_node("search_documents", search_documents)
    graph.add_node("condense", condense)
    graph.add_node("verify", verify)
    graph.add_node("answer", answer)
    graph.add_edge(START, "understand")
    graph.add_conditional_edges("understand", where, ["read_run", "search_documents"])
    graph.add_edge("read_run", "verify")
    graph.add_conditional_edges("search_documents", whether_to_condense, ["condense", "verify"])
    graph.add_edge("condense", "verify")
    graph.add_edge("verify", "answer")
    graph.add_edge("answer", END)
    return graph.compile(checkpointer=checkpointer)


def understand(state: AskState, runtime: Runtime[AskContext]) -> AskState:
    """What is asked for, with what a follow-up leaves out taken from the turn before."""
    question, record = state["question"], runtime.context.record
    last = state["turns"][-1] if state.get("turns") else None
    if record is not None:
        before = Topic.model_validate(last["topic"]) if last and last.get("topic") else None
        question = in_english(question)
        topic = understood(question, record.report, before, meaning=runtime.context.meaning)
        return {"topic": topic.model_dump(mode="json"), "search": question, "draft": {}, "answer": {}}
    search = question
    if last and (question_lists().follow_up.search(question) or not asked(question)):
        search = f"{question} {last['search']}"
    return {"topic": {}, "search": search[:MAX_QUESTION], "draft": {}, "answer": {}}


def where(state: AskState, runtime: Runtime[AskContext]) -> str:
    """A run's record is asked where there is one, else the documents."""
    return "read_run" if runtime.context.record is not None else "search_documents"


def read_run(state: AskState, runtime: Runtime[AskContext]) -> AskState:
    """Sentences from the report's ledgers and facts."""
    record = runtime.context.record
    assert record is not None
    topic = Topic.model_validate(state["topic"])
    made = compose(state["search"], topic, record, runtime.context.meaning)
    cited = dict.fromkeys(i for r in made.replies for i in r.cites if i in record.lines)
    return {
        "draft": {
            "status": made.status,
            "sure": made.sure,
            "understood": topic.told,
            "replies": [r.model_dump(mode="json") for r in made.replies],
            "citations": [record.citation(i).model_dump(mode="json") for i in cited],
            "nearest": made.nearest,
        }
    }


def search_documents(state: AskState, runtime: Runtime[AskContext]) -> AskState:
    """The best passages of the first shelf that answers; else the documents that come nearest."""
    context = runtime.context
    nearest: list[tuple[float, str]] = []
    sure = 0.0
    about = ", ".join(asked(state["search"]))
    for shelf in context.shelves:
        fit = fit_of(meaning=shelf.dense is not None)
        hits = shelf.find(state["search"], mix=mix_of(fit), top=TOP)
        if not hits:
            continue
        likely, least = _judged(state["question"], hits, fit, shelf, context)
        first = {h.passage.document: h for h in reversed(hits)}
        nearest += [(h.score, _place(h)) for h in sorted(first.values(), key=lambda h: -h.score)[:3]]
        if likely >= least:
            replies, citations = quoted(chosen(hits))
            return {
                "draft": {
                    "status": "answered",
                    "sure": likely,
                    "understood": about,
                    "replies": [r.model_dump(mode="json") for r in replies],
                    "citations": [c.model_dump(mode="json") for c in citations],
                    "nearest": [],
                }
            }
        sure = max(sure, likely)
    names = list(dict.fromkeys(name for _, name in sorted(nearest, key=lambda n: -n[0])))
    return {
        "draft": {
            "status": "not_known",
            "sure": 1.0 - sure,
            "understood": about,
            "replies": [],
            "citations": [],
            "nearest": names[:3],
        }
    }


def _judged(
    question: str, hits: Sequence[Hit], fit: Fit, shelf: Lookup, context: AskContext
) -> tuple[float, float]:
    """How likely the best passages answer, and from which probability on they are quoted."""
    likely, reader = fit.probability(features(hits)), context.reader
    judge = reader_fit(reader.sha256) if reader is not None and shelf.dense is not None else None
    if reader is None or judge is None or likely < LEAST:
        return likely, fit.threshold
    try:
        return read(question, chosen(hits), likely, reader, judge), judge.threshold
    except ModelError as error:
        context.reader, context.notes = None, (*context.notes, f"the model read no passage: {error}")
        return likely, fit.threshold


def _place(hit: Hit) -> str:
    heading = f", {hit.passage.heading}" if hit.passage.heading else ""
    return f"{hit.passage.title}{heading} ({hit.passage.path or hit.passage.document}:{hit.passage.lines[0]})"


def whether_to_condense(state: AskState, runtime: Runtime[AskContext]) -> str:
    """A model is asked for one sentence where there is a model and something to condense."""
    ready = runtime.context.llm is not None and state["draft"]["status"] == "answered"
    return "condense" if ready else "verify"


def condense(state: AskState, runtime: Runtime[AskContext]) -> AskState:
    """The best passage in one sentence of the model's, put before the quotes."""
    llm, draft = runtime.context.llm, dict(state["draft"])
    assert llm is not None
    best = Citation.model_validate(draft["citations"][0])
    sentence, refused = condensed(state["question"], best.text, llm, runtime.context.budget)
    draft["dropped"] = [*draft.get("dropped", []), *refused]
    if sentence:
        reply = Reply(text=sentence, cites=(best.id,), by="model")
        draft["replies"] = [reply.model_dump(mode="json"), *draft["replies"]]
    return {"draft": draft}


def verify(state: AskState, runtime: Runtime[AskContext]) -> AskState:
    """The gate: each sentence against what it cites, each quote letter for letter; what fails is not said."""
    draft, record = dict(state["draft"]), runtime.context.record
    citations = [Citation.model_validate(c) for c in draft["citations"]]
    kept, dropped = [], list(draft.get("dropped", []))
    for reply in (Reply.model_validate(r) for r in draft["replies"]):
        if record is not None:
            reasons = record.refused(reply.text, reply.cites)
        elif reply.by == "quote":
            reasons = not_quoted(reply, citations)
        else:
            reasons = unsupported(
                reply.text, "\n".join(c.text for c in citations if c.id in reply.cites), state["question"]
            )
        if reasons:
            dropped.append(f"{reply.text!r}: {'; '.join(reasons)}")
        else:
            kept.append(reply.model_dump(mode="json"))
    status = draft["status"] if kept else "not_known"
    return {"draft": draft | {"replies": kept, "dropped": dropped, "status": status}}


def answer(state: AskState, runtime: Runtime[AskContext]) -> AskState:
    """The answer as it is shown and kept: without secrets."""
    context, draft = runtime.context, state["draft"]
    used = {i for r in draft["replies"] for i in r["cites"]}
    made = Answer(
        conversation=context.conversation,
        turn=len(state.get("turns", [])) + 1,
        run=context.record.report.run if context.record else "",
        question=state["question"],
        understood=draft["understood"],
        status=draft["status"],
        sure=round(min(1.0, max(0.0, draft["sure"])), 3),
        replies=tuple(
            Reply.model_validate(r | {"text": context.redact(r["text"])}) for r in draft["replies"]
        ),
        citations=tuple(
            Citation.model_validate(c | {"text": context.redact(c["text"])})
            for c in draft["citations"]
            if c["id"] in used
        ),
        nearest=tuple(context.redact(n) for n in draft["nearest"]),
        dropped=tuple(context.redact(d) for d in draft.get("dropped", [])),
        notes=(*context.notes, *of_commands(Reply.model_validate(r) for r in draft["replies"])),
    )
    turn = {
        "question": state["question"],
        "search": state["search"],
        "topic": state["topic"],
        "status": made.status,
    }
    return {"answer": made.model_dump(mode="json"), "turns": [turn], "draft": {}}


def ask(question: str, context: AskContext, *, folder: Path | None = None) -> Answer:
    """One turn. With a folder the conversation is kept there, and a later turn may leave out what was said."""
    text = " ".join(context.redact(question).split())
    if not re.search(r"\w", text):
        raise BadInput('Ask something, such as: aitia ask last "why not the cache?".')
    if len(text) > MAX_QUESTION:
        raise BadInput(f"Shorten the question: it has {len(text)} characters, {MAX_QUESTION} at most.")
    if context.record is None and not any(shelf.passages for shelf in context.shelves):
        raise BadInput(
            "There are no documents to ask. Give --documents FOLDER, or set runbooks and incidents in "
            "aitia.yaml."
        )
    config: Any = {"configurable": {"thread_id": context.conversation or "once"}}
    start: AskState = {"question": text}
    if folder is None:
        done = apart().run(build().invoke, start, config, context=context)
        return Answer.model_validate(done["answer"])
    file = folder / "checkpoints.sqlite"
    connection = sound(file, lambda: _kept(file), whole=True)
    try:
        with querying(file):
            saver = SqliteSaver(connection, serde=STRICT)
            machine = build(saver)
            done = apart().run(machine.invoke, start, config, context=context)
            # Only what was asked is kept: what was answered may quote a document that is deleted later.
            saver.delete_thread(config["configurable"]["thread_id"])
            machine.update_state(config, {"turns": done["turns"]}, as_node="answer")
            connection.execute("vacuum")
            connection.execute("pragma wal_checkpoint(truncate)")
        return Answer.model_validate(done["answer"])
    finally:
        connection.close()


def _kept(file: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(file, check_same_thread=False)
    try:
        connection.execute("pragma secure_delete=on")
        connection.execute("pragma schema_version")
    except BaseException:
        connection.close()
        raise
    return connection
