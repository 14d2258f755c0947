"""The faults: whom they may hit, what they do to the running shop, and the answer that an expert would give."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, get_args

from aitia.core.errors import BadInput
from scenarios.record.load import Load
from scenarios.record.ports import CALLS, SERVICES, callers_of
from scenarios.record.stack import MEMORY_LIMIT_MB, VERSIONS, Stack

Fault = Literal[
    "connection_leak", "slow_dependency", "memory_leak", "dependency_down", "bad_config", "exception_regression",
    "cpu_hog", "none", "blackout",
]  # fmt: skip
FAULTS: tuple[Fault, ...] = get_args(Fault)
VICTIMS: dict[Fault, tuple[str, ...]] = {
    "connection_leak": SERVICES,
    "slow_dependency": ("payment", "catalog", "users", "postgres", "redis"),
    "memory_leak": SERVICES,
    "dependency_down": ("postgres", "redis", "payment", "catalog", "users"),
    "bad_config": SERVICES,
    "exception_regression": SERVICES,
    "cpu_hog": SERVICES,
    "none": ("gateway", *SERVICES),
    "blackout": ("payment", "catalog"),
}
UNUSED = 40  # this far above a proxy's port nothing listens, in this recording or in one 100 ports on
SHARE = {
    "orders": 0.42,
    "catalog": 0.66,
    "payment": 0.24,
    "users": 0.16,
}  # of the requests that reach the gateway


@dataclass(frozen=True, kw_only=True)
class Change:
    """An entry of the deploy journal."""

    component: str
    kind: Literal["deploy", "config"]
    text: str
    version: str = ""


@dataclass(frozen=True, kw_only=True)
class Injection:
    """What to do at the moment of the fault, and what then stands in the journal. `act` may take seconds."""

    act: Callable[[], None]
    change: Change | None = None


def check(fault: Fault, victim: str) -> None:
    """Raises BadInput for a fault that makes no sense for the victim."""
    if victim not in VICTIMS[fault]:
        raise BadInput(
            f"Give --victim one of {', '.join(VICTIMS[fault])}: {fault} makes no sense for {victim!r}."
        )


def hidden(fault: Fault, victim: str) -> frozenset[str]:
    """The components of which a blackout records nothing."""
    return frozenset({victim} | callers_of(victim)) if fault == "blackout" else frozenset()


def next_version(version: str) -> str:
    """The next minor release."""
    major, minor, _ = version.split(".")
    return f"{major}.{int(minor) + 1}.0"


def prepare(stack: Stack, load: Load, *, fault: Fault, victim: str, rate: float) -> Injection:
    """The injection of a fault."""
    if fault == "slow_dependency":
        ms = 130.0 if victim == "postgres" else 380.0
        return Injection(act=lambda: stack.slow_edges(victim, ms=ms, jitter=ms / 4))
    if fault == "blackout":
        return Injection(act=lambda: stack.slow_edges(victim, ms=700.0, jitter=300.0, share=0.45))
    if fault == "dependency_down":
        return Injection(act=lambda: stack.supervisor.kill_for_good(victim))
    if fault == "none":
        return Injection(act=lambda: _harmless(stack, load, victim))
    if fault == "bad_config":
        changes, text = _wrong(stack, victim)
        return Injection(
            act=lambda: stack.deploy(victim, VERSIONS[victim], changes=changes),
            change=Change(component=victim, kind="config", text=text),
        )
    release, text = _release(fault, victim, rate * SHARE[victim])
    version = next_version(VERSIONS[victim])
    return Injection(
        act=lambda: stack.deploy(victim, version, release=release),
        change=Change(component=victim, kind="deploy", text=f"{victim} {version}: {text}", version=version),
    )


def _release(fault: Fault, victim: str, rate: float) -> tuple[dict[str, float], str]:
    """How the new version behaves, scaled to the victim's request rate, and its line in the journal."""
    if fault == "connection_leak":
        return {"audit_share": min(1.0, 1.2 / rate)}, "audit trail for customer requests"
    if fault == "memory_leak":
        return {"recent_kb": round((MEMORY_LIMIT_MB - 45) * 1024 / (rate * 45.0))}, "recently seen list"
    if fault == "exception_regression":
        return {"locale_share": min(0.9, 0.16 / SHARE[victim])}, "prices and names in the customer's locale"
    return {"rank_ms": round(820.0 / rate)}, "better ranking of related items"


def _wrong(stack: Stack, victim: str) -> tuple[dict[str, Any], str]:
    """A configuration change that breaks the victim, and how its author described it."""
    if victim == "orders":
        port = stack.wiring.edge("orders", "payment") + UNUSED
        return {"peers.payment": port}, f"payment_url set to http://127.0.0.1:{port}"
    if victim == "catalog":
        port = stack.wiring.edge("catalog", "redis") + UNUSED
        return {"cache": port}, f"cache_url set to redis://127.0.0.1:{port}"
    if victim == "payment":
        return {"db.password": "rotated-2026-11"}, "database credentials rotated"
    return {"db.dbname": "accounts"}, "database name set to accounts"


def _harmless(stack: Stack, load: Load, victim: str) -> None:
    """Nothing is wrong: a wave of visitors, or a stall of about two seconds."""
    if victim != "gateway":
        inner = victim in CALLS["orders"]  # whose caller gives up after 2 s, where the gateway waits longer
        stack.supervisor.pause(victim, 1.6 if inner else 2.6)
        return
    load.factor = 1.75
    timer = threading.Timer(45.0, lambda: setattr(load, "factor", 1.0))
    timer.daemon = True
    timer.start()


def answer(fault: Fault, victim: str) -> dict[str, Any]:
    """The `expected` section of the scenario."""
    if fault == "none":
        return {
            "verdict": "healthy",
            "why": "A short disturbance within what the shop stands; all is as before.",
        }
    if fault == "blackout":
        hides = ", ".join(sorted(hidden(fault, victim)))
        return {
            "verdict": "unknown",
            "why": f"The symptom is real, but metrics, logs and changes of {hides} were not recorded.",
        }
    kind, others, evidence, why = _answers(fault, victim)
    return {
        "verdict": "cause",
        "component": victim,
        "fault": kind,
        "alternatives": [{"component": component, "fault": other} for component, other in others],
        "evidence": evidence,
        "why": why,
    }


def _need(component: str, aspect: str, kind: str = "") -> dict[str, str]:
    return {
        key: value for key, value in {"component": component, "kind": kind, "aspect": aspect}.items() if value
    }


def _answers(fault: Fault, victim: str) -> tuple[str, list[tuple[str, str]], list[dict[str, str]], str]:
    callers = [caller for caller, callees in CALLS.items() if victim in callees]
    deploy = _need(victim, "change.deploy", "change.deploy")
    regression = (victim, "software.regression")
    if fault == "connection_leak":
        store = "redis" if victim == "catalog" else "postgres"
        return (
            "resource.connections", [regression, (store, "resource.connections")],
            [deploy, _need(store, "connections"), _need("", "log.connection_limit")],
            f"The new version of {victim} takes connections of {store} and never gives them back.",
        )  # fmt: skip
    if fault == "memory_leak":
        return (
            "resource.memory", [regression, (victim, "software.crash")],
            [deploy, _need(victim, "memory"), _need("", "log.oom")],
            f"The new version of {victim} grows until it is killed at its memory limit.",
        )  # fmt: skip
    if fault == "slow_dependency":
        edge = [(callers[0], "network.delay")] if len(callers) == 1 else []  # either end of the one slow edge
        return (
            "network.delay", [(victim, "software.dependency"), *edge],
            [*(_need(caller, "latency") for caller in callers if caller != "gateway"), _need("gateway", "latency")],
            f"Calls to {victim} take long on the way; {victim} itself answers as before.",
        )  # fmt: skip
    if fault == "dependency_down":
        return (
            "software.crash", [(victim, "software.dependency")],
            [_need(victim, "availability"), _need("", "log.connection_refused")],
            f"{victim} was killed and is not restarted.",
        )  # fmt: skip
    if fault == "bad_config":
        credentials = victim == "payment"
        kind = "software.credentials" if credentials else "software.configuration"
        other = "software.configuration" if credentials else "software.dependency"
        return (
            kind, [(victim, other)],
            [_need(victim, "change.config", "change.config"), _need(victim, "errors")],
            f"After its new configuration {victim} {'logs in with a wrong password' if credentials else 'calls a wrong place'}.",
        )  # fmt: skip
    if fault == "exception_regression":
        return (
            "software.regression", [(victim, "software.exception")],
            [deploy, _need(victim, "log.exception"), _need(victim, "errors")],
            f"The new version of {victim} raises KeyError on a share of the requests.",
        )  # fmt: skip
    return (
        "resource.cpu", [regression],
        [deploy, _need(victim, "cpu"), _need(victim, "latency")],
        f"The new version of {victim} computes so much that requests queue for its processor.",
    )  # fmt: skip
