"""Telling the chain of causes in sentences, each checked against the facts that it cites."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from langgraph.runtime import Runtime

from aitia.agent.facts import Facts
from aitia.agent.recurrence import told_again
from aitia.agent.sentences.narrator import Brief, Budget, narrate
from aitia.agent.sentences.template import cause_briefs, exclusion_briefs, verdict_sentence
from aitia.agent.sentences.verifier import check, cited
from aitia.core.events import SentenceDone
from aitia.core.words import Exclusion, ModelUse, Sentence
from aitia.graphs.state import Context, Plain, State, dumps, learned_of, names_of
from aitia.graphs.view import View

FAILED = "(the model failed: "


@dataclass(frozen=True, kw_only=True)
class Story:
    """What there is to tell: a brief per sentence of the chain and the summary, then those that were ruled out."""

    facts: Facts
    briefs: list[Brief]
    ruled_out: list[Exclusion]

    def split(self, told: Sequence[Sentence]) -> tuple[list[Sentence], list[Exclusion]]:
        """A sentence per brief, as those of the chain and as what was ruled out with its sentence."""
        chain = len(self.briefs) - len(self.ruled_out)
        pairs = zip(self.ruled_out, told[chain:], strict=True)
        return [*told[:chain]], [x.model_copy(update={"sentence": s}) for x, s in pairs]


def explain(state: State, runtime: Runtime[Context]) -> State:
    """Build the causal chain and write a sentence for each of its edges."""
    context, view = runtime.context, View(state)
    story = _story(view, context)

    def show(sentence: Sentence) -> None:
        runtime.stream_writer(SentenceDone(text=sentence.text, by=sentence.by, refused=sentence.refused))

    first = _verdict(view, story.facts, context)
    show(first)
    options, budget = context.options, Budget()
    llm = None if options.narrator == "template" else context.llm
    free = options.narrator == "free"
    written = narrate(story.briefs, llm=llm, budget=budget, free=free, on_sentence=show)
    chain, ruled_out = story.split(written)
    return {
        "sentences": dumps([first, *chain]),
        "ruled_out": dumps(ruled_out),
        "cost": dict(state.get("cost", {})) | _spent(budget),
    }


def verify(state: State, runtime: Runtime[Context]) -> State:
    """The gate before print: every model sentence is checked once more against the facts that it cites."""
    view = View(state)
    story = _story(view, runtime.context)
    first, *written = view.sentences
    written += [x.sentence for x in view.ruled_out]
    gated = [_gate(sentence, brief) for sentence, brief in zip(written, story.briefs, strict=True)]
    chain, ruled_out = story.split(gated)
    return {
        "sentences": dumps([first, *chain]),
        "ruled_out": dumps(ruled_out),
        "use": _use(gated, runtime.context).model_dump(mode="json"),
    }


def _story(view: View, context: Context) -> Story:
    """From the state alone, so that `verify` holds the sentences against the briefs that they were written from."""
    weighed, names = view.weighed, names_of(view.inventory)
    facts = Facts(view.evidence, view.topology)
    briefs = cause_briefs(weighed, context.taxonomy, facts, names, view.incident)
    against = exclusion_briefs(weighed, context.taxonomy, facts, names)
    return Story(
        facts=facts,
        briefs=[*briefs, *(brief for _, brief in against)],
        ruled_out=[exclusion for exclusion, _ in against],
    )


def _verdict(view: View, facts: Facts, context: Context) -> Sentence:
    """The verdict's sentence; of a cause that was confirmed before it says so."""
    weighed, incident = view.weighed, view.incident
    first = verdict_sentence(weighed, context.taxonomy, facts, incident.hints)
    if weighed.verdict != "cause":
        return first
    cause = (weighed.component, weighed.fault)
    return told_again(first, learned_of(context), cause, incident.started_at, facts.all)


def _spent(budget: Budget) -> Plain:
    return {
        "model_calls": len(budget.spent),
        "prompt_tokens": sum(c.prompt_tokens for c in budget.spent),
        "restored_tokens": sum(c.restored_tokens for c in budget.spent),
        "generated_tokens": sum(c.generated_tokens for c in budget.spent),
    }


def _gate(sentence: Sentence, brief: Brief) -> Sentence:
    if sentence.by == "template":
        return sentence
    reasons = [*check(sentence.text, brief.grounds), *cited(sentence.cites, brief.grounds)]
    if not reasons:
        return sentence
    refused = (*sentence.refused, f"{sentence.text!r}: {'; '.join(reasons)}")
    return sentence.model_copy(update={"text": brief.template, "by": "template", "refused": refused})


def _use(sentences: Sequence[Sentence], context: Context) -> ModelUse:
    llm, options = context.llm, context.options
    failed = next((r.strip("()") for s in sentences for r in s.refused if FAILED in r), "")
    return ModelUse(
        name=llm.name if llm else "",
        sha256=llm.sha256 if llm else "",
        planner=options.planner if llm else "rules",
        narrator=options.narrator if llm else "template",
        accepted=sum(s.by == "model" and s.attempts == 1 for s in sentences),
        accepted_after_retry=sum(s.by == "model" and s.attempts > 1 for s in sentences),
        replaced=sum(s.by == "template" and s.attempts > 0 for s in sentences),
        note=context.model_note or failed,
    )
