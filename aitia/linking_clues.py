"""Who calls whom by clues: addresses that components listen on and others name, servers of a balancer, names of metrics, clients.

Each is a proposal for a person to read. What a client writes into a request is no clue.
"""

from __future__ import annotations

import io
import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Final, NamedTuple

from aitia.core.errors import SourceError
from aitia.core.protocols import Source
from aitia.core.resolve import Resolver
from aitia.tools.series.kinds import PEER
from aitia.tools.sources.base import LogSource, LogStream, RemoteLogSource, Series
from aitia.tools.text.names import NO_CALLERS
from aitia.tools.text.reading.open_log import open_log

Pair = tuple[str, str]
READ: Final = 8 << 20  # bytes of one log
_HINTS: Final = (b"isten", b"port", b"erving")
_HEAD: Final = 400  # bytes of a line in which it says that it listens
_LINE: Final = 4096  # bytes of a line
_PORT: Final = rb"(\d{2,5})(?!\d)"
_LISTENS: Final = re.compile(
    rb"(?i)\blisten(?:s|ing)?\b[^\n]{0,60}?\bon\b[^\n]{0,40}?\bport\W{0,4}" + _PORT
    + rb"|\blisten(?:s|ing)?\b[^\n]{0,60}?\bon\b[^\n]{0,40}?(?::|\s)" + _PORT
    + rb"|\b(?:ready|running|started|accepting|socket created)\b[^\n]{0,60}?\bport\W{0,4}" + _PORT
    + rb"|\bserving\b[^\n]{0,60}?\btraffic\b[^\n]{0,60}?:" + _PORT
)  # fmt: skip
_REQUEST: Final = re.compile(rb'"[A-Z]{3,8} [^"]*"')  # what a client wrote
_PORT_OF: Final = re.compile(rb"(?<=[: ='\"(])\d{4,5}(?![\w.:-])")
_HOST: Final = re.compile(  # 127.0.0.1 6379, but no "took 6379 ms"
    rb"(?i)(?<![\w.-])(?P<host>\d{1,3}(?:\.\d{1,3}){3}(?=,? \d*$)|(?:\d{1,3}(?:\.\d{1,3}){3}|[a-z][\w-]*(?:\.[\w-]+)*|\[::1\])"
    rb"(?=(?:/\d{1,3}(?:\.\d{1,3}){3})?[\"')\]]*(?::|\W{0,3}port\W{1,3})$))"
)
_INBOUND: Final = re.compile(
    rb"(?i)\b(?:from|by|for|client|caller|user|agent|replica|slave|standby|follower|von|de|par|da)\b[\s=:\"'(@/]*$"
)
_CONNECTED: Final = re.compile(
    rb"(?i)\bconnect(?:ed|ing|ion)?(?: \w+)? (?:to|with) (?:\w+://)?(?P<host>[a-z][\w-]*(?:\.[\w-]+)*)"
)
_ADDRESS: Final = re.compile(r"(?:\w+://)?\[?[\w.:-]*?\]?:(\d{2,5})(?:/.*)?")
_SERVED: Final = re.compile(r"slave|replica|client|standby|follower", re.IGNORECASE)
_PARTS: Final = re.compile(r"[-_.]")
_SCRAPED: Final = re.compile(r"up$|scrape_|ALERTS")
_ASKED: Final = re.compile(r"(?i)(?:^|_)(?:req|requests?|http|sessions?)(?:_|$)")
_ASKS: Final = re.compile(r"(?i)(?:request|transaction|quer(?:y|ie)|call|operation)s?(?:_|\b)")
_OF_SERVER: Final = re.compile(
    r"(?:pg|postgres|postgresql|mysql|mariadb|mongodb|mssql|sqlserver|oracledb|cockroach)_"
)
_OF_DATABASE: Final = frozenset({"datname", "database", "db", "dbname", "db_name"})
_OWN_DATABASES: Final = frozenset(
    {
        "postgres", "template0", "template1", "mysql", "information_schema", "performance_schema", "sys", "admin", "local",
        "config", "pgbouncer", "master", "default",
    }
)  # fmt: skip
"""Databases that every server of a sort has: their name tells of nobody."""
_SORT: Final = re.compile(r"(pg|mysql|mariadb|redis|mongodb)_")
_COPIES: Final = re.compile(
    r"mysql_slave_status_|mariadb_slave_status_|redis_slave_info|redis_master_link_up"
)
_IS_COPY: Final = re.compile(r"pg_replication_is_replica")
"""Series that only a copy has, and one that is 1 of it (postgres_exporter, mysqld_exporter, redis_exporter)."""
_LAST: Final = 48  # bytes before a port that may hold its host
_OWN_WORDS: Final = frozenset(
    {
        "http",
        "grpc",
        "rpc",
        "server",
        "client",
        "process",
        "request",
        "requests",
        "node",
        "host",
        "service",
        "system",
        "app",
    }
)  # of names of metrics, whoever is called so


class Named(NamedTuple):
    """What logs tell: whose a port is that one component alone listens on, who names whose address (lines, one of them), who
    writes.
    """

    ports: dict[str, str]
    pairs: dict[Pair, tuple[int, str]]
    writers: frozenset[str]


def by_ports(sources: Iterable[Source], resolver: Resolver) -> Named:
    """Who says which port it listens on, and who names it in its log."""
    streams = list(_streams(sources, resolver))
    said = defaultdict[str, set[str]](set)
    hosted: list[tuple[str, bytes]] = []  # lines with something that looks like the address of another
    for component, stream in streams:
        for line in _lines(stream):
            if any(word in line for word in _HINTS):
                for match in _LISTENS.finditer(line[:_HEAD]):
                    said[next(g for g in match.groups() if g).decode()].add(component)
            if _PORT_OF.search(line, 0, _LINE) or _CONNECTED.search(line, 0, _LINE):
                hosted.append((component, line))
    ports = {port: min(owners) for port, owners in said.items() if len(owners) == 1}
    found: dict[Pair, tuple[int, str]] = {}
    for component, line in hosted:
        for pair in set(_named(component, line, ports, resolver)):
            found[pair] = (found.get(pair, (0, ""))[0] + 1, line.decode(errors="replace").strip()[:200])
    return Named(ports, found, frozenset(c for c, _ in streams))


def _streams(sources: Iterable[Source], resolver: Resolver) -> Iterator[tuple[str, LogStream]]:
    """The files that one component alone writes."""
    for source in sources:
        if (
            source.kind == "logs"
            and isinstance(source, LogSource)
            and not isinstance(source, RemoteLogSource)
        ):
            with suppress(SourceError):  # `calls` has told it
                for stream in source.streams():
                    component = resolver.resolve(stream.component) or stream.component
                    if stream.only is None and component.casefold() not in NO_CALLERS:
                        yield component, stream


def _lines(stream: LogStream) -> Iterator[bytes]:
    for path in stream.paths:
        with suppress(SourceError, OSError), open_log(path) as file:
            yield from io.BytesIO(file.read(READ))


def _named(component: str, line: bytes, ports: Mapping[str, str], resolver: Resolver) -> Iterator[Pair]:
    """By the host, if that or its first label is a component, else by the port."""
    text = _REQUEST.sub(b"", line[:_LINE])
    for match in _CONNECTED.finditer(text):
        other = _by_host(match["host"], resolver)
        if other and other != component:
            yield component, other
    for match in _PORT_OF.finditer(text):
        before = text[max(0, match.start() - _LAST) : match.start()]
        host = _HOST.search(before)
        if host is None:
            continue
        other = _by_host(host["host"], resolver) or ports.get(match.group().decode(), "")
        if other and other != component:
            yield (other, component) if _INBOUND.search(before[: host.start()]) else (component, other)


def _by_host(raw: bytes, resolver: Resolver) -> str:
    host = raw.decode(errors="replace")
    return resolver.resolve(host) or resolver.resolve(host.partition(".")[0])


def by_values(series: Sequence[Series], ports: Mapping[str, str], resolver: Resolver) -> Iterator[Pair]:
    """Pairs that labels tell: an address whose port is known, a balancer's server that is called as one component ends."""
    ends = defaultdict[str, set[str]](set)
    for component in resolver.components:
        parts = _PARTS.split(component.id.casefold())
        for size in range(1, len(parts)):
            ends["-".join(parts[-size:])].add(component.id)
    for one in series:
        own = resolver.resolve(one.component)
        if not own:
            continue
        for key, value in one.labels.items():
            address = _ADDRESS.fullmatch(value)
            port = address[1] if address else value if key.endswith("port") else ""
            if other := ports.get(port, ""):
                if other != own and key not in ("instance", "exported_instance"):
                    yield (other, own) if _SERVED.search(key) else (own, other)
            elif key in PEER and not resolver.resolve(value):
                meant = ends.get("-".join(_PARTS.split(value.casefold())), set()) - {own}
                if len(meant) == 1:
                    yield own, min(meant)


def by_databases(series: Sequence[Series], resolver: Resolver) -> Iterator[Pair]:
    """Pairs that a database's name tells: a pooler or application has it in a label, and a server's own series do as well.

    A primary and its copies hold the same one: all of them may be called.
    """
    held, asked = defaultdict[str, set[str]](set), defaultdict[str, set[str]](set)
    for one in series:
        if own := resolver.resolve(one.component):
            for key, value in one.labels.items():
                if key in _OF_DATABASE and value and value.casefold() not in _OWN_DATABASES:
                    (held if _OF_SERVER.match(one.metric) else asked)[value].add(own)
    for name, callers in asked.items():
        yield from ((a, b) for a in sorted(callers - held[name]) for b in sorted(held[name]))


def by_copies(series: Sequence[Series], resolver: Resolver) -> Iterator[Pair]:
    """A copy with what it copies: a server that says it is one, and the only other server of its sort that does not."""
    servers, copies = defaultdict[str, set[str]](set), defaultdict[str, set[str]](set)
    for one in series:
        sort = _SORT.match(one.metric)
        if sort and (own := resolver.resolve(one.component)):
            servers[sort[1]].add(own)
            if _COPIES.search(one.metric) or (
                _IS_COPY.search(one.metric) and one.v.size and one.v[-1] == 1.0
            ):
                copies[sort[1]].add(own)
    for sort_, of in copies.items():
        sources = servers[sort_] - of
        if len(sources) == 1:
            yield from ((own, min(sources)) for own in sorted(of))


def by_names(series: Sequence[Series], resolver: Resolver) -> Iterator[Pair]:
    """Pairs that names of metrics tell: `board_ledger_query_seconds` of `board` is about `ledger`, if that is a component.

    What a name begins with is whose it is; what most components count alike is about none of them.
    """
    of = defaultdict[tuple[str, ...], set[str]](set)
    for one in series:
        if own := resolver.resolve(one.component):
            of[tuple(re.split(r"[_.:]", one.metric.casefold()))].add(own)
    everybody = {own for owners in of.values() for own in owners}
    for other in sorted(everybody):
        wanted = tuple(_PARTS.split(other.casefold()))
        if set(wanted) <= _OWN_WORDS:
            continue
        tell = {
            own for name, owners in of.items() if wanted in _runs(name[1:], len(wanted)) for own in owners
        } - {other}
        if len(tell) * 2 <= len(everybody):
            yield from (
                (own, other) for own in sorted(tell) if not set(wanted) <= set(_PARTS.split(own.casefold()))
            )


def _runs(name: Sequence[str], size: int) -> set[tuple[str, ...]]:
    return {tuple(name[i : i + size]) for i in range(len(name) - size + 1)}


def clients(
    series: Sequence[Series], writers: Collection[str], pairs: Collection[Pair], resolver: Resolver
) -> Iterator[Pair]:
    """Those of whom nothing but their own requests is measured, with the one component that calls others and whom nobody calls.

    A browser, a terminal or a probe has no log and no process here; where several that serve requests are called by nobody, none
    is told.
    """
    of = defaultdict[str, set[str]](set)
    for one in series:
        if own := resolver.resolve(one.component):
            of[own].add(one.metric)
    called, calling = {b for _, b in pairs}, {a for a, _ in pairs}
    asking = {
        own for own, names in of.items()
        if own not in called | calling | set(writers)
        and (told := [n for n in names if not _SCRAPED.match(n)]) and all(map(_ASKS.search, told))
    }  # fmt: skip
    roots = {c for c in calling - called - asking if any(map(_ASKED.search, of.get(c, ())))}
    if len(roots) == 1:
        yield from ((own, min(roots)) for own in sorted(asking))
