"""What the site's dictionary or a model says of messages, and the messages of which nobody tells whether they mean a fault."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Final

from aitia.core.errors import SourceError
from aitia.tools.logs.count import Count
from aitia.tools.logs.mine import Mined, mine
from aitia.tools.meaning.dictionary import Message
from aitia.tools.registry import ToolContext
from aitia.tools.series.large import near_alarm
from aitia.tools.sources.base import DictionarySource
from aitia.tools.text.classes import own_words, unclassed, unclear
from aitia.tools.text.names import known
from aitia.tools.text.streams import BUDGET, spans, streams

MOST_BYTES: Final = 64 << 20  # of logs that are read before the first finding; some seconds
_PACKED: Final = 8  # a packed file holds about so many times its size
_MORE: Final = 3.0  # times as often as before: what grew less is told by its rate, if at all
_LEAST: Final = 5  # records of a message that was there before


def all_mined(ctx: ToolContext) -> tuple[list[Mined], list[str]]:
    """What each component logged, and what could not be read; read once in a run."""

    def made() -> tuple[list[Mined], list[str]]:
        window, baselines = spans(ctx)
        found, names = streams(ctx), known(ctx)
        mined: list[Mined] = []
        problems: list[str] = []
        for name, sources in found.items():
            try:
                mined.append(mine(name, sources, window, baselines, names, budget=BUDGET // len(found)))
            except SourceError as error:
                problems.append(str(error))
        return mined, problems

    found: tuple[list[Mined], list[str]] = ctx.sources.once("mined logs", made)
    return found


def listen(ctx: ToolContext, mined: Mined) -> Mined:
    """The same with what the site's dictionary or a model says of its messages."""
    if heard := _heard(ctx):
        for count in mined.counts:
            count.heard = heard.get(own_words(count.template.text))
    return mined


def _heard(ctx: ToolContext) -> Mapping[str, Message]:
    """By what a program wrote of a template; a dictionary goes before a model, of two the first."""
    found: dict[str, Message] = {}
    for source in ctx.sources.of("dictionary"):
        if isinstance(source, DictionarySource):
            with suppress(SourceError):  # its holding says so: it is read when the run is opened
                found = source.entries().messages | found
    return {**ctx.messages, **found}


def unheard(ctx: ToolContext, *, classes: bool = False) -> tuple[dict[str, str], str]:
    """New and much more frequent messages of which nobody tells whether they are a sign of a fault, and why none was looked for;
    of `classes` also those that tell of something wrong, new or not, of which words do not say what it is.

    By what their program wrote of the template: what it wrote of the first message. Those nearest the alarm come first, new ones
    before others, of these the most frequent. Logs that are too large to be read before the first finding are not looked at.
    """
    if (size := _size(ctx)) > MOST_BYTES:
        return (
            {},
            f"new messages were not read: the logs hold {size >> 20} MiB, and more than {MOST_BYTES >> 20} take too long",
        )
    near = near_alarm(ctx.incident, ctx.resolver.resolve, ctx.resolver.components)
    place = {component: n for n, component in enumerate(near)}
    heard, found = _heard(ctx), []
    for mined in all_mined(ctx)[0]:
        for count in mined.counts:
            key = own_words(count.template.text)
            if key not in heard and _wanted(mined, count, classes=classes):
                rank = (place.get(mined.component, len(near)), bool(count.before), -count.window, key)
                found.append((rank, own_words(count.text)))
    first: dict[str, str] = {}
    for rank, text in sorted(found):
        first.setdefault(rank[-1], text)
    return first, ""


def undecided(ctx: ToolContext) -> tuple[dict[str, str], list[str]]:
    """All messages of the window of which nobody tells, as `unheard` gives them, the most frequent first; what cannot be read."""
    window, names, problems = ctx.incident.window, known(ctx), list[str]()
    try:
        found = streams(ctx)
    except SourceError as error:  # of no source
        return {}, [str(error)]
    ranked: list[tuple[int, str, str]] = []
    for name, sources in found.items():
        try:
            mined = mine(name, sources, window, [], names, budget=BUDGET // len(found))
        except SourceError as error:
            problems.append(str(error))
            continue
        ranked += [
            (-c.window, own_words(c.template.text), own_words(c.text)) for c in mined.counts if _unclear(c)
        ]
    first: dict[str, str] = {}
    for _, key, text in sorted(ranked):
        first.setdefault(key, text)
    return first, problems


def _unclear(count: Count) -> bool:
    # The second part of a group is an access line, whose status tells.
    return not count.template.group[1:] and unclear(count.template.text, count.level, count.text)


def _unclassed(count: Count) -> bool:
    return not count.template.group[1:] and unclassed(count.template.text, count.level, count.text)


def _wanted(mined: Mined, count: Count, *, classes: bool) -> bool:
    if not count.window:
        return False
    if classes and _unclassed(count):
        return True
    if not _unclear(count):
        return False
    if not count.before:
        return bool(mined.old_lines)
    usual = count.before / mined.old_exposure * mined.exposure if mined.old_exposure else 0.0
    return count.window >= max(_LEAST, _MORE * usual)


def _size(ctx: ToolContext) -> int:
    total = 0
    for sources in streams(ctx).values():
        for _, stream in sources:
            for path in stream.paths:
                with suppress(OSError):
                    packed = path.suffix in (".gz", ".zst", ".xz", ".bz2")
                    total += path.stat().st_size * (_PACKED if packed else 1)
    return total
