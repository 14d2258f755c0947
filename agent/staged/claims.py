"""Who says of whom that it fails: lines and series of those that fail, each towards those that it may speak of."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from aitia.agent.fact_values import ratio_of
from aitia.agent.staged.mechanisms import FIRM, mechanisms
from aitia.agent.staged.roles import software_in
from aitia.agent.staged.signs import FAR, at, author_of
from aitia.core.words import Evidence

if TYPE_CHECKING:
    from aitia.agent.staged.scene import Scene

MOST_HINT: Final = 400  # characters that are read of a line or a statement
_PARTS: Final = re.compile(r"[a-z]{3,24}")
REFUSALS: Final = frozenset({"identity", "forbidden", "slots", "quota", "certificate"})
"""What a server says of those that it refuses."""


@dataclass(frozen=True)
class Claim:
    """One component says that something fails; towards one of `targets` ("" weight: nobody else bears it out)."""

    author: str
    what: str
    targets: frozenset[str]
    at: float
    named: bool
    text: bool
    count: float = 1.0
    how: frozenset[str] = frozenset()
    evidence: str = ""


def claims_of(scene: Scene) -> list[Claim]:
    """The claims of those that fail, first by lines, then by series."""
    made: list[Claim] = []
    for e in scene.lines:
        author = author_of(e)
        if author not in scene.failing or at(e) > scene.t0 + 45.0:
            continue
        whose = e.values.get("whose")
        below = set(scene.topology.below(author)) | scene.behind.get(author, set())
        how = mechanisms(e.aspect, f"{e.values.get('template', '')} | {e.values.get('line', '')}")
        count = float(e.values.get("count_window", 1) or 1)
        far = (
            whose == "peer"
            or e.aspect in FAR
            or bool(how & {"refused", "timeout", "reset", "certificate", "identity", "quota", "dns"})
        )
        targets = {e.peer} & below if e.peer else set()
        if author != e.component and e.component in scene.names:
            targets = targets or {e.component}
        if e.peer and not targets:
            if not (how & REFUSALS and author in scene.topology.below(e.peer)):
                continue  # of a peer that it does not call
            targets = {author}  # whom it refuses
        named = bool(targets) and author not in targets
        if not targets and (one := _by_software(scene, author, e)):
            targets, named = {one}, True
        resolvers = {z for z in scene.callees(author) if scene.roles.get(z) == "resolver"}
        if "dns" in how and resolvers:
            targets, named = resolvers, False
        if not targets:
            targets = set(scene.callees(author)) if far and whose != "own" else {author}
            if whose == "client":
                targets |= {author}
            if "connections" in how and "slots" not in how:
                targets |= {author}  # its own pool
            if far and whose == "own" and e.aspect != "log.permission":
                targets |= set(scene.callees(author))
        made.append(
            Claim(author, e.aspect, frozenset(targets or {author}), at(e), named, True, count, how, e.id)
        )
    made += _shared(scene, made)
    for c, every in scene.metrics.items():
        for e in every:
            if (
                c in scene.failing
                and e.onset
                and e.aspect in ("errors", "latency", "traffic", "other")
                and e.strength >= 0.4
            ):
                to = scene.labelled(e) or (_by_software(scene, c, e) if e.aspect == "errors" else "")
                late = e.aspect == "latency" and e.direction == "up" and ratio_of(e) >= 3.0
                bad = (
                    (e.aspect == "errors" and e.direction == "up")
                    or late
                    or (e.aspect in ("traffic", "other") and e.direction == "down" and _fell(e))
                )
                if to and bad and scene.reaches(c, to) and to != c:
                    made.append(
                        Claim(c, "metric." + e.aspect, frozenset({to}), at(e), True, False, evidence=e.id)
                    )
    return made


def _by_software(scene: Scene, author: str, e: Evidence) -> str:
    """The one of those that it calls whose sort of server a line or a metric's name tells by its software; ""."""
    text = str(e.values.get("metric", "")) or f"{e.values.get('template', '')} {e.values.get('line', '')}"
    roles = software_in(text[:600]) - {scene.roles.get(author, "")}
    fitting = [z for z in scene.callees(author) if scene.roles.get(z) in roles]
    return fitting[0] if len(fitting) == 1 else ""


def _shared(scene: Scene, claims: list[Claim]) -> list[Claim]:
    """What several say alike of themselves, they say of what they all call."""
    by: dict[str, list[Claim]] = defaultdict(list)
    for k in claims:
        for how in k.how & FIRM if k.author in k.targets else ():
            by[how].append(k)
    made: list[Claim] = []
    for what, every in by.items():
        authors = {k.author for k in every}
        if len(authors) > 1:
            common = frozenset(set.intersection(*(set(scene.callees(a)) for a in authors)))
            made += [
                Claim(k.author, k.what, common, k.at, False, True, k.count, frozenset({what}), k.evidence)
                for k in every
                if common
            ]
    return made


def _fell(e: Evidence) -> bool:
    before, after = float(e.values.get("before", 0) or 0), float(e.values.get("after", 0) or 0)
    return before > 0 and after <= 0.3 * before


def hints_of(scene: Scene) -> dict[str, set[str]]:
    """Of all that each that fails calls, whom its lines and series call by a part of its name (`/abo/17`: abo-service)."""
    found: dict[str, set[str]] = defaultdict(set)
    for author in scene.failing:
        callees = scene.callees(author)
        texts = [
            f"{e.values.get('template', '')} {e.values.get('line', '')}"[:MOST_HINT]
            for e in scene.lines
            if author_of(e) == author and at(e) <= scene.t0 + 15.0
        ]
        texts += [e.statement[:MOST_HINT] for e in scene.metrics[author] if _harmed(e, scene)]
        own = set(_PARTS.findall(author.lower()))
        for text in texts:
            words = {w for w in _PARTS.findall(text.lower()) if w not in own}
            called = {z for z in callees if any(_is_part(w, z) for w in words)}
            if len(called) == 1:
                found[author] |= called
    return found


def _harmed(e: Evidence, scene: Scene) -> bool:
    """Whether a series grew late or failing, or fell to little, as it began."""
    if (
        e.kind != "metric.shift"
        or e.onset is None
        or not -3.0 <= at(e) - scene.t0 <= 15.0
        or e.strength < 0.4
    ):
        return False
    late = e.aspect == "latency" and e.direction == "up" and ratio_of(e) >= 3.0
    return late or (e.aspect == "errors" and e.direction == "up") or (e.direction == "down" and _fell(e))


def _is_part(word: str, component: str) -> bool:
    """Whether a word is a part of a name, or four letters and more with which it begins."""
    parts = _PARTS.findall(component.lower())
    return word in parts or (len(word) > 3 and component.lower().startswith(word))
