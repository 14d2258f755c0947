"""Which program listens where, and who calls whom: the wiring of the shop."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

HOST = "shop-host"
SERVICES = ("orders", "catalog", "payment", "users")
STORES = ("postgres", "redis")
CALLS: dict[str, tuple[str, ...]] = {
    "gateway": ("orders", "catalog", "users"),
    "orders": ("catalog", "payment", "postgres"),
    "catalog": ("redis",),
    "payment": ("postgres",),
    "users": ("postgres",),
}
PROGRAMS = (
    "gateway", *SERVICES, *STORES, "gateway-status", "gateway-exporter", "postgres-exporter", "redis-exporter",
    "node-exporter", "prometheus", "alertmanager", "receiver", "mesh",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Wiring:
    """Ports from `base` on: programs first, then one proxy per edge."""

    base: int

    def port(self, program: str) -> int:
        """Where a program listens."""
        return self.base + PROGRAMS.index(program)

    @property
    def edges(self) -> dict[str, tuple[int, int]]:
        """`caller->callee`: the proxy's port and the callee's."""
        pairs = [(caller, callee) for caller, callees in CALLS.items() for callee in callees]
        first = self.base + len(PROGRAMS)
        return {f"{a}->{b}": (first + k, self.port(b)) for k, (a, b) in enumerate(pairs)}

    def edge(self, caller: str, callee: str) -> int:
        """The port under which `caller` reaches `callee`."""
        return self.edges[f"{caller}->{callee}"][0]

    def edges_into(self, callee: str) -> list[str]:
        """The names of the edges towards `callee`."""
        return [name for name in self.edges if name.endswith(f"->{callee}")]

    def topology(self) -> dict[str, Any]:
        """`topology.yaml`: what is really wired, with the addresses under which logs name each component."""
        components: list[dict[str, Any]] = []
        for name in ("gateway", *SERVICES, *STORES):
            ports = [self.port(name), *(self.edges[edge][0] for edge in self.edges_into(name))]
            links = [{"relation": "calls", "to": callee} for callee in CALLS.get(name, ())]
            links.append({"relation": "runs_on", "to": HOST})
            aliases = [f"127.0.0.1:{port}" for port in ports]
            components.append({"id": name, "type": "service", "aliases": aliases, "links": links})
        components.append({"id": HOST, "type": "node", "aliases": ["node"]})
        return {"components": components}


def callers_of(victim: str) -> set[str]:
    """All that reach `victim` directly or through others, without the gateway."""
    found: set[str] = set()
    todo = [victim]
    while todo:
        callee = todo.pop()
        for caller, callees in CALLS.items():
            if callee in callees and caller not in found and caller != "gateway":
                found.add(caller)
                todo.append(caller)
    return found
