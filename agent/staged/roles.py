"""What sort of server a component is, by the names that its software gives its metrics and by its own; which kinds befit it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from typing import Final

SOFTWARE: Final[dict[str, tuple[str, ...]]] = {
    "database": (
        "pg", "postgres", "postgresql", "mysql", "mariadb", "mongodb", "mongo", "oracledb", "mssql", "cassandra", "clickhouse",
        "influxdb", "elasticsearch", "opensearch", "cockroachdb", "couchdb", "neo4j",
    ),
    "pooler": ("pgbouncer", "odyssey", "proxysql", "pgpool"),
    "cache": ("redis", "valkey", "memcached", "keydb"),
    "broker": (
        "rabbitmq", "kafka", "nats", "gnatsd", "mosquitto", "activemq", "artemis", "pulsar", "beanstalkd", "beanstalk", "emqx",
    ),
    "resolver": ("bind", "unbound", "coredns", "dnsmasq", "pdns", "knot"),
    "proxy": ("haproxy", "nginx", "varnish", "envoy", "traefik", "squid", "caddy", "apache", "lighttpd"),
    "coordinator": ("etcd", "zk", "zookeeper", "consul", "vault"),
    "mail": ("postfix", "exim", "dovecot", "sendmail"),
}  # fmt: skip
"""Names of software, with which its exporters begin the names of metrics."""
NAMES: Final[dict[str, tuple[str, ...]]] = {
    "database": ("db", "sql", "sqlite", "database"),
    "pooler": ("pooler",),
    "cache": ("memc", "cache", "sentinel"),
    "broker": ("mq", "broker", "bus", "mqtt", "queue"),
    "resolver": ("dns", "ns", "resolver"),
    "proxy": ("httpd", "proxy", "gateway", "lb", "ingress", "edge"),
    "coordinator": ("zoo",),
    "mail": ("smtp", "mail", "imap"),
}
"""Words by which people call such a server."""
_OF_METRIC: Final = {name: role for role, names in SOFTWARE.items() for name in names}
_ROLE: Final = _OF_METRIC | {name: role for role, names in NAMES.items() for name in names}
_TELLING: Final = {
    n: r for n, r in _OF_METRIC.items() if n not in ("bind", "knot", "vault", "apache", "zk", "pg")
}
_COMMON: Final = frozenset(
    {"up", "process", "probe", "go", "python", "scrape", "promhttp", "net", "target", "build"}
)
STORES: Final = frozenset({"database", "cache", "broker", "coordinator"})
OUTSIDE: Final = frozenset({"unseen", "outside"})
"""Of whom nothing is measured, or only by checks from outside: as a rule somebody else's."""
FITS: Final[dict[str, frozenset[str]]] = {
    "software.lock_wait": frozenset({"database", "coordinator", "pooler"}),
    "software.replication": frozenset({"database", "coordinator", "cache"}),
    "software.data": frozenset({"database", "app", "cache"}),
    "software.exception": frozenset({"app"}),
    "software.regression": frozenset({"app"}),
    "software.quota": frozenset({"unseen", "outside", "app", "proxy"}),
    "software.certificate": frozenset({"unseen", "outside", "app", "proxy", "broker", "mail"}),
    "software.latency": frozenset({"unseen", "outside", "app"}),
    "network.dns": frozenset({"resolver"}),
    "resource.io": STORES,
    "resource.disk": STORES,
    "resource.connections": frozenset({"database", "pooler", "proxy", "broker"}),
}
"""Roles that a kind befits; of the others no role tells for or against."""
ODD: Final[dict[str, frozenset[str]]] = {
    "software.quota": frozenset({"database", "cache", "resolver", "broker", "coordinator", "pooler"}),
    "software.data": frozenset({"resolver", "proxy", "pooler", "broker", "coordinator"}),
    "software.lock_wait": frozenset({"resolver", "proxy", "unseen", "outside"}),
    "software.certificate": frozenset({"resolver", "cache"}),
    "network.dns": frozenset({"database", "cache", "broker", "coordinator", "pooler"}),
    "software.exception": frozenset({"database", "cache", "broker", "resolver", "proxy", "coordinator", "pooler"}),
    "software.replication": frozenset({"app", "proxy", "resolver", "unseen", "outside", "client"}),
    "resource.connections": frozenset({"unseen", "outside", "resolver", "client"}),
    "software.crash": frozenset({"client"}),
    "software.credentials": frozenset({"resolver", "client"}),
}  # fmt: skip


def role_of(names: Iterable[str], metrics: Iterable[str]) -> str:
    """The role by the first words of its metrics, where most begin so (a client of a database counts what it asks of it as well),
    else by its names; "" where none tells.
    """
    first = [m.lower() for m in metrics if m and m.split("_", 1)[0].lower() not in _COMMON]
    found = Counter(_OF_METRIC.get(m.split("_", 1)[0], "") for m in first if "_client_" not in m)
    if found and (best := found.most_common(1)[0])[0] and 2 * best[1] > len(first):
        return best[0]
    for name in names:
        for word in re.split(r"[^a-z]+", name[:120].lower()):
            if word in _ROLE:
                return _ROLE[word]
            if len(word) > 4 and (
                role := next((r for w, r in _ROLE.items() if len(w) > 3 and word.endswith(w)), "")
            ):
                return role
    return ""


def software_in(text: str) -> set[str]:
    """The roles of the software that words of a text or of a metric's name name (`lobby_redis_errors_total`: cache)."""
    words = re.findall(r"[a-z]{2,24}", text.lower())
    return {
        role
        for name, role in _TELLING.items()
        if any(w == name or (len(name) > 3 and w.startswith(name)) for w in words)
    }
