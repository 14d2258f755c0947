"""Questions in five languages with the line that answers them, over made-up sites of components and metrics."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from random import Random
from typing import Any, Final

from aitia.core.bounds import own_yaml
from aitia.models.adapters import Role
from aitia.models.curriculum.items import Item, Segment, Split, distinct, of_split, split_of
from aitia.models.curriculum.question_sites import GENERIC, LANGUAGES, Place, Site, said, sites
from aitia.models.curriculum.question_slips import number, slipped, value
from aitia.models.curriculum.question_written import SYSTEM, written_items

STATISTICS: Final = frozenset(
    {"last", "max", "min", "mean", "p50", "p95", "p99", "sum", "rate", "first", "range"}
)
_ENGLISH, _FOLLOWS, _BEFORE = (
    0.4,
    0.2,
    0.08,
)  # shares: in English, follow-ups, whole questions after another one
_GONE, _STRANGE, _NOBODY, _GENERIC = (
    0.13,
    0.04,
    0.08,
    0.1,
)  # nothing measures it, unknown name, no name, "the temperature"
_STORY, _TIME_FIRST = 0.08, 0.15
_WHOLE: Final = 0.35  # share of values and refusals that are asked for in a way of their own: "how hot is it"
_ASKED_WHOLE: Final = ("last M C", "max M C", "none")
_MEASURED: Final = 1.8  # how much more often than their weight tells questions of measurements are drawn
_SLOT: Final = re.compile(r"<(\w+)>")
_CODES: Final = ("500", "502", "503", "404", "5xx", "4xx", "429")
_TOGETHER: Final[Mapping[Split, int]] = {
    "train": 4,
    "check": 1,
    "held_out": 1,
}  # questions of one site in an example
_PASSES: Final = (
    1  # over the questions that were written for training, each in the company of others of its site
)
_HEADS: Final = (
    "count lines",
    "list pods",
)  # of lines of which a follow-up is: others are told by their first word


@dataclass(frozen=True, kw_only=True)
class Line:
    """A line with its slots: M a metric, W another, C and O components, K, S, v, n, w, x as they are written."""

    form: str
    slots: Mapping[str, str]

    @property
    def text(self) -> str:
        """As it is written."""
        made = _SLOT.sub(lambda m: self.slots[m[1]], self.form)
        made = re.sub(r"\bM\b", lambda _: self.slots["M"], re.sub(r"\bW\b", lambda _: self.slots["W"], made))
        where = f" @ {self.slots['C']}" if self.slots["C"] else ""
        made = re.sub(r" C\b", lambda _: where, made)
        return re.sub(r", O\b", lambda _: f", {self.slots['O']}", made)

    @property
    def head(self) -> str:
        """What follow-ups go by."""
        first = self.form.split()[0]
        return next((h for h in _HEADS if self.form.startswith(h)), "stat" if first in STATISTICS else first)


class Questions:
    """The curriculum of questions."""

    role: Role = "questions"
    about = (
        "question in six languages, with what is at hand of a site, and the line before it → line of a query"
    )
    size = 900

    def items(self, seed: int, size: int, split: Split) -> list[Item]:
        """At most `size` different questions; a split's templates, components and measurements are its own."""
        random, parts = Random(f"questions {seed} {split}"), _Parts(split)
        training = split == "train"
        real = written_items(random, split, _TOGETHER[split], _PASSES if training else 1)
        different = list({item.prompt: item for item in real}.values())
        items = different[: size - size // 6 if training else size // 2]
        items += distinct(lambda: parts.one(random), size - len(items))
        random.shuffle(items)
        return items


class _Parts:
    """Templates, things and measurements of one split."""

    def __init__(self, split: Split) -> None:
        self._held, self._split = _read("questions.yaml"), split
        self._sites = sites(split)
        self._words = of_split(map(str, self._held["words"]), split)
        self._asked = self._of_split(self._held["asked"])
        self._follow = self._of_split(self._held["follow"])

    def _of_split(
        self, entries: Sequence[Mapping[str, Any]]
    ) -> dict[str, list[tuple[Mapping[str, Any], list[str]]]]:
        """By language the entries that have templates of this split, with these."""
        return {
            language: [
                (entry, texts)
                for entry in entries
                if (texts := [t for t in entry[language] if split_of(f"{language} {t}") == self._split])
            ]
            for language in LANGUAGES
        }

    def one(self, random: Random) -> Item:
        """A site, questions about it (one, while training several: the site is read once) and their lines."""
        site = self._sites.one(random)
        (prompt, line, language), *others = [
            self._asked_of(random, site) for _ in range(_TOGETHER[self._split])
        ]
        front = f" {', '.join(site.components)}\nMetrics: {', '.join(site.metrics) or 'none'}\n"
        answer = [Segment(text=f" {line}\n", name="query")]
        for further, told, _ in others:
            answer += [Segment(text=further, weight=0.0), Segment(text=f" {told}\n", name="query")]
        return Item(
            role="questions",
            system=SYSTEM,
            prompt=front + prompt,
            answer=tuple(answer),
            split=self._split,
            vendor=site.components[0],
            author=f"templates, hand, {language}",
        )

    def _asked_of(self, random: Random, site: Site) -> tuple[str, str, str]:
        """A question with what was asked before it, its line, and the language."""
        language = "en" if random.random() < _ENGLISH else random.choice(LANGUAGES[1:])
        entry, texts = _drawn(random, self._asked[language])
        line, asked = self._question(random, language, site, entry, random.choice(texts))
        before = ""
        if random.random() < _FOLLOWS and line.form != "none":
            fitting = [(e, t) for e, t in self._follow[language] if line.head in e["from"]]
            if fitting:
                before, (line, asked) = (
                    line.text,
                    self._follow_up(random, language, site, line, *_drawn(random, fitting)),
                )
        elif random.random() < _BEFORE:
            before = self._other(random, site)
        prompt = f"Before: {before}\n" if before else ""
        return f"{prompt}Question: {asked}\nQuery:", line.text, language

    def _other(self, random: Random, site: Site) -> str:
        """A line that was asked before and has nothing to do with it."""
        entry, _ = _drawn(random, [x for x in self._asked["en"] if x[0]["line"] != "none"])
        place = site.place(random)
        return Line(form=entry["line"], slots=self._slots(random, "en", site, place)[0]).text

    def _question(
        self, random: Random, language: str, site: Site, entry: Mapping[str, Any], template: str
    ) -> tuple[Line, str]:
        form, place = str(entry["line"]), site.place(random, whole=bool(entry.get("whole")))
        measures = re.search(r"\bM\b", form) is not None
        wanted = place.metric
        generic = ""
        if measures and not entry.get("whole") and random.random() < _GENERIC and wanted.group in GENERIC:
            generic = GENERIC[wanted.group][LANGUAGES.index(language)]
            alike = sum(m.group == wanted.group for m in site.measured)
            if alike > 1:
                form = "none"  # several fit
        elif measures and random.random() < _GONE:
            wanted, form = self._sites.absent(random, site), "none"
            place = replace(place, metric=wanted)
        slots, spoken = self._slots(random, language, site, place)
        if generic:
            spoken["q"] = generic
        if (
            "<c>" in template + "".join(self._held["of"][language][:1])
            and random.random() < _STRANGE
            and " C" in form
        ):
            spoken["c"], form = self._sites.strange(random, site), "none"
        asks, whole = wanted.asks(language), ""
        drawn = measures and form in _ASKED_WHOLE and asks and random.random() < _WHOLE
        if drawn and not generic and not entry.get("whole"):
            whole, form = random.choice(asks), "none" if form == "none" else "last M C"
        nobody = random.random() < _NOBODY and "<qc>" in template
        if nobody and not whole:
            slots["C"] = ""
        spoken["qc"] = "<q>" if nobody else random.choice(self._held["of"][language])
        opened = bool(entry.get("opened")) and not whole
        asked = (random.choice(self._held["openers"][language]) if opened else "") + (whole or template)
        line = Line(form=form, slots=slots)
        return line, self._spoken(random, language, asked, spoken, site)

    def _slots(
        self, random: Random, language: str, site: Site, place: Place
    ) -> tuple[dict[str, str], dict[str, str]]:
        """What the line writes in its slots, and what people say for it."""
        at = LANGUAGES.index(language)
        kind, kinds = random.choice(list(self._held["kinds"].items()))
        state, states = random.choice(list(self._held["states"].items()))
        word, code = random.choice(self._words), random.choice(_CODES)
        (count, counted), (bound, bounded) = number(random, language), value(random, language)
        whole = place.whole or place.other
        slots = {
            "M": place.metric.name, "W": whole.name, "C": place.component, "O": place.second, "K": kind, "S": state,
            "v": bound, "n": count, "w": word, "x": code,
        }  # fmt: skip
        spoken = {
            "q": place.metric.said(random, language), "Q": whole.said(random, language), "k": kinds[at], "s": states[at],
            "c": said(random, place.component, site.components), "o": said(random, place.second, site.components),
            "v": bounded, "n": counted, "w": word, "x": code,
        }  # fmt: skip
        return slots, spoken

    def _follow_up(
        self,
        random: Random,
        language: str,
        site: Site,
        line: Line,
        entry: Mapping[str, Any],
        texts: Sequence[str],
    ) -> tuple[Line, str]:
        place, becomes = site.place(random), str(entry["to"])
        slots, spoken = dict(line.slots), {}
        if becomes == "component":
            slots["C"], spoken["c"] = place.component, said(random, place.component, site.components)
        if becomes == "metric":
            slots["M"], spoken["q"] = place.metric.name, place.metric.said(random, language)
            if place.metric.name == line.slots["M"]:
                return line, self._spoken(random, language, random.choice(texts), spoken, site)
        asked = self._spoken(random, language, random.choice(texts), spoken, site, timed=False)
        return Line(form=turned(line.form, becomes), slots=slots), asked

    def _spoken(
        self,
        random: Random,
        language: str,
        text: str,
        slots: Mapping[str, str],
        site: Site,
        *,
        timed: bool = True,
    ) -> str:
        """A template as somebody writes it, in a hurry."""
        while _SLOT.search(text):
            text = _SLOT.sub(lambda m: slots[m[1]], text)
        held = self._held
        time = random.choice(held["times"][language]) if timed else ""
        first = random.random() < _TIME_FIRST and time
        text = f"{time} {text}" if first else f"{text} {time}".strip()
        if timed and random.random() < _STORY:
            text = random.choice(held["stories"][language]) + text
        text += random.choice(held["closers"][language]) + random.choice(
            ["?", "?", "?", "", "", " ?", "??", "."]
        )
        kept = [*site.components, *slots.values()]
        return slipped(random, language, text, kept)


def turned(form: str, becomes: str) -> str:
    """The form of a line after a follow-up."""
    words = form.split()
    if becomes == "time":
        return f"{'max' if words[0] == 'last' else words[0]} M C time"
    if becomes in ("max", "min", "mean", "last") and words[0] in STATISTICS:
        return f"{becomes} M C"
    if becomes == "curve":
        return "curve M C"
    if becomes == "why":
        return "get why C"
    body = re.sub(r"^(?:count )?lines| by \w+| oldest| (?:<n>|\d+)(?= C|$)|(?<!<o>) C$", "", form)
    if becomes in ("lines", "first", "last", "count"):
        head = "count lines" if becomes == "count" else "lines"
        tail = {"first": " oldest 1", "last": " 1"}.get(becomes, "")
        return f"{head}{body}{tail}{' C' if form.endswith(' C') else ''}"
    if becomes == "warning":
        return re.sub(r"(lines)(?: error| fatal| warning)?", r"\1 warning", form, count=1)
    return form


def _drawn(
    random: Random, entries: Sequence[tuple[Mapping[str, Any], list[str]]]
) -> tuple[Mapping[str, Any], list[str]]:
    weights = [float(e["w"]) * (_MEASURED if " M" in e.get("line", "") else 1.0) for e, _ in entries]
    return random.choices(entries, weights)[0]


@cache
def _read(file: str) -> Mapping[str, Any]:
    return dict(own_yaml(files("aitia.models.curriculum").joinpath(file).read_text("utf-8")))
