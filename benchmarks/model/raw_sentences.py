"""Raw sentences of models: what they wrote for which facts, kept line by line so that a broken run goes on where it stopped."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from aitia.agent.sentences.narrator import (
    FREE_SYSTEM,
    FREE_TOKENS,
    MAX_TOKENS,
    SYSTEM,
    Brief,
    accepted,
    asked,
    chain_of,
    lines_of,
    tidy,
    user_text,
)
from aitia.agent.sentences.verifier import Grounds
from aitia.core.llm import Completion, Llm, Prompt
from aitia.core.words import Evidence
from benchmarks.model.evidence_sets import EvidenceSet

Raw = dict[str, Any]


def written(
    sets: Sequence[EvidenceSet], llm: Llm, *, file: Path | None, known: Sequence[Raw] = ()
) -> Iterator[Raw]:
    """First tries, retries of what was refused, and chains in one go; what `known` holds already is not asked again."""
    held = {(r["set"], r["place"], r["mode"]): r for r in known if r["model"] == llm.name}
    for found in sets:
        for raw in _of_set(found, llm, held):
            if file is not None and (raw["set"], raw["place"], raw["mode"]) not in held:
                with file.open("a", encoding="utf-8") as out:
                    out.write(json.dumps(raw, ensure_ascii=False) + "\n")
            yield raw


def _of_set(found: EvidenceSet, llm: Llm, held: dict[tuple[str, int, str], Raw]) -> Iterator[Raw]:
    for place, brief in enumerate(found.briefs):
        if not asked(brief):
            continue
        first = held.get((found.id, place, "first")) or _ask(found.id, place, brief, "first", llm, [])
        yield first
        reasons = accepted(first["text"], brief.grounds)[1]
        if reasons:
            yield held.get((found.id, place, "retry")) or _ask(found.id, place, brief, "retry", llm, reasons)
    chain = [(n, b) for n, b in enumerate(found.briefs) if b.role == "chain"]
    if len(chain) < 2:
        return
    if (found.id, chain[0][0], "free") in held:
        yield from (held[found.id, n, "free"] for n, _ in chain)
        return
    prompt = Prompt(system=FREE_SYSTEM, user=chain_of([b for _, b in chain]))
    began = time.monotonic()
    completion = llm.complete(prompt, max_tokens=FREE_TOKENS * len(chain))
    lines = lines_of(completion.text)
    for at, (place, brief) in enumerate(chain):
        text = lines[at] if at < len(lines) else ""
        share = completion.model_copy(
            update={
                "prompt_tokens": completion.prompt_tokens // len(chain),
                "generated_tokens": completion.generated_tokens // len(chain),
            }
        )
        yield _raw(found.id, place, brief, "free", llm, text, share, (time.monotonic() - began) / len(chain))


def _ask(name: str, place: int, brief: Brief, mode: str, llm: Llm, reasons: Sequence[str]) -> Raw:
    began = time.monotonic()
    completion = llm.complete(
        Prompt(system=SYSTEM, user=user_text(brief, reasons)), max_tokens=MAX_TOKENS, stop=("\n",)
    )
    return _raw(name, place, brief, mode, llm, tidy(completion.text), completion, time.monotonic() - began)


def _raw(
    name: str, place: int, brief: Brief, mode: str, llm: Llm, text: str, told: Completion, seconds: float
) -> Raw:
    g = brief.grounds
    return {
        "set": name,
        "place": place,
        "role": brief.role,
        "model": llm.name,
        "mode": mode,
        "text": text,
        "template": brief.template,
        "facts": [f.model_dump(mode="json", exclude={"artifact"}) for f in g.facts],
        "names": sorted(g.names),
        "vocabulary": sorted(g.vocabulary),
        "order": g.order,
        "certain": g.certain,
        "excludes": g.excludes,
        "why": g.why,
        "prompt_tokens": told.prompt_tokens,
        "generated_tokens": told.generated_tokens,
        "seconds": round(seconds, 2),
    }


def grounds_of(raw: Raw) -> Grounds:
    """What the sentence could draw on."""
    return Grounds(
        facts=[Evidence.model_validate(f) for f in raw["facts"]],
        names=frozenset(raw["names"]),
        vocabulary=frozenset(raw["vocabulary"]),
        order=raw["order"],
        certain=raw["certain"],
        excludes=raw["excludes"],
        why=raw.get("why", ""),
    )


def read(file: Path) -> list[Raw]:
    """The lines of a file of raw sentences; none where there is no file yet."""
    if not file.exists():
        return []
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines() if line.strip()]
