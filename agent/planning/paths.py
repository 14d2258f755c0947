"""Memory of past step-by-step looks: which calls followed which signs, with targets generalised to the parts they played."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from aitia.agent.planning.call_templates import generalised
from aitia.agent.planning.cluster_looks import Seen
from aitia.core.words import Incident, Result

NEAREST: Final = 10
FADE: Final = 0.85  # a call that came later in a past path counts this much less a place
SHARP: Final = 3.0  # how fast likeness fades with signs that differ
_WORD = re.compile(r"[a-z]{4,}")


@dataclass(frozen=True, kw_only=True)
class Path:
    """One past path: the words of its report, and each call with the signs that its answer showed."""

    words: frozenset[str]
    calls: tuple[tuple[str, frozenset[str]], ...]


@dataclass(kw_only=True)
class Memory:
    """Past paths that led to a confirmed cause."""

    paths: list[Path] = field(default_factory=list)

    def remember(self, incident: Incident, results: Sequence[Result]) -> None:
        """Keep a path; a call whose target played no part is left out, for it cannot be asked elsewhere."""
        calls = [(c, s) for c, s in walked(incident, results) if c]
        if calls:
            self.paths.append(Path(words=_words(f"{incident.title} {incident.text}"), calls=tuple(calls)))

    def likely(self, seen: Seen) -> tuple[dict[str, float], float]:
        """How likely each call of past paths comes next (0..1), and how like the nearest path is (0..1)."""
        here = dict(walked_by(seen))
        words = _words(seen.words)
        near = sorted(((_likeness(p, here, words), -n) for n, p in enumerate(self.paths)), reverse=True)[
            :NEAREST
        ]
        near = [(alike, -n) for alike, n in near if alike > 0]
        total = sum(alike for alike, _ in near)
        found: defaultdict[str, float] = defaultdict(float)
        for alike, n in near:
            left = dict.fromkeys(c for c, _ in self.paths[n].calls if c not in here)
            for place, call in enumerate(left):
                found[call] += alike / total * FADE**place
        return dict(found), near[0][0] if near else 0.0


def walked(incident: Incident, results: Sequence[Result]) -> list[tuple[str, frozenset[str]]]:
    """Calls in order, generalised by what was known when they were asked, with the signs of their answers."""
    made = []
    for n, result in enumerate(results):
        call = generalised(result.tool, result.args, Seen(incident, results[:n]))
        made.append((call, frozenset(result.data.get("signs", ()))))
    return made


def walked_by(seen: Seen) -> list[tuple[str, frozenset[str]]]:
    """What was asked so far, in the same terms."""
    return [(c, s) for c, s in walked(seen.incident, seen.done) if c]


def _likeness(path: Path, here: dict[str, frozenset[str]], words: frozenset[str]) -> float:
    """How like a past path is to what was asked so far: equal signs of equal calls, and words of the report."""
    there = dict(path.calls)
    common = [c for c in here if c in there]
    if here and not common:
        return 0.0
    alike = [_share(here[c], there[c]) for c in common]
    signs = (sum(alike) / len(alike)) ** SHARP if alike else 1.0
    asked = len(common) / len(here) if here else 1.0
    return signs * (0.5 + 0.5 * asked) * (0.6 + 0.4 * _share(words, path.words))


def _share(one: frozenset[str], other: frozenset[str]) -> float:
    return len(one & other) / len(one | other) if one | other else 1.0


def _words(text: str) -> frozenset[str]:
    return frozenset(_WORD.findall(text.lower()))
