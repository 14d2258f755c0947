"""Building the site's dictionary: metric names and messages of its sources, read by a model where words do not tell."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from aitia.core.clock import WallClock
from aitia.core.errors import BadInput, SourceError
from aitia.core.home import aitia_home
from aitia.core.llm import Classifier, Llm, Readers
from aitia.core.protocols import Source
from aitia.core.resolve import Resolver
from aitia.core.words import Incident, Window
from aitia.engine import AUTO, MESSAGES, NAMES, readers_of
from aitia.incoming import span_before
from aitia.readers import configured_readers
from aitia.settings import Settings
from aitia.tools.logs.heard import undecided
from aitia.tools.meaning.answers import ANSWERS, Answers
from aitia.tools.meaning.asking import read_name
from aitia.tools.meaning.dictionary import Dictionary, Entry, Message, Tag, read_dictionary, write_dictionary
from aitia.tools.meaning.messages_asking import read_message
from aitia.tools.meaning.names import UNKNOWN, lexicon
from aitia.tools.registry import SourceSet, ToolContext
from aitia.tools.text.classes import own_words, reading
from aitia.tools.text.templates import Masker


@dataclass(kw_only=True)
class Built:
    """What a build did. `names` all that the sources hold, `by_words` understood without a model; `left` for the next build."""

    names: int = 0
    by_words: int = 0
    kept: int = 0
    asked: int = 0
    left: int = 0
    names_by: dict[str, Entry] = field(default_factory=dict)
    messages_by: dict[str, Message] = field(default_factory=dict)
    tags: dict[str, Tag] = field(default_factory=dict)

    @property
    def dictionary(self) -> Dictionary:
        """All entries, those of before among them."""
        return Dictionary(names=self.names_by, messages=self.messages_by, tags=self.tags)


def models_for(model: str, settings: Settings) -> Readers:
    """The models that read: by name; for `auto` those that are installed, loaded when they are asked."""
    if model == "none":
        return Readers()
    if model == AUTO:
        return readers_of(AUTO, settings.model)
    from aitia.models.load import load_llm

    return Readers(names=load_llm(model, role=NAMES), messages=load_llm(model, role=MESSAGES))


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


def messages_in(settings: Settings, last: str) -> tuple[dict[str, str], list[str]]:
    """The messages of all configured logs of which nobody tells whether they mean a fault, and what could not be read."""
    readers, _ = configured_readers(settings, [])
    window = span_before(last)
    incident = Incident(id="dictionary", title="dictionary", started_at=window.end, window=window)
    ctx = ToolContext(
        incident=incident,
        sources=SourceSet(readers),
        resolver=Resolver(settings.components),
        clock=WallClock(),
    )
    return undecided(ctx)


def build(
    names: Iterable[str],
    path: Path,
    *,
    llm: Llm | None,
    limit: int,
    messages: Mapping[str, str] = MappingProxyType({}),
    listener: Llm | None = None,
    on_name: Callable[[int, int], None] = lambda done, of: None,
) -> Built:
    """Read names and messages that words do not tell, at most `limit` by models, and write the dictionary, interrupted or not.

    `messages` are what programs wrote of first messages by their templates; they are left to a diagnosis where no `listener`
    reads them. What a person set and what a model read before stays. Each answer is kept as it comes: nothing is asked twice,
    after a kill either. Without a model such names wait for a person. Raises BadInput for a model that cannot give the
    probability of a label.
    """
    known = read_dictionary(path) if path.exists() else Dictionary()
    model, hearing = _answers(llm), _answers(listener)
    made = Built(names_by=dict(known.names), messages_by=dict(known.messages), tags=dict(known.tags))
    open_names = []
    for name in names:
        made.names += 1
        if name in known.names and (known.names[name].by != "words" or llm is None):
            made.kept += 1
        elif lexicon().read(name).quantity != UNKNOWN:
            made.by_words += 1
        else:
            open_names.append(name)
    open_messages = [m for m in messages if m not in known.messages] if listener is not None else []
    wanted, heard = open_names[:limit], open_messages[: max(limit - len(open_names), 0)]
    made.left = len(open_names) + len(open_messages) - len(wanted) - len(heard)
    try:
        for done, name in enumerate(wanted, 1):
            made.names_by[name] = read_name(name, model, llm.name if llm is not None else "")
            on_name(done, len(wanted) + len(heard))
        for done, key in enumerate(heard, len(wanted) + 1):
            assert hearing is not None
            assert listener is not None
            found = reading(messages[key], answers=False)
            made.messages_by[key] = read_message(messages[key], found, hearing, listener.name)
            on_name(done, len(wanted) + len(heard))
    finally:
        made.asked = sum(m.asked for m in (model, hearing) if m is not None)
        write_dictionary(path, made.dictionary)
    return made


def _answers(llm: Llm | None) -> Answers | None:
    if llm is None:
        return None
    if not isinstance(llm, Classifier):
        raise BadInput(f"{llm.name} gives no probabilities of labels. Choose a GGUF model, or --model none.")
    return Answers(llm, llm.sha256, aitia_home() / ANSWERS)


def set_message(path: Path, text: str, fault: bool) -> str:
    """Write down what a person says of a message (a line as it is logged, or an entry's text); returns the entry's text."""
    found = read_dictionary(path) if path.exists() else Dictionary()
    key = text if text in found.messages else own_words(Masker().text(text))
    if not key:
        raise BadInput("Give the text of a message that a program writes.")
    entry = {key: Message(fault=fault)}
    write_dictionary(path, found.model_copy(update={"messages": found.messages | entry}))
    return key
