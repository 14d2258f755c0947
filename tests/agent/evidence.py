"""Facts for tests of the agent layer: a shop of six components with one fault in it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from aitia.core.words import Component, Evidence, Holding, Inventory, Link, SourceRef

T0 = datetime(2026, 3, 1, 10, 0, 0, tzinfo=UTC)
CALLS = {
    "gateway": ("orders", "catalog"),
    "orders": ("payment", "postgres", "catalog"),
    "payment": ("postgres",),
    "catalog": ("redis",),
    "postgres": (),
    "redis": (),
}


def inventory(calls: dict[str, tuple[str, ...]] = CALLS) -> Inventory:
    """The shop's call graph, all of it watched."""
    components = tuple(
        Component(id=name, type="service", links=tuple(Link(relation="calls", to=to) for to in targets))
        for name, targets in sorted(calls.items())
    )
    holding = Holding(source="prom", kind="metrics", components=tuple(sorted(calls)), count=60)
    return Inventory(holdings=(holding,), components=components)


def fact(
    component: str,
    aspect: str,
    statement: str,
    *,
    kind: str = "metric.shift",
    direction: str = "up",
    strength: float = 0.9,
    at: float | None = 0.0,
    peer: str = "",
    **values: float | str,
) -> Evidence:
    """A fact with its onset `at` seconds after T0."""
    return Evidence(
        component=component,
        peer=peer,
        kind=kind,
        aspect=aspect,
        statement=statement,
        values=values,
        direction=direction,  # type: ignore[arg-type]
        strength=strength,
        onset=T0 + timedelta(seconds=at) if at is not None else None,
        source=SourceRef(source="prom", query=f"{component}_{aspect}"),
    )


def quiet(component: str, *aspects: str) -> list[Evidence]:
    """Counter-evidence: these aspects of the component did not move."""
    return [
        fact(
            component,
            a,
            f"{component}: {a} unchanged (3 series).",
            kind="metric.quiet",
            direction="steady",
            at=None,
        )
        for a in aspects
    ]


def numbered(evidence: list[Evidence]) -> list[Evidence]:
    """With ids E1, E2, ..."""
    return [e.model_copy(update={"id": f"E{n}"}) for n, e in enumerate(evidence, 1)]


def connection_leak() -> list[Evidence]:
    """`orders` was deployed and holds connections until postgres refuses."""
    return numbered(
        [
            fact("orders", "change.deploy", 'orders was deployed at 10:00:00 UTC: "v2.4.0".', kind="change.deploy", direction="changed", strength=0.7, at=0),
            fact("orders", "connections", "orders: connections rose from 3 to 31 (10.3×) from 10:00:10 UTC.", at=10, ratio=10.3),
            fact("postgres", "connections", "postgres: connections rose from 8 to 40 (5×) at 10:00:20 UTC; that is 100 % of its limit of 40.", kind="metric.limit", at=20, ratio=5.0),
            fact("payment", "log.connection_limit", 'payment logged "FATAL: too many clients already" 43 times and never before (first at 10:00:41 UTC).', kind="log.new", direction="new", at=41, peer="postgres"),
            fact("payment", "errors", "payment: error ratio rose from 0 % to 31 % at 10:00:42 UTC.", at=42),
            fact("gateway", "errors", "gateway: error ratio rose from 0 % to 22 % at 10:00:44 UTC.", at=44),
            *quiet("redis", "cpu", "connections"),
            *quiet("catalog", "latency", "errors"),
        ]
    )  # fmt: skip


def slow_path() -> list[Evidence]:
    """Calls from catalog to redis take longer; redis itself answers as fast as before."""
    return numbered(
        [
            fact("gateway", "latency", "gateway: latency p95 rose from 42 ms to 640 ms at 10:00:12 UTC.", at=12, ratio=15.2),
            fact("catalog", "latency", "catalog: latency rose from 9 ms to 310 ms at 10:00:10 UTC.", at=10, ratio=34.0),
            fact("catalog", "latency", "catalog: latency of calls to redis rose from 2 ms to 302 ms at 10:00:10 UTC.", at=10, peer="redis", ratio=151.0),
            *quiet("redis", "latency", "cpu", "connections", "availability"),
            *quiet("postgres", "latency", "cpu", "connections"),
            *quiet("payment", "latency", "errors"),
            *quiet("orders", "errors", "cpu"),
        ]
    )  # fmt: skip


def nothing() -> list[Evidence]:
    """Load rose and the processor with it; nothing else moved."""
    return numbered(
        [
            fact(
                "gateway",
                "traffic",
                "gateway: requests rose from 20 /s to 44 /s (2.2×) at 10:00:05 UTC.",
                ratio=2.2,
                at=5,
            ),
            fact(
                "orders",
                "traffic",
                "orders: requests rose from 8 /s to 17 /s (2.1×) at 10:00:05 UTC.",
                ratio=2.1,
                at=5,
            ),
            fact(
                "orders",
                "cpu",
                "orders: cpu rose from 0.1 to 0.21 (2.1×) at 10:00:05 UTC.",
                ratio=2.1,
                strength=0.8,
                at=5,
            ),
            *[q for c in CALLS for q in quiet(c, "latency", "errors")],
        ]
    )


def undecidable() -> list[Evidence]:
    """The gateway is slow, calls to `catalog` are, and nothing is known of catalog or redis."""
    return numbered(
        [
            fact("gateway", "latency", "gateway: latency p95 rose from 42 ms to 640 ms at 10:00:12 UTC.", at=12, ratio=15.2),
            fact("gateway", "latency", "gateway: latency of calls to catalog rose from 9 ms to 600 ms at 10:00:12 UTC.", at=12, peer="catalog", ratio=60.0),
            *quiet("postgres", "latency", "cpu", "connections"),
            *quiet("payment", "latency", "errors"),
            *quiet("orders", "errors", "cpu", "latency"),
        ]
    )  # fmt: skip
