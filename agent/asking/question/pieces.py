"""The pieces of a question: its verbs, functions, level, number of rows, labels, quoted text, span of time and components."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import cache, cached_property
from typing import Final

from aitia.agent.asking.question.about import EQUIPMENT, About, about, by_things
from aitia.agent.asking.question.bounds import bound, each_of
from aitia.agent.asking.question.clauses import QUOTED, asking, unjoined
from aitia.agent.asking.question.measure import Term, terms_of
from aitia.agent.asking.question.names_at_hand import journals, spelled_names
from aitia.agent.asking.question.numbers import counted_rows, in_name, number_words
from aitia.agent.asking.question.signs import (
    ARTICLE,
    CODE,
    CONTAINING,
    JSON,
    LABEL,
    LABELLED,
    LASTING,
    MARKED,
    MASK,
    METHOD,
    NO_SHOUT,
    PATH,
    PRONOUN,
    RESULT,
    ROWS,
    SHOUTED,
    SINGULAR,
)
from aitia.agent.asking.question.spans import Span, span_of
from aitia.agent.asking.question.spelling import spelled
from aitia.agent.asking.question.tables import Hit, data, hits, is_glue
from aitia.agent.asking.question.tags import by_tag, of_whose
from aitia.agent.asking.question.verbs import MAY, SLOW, is_verb
from aitia.tools.meaning.incidents.words import one_of, plain
from aitia.tools.query.measured import measured
from aitia.tools.query.site import Site
from aitia.tools.query.words import MOST, Level

_DURATION: Final = re.compile(
    r"(?<!the )(?<!exact )(?<!and )(?<!at )(?<=[a-z] )time of$"
)  # "response time of"


@dataclass(frozen=True)
class Pieces:
    """A question taken apart. `low` is the text in small letters; `given` is the component that a pronoun means.

    `asked` is read word for word in English where it is Chinese, `own` as it was put, "" where that is the same.
    """

    asked: str
    site: Site
    given: str = ""
    follows: bool = False  # whether it leaves out what the question before it said
    own: str = ""
    words_only: frozenset[str] = (
        frozenset()
    )  # components whose names are read as mere words: the cache of "cache hits"
    left_out: frozenset[str] = frozenset()  # words that name no thing and are passed over
    implied: bool = False  # whether the component before is meant though no pronoun says so

    @property
    def as_put(self) -> str:
        """The question in its own language."""
        return self.own or self.asked

    @cached_property
    def asked_of(self) -> frozenset[str]:
        """The components that it names, or that a pronoun means."""
        return frozenset({self.component, *self.about.components, self.given} - {""})

    @cached_property
    def text(self) -> str:
        """The question, slips put right."""
        names = [n for c in self.site.inventory.components for n in (c.id, *c.aliases)]
        return spelled(
            unjoined(asking(self.asked, names), names), [*names, *(m.metric for m in measured(self.site))]
        )

    @cached_property
    def low(self) -> str:
        """The text in small letters."""
        return plain(self.text)

    @cached_property
    def span(self) -> Span:
        """What it says of time."""
        return span_of(self._masked[0], self.site.now.astimezone(self.site.zone))

    @cached_property
    def words(self) -> str:
        """The text without its times and quotes."""
        rest = self.span.rest
        for number, name in enumerate(self._masked[1]):
            rest = rest.replace(chr(MASK + number), plain(name))
        return rest

    @cached_property
    def _masked(self) -> tuple[str, list[str]]:
        """The text with a character for each name in it, and the names."""
        ids = [
            n
            for c in self.site.inventory.components
            for n in (c.id, *c.aliases)
            if len(n) > 2 and re.search(r"[a-zA-Z]", n)
        ]
        pattern = re.compile(
            "|".join(rf"(?<!\w){re.escape(n)}(?!\w)" for n in sorted(set(ids), key=len, reverse=True))
            or r"(?!)",
            re.IGNORECASE,
        )
        found: list[str] = []

        def take(m: re.Match[str]) -> str:
            found.append(m[0])
            return chr(MASK + len(found) - 1)

        return pattern.sub(take, self._without_quotes), found

    @cached_property
    def _without_quotes(self) -> str:
        return QUOTED.sub(lambda m: " " * len(m[0]), self.text)

    @cached_property
    def quoted(self) -> str:
        """A phrase in quotes, or behind "containing"."""
        found = None if JSON.search(self.text) else QUOTED.search(self.text)
        if found:
            return next(filter(None, found.groups()), "").strip()
        said = CONTAINING.search(self.text.casefold())
        if said and len(self.text.casefold()) == len(self.text):
            return self.text[said.start(1) : said.end(1)].rstrip("?.!,")
        if (marked := MARKED.search(self.text)) and self.about_lines:
            return marked[1]
        if marked := RESULT.search(self.text):
            return marked[0]
        path = PATH.search(self.text)
        if path and not path[0].lower().startswith(("/s ", "/min")):
            return path[0].strip()
        method = METHOD.search(self.text)
        return f"{method[0]} /" if method else ""

    @cached_property
    def about_lines(self) -> bool:
        """Whether lines of a log are asked for, by the words alone."""
        return any(h.key == "lines" for h in hits("verbs", self.low))

    @cached_property
    def code(self) -> str:
        """An answer's status that is asked for: `503`, `5xx`."""
        found = CODE.search(self.words)
        return (
            found[1]
            if found
            and not self.named  # "is max_connections still at 100?"
            and not any(found[1] in re.findall(r"\d+", c) for c in self.about.components)
            and not (
                ROWS.match(self.words, found.end())
                and re.search(
                    r"(?:last|letzten|first|ersten|dernières|últim\w+|ultim\w+)\W*$",
                    self.words[: found.start()],
                )
            )
            else ""
        )

    @cached_property
    def shouted(self) -> str:
        """A word in capitals, as a log has it: DOWN, SLAVE, OFFNORMAL."""
        names = {n.casefold() for c in self.site.inventory.components for n in (c.id, *c.aliases)}
        found = [m[0] for m in SHOUTED.finditer(self._without_quotes) if m[0] not in NO_SHOUT]
        return next(
            (
                w
                for w in found
                if w.casefold() not in names and not any(w.casefold() in n.split("-") for n in names)
            ),
            "",
        )

    @cached_property
    def about(self) -> About:
        """The components."""
        shouted = re.findall(r"(?<![\w-])[A-Z]{1,4}\d?(?![\w-])", self._without_quotes)
        return about(self.words, self.site, shouted, self.words_only)

    @property
    def says_it(self) -> bool:
        """Whether a pronoun stands for what was spoken of before."""
        return PRONOUN.search(self.low) is not None

    @property
    def component(self) -> str:
        """The first component, or ""."""
        if self.about.components:
            if not self.about.surest and (thing := by_things(self.words, self.site)):
                return thing
            return self.about.surest or self.about.components[0]
        if (
            thing := by_things(self.words, self.site) or by_tag(self.words, self.site)
        ) and not self.about.strange:
            return thing
        return self.given if self.implied or PRONOUN.search(self.low) else ""

    def has(self, name: str, key: str) -> bool:
        """Whether a table's key is said."""
        return key in self.keys(name)

    def keys(self, name: str) -> list[str]:
        """The keys of a table that are said, in order."""
        return self._keys[name]

    @cached_property
    def _keys(self) -> dict[str, list[str]]:
        names = (
            "verbs", "functions", "order", "levels", "resources", "states", "parts", "relations", "outside", "units", "share",
            "rank", "acts", "lifecycle", "lasting",
        )  # fmt: skip
        held = {n: list(dict.fromkeys(h.key for h in self.hits(n))) for n in names}
        if self._journals and "lines" not in held["verbs"]:
            held["verbs"].append("lines")
        return held

    @cached_property
    def _journals(self) -> tuple[tuple[int, int], ...]:
        """Where a log that is no component's own is named: the archive of messages of a plant."""
        return journals(self.words, self.site)

    def hits(self, name: str) -> list[Hit]:
        """The words of a table with their places."""
        owned = () if name == "acts" else self.about.taken
        if name == "parts":
            owned = (*owned, *self._phrases)
        return [
            h
            for h in hits(name, self.words)
            if not any(a < h.end and h.begin < b for a, b in self.named)
            and not any(a <= h.begin and h.end <= b for a, b in owned)
            and not (name == "outside" and self._glosses(h.end))
            and not (h.key == "when" and _DURATION.search(self.words[: h.end]))
            and not (name == "resources" and self._of_no_cluster(h))
            and not (
                name == "lifecycle"
                and self.words[h.begin : h.end] in ("die", "dies")
                and ARTICLE.search(self.words)
            )
        ]

    def _of_no_cluster(self, hit: Hit) -> bool:
        """Whether workers are spoken of where no cluster has any: those of a pool."""
        return (
            hit.key == "nodes"
            and self.words[hit.begin : hit.end].startswith("worker")
            and not self.site.readers()
        )

    def _glosses(self, end: int) -> bool:
        """Whether what ends there is said again as a component's name in brackets: "the proxy (squid)"."""
        return self.words[end : end + 2] == " (" and any(a == end + 2 for a, _ in self.about.taken)

    @cached_property
    def _phrases(self) -> list[tuple[int, int]]:
        """Names of things of several words, which are no part of an object: the "state of charge"."""
        found = [(h.begin, h.end) for h in hits("concepts", self.words)]
        return [(a, b) for a, b in found if " of " in self.words[a:b]]

    @cached_property
    def named(self) -> tuple[tuple[int, int], ...]:
        """Where the name of a metric, or a part of one, is written out: `max_connections`, `load1`."""
        return spelled_names(self.words, self._without_quotes, self.site)

    @cached_property
    def own_terms(self) -> list[Term]:
        """The words of the components' names, which may be what a measurement counts: "how many orders per minute"."""
        return [
            Term(word=self.words[a:b], begin=a, end=b)
            for a, b in self.about.taken
            if self.words[a:b].isalpha()
        ]

    @cached_property
    def compares(self) -> bool:
        """Whether a yes-or-no question sets two things beside each other: "is A higher than B"."""
        return _compared().search(self.words) is not None and bound(self.words) is None

    @cached_property
    def level(self) -> Level:
        """The severity that is asked for."""
        found = self.keys("levels")
        if {"error", "warning"} <= set(found) and "fatal" not in found:
            return "warning"  # "errors and warnings": that and worse
        first = next((k for k in ("fatal", "error") if k in found), found[0] if found else "")
        return first  # type: ignore[return-value]

    @cached_property
    def limit(self) -> int | None:
        """How many rows."""
        for m in counted_rows().finditer(self.words):
            number = int(m[1]) if m[1].isdigit() else int(number_words()[m[1]])
            named = any(a <= m.start() < b for a, b in (*self.about.taken, *self.about.soft))
            if 0 < number <= MOST and not named and not in_name(m, self.words) and m[1] != self.code:
                return number
        return 1 if SINGULAR.search(self.words) else None

    @cached_property
    def labels(self) -> str:
        """`key=value`, or what stands behind the word label."""
        pair = LABEL.search(self.words)
        if pair:
            return f"{pair[1]}={pair[2]}"
        named = LABELLED.search(self.low)
        return named[1] if named and not is_glue(named[1]) else ""

    @cached_property
    def terms(self) -> list[Term]:
        """The words that may be of a measurement."""
        lasting = [h for h in hits("concepts", self.words) if h.key == "uptime"]
        asked = [
            h
            for name in ("functions", "order", "share", "rank", "units", "lasting")
            for h in self.hits(name)
            if not any(x.begin <= h.begin < x.end for x in lasting)
        ]
        taken = [(h.begin, h.end) for h in asked if not SLOW.match(self.words[h.begin : h.end])]
        taken += [found.span for found in (bound(self.words), each_of(self.words)) if found is not None]
        taken += [
            (h.begin, h.end)
            for h in self.hits("verbs")
            if h.key not in ("changes", "work", "events", "lines")
        ]
        taken += [(h.begin, h.end) for h in self.hits("parts") if h.key == "exit_code"]  # no outlet
        # Where no cluster is, a job is one of whatever is measured.
        kinds = [(h.begin, h.end) for h in self.hits("resources") if h.key != "jobs" or self.site.readers()]
        found = terms_of(
            self.words,
            [*taken, *self.about.taken, *self.about.strange_spans, *self._journals],
            [*self.about.soft, *kinds],
            self.named,
        )
        found += [
            Term(
                word=self.words[h.begin : h.end],
                concepts=frozenset({LASTING[h.key]}),
                soft=True,
                begin=h.begin,
                end=h.end,
            )
            for h in self.hits("lasting")
            if (h.key != "long" or bound(self.words) is None)
            and not any(x.begin <= h.begin < x.end for x in lasting)
        ]
        if (may := MAY.search(self.words)) and "max" in self.keys("functions"):
            found.append(
                Term(word=may[1], concepts=frozenset({"maximum"}), begin=may.start(), end=may.end(1))
            )
        things = [t for t in found if t.concepts]
        # "the current speed" is no electric one; "motor current" is.
        found = [
            t for t in found if t.word != "current" or not any(0 < o.begin - t.end <= _NEXT for o in things)
        ]
        owners = [*self.about.taken, *self.about.soft]
        owners += [(t.begin, t.end) for t in found if t.concepts & EQUIPMENT]
        found = [
            replace(t, soft=True)
            if t.concepts
            and (
                t.concepts <= _DONE
                or (t.concepts <= _MOVED and is_verb(t.word, t.begin, t.end, self.words, owners))
            )
            else t
            for t in found
        ]
        found = of_whose(found, self.words, self.about.taken)
        return [
            t
            for t in found
            if (t.concepts or t.soft or not is_verb(t.word, t.begin, t.end, self.words, owners))
            and not self._glosses(t.end)
            and t.word not in self.left_out
        ]


_DONE: Final = frozenset({"processed", "created", "completed"})  # to anything
_MOVED: Final = frozenset({"receive", "transmit", "requested"})  # where it is the verb
_NEXT: Final = 2  # characters between a word and the next


@cache
def _compared() -> re.Pattern[str]:
    more, than = (one_of(map(plain, data()[k])) for k in ("more", "than"))
    return re.compile(rf"{more}.{{0,60}}?{than}")
