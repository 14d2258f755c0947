"""A made-up shop whose incidents look like what their faults do: for tests of the TVDiag benchmark."""

from __future__ import annotations

import random

from benchmarks.adapters.tvdiag.events import AlertEvent, Case

CALLS = {"web": ("basket", "search"), "basket": ("ledger",), "search": ("index",), "ledger": (), "index": ()}
NODES = tuple(f"{c}-{n}" for c in CALLS for n in (0, 1))
FAULTS = ("hog", "slow", "killed")


def case_of(number: int, component: str, fault: str, *, seed: int = 0) -> Case:
    """One incident: the culprit's own events, what its callers feel, and noise anywhere."""
    chance = random.Random(f"{seed}/{number}")
    own = component.rsplit("-", 1)[0]
    callers = [n for n in NODES if own in CALLS[n.rsplit("-", 1)[0]]]
    events = [_metric(component, signal, way) for signal, way in _OWN[fault] if chance.random() < 0.9]
    for caller in callers:
        events.append(_metric(caller, "latency", "up"))
        events.append(
            AlertEvent(component=caller, peer=caller, signal=f"call/{own}", direction="slow", source="trace")
        )
        if fault != "slow":  # the network is slow: the server's own span is not
            events.append(
                AlertEvent(
                    component=component, peer=caller, signal=f"call/{own}", direction="slow", source="trace"
                )
            )
    if fault == "killed":
        events.append(AlertEvent(component=component, signal="starting", direction="new", source="log"))
    noise = [
        _metric(chance.choice(NODES), chance.choice(("disk", "memory", "traffic")), "up") for _ in range(6)
    ]
    return Case(
        id=f"I{number:03}",
        nodes=NODES,
        edges=tuple(
            (a, b) for a in NODES for b in NODES if b.rsplit("-", 1)[0] in CALLS[a.rsplit("-", 1)[0]]
        ),
        events=tuple(chance.sample([*events, *noise], len(events) + len(noise))),
        component=component,
        fault=fault,
    )


_OWN = {
    "hog": (("cpu", "up"), ("threads", "up")),
    "slow": (("latency", "up"),),
    "killed": (("traffic", "down"), ("memory", "down")),
}


def _metric(component: str, signal: str, way: str) -> AlertEvent:
    return AlertEvent(component=component, signal=signal, direction=way)


def cases(*, but: str = "", seed: int = 0, rounds: int = 3) -> list[Case]:
    """Every fault of every component, some rounds of them; none at the component `but`."""
    answers = [(c, f) for _ in range(rounds) for c in NODES for f in FAULTS if c != but]
    return [case_of(n, c, f, seed=seed) for n, (c, f) in enumerate(answers)]


def asked(case: Case) -> Case:
    return case.model_copy(update={"component": "", "fault": ""})
