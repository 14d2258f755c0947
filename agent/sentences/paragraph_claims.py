"""What a sentence of a paragraph claims: that something is the cause, how surely, and that somebody is not."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from aitia.agent.sentences.gist import Gist
from aitia.agent.sentences.wording import connectives
from aitia.agent.text import clauses, names_in, stem, words

_CAUSAL: Final = re.compile(
    r"\b(?:caus(?:e[sd]?|ing)|(?:lead|led|leading)s? to|because|due to|result(?:s|ed|ing)? (?:in|from)|trigger(?:s|ed|ing)?|"
    r"explain\w*|br(?:ing|ought)\w*|thus|hence|therefore|culprit|root|responsible|blame[sd]?|origin|originat\w+|dr(?:iving|ove|iven)|"
    r"pushed|produced?|stems?|prompted)\b", re.I
)  # fmt: skip
_HEDGE: Final = re.compile(
    r"\b(?:may|might|could|can|would|likely|likeliest|probabl[ey]|possibl[ey]|perhaps|apparently|presumably|plausibl[ey]|seems?|seemingly|"
    r"appears?|suggest\w*|indicat\w*|hint\w*|consistent|fits?|fitting|points?|pointing|candidate|suspect\w*|hypothes[ie]s|tentative\w*|"
    r"unclear|unknown|open|undetermined|undecided|uncertain|not|cannot|no|unlikely|if|whether|or|best|leading|working|compatible|"
    r"favou?rs?|argues?|first to check|neither|nothing|unproven|unconfirmed)\b", re.I
)  # fmt: skip
_ABSOLUTE: Final = re.compile(
    r"\b(?:certainly|definitely|undoubtedly|without (?:a |any )?doubt|no doubt|obviously|always|proves?|"
    r"proven|proof|must (?:be|have)|"
    r"beyond doubt|conclusively|clearly the cause|surely)\b", re.I
)  # fmt: skip
_CAUSE_IS: Final = re.compile(
    r"\b(?:(?:root |likeliest |likely |probable |possible |most likely |main |real )*(?:cause|culprit|"
    r"origin|source)|suspect|to blame|responsible|"
    r"points? (?:to|at|towards?)|starts? (?:with|in|at)|originat\w+ (?:in|at|from|with))\b", re.I
)  # fmt: skip
_UNLIKELY: Final = re.compile(
    r"\b(?:unlikely|less likely|ruled out|rules? out|ruling out|speaks? against|argu(?:es?|ing) against|"
    r"counts? against|weighs? against|excluded?s?|"
    r"rather than|instead of|not the (?:cause|origin|source|culprit)|clears?|exonerat\w+|dismiss\w*|less probable|improbable|"
    r"(?:weaker|lesser|poorer) (?:candidate|suspect|explanation|case)|fits? (?:less|worse)|less (?:well|"
    r"plausible|convincing)|does not hold up|"
    r"hardly|can be put lower|nor is it|lose[sr]?|loses out|unconvincing)\b", re.I
)  # fmt: skip
_NONE_OF: Final = re.compile(
    r"\b(?:no|without|neither|nor|lacks?|missing) (?:any )?(?:logs?|metrics?|traces?|telemetry)(?: (?:or|"
    r"and|nor) \w+)?(?: (?:are|were|was|is) (?:at hand|available))? (?:of|from|for|on)\b|"
    r"\bwhat (?:lies behind|happened (?:in|on|to))\b", re.I
)  # fmt: skip
_LIKELY: Final = re.compile(r"\b(?:very|most|quite|more|rather|the) likel(?:y|iest|ier)\b", re.I)
_OPEN: Final = re.compile(
    r"\b(?:(?:can|could)(?:not| not) (?:yet )?(?:be )?(?:ruled? out|excluded?|dismiss\w*)|not (?:yet )?(?:ruled out|excluded)|"
    r"nothing (?:rules out|speaks against)|does not (?:rule out|exclude|speak against))\b", re.I
)  # fmt: skip


_LACKING: Final = re.compile(
    r"\b(?:no|not|none|without|missing|lack\w*|absent|absence|unavailable|nothing|cannot|gap)\b", re.I
)


class Claims:
    """Checks of one sentence's claims against what the code concluded."""

    def excludes(self, plain: str, gist: Gist, names: frozenset[str]) -> bool:
        """Whether a sentence says of another suspect that it is not the cause."""
        others = {a.component.lower() for a in gist.against}
        named = {n.lower() for _, n in names_in(plain, names)}
        return bool(_UNLIKELY.search(_OPEN.sub(" ", plain)) and others & named)

    def _anothers(self, text: str, gist: Gist, names: frozenset[str]) -> str:
        """Whose kind of fault or reason a text that excludes one suspect tells instead; "" where it is its own."""
        part = re.split(r"[;]|, (?:and|while|whereas) ", text)[0]
        here = {n.lower() for _, n in names_in(part, names)}
        roots = {stem(w) for w in words(part)}
        by = {
            a.component.lower(): {stem(w) for w in words(f"{a.kind} {a.why}")} - connectives()
            for a in gist.against
        }
        first = next((n.lower() for _, n in names_in(part, names) if n.lower() in by), "")
        if not first or len(by) < 2:
            return ""
        for other, its in by.items():
            alone = its - by[first]
            if other not in here and len(roots & alone) > 1 and not roots & (by[first] - its):
                return other
        return ""

    def lacks(self, plain: str, gist: Gist) -> bool:
        """Whether a sentence tells what is missing."""
        roots = {stem(w) for w in words(plain)}
        wanted = {stem(w) for m in gist.missing for w in words(m)} - connectives()
        return bool(wanted & roots) and bool(_LACKING.search(plain))

    def missing(self, plain: str, gist: Gist, names: frozenset[str]) -> Iterable[str]:
        """What is said to be missing of somebody must be missing of him."""
        for match in _NONE_OF.finditer(plain):
            after = [name for at, name in names_in(plain, names) if match.end() <= at <= match.end() + 6]
            if after and not any(after[0].lower() in m.lower() for m in gist.missing):
                yield f"says that something of {after[0]} is missing, which is not"

    def kinds(self, plain: str, gist: Gist, names: frozenset[str]) -> Iterable[str]:
        """The suspect's kind of fault must not be presumed of somebody else."""
        mine = {stem(w) for w in words(gist.kind)} - connectives()
        allowed = {gist.component.lower(), *(a.component.lower() for a in gist.against)} - {""}
        for start, end in clauses(plain):
            named = {n.lower() for _, n in names_in(plain[start:end], names)}
            roots = {stem(w) for w in words(plain[start:end])}
            presumed = re.search(
                r"\b(?:may|might|could|probably|likely|possibly) (?:be|have|has|is)\b", plain[start:end], re.I
            )
            if (
                presumed
                and named
                and mine & roots
                and not any(n.startswith(a) for n in named for a in allowed)
            ):
                yield f"presumes of {' and '.join(sorted(named))} what is suspected of {gist.component}"

    def of_kind(self, reason: str, gist: Gist) -> bool:
        """Whether a reason is about a word of the kinds of fault themselves ("falls behind"), which is no direction."""
        told = re.match(r"the direction of '(\w+)'", reason)
        kinds = " ".join([gist.kind, *(f"{a.kind} {a.why}" for a in gist.against)])
        return told is not None and stem(told[1].lower()) in {stem(w) for w in words(kinds)}

    def certainty(self, plain: str, gist: Gist, *, several: bool) -> Iterable[str]:
        """Below a likely verdict that one thing caused another (`several` facts) must be hedged; nothing is beyond doubt."""
        hedged = _HEDGE.search(plain)
        denied = re.compile(r"\b(?:not|no|cannot|nothing|neither|would)\b", re.I)
        absolute = [
            m
            for m in _ABSOLUTE.finditer(plain)
            if not (m[0][:3].lower() in ("pro", "mus") and denied.search(plain[: m.start()]))
        ]
        if found := next(iter(absolute), None):
            yield f"claims more than is known ({found[0]!r})"
        own = " ".join(f.statement.lower() for f in gist.all_facts)
        # Within one fact it is the fact that says why.
        causal = several and [m[0] for m in _CAUSAL.finditer(plain) if m[0].lower() not in own]
        if (
            gist.sure not in ("likely", "nothing wrong")
            and causal
            and not hedged
            and not _UNLIKELY.search(plain)
        ):
            yield "states as certain something that is not"
        if gist.sure == "open" and _CAUSE_IS.search(plain) and not hedged:
            yield "names a cause where none is named"

    def causes(self, plain: str, gist: Gist, names: frozenset[str]) -> Iterable[str]:
        """Whom a sentence calls the cause must be the suspect."""
        parts = [p for p in plain.split(";") if _CAUSE_IS.search(p) and not _UNLIKELY.search(p)]
        plain = parts[0] if parts else plain
        if self.excludes(plain, gist, names) or (found := _CAUSE_IS.search(plain)) is None:
            return
        start, end = next(((a, b) for a, b in clauses(plain) if a <= found.start() < b), (0, len(plain)))
        named = {n.lower() for _, n in names_in(plain[start:end], names) or names_in(plain[end:], names)}
        if named and gist.component.lower() not in named and gist.component.lower() not in plain.lower():
            yield f"calls another one than {gist.component or 'anybody'} the cause"

    def exclusions(self, plain: str, gist: Gist, names: frozenset[str]) -> Iterable[str]:
        """Who is excluded must be one of those against whom a fact speaks."""
        rest = _OPEN.sub(" ", plain)
        others = {a.component.lower() for a in gist.against}
        if any(
            _LIKELY.search(rest[a:b])
            and {n.lower() for _, n in names_in(rest[a:b], names)} & others
            and gist.component.lower() not in rest[a:b].lower()
            for a, b in clauses(rest)
        ):
            yield f"calls likely whom a fact speaks against ({' or '.join(sorted(others))})"
        if (found := _UNLIKELY.search(rest)) is None:
            return
        start, end = next(((a, b) for a, b in clauses(rest) if a <= found.start() < b), (0, len(rest)))
        here = {n.lower() for _, n in names_in(rest[start:end], names)}
        named = here or {n.lower() for _, n in names_in(rest, names)}
        if not others:
            yield "rules out somebody whom no fact rules out"
        elif named and not named & others:
            yield f"rules out {' and '.join(sorted(named))}, whom no fact rules out"
        elif other := self._anothers(rest[start:], gist, names):
            yield f"excludes {' and '.join(sorted(here & others))} for what speaks against {other}"
        elif not ({n.lower() for _, n in names_in(rest, names)} & others):
            yield "does not say who is ruled out"
