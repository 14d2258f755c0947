"""How the peer benchmark compares: the choice of a prompt, rows with intervals, paired differences and ratios."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

from benchmarks import contract

COMPARED = (
    "right", "verdict", "component", "pair", "supported", "tokens", "evaluated", "generated", "cpu_s", "seconds",
)  # fmt: skip
Case = dict[str, Any]


def best(per_case: Sequence[Case], prompts: Sequence[str], choice: str) -> list[Case]:
    """The row `peer`: the prompt that was chosen elsewhere, or for each case the best on all other cases."""
    own = {p: [c for c in per_case if c["system"] == f"peer {p}"] for p in prompts}
    found: list[Case] = []
    for name in dict.fromkeys(c["folder"] for cases in own.values() for c in cases):
        merits = [merit([c for c in own[p] if c["folder"] != name]) for p in prompts]
        taken = choice or prompts[merits.index(max(merits))]
        found += [c | {"system": "peer", "prompt": taken} for c in own.get(taken, ()) if c["folder"] == name]
    return found


def merit(cases: Sequence[Case]) -> tuple[float, ...]:
    """By what a prompt is chosen: right answers, then right components, then right verdicts."""
    return tuple(float(sum(bool(c[k]) for c in cases)) for k in ("right", "component_right", "verdict_right"))


def _measured(cases: Sequence[Case]) -> dict[str, list[float]]:
    def values(key: str, source: Sequence[Case] = cases) -> list[float]:
        return [float(c[key]) for c in source if c.get(key) is not None]

    return {
        "right": values("right"),
        "verdict": values("verdict_right"),
        "component": values("component_right"),
        "pair": values("pair_right"),
        "false_cause": values("false_cause"),
        "valid_calls": values("valid_calls"),
        "calls": values("calls"),
        "repeated_calls": values("repeated_calls"),
        "supported": values("supported"),
        "accepted": values("accepted"),
        "tokens": values("tokens"),
        "evaluated": values("evaluated"),
        "generated": values("generated"),
        "cpu_s": values("cpu_s"),
        "seconds": values("seconds"),
    }


def table_rows(per_case: Sequence[Case]) -> list[dict[str, Any]]:
    """Rows of each system, the paired difference ours - peer, and the ratio of their means."""
    systems = list(dict.fromkeys(str(c["system"]) for c in per_case))
    made = [
        r for s in systems for r in contract.rows(s, _measured([c for c in per_case if c["system"] == s]))
    ]
    mine = {c["folder"]: c for c in per_case if c["system"] == "ours"}
    theirs = {c["folder"]: c for c in per_case if c["system"] == "peer"}
    both = [n for n in mine if n in theirs]
    pairs = {m: [(_measured([mine[n]])[m], _measured([theirs[n]])[m]) for n in both] for m in COMPARED}
    shared = {m: [(a[0], b[0]) for a, b in v if a and b] for m, v in pairs.items()}
    made += contract.rows("ours - peer", {m: [a - b for a, b in v] for m, v in shared.items()})
    for metric, found in shared.items():
        below = sum(b for _, b in found)
        if below:
            ratio = round(sum(a for a, _ in found) / below, 4)
            made.append(
                {
                    "system": "ours / peer",
                    "metric": metric,
                    "value": ratio,
                    "n": len(found),
                    "ci95": _ratio_ci(found),
                }
            )
    return made


def _ratio_ci(found: Sequence[tuple[float, float]], rounds: int = 2000) -> list[float]:
    """Percentile bootstrap of the ratio of means over pairs; rounds without a denominator are left out."""
    chance = random.Random(0)
    drawn = (chance.choices(found, k=len(found)) for _ in range(rounds))
    ratios = sorted(sum(a for a, _ in d) / below for d in drawn if (below := sum(b for _, b in d)))
    return [round(ratios[int(0.025 * len(ratios))], 4), round(ratios[int(0.975 * len(ratios))], 4)]


def print_cases(per_case: Sequence[Case]) -> None:
    """One line a case: what was expected and what each system said."""
    systems = [s for s in dict.fromkeys(c["system"] for c in per_case) if s != "peer summary"]
    print(f"\n{'case':<24}{'expected':<10}" + "".join(f"{s:<44}" for s in systems))
    for name in dict.fromkeys(c["folder"] for c in per_case):
        own = {c["system"]: c for c in per_case if c["folder"] == name}
        expected = next(iter(own.values()))["expected"]
        print(
            f"{name:<24}{expected:<10}"
            + "".join(f"{answer(own[s]) if s in own else '-':<44}" for s in systems)
        )


def answer(case: Case) -> str:
    """A prediction in a few words."""
    named = f"{case['component']} {case['fault']}".strip() or case["verdict"]
    return f"{'+' if case['right'] else '-'} {named} {case['probability']:.2f}"
