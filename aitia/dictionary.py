"""Building the site's dictionary: all metric names of its sources, read by words, then by a model where the words do not tell."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from aitia.core.errors import BadInput, SourceError
from aitia.core.home import aitia_home
from aitia.core.llm import Classifier, Llm
from aitia.core.protocols import Source
from aitia.core.words import Window
from aitia.engine import AUTO, READING, on_demand
from aitia.incoming import span_before
from aitia.readers import configured_readers
from aitia.settings import Settings
from aitia.tools.meaning.answers import ANSWERS, Answers
from aitia.tools.meaning.asking import read_name
from aitia.tools.meaning.dictionary import Entry, read_dictionary, write_dictionary
from aitia.tools.meaning.names import UNKNOWN, lexicon


@dataclass(kw_only=True)
class Built:
    """What a build did. `names` all that the sources hold, `by_words` understood without a model."""

    names: int = 0
    by_words: int = 0
    kept: int = 0
    asked: int = 0
    left: int = 0
    entries: dict[str, Entry] = field(default_factory=dict)


def model_for(model: str, settings: Settings) -> Llm | None:
    """The model that reads: by name; for `auto` the one of the settings where it is installed, loaded when it is asked."""
    if model == "none":
        return None
    if model == AUTO:
        return on_demand(AUTO, settings.model)
    from aitia.models.load import load_llm

    return load_llm(model, role=READING)


def names_in(settings: Settings, last: str) -> tuple[list[str] | None, list[str]]:
    """The metric names of all configured sources with samples in the time before now; None where no source is configured."""
    readers, _ = configured_readers(settings, [])
    return names_of(readers, span_before(last)) if readers else (None, [])


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


def understood(names: Iterable[str]) -> bool:
    """Whether the words explain all of them."""
    return all(lexicon().read(name).quantity != UNKNOWN for name in names)


def build(
    names: Iterable[str],
    path: Path,
    *,
    llm: Llm | None,
    limit: int,
    on_name: Callable[[int, int], None] = lambda done, of: None,
) -> Built:
    """Read names that the words do not tell, at most `limit` by the model, and write the dictionary, interrupted or not.

    What a person set and what a model read before stays. Each answer is kept as it comes: nothing is asked twice, after a kill
    either. Without a model such names wait for a person. Raises BadInput for a model that cannot give the probability of a label.
    """
    if llm is not None and not isinstance(llm, Classifier):
        raise BadInput(f"{llm.name} gives no probabilities of labels. Choose a GGUF model, or --model none.")
    known = read_dictionary(path) if path.exists() else {}
    model = Answers(llm, llm.sha256, aitia_home() / ANSWERS) if llm is not None else None
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
            made.entries[name] = read_name(name, model, llm.name if llm is not None else "")
            made.asked = model.asked if model is not None else 0
            on_name(done, len(wanted))
    finally:
        write_dictionary(path, made.entries)
    return made
