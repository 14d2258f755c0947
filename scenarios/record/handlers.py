"""What the four services do with a request. `release` holds what a new version changed, the slips included."""

from __future__ import annotations

import json
import logging
import random
import re
import time
from collections.abc import Callable
from typing import Any

from aitia.lab.exposition import Exposition
from scenarios.record.stores import Cache, Database, Peer

Reply = tuple[int, bytes]
Handler = Callable[["Shop", str], Reply]


class Shop:
    """A service's stores, peers and release."""

    def __init__(self, config: dict[str, Any], metrics: Exposition) -> None:
        self.name: str = config["name"]
        self.release: dict[str, float] = config.get("release", {})
        self.metrics = metrics
        self.random = random.Random(config.get("seed", 0))
        self.recent: list[bytes] = []
        self.sessions: list[Any] = []
        db, cache = config.get("db"), config.get("cache")
        self.db = Database(metrics, dsn=db, size=config["pool"], max_age_s=15.0) if db else None
        self.cache = Cache(metrics, port=cache) if cache else None
        self.peers = {
            name: Peer(metrics, name=name, port=port) for name, port in config.get("peers", {}).items()
        }
        self.log = logging.getLogger(self.name)

    def query(self, sql: str, *parameters: Any) -> list[tuple[Any, ...]]:
        """Rows of one statement."""
        if self.db is None:
            raise ConnectionError(f"{self.name} has no database configured")
        return self.db.run(sql, parameters)

    def before(self, subject: int) -> None:
        """What every request of this version does first."""
        self.remember(subject)
        self.open_audit_session()
        self.rank_related(subject)
        self.check_locale(subject)

    def remember(self, subject: int) -> None:
        """Keep the request for the 'recently seen' list."""
        size = int(self.release.get("recent_kb", 0))
        if size:
            self.recent.append(b"%d" % subject + b"." * (size * 1024))

    def open_audit_session(self) -> None:
        """Write the audit trail over a session of its own."""
        if self.random.random() >= self.release.get("audit_share", 0.0):
            return
        if self.db is not None:
            session = self.db.connect()
            session.execute("SELECT 1")
            self.sessions.append(session)
        elif self.cache is not None:
            link = self.cache.connect()
            link.sendall(b"PING\r\n")
            if not link.recv(64).startswith(b"+"):
                raise ConnectionError("redis: max number of clients reached")
            self.sessions.append(link)

    def rank_related(self, subject: int) -> None:
        """Score related items; the new ranking looks at every pair."""
        until = time.thread_time() + self.release.get("rank_ms", 0.0) / 1e3
        score = float(subject)
        while time.thread_time() < until:
            score = sum((score + k) ** 0.5 for k in range(400))

    def check_locale(self, subject: int) -> None:
        """Prices and names in the customer's locale."""
        if self.random.random() >= self.release.get("locale_share", 0.0):
            return
        locale: dict[str, str] = {"language": "en", "country": "IE"}
        self.log.debug("subject %d pays in %s", subject, locale["currency"])


def number_in(path: str) -> int:
    """The last number of a path, 0 where there is none."""
    found = re.findall(r"\d+", path)
    return int(found[-1]) if found else 0


def get_item(shop: Shop, path: str) -> Reply:
    item = number_in(path)
    shop.before(item)
    if shop.cache is None:
        return 503, b"{}"
    try:
        found = shop.cache.command("GET", f"item:{item}")
        shop.metrics.count("cache_hits_total" if found else "cache_misses_total")
        if not found:
            shop.cache.command("SET", f"item:{item}", json.dumps({"item": item}), "EX", "20")
    except OSError as error:
        shop.log.error("cache lookup of item %d failed: %s: %s", item, type(error).__name__, error)
        return 503, b'{"error": "item unavailable"}'
    return 200, json.dumps({"item": item, "price": 5 + item % 90}).encode()


def get_user(shop: Shop, path: str) -> Reply:
    user = number_in(path)
    shop.before(user)
    rows = shop.query("SELECT name FROM users WHERE id = %s", user)
    return (200, json.dumps({"name": rows[0][0]}).encode()) if rows else (404, b"{}")


def post_charge(shop: Shop, path: str) -> Reply:
    order = number_in(path)
    shop.before(order)
    time.sleep(shop.random.uniform(0.004, 0.012))  # the card network
    shop.query("INSERT INTO charges (order_ref, cents) VALUES (%s, %s)", order, 100 + order % 5000)
    shop.metrics.count("charges_total")
    return 201, b'{"charged": true}'


def get_order(shop: Shop, path: str) -> Reply:
    shop.before(number_in(path))
    rows = shop.query("SELECT id, item FROM orders WHERE id = %s", number_in(path))
    return 200, json.dumps({"order": rows[0][0] if rows else None}).encode()


def post_order(shop: Shop, path: str) -> Reply:
    item = number_in(path)
    shop.before(item)
    for peer, method, target in (
        ("catalog", "GET", f"/items/{item}"),
        ("payment", "POST", f"/charges/{item}"),
    ):
        try:
            code, _ = shop.peers[peer].call(method, target)
        except OSError:
            return 503, b'{"error": "try again"}'
        if code >= 500:
            shop.log.error("order of item %d refused: %s answered %d", item, peer, code)
            return 502, b'{"error": "try again"}'
    shop.query("INSERT INTO orders (item) VALUES (%s)", item)
    shop.metrics.count("orders_created_total")
    return 201, b'{"ordered": true}'


def _routes(*table: tuple[str, str, Handler]) -> Callable[[str, str], tuple[str, Handler] | None]:
    def find(method: str, path: str) -> tuple[str, Handler] | None:
        for verb, prefix, handler in table:
            if verb == method and path.startswith(prefix):
                return prefix, handler
        return None

    return find


HANDLERS = {
    "orders": _routes(("POST", "/orders", post_order), ("GET", "/orders", get_order)),
    "catalog": _routes(("GET", "/items", get_item)),
    "payment": _routes(("POST", "/charges", post_charge)),
    "users": _routes(("GET", "/users", get_user)),
}
