"""Building the site's dictionary: all metric names of its sources, read by words, then by a model where the words do not tell."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from aitia.core.errors import BadInput, SourceError
from aitia.core.llm import Classifier, Llm
from aitia.core.protocols import Source
from aitia.core.words import Window
from aitia.tools.meaning.asking import ask_quantity, pooled
from aitia.tools.meaning.dictionary import Entry, write_dictionary
from aitia.tools.meaning.names import UNKNOWN, lexicon

MODEL_WEIGHT: Final = 0.5
"""Of a model beside the words; by hand. Where few may be wrong, vendors left out in turn choose 0 or .25 (benchmarks/meaning)."""
SAVED_EVERY: Final = 25  # names, so that an interruption loses seconds


@dataclass(kw_only=True)
class Built:
    """What a build did. `names` all that the sources hold, `by_words` understood without a model."""

    names: int = 0
    by_words: int = 0
    kept: int = 0
    asked: int = 0
    left: int = 0
    entries: dict[str, Entry] = field(default_factory=dict)


def names_of(sources: Iterable[Source], window: Window) -> tuple[list[str], list[str]]:
    """The metric names of all sources in the window, and what could not be read."""
    found: set[str] = set()
    problems = []
    for source in sources:
        if source.kind not in ("metrics", "signals"):
            continue
        try:
            held = source.describe(window)
        except SourceError as error:
            problems.append(str(error))
            continue
        found.update(held.items)
        problems += [f"{source.name}: {held.note}"] if held.unread else []
    return sorted(found), problems


def build(
    names: Iterable[str],
    known: Mapping[str, Entry],
    path: Path,
    *,
    llm: Llm | None,
    limit: int,
    on_name: Callable[[int, int], None] = lambda done, of: None,
) -> Built:
    """Read names that the words do not tell, at most `limit` by the model, and write the dictionary as it grows.

    What a person set and what a model read before stays. Without a model such names wait for a person. Raises BadInput for
    a model that cannot give the probability of a label.
    """
    if llm is not None and not isinstance(llm, Classifier):
        raise BadInput(f"{llm.name} gives no probabilities of labels. Choose a GGUF model, or --model none.")
    made = Built(entries=dict(known))
    open_names = []
    for name in names:
        made.names += 1
        if name in known and (known[name].by != "words" or llm is None):
            made.kept += 1
        elif lexicon().read(name).quantity != UNKNOWN:
            made.by_words += 1
        else:
            open_names.append(name)
    made.left = max(len(open_names) - limit, 0)
    wanted = open_names[:limit]
    try:
        for done, name in enumerate(wanted, 1):
            made.entries[name] = _read(name, llm)
            made.asked += llm is not None
            if done % SAVED_EVERY == 0:
                write_dictionary(path, made.entries)
            on_name(done, len(wanted))
    finally:
        write_dictionary(path, made.entries)
    return made


def _read(name: str, llm: Llm | None) -> Entry:
    words = lexicon().shares(name)
    by = "words"
    if llm is not None:
        assert isinstance(llm, Classifier)
        said = ask_quantity(llm, name, [*lexicon().quantities, "other"])
        words, by = pooled(words, said, MODEL_WEIGHT), f"model {llm.name}"
    quantity = max(sorted(words), key=lambda q: words[q])
    if quantity == "other":
        quantity = UNKNOWN
    return Entry(
        quantity=quantity,
        direction=lexicon().direction_of(name, quantity),
        by=by,
        confidence=0.0 if quantity == UNKNOWN else round(words[quantity], 3),
    )
