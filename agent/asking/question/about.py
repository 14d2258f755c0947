"""Of what a question is: the components that it names, also by near names and by what they do, and names that nobody knows."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from aitia.agent.asking.question.measure import is_concept, names_of, things_of
from aitia.agent.asking.question.tables import hits, is_glue, pattern_of
from aitia.core.words import Component
from aitia.tools.meaning.incidents.mentions import Mention, mentions_of, names_software
from aitia.tools.meaning.incidents.words import plain
from aitia.tools.query.measured import measured
from aitia.tools.query.site import Site

SURE: Final = 4.0  # of a mention by its name, or by all words of it
_SLIP: Final = 3.0
_NAME: Final = re.compile(
    r"(?<![\w./=\"'`-])[a-zà-ÿ0-9]+(?:[-_./:][a-zà-ÿ0-9]+)+(?![\w=\"'`-]|\.\w)|(?<![\w.-])[a-z]{1,5}\d{1,4}[a-z]?(?![\w:.-])"
)
_NOT_NAMES: Final = re.compile(
    r"p\d\d|\d+xx|\d+(?:st|nd|rd|th)|\d[\d.:-]*[a-z%]{0,4}|s3|h2|k8s|\d{4}-\d\d-\d\d.*|[a-z°µ0-9]{1,4}/[a-z]{1,4}|log-.*|.*-(?:line|lines|level|werte?|zeilen)|io|i/o|cron-?jobs?|read-only|on-call|ip-adress\w*|stack-?trace|[\w-]+-(?:moi|nous|vous|tu|toi|le|la|les|il|elle|ils|on|ce|ci|là|y)|(?:p|tier|top|load)\d+|http/\d.*|1/min|u/min|m3/h|set-?point|over-?heat\w*"
    r"|one-off|ad-hoc|follow-up|start-?up|shut-?down|set-up|check-up|half-hour|long-running|short-lived|real-time|up-to-date|so-called"
    r"|[a-z]+-(?:over|out|off|down|up|by)|high-level|low-level|built-in|add-on|on-site|on-duty|week-end|\w+-(?:wise|like|related|based|sized|specific)"
)


@dataclass(frozen=True, kw_only=True)
class About:
    """The components of a question in order, the spans that name them surely, those that may be words of something else."""

    components: tuple[str, ...] = ()
    taken: tuple[tuple[int, int], ...] = ()
    soft: tuple[tuple[int, int], ...] = ()
    surest: str = ""  # the first that is named by its name
    strange: tuple[str, ...] = ()  # names that no source knows
    strange_spans: tuple[tuple[int, int], ...] = ()


def about(
    low: str, site: Site, shouted: Sequence[str] = (), words_only: frozenset[str] = frozenset()
) -> About:
    """What a text in small letters names; `shouted` are its words in capitals, which may end a name: the BS of V-301-BS.

    words_only  components whose names are not looked for
    """
    held = [_asked(c, site) for c in site.inventory.components if c.id not in words_only]
    mentions = [m for m in mentions_of(low, held) if not _in_metric(m, low)]
    mentions = _with_endings(mentions, low, site, shouted)
    mentions = [
        m for m in mentions if not any(said(m, low, site) for said in (_is_database, _is_method, _is_space))
    ]
    names = {m.metric.casefold() for m in measured(site)} | {m.family.casefold() for m in measured(site)}
    labels = {v.casefold() for m in measured(site) for _, v in m.labels}
    strange: list[tuple[str, tuple[int, int]]] = []
    extra: list[Mention] = []
    for m in _NAME.finditer(low):
        word = m[0].strip("./:")
        if _NOT_NAMES.fullmatch(word) or any(n in word or word in n for n in names if len(n) > 3):
            continue
        if any(
            x.begin <= m.start() and x.end >= m.start() + len(word) and _same_digits(x, low, site)
            for x in mentions
            if x.sure >= _SLIP
        ):
            continue
        parts = re.split(r"[-_./:]", word)
        if len(parts) > 1 and all(part.isalpha() and (is_glue(part) or things_of(part)) for part in parts):
            continue  # cpu-last, speicher-auslastung
        if not any(c.isdigit() for c in word) and (is_concept(word) or _is_said(word)):
            continue  # pré-rotation, oom-killed
        if len(bare := re.sub(r"\W", "", word)) > 4 and any(bare in n for n in names):
            continue  # node.js of nodejs_version_info
        known = site.resolver.resolve(word)
        if known and "ordinal stripped" not in site.resolver.why(word):
            extra.append(Mention(component=known, begin=m.start(), end=m.end(), sure=5.0))
        elif word not in labels and not _is_object(word, site):
            strange.append((word, m.span()))
    mentions = [x for x in mentions if not any(a < x.end and x.begin < b for _, (a, b) in strange)]
    mentions = sorted(
        [*(x for x in mentions if not any(e.begin < x.end and x.begin < e.end for e in extra)), *extra],
        key=lambda x: x.begin,
    )
    return About(
        components=tuple(dict.fromkeys(x.component for x in mentions)),
        surest=next((x.component for x in mentions if x.sure >= _SLIP), ""),
        taken=tuple((x.begin, x.end) for x in mentions if x.sure >= _SLIP),
        soft=tuple((x.begin, x.end) for x in mentions if x.sure < _SLIP),
        strange=tuple(w for w, _ in strange),
        strange_spans=tuple(s for _, s in strange),
    )


def _is_said(word: str) -> bool:
    """Whether a word with a hyphen is one of a table's: of an end, a state."""
    return any(
        h.begin == 0 and h.end == len(word) for name in ("lifecycle", "states") for h in hits(name, word)
    )


def _with_endings(mentions: list[Mention], low: str, site: Site, shouted: Sequence[str]) -> list[Mention]:
    """The mentions, and those by the last part of a name alone where one component has it."""
    found = list(mentions)
    for word in dict.fromkeys(w.casefold() for w in shouted):
        ids = [
            c.id
            for c in site.inventory.components
            if len(word) == 1 and re.fullmatch(rf".*\d{word}", plain(c.id))
        ]
        if ids and not things_of(low) & EQUIPMENT:
            continue
        ids = ids or [
            c.id for c in site.inventory.components if re.split(r"[-_.]", plain(c.id))[1:][-1:] == [word]
        ]
        if len(ids) != 1:
            continue
        for m in re.finditer(rf"(?<![\w-]){re.escape(word)}(?![\w-])", low):
            if all(m.end() <= x.begin or m.start() >= x.end or x.sure < SURE for x in found):
                found = [x for x in found if m.end() <= x.begin or m.start() >= x.end]
                found.append(Mention(component=ids[0], begin=m.start(), end=m.end(), sure=SURE))
    return sorted(found, key=lambda x: x.begin)


def by_things(low: str, site: Site) -> str:
    """The one component whose name stands for all the equipment that a text speaks of, in any language; else ""."""
    words = [m[0] for m in re.finditer(r"[a-zà-ÿ]{3,}", low)]
    phrases = hits("concepts", low)  # the longest: "lado motor" is no motor
    within = {low[h.begin : h.end] for h in phrases if " " in low[h.begin : h.end]}
    alone = [w for w in words if not any(w in phrase.split() for phrase in within)]
    said = {c for w in alone for c in things_of(w) & EQUIPMENT} | ({h.key for h in phrases} & EQUIPMENT)
    if not said & _MACHINES:
        return ""
    held = {
        c.id: frozenset().union(*(t for _, t in names_of(c.id, c.aliases))) for c in site.inventory.components
    }
    fit = {i: len((t & EQUIPMENT) - said) for i, t in held.items() if said <= t}
    best = [i for i, extra in fit.items() if extra == min(fit.values())]
    return best[0] if len(best) == 1 else ""


_MACHINES: Final = frozenset(
    {
        "pump",
        "compressor",
        "airconditioning",
        "condenser",
        "evaporator",
        "valve",
        "fan",
        "bearing",
        "motor",
        "stack",
        "driveside",
        "impellerside",
    }
)
EQUIPMENT: Final = _MACHINES | {"source", "heating", "expansion", "water", "lake", "river"}


def _is_database(mention: Mention, low: str, site: Site) -> bool:
    """Whether a part of a name is rather the name of a database, and said to be one: "base de datos shop"."""
    word = low[mention.begin : mention.end]
    if mention.sure >= SURE or not _DATABASE.search(low[max(0, mention.begin - 24) : mention.begin]):
        return False
    return any(
        k in ("datname", "database", "db") and v.casefold() == word
        for m in measured(site)
        for k, v in m.labels
    )


def _is_space(mention: Mention, low: str, site: Site) -> bool:
    """Whether the name of a cluster's namespace stands there, which no component is called."""
    word = low[mention.begin : mention.end]
    return any(r.namespace == word for _, r in site.readers()) and site.held(word) is None


def _is_method(mention: Mention, low: str, site: Site) -> bool:
    """Whether a part of a name is rather of a request: POST /orders is no component `post-office`, and none `orders`."""
    said = low[mention.begin : mention.end]
    if re.search(r"(?:^|\s)/$", low[max(0, mention.begin - 2) : mention.begin]):
        return True
    return said in _METHODS and low[mention.end : mention.end + 2] == " /"


_METHODS: Final = frozenset({"get", "post", "put", "delete", "patch", "head"})
_DATABASE: Final = re.compile(
    r"(?:database|datenbank|base|base de donn[ée]es|base de datos|banca dati)\W+(?:named |called |namens )?$"
)


def _in_metric(mention: Mention, low: str) -> bool:
    """Whether the words are a part of a name with underscores: the `db` of `db_pool_max`."""
    return low[mention.end : mention.end + 1] == "_" or low[max(0, mention.begin - 1) : mention.begin] == "_"


def _same_digits(mention: Mention, low: str, site: Site) -> bool:
    """Whether numbers and a last letter are the component's: `comp-2` is no slip for `COMP-1`, `db-d` none for `db-a`."""
    held = site.held(mention.component)
    known = plain(" ".join([mention.component, *(held.aliases if held else ())]))
    said = low[mention.begin : mention.end]
    numbers = set(re.findall(r"\d+", known))
    return set(re.findall(r"\d+", said)) <= numbers | {n.lstrip("0") for n in numbers} and set(
        _LAST.findall(said)
    ) <= set(_LAST.findall(known))


_LAST: Final = re.compile(r"(?<=[-_.])[a-z](?![\w-])")


def _asked(component: Component, site: Site) -> Component:
    """Without addresses and container ids, which are no names that a person says; with the name of a log that is its own."""
    spoken = tuple(a for a in component.aliases if not re.fullmatch(r"[\d.:]+|[0-9a-f]{40,}", a))
    ids = {plain(c.id) for c in site.inventory.components}
    logs = (h for h in site.inventory.holdings if h.kind == "logs")
    own = (plain(h.source) for h in logs if [site.name(r) for r in h.components] == [component.id])
    spoken += tuple(n for n in own if names_software(n) and n not in ids)
    return component.model_copy(update={"aliases": spoken})


def _is_object(word: str, site: Site) -> bool:
    """Whether a cluster has an object, label or image of that name."""
    for _, reader in site.readers():
        for resource in (
            "pods",
            "deployments",
            "statefulsets",
            "daemonsets",
            "jobs",
            "cronjobs",
            "services",
            "nodes",
            "configmaps",
        ):
            if word in (reader.names(resource) or ()):
                return True
    return False


def near(word: str, site: Site) -> list[str]:
    """The components whose names are like a word, best first."""
    ids = {plain(c.id): c.id for c in site.inventory.components}
    close = difflib.get_close_matches(word, list(ids), n=3, cutoff=0.5)
    parts = [i for p, i in ids.items() if set(re.split(r"[-_.]", p)) & set(re.split(r"[-_.]", word))]
    return list(dict.fromkeys([*(ids[c] for c in close), *parts]))[:3]


def relatives(component: str, site: Site) -> list[str]:
    """What is measured beside a component where it is not measured itself: its parts, what it is a part of, both ways."""
    found = site.held(component)
    whole = [k.to for k in found.links if k.relation == "part_of"] if found else []
    parts = [
        c.id
        for c in site.inventory.components
        if any(k.relation == "part_of" and k.to == component for k in c.links)
    ]
    return [*parts, *(w for w in whole if w != component)]


def others(component: str, site: Site, low: str) -> list[str]:
    """The components that are of a component's kind: its type, and a name that begins alike."""
    found = site.held(component)
    if found is None:
        return []
    start = re.split(r"[-_.\d]", plain(component))[0]
    alike = [c for c in site.inventory.components if c.id != component and c.type == found.type]
    named = [c.id for c in alike if re.split(r"[-_.\d]", plain(c.id))[0] == start]
    said = [w for w in re.findall(r"[a-zà-ÿ]{4,}", low) if not _other().fullmatch(w)]
    called = [c.id for c in alike if any(w.rstrip("s") in plain(n) for w in said for n in (c.id, *c.aliases))]
    return called or named or [c.id for c in alike]


def _other() -> re.Pattern[str]:
    return pattern_of("other")


def spans(low: str, words: Sequence[str]) -> list[tuple[int, int]]:
    """Where whole words stand in a text."""
    return [m.span() for w in words if w for m in re.finditer(rf"(?<!\w){re.escape(plain(w))}(?!\w)", low)]
