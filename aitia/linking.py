"""Which component calls which, proposed from what the sources hold: labels that name a peer, peers named in logs, traces."""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import partial
from itertools import islice
from pathlib import Path
from types import MappingProxyType
from typing import Final

from aitia.core.disk import write_whole
from aitia.core.errors import BadInput, SourceError
from aitia.core.protocols import Source
from aitia.core.resolve import Resolver
from aitia.core.words import Component, Link, Window, Word
from aitia.linking_clues import by_copies, by_databases, by_names, by_ports, by_values, clients
from aitia.tools.logs.mine import mine
from aitia.tools.series.kinds import CLIENT, PEER
from aitia.tools.series.large import is_large
from aitia.tools.sources.base import LogSource, LogStream, MetricSource, RemoteLogSource, Series
from aitia.tools.sources.opening import build_inventory
from aitia.tools.text.names import HOST_LOGS, NO_CALLERS, Names
from aitia.tools.text.reading.open_log import open_log

LEAST: Final = 3  # lines of one component that name another: a single one may quote anything
READ: Final = 8 << 20  # bytes of one component's logs
_KEEPS: Final = re.compile(
    r"(?i)\b(?:spawn\w*|pid|exited|start(?:ed|ing)|stopp(?:ed|ing)|reaped|entered|restart\w*)\b"
)
_PAIRS: Final = (
    ("source_workload", "destination_workload"),
    ("source_app", "destination_app"),
    ("client", "server"),
    ("source", "destination"),
)
_HEAD, _LINE = (
    200,
    4096,
)  # lines of a system log, and bytes of each, that are looked at for the machine's name
_SYSLOG: Final = re.compile(
    r"(?:<\d+>\d* ?)?(?:[A-Z][a-z]{2} [ \d]\d [\d:]{8}|\d{4}-\d\d-\d\dT\S+) (?P<host>[A-Za-z][\w.-]*) [\w./@-]+(?:\[\d+\])?: "
)
_INBOUND: Final = r"\b(?:from|by|for|client|caller|user|agent|von|de|par|da)\b[\s=:\"'(@/]*(?:\w+[\s=:]+)?"


class Call(Word):
    """One component calls another. `lines` of logs and `series` say so, and `drawn` where traces or owners do."""

    caller: str
    callee: str
    lines: int = 0
    series: int = 0
    drawn: bool = False
    example: str = ""

    @property
    def why(self) -> str:
        """What it was seen by."""
        lines = "1 log line" if self.lines == 1 else f"{self.lines} log lines"
        parts = [lines] * bool(self.lines) + [f"{self.series} series"] * bool(self.series)
        return ", ".join(parts + ["traces or the cluster"] * self.drawn)


def calls(sources: Sequence[Source], window: Window) -> tuple[list[Call], list[str]]:
    """All calls that the sources (topologies aside) show in the window, by caller and callee, and what could not be read.

    Of two components that name each other the more frequent direction is taken, of equals both: a server logs who called it
    as well.
    """
    sources = [s for s in sources if s.kind != "topology"]  # what is proposed anew does not speak for itself
    resolver, problems = Resolver(), []
    inventory = build_inventory(sources, window, resolver)
    problems += [f"{h.source}: {h.note}" for h in inventory.holdings if h.unread]
    lines, series = Counter[tuple[str, str]](), Counter[tuple[str, str]]()
    examples: dict[tuple[str, str], str] = {}
    names = Names(inventory.components)
    named = by_ports(sources, resolver)
    measured: list[Series] = []
    copied: set[tuple[str, str]] = set()  # a copy asks for changes, it serves nobody's requests by that
    for source in sources:
        try:
            if source.kind == "metrics" and isinstance(source, MetricSource):
                if is_large(source, window):
                    problems.append(
                        f"{source.name}: too many series to look at their labels; give a shorter --last"
                    )
                else:
                    read = source.read(window)
                    series.update(_by_labels(read, resolver))
                    series.update(by_values(read, named.ports, resolver))
                    series.update(by_names(read, resolver))
                    series.update(by_databases(read, resolver))
                    series.update(copying := set(by_copies(read, resolver)))
                    copied |= copying
                    measured += read
            elif source.kind == "logs" and isinstance(source, LogSource):
                for pair, count, text in _by_logs(source, window, resolver, names):
                    lines[pair] += count
                    examples.setdefault(pair, text)
        except SourceError as error:
            problems.append(str(error))
    for pair, (count, text) in named.pairs.items():
        lines[pair] += max(count, LEAST)  # an address that a component listens on is no quotation
        examples.setdefault(pair, text)
    drawn = {(c.id, link.to) for c in inventory.components for link in c.links if link.relation == "calls"}
    seen = {pair for pair, count in lines.items() if count >= LEAST} | set(series) | drawn
    weight = {pair: (pair in drawn, series[pair], lines[pair]) for pair in seen}
    kept = sorted(p for p in seen if p in drawn or weight[p] >= weight.get(p[::-1], (False, 0, 0)))
    serving = [p for p in kept if p not in copied]
    for pair in clients(measured, named.writers, serving, resolver):
        series[pair] += 1
        kept.append(pair)
    return [
        Call(caller=a, callee=b, lines=lines[a, b], series=series[a, b], drawn=(a, b) in drawn, example=examples.get((a, b), ""))
        for a, b in kept
    ], problems  # fmt: skip


def hosts_of(sources: Sequence[Source]) -> dict[str, tuple[str, ...]]:
    """The machines that keep a system log on this disk, each with its files' names: where all lines come from one machine."""
    found: dict[str, list[str]] = defaultdict(list)
    for source in sources:
        if source.kind != "logs" or not isinstance(source, LogSource) or isinstance(source, RemoteLogSource):
            continue
        with suppress(SourceError):  # `calls` has told it
            for stream in source.streams():
                machines = _machines(stream) if stream.component.casefold() in HOST_LOGS else set()
                if len(machines) == 1:
                    found[machines.pop()].append(stream.component)
    shared = Counter(name for names in found.values() for name in set(names))
    return {
        machine: own
        for machine, names in sorted(found.items())
        if (own := tuple(n for n in sorted(set(names)) if shared[n] == 1))
    }


def _machines(stream: LogStream) -> set[str]:
    named: set[str] = set()
    for path in stream.paths:
        with open_log(path) as file:
            lines = islice(iter(partial(file.readline, _LINE), b""), _HEAD)
            head = [line.decode(errors="replace") for line in lines]
        named |= {match["host"] for line in head if (match := _SYSLOG.match(line))}
    return named


def components_of(
    found: Iterable[Call], hosts: Mapping[str, tuple[str, ...]] = MappingProxyType({})
) -> list[Component]:
    """The components of a topology file: everything that calls or is called, with its calls, and the machines."""
    links: dict[str, set[str]] = defaultdict(set)
    for call in found:
        links[call.caller].add(call.callee)
        links.setdefault(call.callee, set())
    return [
        Component(id=name, type="service", links=tuple(Link(relation="calls", to=to) for to in sorted(links[name])))
        for name in sorted(links)
    ] + [Component(id=name, type="node", aliases=files) for name, files in sorted(hosts.items())]  # fmt: skip


def _by_labels(series: Iterable[Series], resolver: Resolver) -> Iterator[tuple[str, str]]:
    """Callers and callees that labels name: `peer`, `application_name`, or both ends as a mesh writes them."""
    for one in series:
        own = resolver.resolve(one.component)
        for caller, callee in _PAIRS:
            ends = [resolver.resolve(one.labels.get(key, "")) for key in (caller, callee)]
            if all(ends) and ends[0] != ends[1]:
                yield ends[0], ends[1]
                break
        else:
            peer = next((p for k in PEER if (p := resolver.resolve(one.labels.get(k, ""))) and p != own), "")
            client = next(
                (c for k in CLIENT if (c := resolver.resolve(one.labels.get(k, ""))) and c != own), ""
            )
            if own and peer:
                yield own, peer
            elif own and client:
                yield client, own


def _by_logs(
    source: LogSource, window: Window, resolver: Resolver, names: Names
) -> Iterator[tuple[tuple[str, str], int, str]]:
    """Who names whom in its log, how many lines of one template do, and that template."""
    streams = source.fetch([window]) if isinstance(source, RemoteLogSource) else source.streams()
    by_component: dict[str, list[tuple[str, LogStream]]] = defaultdict(list)
    for stream in streams:
        by_component[resolver.resolve(stream.component) or stream.component].append((source.name, stream))
    for component, own in sorted(by_component.items()):
        if component.casefold() in NO_CALLERS:
            continue
        for count in mine(component, own, window, (), names, budget=READ).counts:
            text = count.template.text
            if not count.window or _KEEPS.search(text):  # who keeps a process running does not call it
                continue
            for other in names.of(text):
                if other != component:
                    pair = (other, component) if _inbound(text, other, names) else (component, other)
                    yield pair, count.window, text


def _inbound(text: str, other: str, names: Names) -> bool:
    """Whether the text names the other as the one who came: `from web`, `client web`."""
    said = [re.escape(alias) for alias, id in names.alias.items() if id == other]
    return bool(re.search(rf"(?i){_INBOUND}(?:{'|'.join(said)})(?![\w-])", text))


def write_topology(
    file: Path,
    found: Sequence[Call],
    *,
    hosts: Mapping[str, tuple[str, ...]] = MappingProxyType({}),
    force: bool = False,
) -> None:
    """Write a topology file. Raises BadInput where one is there and `force` is not given, or where it cannot be written."""
    if file.exists() and not force:
        raise BadInput(f"{str(file)!r} already exists. Add --force to overwrite it.")
    why = {(c.caller, c.callee): c.why for c in found}
    lines = [
        "# Which component calls which: proposed by aitia, to be corrected by a person.\n",
        "components:\n",
    ]
    for component in components_of(found, hosts):
        lines.append(f"  - id: {json.dumps(component.id, ensure_ascii=False)}\n    type: {component.type}\n")
        if component.aliases:
            told = json.dumps(list(component.aliases), ensure_ascii=False)
            lines.append(f"    aliases: {told} # its system log names it\n")
        lines += ["    links:\n"] * bool(component.links)
        for link in component.links:
            to = json.dumps(link.to, ensure_ascii=False)
            lines.append(f"      - {{relation: calls, to: {to}}} # {why[component.id, link.to]}\n")
    try:
        write_whole(file, "".join(lines).encode())
    except OSError as error:
        raise BadInput(f"Cannot write {str(file)!r} ({error.strerror}). Choose another --file.") from None
