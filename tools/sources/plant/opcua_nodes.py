"""What an OPC UA server holds: its variables, found by browsing, with names that are unique and mean an asset."""

from __future__ import annotations

import math
from collections import Counter, deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from aitia.core.config import SourceConfig
from aitia.core.errors import BadInput, SourceError
from aitia.tools.sources.plant.readings import name_of

if TYPE_CHECKING:
    from asyncua import Client, Node, ua
    from asyncua.ua import NodeId

MOST_NODES: Final = 20_000  # that are browsed
MOST_VARIABLES: Final = 5_000  # that are read
DEEPEST: Final = 12  # objects within each other
AT_ONCE: Final = 500  # nodes of one request
_UNITS: Final = "EngineeringUnits"
_HISTORY: Final = 4  # the bit of AccessLevel that says that its history can be read


@dataclass(frozen=True, kw_only=True)
class Variable:
    """A variable that holds one number. `path` are the names from the root to it, `depth` how many of them are objects'."""

    node: Node
    path: tuple[str, ...]
    depth: int


@dataclass(frozen=True, kw_only=True)
class Tag:
    """A variable by its asset and signal."""

    node: Node
    component: str
    metric: str
    unit: str = ""
    history: bool = False


async def browse(client: Client, config: SourceConfig) -> list[Tag]:
    """The numeric variables below `options.root` (a node id; default Objects), bounded. Raises SourceError, BadInput."""
    found, unit_nodes = await _walk(client, _root(client, config))
    numeric = await _numeric(client, found[:MOST_VARIABLES])
    if not numeric:
        raise SourceError(
            f"Set options.root of source {config.name!r} to the node id of a folder with variables, e.g. ns=2;s=Plant:"
            f" {config.url} shows no variable with a number there."
        )
    level = int(float(config.options.get("asset_level", 0)))
    names = named([(v.path, v.depth) for v in numeric], level)
    nodes = [v.node for v in numeric]
    units = await _units(client, [unit_nodes.get(n.nodeid) for n in nodes])
    history = await _history(client, nodes)
    return [
        Tag(node=v.node, component=c, metric=m, unit=u, history=h)
        for v, (c, m), u, h in zip(numeric, names, units, history, strict=True)
    ]


def _root(client: Client, config: SourceConfig) -> Node:
    given = str(config.options.get("root", ""))
    if not given:
        return client.nodes.objects
    from asyncua.ua.uaerrors import UaError

    try:
        return client.get_node(given)
    except (UaError, ValueError) as error:
        raise BadInput(
            f"Fix options.root of source {config.name!r}: {given[:80]!r} is no node id such as ns=2;s=Plant ({error})."
        ) from None


async def _walk(client: Client, root: Node) -> tuple[list[Variable], dict[NodeId, Node]]:
    """All variables below a node, breadth first, each once (so that a circle ends), and the units' nodes by variable."""
    from asyncua import ua

    found: list[Variable] = []
    units: dict[NodeId, Node] = {}
    seen = {root.nodeid}
    waiting: deque[tuple[Node, tuple[str, ...], int]] = deque([(root, (), 0)])
    while waiting and len(seen) < MOST_NODES:
        node, path, depth = waiting.popleft()
        for child in await node.get_children_descriptions(refs=ua.ObjectIds.HierarchicalReferences):
            held = client.get_node(child.NodeId)
            if child.ReferenceTypeId.Identifier == ua.ObjectIds.HasProperty:
                units |= {node.nodeid: held} if child.BrowseName.Name == _UNITS else {}
                continue
            if child.NodeId in seen or child.NodeId.NamespaceIndex == 0:  # the server's own diagnostics
                continue
            seen.add(child.NodeId)
            inner = (*path, name_of(child.BrowseName.Name) or name_of(child.NodeId.to_string()))
            is_variable = child.NodeClass == ua.NodeClass.Variable
            if is_variable:
                found.append(Variable(node=held, path=inner, depth=depth))
            if len(inner) < DEEPEST and child.NodeClass in (ua.NodeClass.Object, ua.NodeClass.Variable):
                waiting.append((held, inner, depth if is_variable else len(inner)))
    return found, units


async def values(client: Client, nodes: Sequence[Node]) -> list[ua.DataValue]:
    """The present values of nodes, in requests of AT_ONCE."""
    found: list[ua.DataValue] = []
    for start in range(0, len(nodes), AT_ONCE):
        found += await client.read_attributes(list(nodes[start : start + AT_ONCE]))
    return found


def number_in(value: ua.DataValue) -> float | None:
    """The number of a value, NaN where its status is bad, None where it is no single number."""
    if value.StatusCode is not None and value.StatusCode.is_bad():
        return math.nan
    held = value.Value.Value if value.Value is not None else None
    return float(held) if isinstance(held, bool | int | float) else None


async def _numeric(client: Client, found: Sequence[Variable]) -> list[Variable]:
    """Those that hold one number; of one whose value is bad just now its type tells."""
    from asyncua import ua

    nodes = [v.node for v in found]
    kept = []
    types: list[ua.DataValue] = []
    for start in range(0, len(nodes), AT_ONCE):
        types += await client.read_attributes(nodes[start : start + AT_ONCE], ua.AttributeIds.DataType)
    for variable, value, kind in zip(found, await values(client, nodes), types, strict=True):
        number = number_in(value)
        if number is None or (math.isnan(number) and not _is_number(kind)):
            continue
        kept.append(variable)
    return kept


def _is_number(kind: ua.DataValue) -> bool:
    """Whether a data type is one of the built-in numbers (Boolean 1 to Double 11)."""
    held = kind.Value.Value if kind.Value is not None else None
    return held is not None and held.NamespaceIndex == 0 and held.Identifier in range(1, 12)


async def _units(client: Client, nodes: Sequence[Node | None]) -> list[str]:
    """The display names of engineering units; "" where there is none."""
    asked = [n for n in nodes if n is not None]
    told = iter(await values(client, asked)) if asked else iter(())
    found = []
    for node in nodes:
        held = next(told) if node is not None else None
        unit: Any = held.Value.Value if held is not None and held.Value is not None else None
        found.append(name_of(getattr(getattr(unit, "DisplayName", None), "Text", "") or "")[:40])
    return found


async def _history(client: Client, nodes: Sequence[Node]) -> list[bool]:
    """Whether the server keeps the history of each and lets it be read."""
    from asyncua import ua

    found: list[bool] = []
    for start in range(0, len(nodes), AT_ONCE):
        told = await client.read_attributes(list(nodes[start : start + AT_ONCE]), ua.AttributeIds.AccessLevel)
        found += [bool(int((t.Value.Value if t.Value is not None else 0) or 0) & _HISTORY) for t in told]
    return found


def named(paths: Iterable[tuple[tuple[str, ...], int]], asset_level: int = 0) -> list[tuple[str, str]]:
    """Component and metric of each path: the object that holds the variable, by as many of its names as make it unique.

    `asset_level` n says that the n-th name (from 1) is the asset, and all after it the signal.
    """
    given = list(paths)
    if asset_level > 0:
        cuts = [min(asset_level, len(path) - 1) for path, _ in given]
        return [
            (path[cut - 1] if cut else "", ".".join(path[cut:]))
            for (path, _), cut in zip(given, cuts, strict=True)
        ]
    owners = {path[:depth] for path, depth in given}
    short = {owner: owner[-1] if owner else "" for owner in owners}
    for length in range(2, DEEPEST + 1):
        often = Counter(short.values())
        short = {o: name if often[name] == 1 else "/".join(o[-length:]) for o, name in short.items()}
    return [(short[path[:depth]], ".".join(path[depth:])) for path, depth in given]
