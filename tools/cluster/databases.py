"""Databases: what clients and servers say of refused logins, used-up connections, read-only mode and wrong ports."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from aitia.tools.cluster.finding import CONTRADICTION, LIKELY, POSSIBLE, SAID, Finding, logs, manifest, quote
from aitia.tools.cluster.objects import LogLine
from aitia.tools.cluster.state import State
from aitia.tools.cluster.workloads import recent

_IMAGE = re.compile(
    r"(?i)mysql|mariadb|percona|postgres|mongo|cockroach|tidb|oceanbase|mssql|oracle-?db|cassandra"
)
_NAME = re.compile(r"(?i)mysql|mariadb|postgres|mongo|(^|-)(rds|sql|database)(-|$)|db$|-db-")
_DENIED = re.compile(
    r"(?i)Access denied for user '?[^'\s]*'?@|Error 1045|password authentication failed|28P01"
    r"|\bAuthentication failed\b.*(mongo|sasl|scram)"
    r"|ER_ACCESS_DENIED|Access denied for user '[^']*' to database|WRONGPASS|invalid (?:username|password)[\w\s-]*database"
)
_FULL = re.compile(
    r"(?i)Too many connections|max_user_connections|remaining connection slots are reserved"
    r"|sorry, too many clients|Error 1040|53300|ER_CON_COUNT"
)
_READONLY = re.compile(
    r"(?i)--read-only option|--super-read-only|in a read-only transaction|Error 1290|Error 1836|read[- ]only mode"
    r"|READONLY You can't write|server is running with the .*read.only|Connection is read-only"
)
_LINK = re.compile(
    r"(?i)Communications link failure|CommunicationsException|Could not (?:open|create) (?:JDBC )?[Cc]onnection"
    r"|Unable to obtain (?:isolated )?JDBC|could not connect to server|Can't connect to (?:local )?(?:MySQL|server)"
    r"|mysql.*connection refused|HikariPool.*Exception during pool init"
)
_POOL = re.compile(
    r"(?i)Connection is not available, request timed out|connection pool (?:is )?exhausted|QueuePool limit"
)
_LISTEN = re.compile(r"(?m)(?:^|\s)(?:--port[=\s]|port\s*=\s*|MYSQL_TCP_PORT=)(\d{2,5})\b")
_PORT = re.compile(r"(?i)(?P<host>[a-z0-9.-]+):(?P<port>\d{2,5})\b[^\n]{0,60}(?:refused|timed? ?out|failed)")
_FEW: Final = re.compile(r"(?i)max[_-]connections\s*[=:\s]\s*['\"]?(\d+)")
_RO_SETTING = re.compile(
    r"(?im)(?:^|[\s\"'-])(?:super[_-])?read[_-]only\s*(?:[=:]\s*['\"]?(1|on|true)\b|(?=[\s\"',]|$)(?!\s*[=:]))"
)
SCARCE: Final = 30


def is_database(state: State, app: str) -> bool:
    """Whether an app is a database server, by its image or else its name."""
    images = [c.image.rpartition("/")[2] for c in state.spec(app).containers if not c.init]
    return any(
        _IMAGE.search(i) and not re.search(r"(?i)exporter|backup|client|admin", i) for i in images
    ) or bool(_NAME.search(app))


def find(state: State) -> Iterator[Finding]:
    """Findings from the log lines of clients and servers, and from the settings of servers."""
    servers = [a for a in state.apps if is_database(state, a)]
    yield from _settings(state, servers)
    yield from _credentials(state, servers)
    for aspect, pattern, what in (
        ("k8s.database_connections", _FULL, "its connections are used up"),
        ("k8s.database_readonly", _READONLY, "it accepts no writes"),
    ):
        yield from _server_fault(state, servers, aspect, pattern, what)
    yield from _links(state, servers)
    yield from _pools(state, servers)


def charged(state: State) -> dict[str, str]:
    """Apps that complain of what a database server does not do (take their connections, their writes), with that server."""
    servers = [a for a in state.apps if is_database(state, a)]
    apps = [app for pattern in (_FULL, _READONLY) for app in _hits(state, pattern)]
    return {a: server for a in apps if (server := _server(state, servers, a)) not in ("", a)}


def _hits(state: State, pattern: re.Pattern[str]) -> dict[str, LogLine]:
    found: dict[str, LogLine] = {}
    for app in state.apps:
        told = (
            LogLine(text=e.message, count=e.count)
            for p in state.pods_of(app)
            for e in p.events
            if e.type == "Warning"
        )
        lines = [line for line in (*state.lines(app), *told) if pattern.search(line.text)]
        if lines:
            best = max(lines, key=lambda x: (x.count, x.text))
            found[app] = LogLine(text=best.text, count=sum(x.count for x in lines))
    return found


def _server(state: State, servers: list[str], client: str) -> str:
    """The database that a client uses: the one it calls, the one that its line names, the only one, or ""."""
    called = [s for s in servers if s in state.calls.get(client, ())]
    if len(called) == 1:
        return called[0]
    if client in servers:
        return client
    named = [s for s in servers if any(s in line.text for line in state.lines(client))]
    if len(named) == 1:
        return named[0]
    return servers[0] if len(servers) == 1 else ""


def _said(text: str, pattern: re.Pattern[str]) -> str:
    match = pattern.search(text)
    start = max(0, (match.start() if match else 0) - 40)
    return quote(text[start : start + 200], 170)


def _credentials(state: State, servers: list[str]) -> Iterator[Finding]:
    hits = _hits(state, _DENIED)
    clients = {a: line for a, line in hits.items() if a not in servers}
    many = len(clients) >= 3
    for app, line in clients.items():
        yield Finding(
            aspect="k8s.database_credentials",
            component=app,
            statement=f'{app}: the database refused its login {line.count} times: "{_said(line.text, _DENIED)}".',
            strength=POSSIBLE if many else CONTRADICTION if state.short(app) else SAID,
            call=logs(app, state.namespace),
            values={"count": line.count},
            quotes=True,
        )
    server = next((s for s in servers if s in hits), "") or (
        _server(state, servers, next(iter(clients))) if clients else ""
    )
    if server and (many or not clients):
        yield Finding(
            aspect="k8s.database_credentials",
            component=server,
            statement=f"{server}: it refuses the logins of {len(clients) or 'several'} clients.",
            strength=SAID if many else POSSIBLE,
            call=logs(server, state.namespace),
            values={"clients": len(clients)},
        )


def _server_fault(
    state: State, servers: list[str], aspect: str, pattern: re.Pattern[str], what: str
) -> Iterator[Finding]:
    hits = _hits(state, pattern)
    blamed: dict[str, list[str]] = {}
    for app in hits:
        blamed.setdefault(_server(state, servers, app) or app, []).append(app)
    for server, clients in sorted(blamed.items()):
        line = hits[clients[0]]
        yield Finding(
            aspect=aspect,
            component=server,
            statement=(
                f"{server}: {what}, according to {len(clients)} of its clients ({', '.join(clients[:3])}): "
                f'"{_said(line.text, pattern)}".'
            ),
            strength=SAID if server in servers else LIKELY,
            call=logs(clients[0], state.namespace),
            values={"clients": len(clients), "count": sum(hits[c].count for c in clients)},
            quotes=True,
        )


def settings_of(state: State, app: str) -> str:
    """The arguments, variables and config maps of an app as one text."""
    spec = state.spec(app)
    parts = [w for c in spec.containers for w in c.command]
    parts += [f"{k}={v}" for c in spec.containers for k, v in sorted(c.env.items())]
    names = {r.name for c in spec.containers for r in c.references} | {r.name for r in spec.references}
    parts += [state.config_texts.get(n, "") for n in sorted(names)]
    return "\n".join(parts)


def _settings(state: State, servers: list[str]) -> Iterator[Finding]:
    for app in servers:
        text = settings_of(state, app)
        few = _FEW.search(text)
        if few and int(few.group(1)) <= SCARCE:
            yield Finding(
                aspect="k8s.database_connections",
                component=app,
                statement=f"{app}: it is set to at most {few.group(1)} connections, with {len(state.callers(app))} callers.",
                strength=SAID if _hits(state, _FULL) else LIKELY,
                call=manifest(app, state.namespace),
                values={"max_connections": int(few.group(1)), "callers": len(state.callers(app))},
            )
        yield from _own_port(state, app)
        if _RO_SETTING.search(text):
            yield Finding(
                aspect="k8s.database_readonly",
                component=app,
                statement=f"{app}: it is started in read-only mode.",
                strength=CONTRADICTION if _hits(state, _READONLY) else SAID - 0.05,
                call=manifest(app, state.namespace),
            )


def _own_port(state: State, app: str) -> Iterator[Finding]:
    """A server that is told to listen where no service leads."""
    told = _LISTEN.search(settings_of(state, app))
    targets = {p.target or str(p.number) for s in state.services_of(app) for p in s.ports}
    named = {
        p.name
        for c in state.spec(app).containers
        for p in c.ports
        if str(p.number) == (told.group(1) if told else "")
    }
    if told and targets and told.group(1) not in targets and not named & targets:
        yield Finding(
            aspect="k8s.database_port",
            component=app,
            statement=(
                f"{app}: it is configured to listen on port {told.group(1)}, but its services point to "
                f"{', '.join(sorted(targets))}."
            ),
            strength=SAID,
            call=manifest(app, state.namespace),
            values={"port": int(told.group(1))},
        )


def _pools(state: State, servers: list[str]) -> Iterator[Finding]:
    """Clients that wait in vain for a connection of their own pool, where no server complains of too many."""
    if _hits(state, _FULL):
        return
    for app, line in _hits(state, _POOL).items():
        if app not in servers:
            yield Finding(
                aspect="k8s.database_connections",
                component=app,
                statement=f'{app}: its pool of database connections is used up: "{_said(line.text, _POOL)}".',
                strength=POSSIBLE,
                call=logs(app, state.namespace),
                values={"count": line.count},
                quotes=True,
            )


def _links(state: State, servers: list[str]) -> Iterator[Finding]:
    """A client that alone cannot connect to a database that serves others: its port, where its lines tell no other reason."""
    hits = {a: line for a, line in _hits(state, _LINK).items() if a not in servers}
    other = {*_hits(state, _DENIED), *_hits(state, _FULL)}
    # Many complain while they start; those that crash now are the ones that never got through.
    crashing = [a for a in hits if any(recent(p) or p.status == "CrashLoopBackOff" for p in state.broken(a))]
    for app, line in hits.items():
        server = _server(state, servers, app)
        if app in other or not server or state.short(server) or not state.pods_of(server):
            continue
        ports = {p.number for s in state.services_of(server) for p in s.ports}
        asked = next(
            (
                int(m.group("port"))
                for x in state.lines(app)
                for m in _PORT.finditer(x.text)
                if server in m.group("host")
            ),
            0,
        )
        wrong = bool(asked and ports and asked not in ports)
        alone = len(hits) <= 2 or (app in crashing and len(crashing) <= 2)
        if not wrong and not alone:
            continue
        what = (
            f" (it connects to port {asked}, but the service exposes {', '.join(map(str, sorted(ports)))})"
            if wrong
            else ""
        )
        yield Finding(
            aspect="k8s.database_port",
            component=app,
            statement=f'{app}: it cannot connect to {server}, which is running{what}: "{_said(line.text, _LINK)}".',
            strength=SAID if wrong else LIKELY - 0.1 if state.short(app) else POSSIBLE,
            call=logs(app, state.namespace),
            values={"count": line.count, "port": asked},
            quotes=True,
        )
