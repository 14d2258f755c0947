"""Log lines in the layouts of `layouts.txt`, each made by a seeded generator that knows what it wrote.

An entry of the table is `# name: digits [level] [component=key] [thread=key] [uptime]`, its template, and, where
the message is not `{msg}` alone, `= message`. Digits are those of the second's fraction; `level` says that the
level can be read from the line. Times are around 2026-11-25 in UTC.
"""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

NEAR = datetime(2026, 11, 25, 12, tzinfo=UTC)
START = datetime(2026, 11, 25, 9, 58, 41, tzinfo=UTC)
COUNT = 30
STEP_S = 37
LEVELS = ("debug", "info", "warning", "error")
CHOICE = ("info", "info", "info", "info", "debug", "warning", "error")
WORDS = {
    "UP": ("DEBUG", "INFO", "WARN", "ERROR"),
    "PY": ("DEBUG", "INFO", "WARNING", "ERROR"),
    "LOW": ("debug", "info", "warn", "error"),
    "ONE": ("D", "I", "W", "E"),
    "THREE": ("DBG", "INF", "WRN", "ERR"),
}
CLASSES = (
    "com.acme.shop.CartService",
    "com.acme.db.Pool",
    "org.acme.net.Client",
    "com.acme.shop.Checkout$Worker",
)
NAMES = ("scheduler", "net_http", "store.sqlite", "worker-pool")
THREADS = ("main", "http-nio-8080-exec-3", "pool-2-thread-11", "Timer-0")
PLACES = ("server.go:112", "pod_workers.go:951", "reflector.go:229", "main.go:41")
TEXTS = (
    "Started in {a} ms",
    "Connection from 10.0.{b}.7:{c} accepted",
    "user {w} logged in",
    "cache: miss for key {w}:{a}",
    "[instance: {u}] Took {a}.{b} seconds to build",
    "retry {b} of 5 - backing off",
    "GET /api/v1/items/{a} took {b}ms",
    "{a} rows written to {w}.dat",
    "request failed with ERROR code {b}",
    "Opening file /var/lib/{w}/{a}.db",
    "listening on port {c}",
    "done",
    "job {u} finished at 2026-11-24 23:59:{b}",
    "lock wait: owner={w} holder={a}",
    "Closing socket connection for client /10.1.{b}.4:{c} (no session established)",
    "State change {w} -> idle",
    'Rejected "{w}" because of quota | limit={a}',
    "heartbeat sent",
)
POOLS = {
    "mixed": TEXTS,
    "addresses": (
        "proxy.cse.example.hk:5070 open through proxy {w}",
        "proxy.{w}.example.hk:5070 close, {a} bytes sent",
        "db-{b}.local:{c} error : could not connect",
        "play.example.com:443 open",
    ),
    "one": (
        "Received block blk_{a} of size {c} from /10.0.{b}.1",
        "Received block blk_-{c}{a} of size {a} from /10.0.{b}.9",
    ),
    "numbers": (
        "{a} packets lost",
        "{b} of {c} jobs ({w}) ended",
        "{c} bytes sent",
        "Got {a} of {b}",
        "12 - {w}",
    ),
    "brackets": (
        "[{w}] tick {a}",
        "[{u}] order {b} shipped to {w}",
        "(root) CMD (run {a})",
        "ready in {a} ms",
        "<{w}> opened",
    ),
    "keys": (
        "pool: size={a} idle={b}",
        "user={w} action=login ms={a}",
        "net: link {b} up",
        "state: {w} -> idle",
        "size={a} ok",
    ),
    "words": (
        "Shutdown",
        "running running",
        "ambient={b}",
        "Link error on broadcast tree {w}",
        "{w}",
        "new state",
    ),
}


class Moment(datetime):
    """A time whose format knows `%3`, `%6` and `%9` for that many digits of the second's fraction."""

    def __format__(self, form: str) -> str:
        micro = f"{self.microsecond:06d}"
        for mark, text in (("%3", micro[:3]), ("%6", micro), ("%9", micro + "000")):
            form = form.replace(mark, text)
        return self.strftime(form)


class Level(str):
    """A level, formatted by the layout's four words for debug, info, warning and error."""

    def __format__(self, words: str) -> str:
        return words.split()[LEVELS.index(self)]


class One:
    """A choice among the texts of its format."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance

    def __format__(self, texts: str) -> str:
        return self.chance.choice(texts.split("|"))


def event(chance: random.Random, n: int, texts: Sequence[str]) -> dict[str, object]:
    """What one line tells, by the keys of the templates."""
    at = Moment.fromtimestamp(START.timestamp() + n * STEP_S, tz=UTC) + timedelta(
        microseconds=chance.randrange(1000, 999_999)
    )
    level, name, digits = chance.choice(CHOICE), chance.choice(NAMES), f"{chance.getrandbits(128):032x}"
    uuid = f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:]}"
    cls, tid = chance.choice(CLASSES), chance.choice((1702, 2395, 10454))
    word = chance.choice(("alpha", "billing", "north", "west2"))
    msg = chance.choice(texts).format(
        a=chance.randrange(10_000),
        b=chance.randrange(10, 60),
        c=chance.randrange(1024, 65000),
        w=word,
        u=uuid,
    )
    return {
        **{key: words[LEVELS.index(level)] for key, words in WORDS.items()},
        "t": at,
        "epoch": int(at.timestamp()),
        "hour": at.hour,
        "up": n * STEP_S + 5,
        "level": Level(level),
        "n": n,
        "n3": n % 3,
        "pid": 1702,
        "tid": tid,
        "hex": digits,
        "uuid": uuid,
        "one": One(chance),
        "cls": cls,
        "short": cls.rsplit(".", 1)[1],
        "name": name,
        "snake": name.replace("-", "_"),
        "rust": name.replace("-", "_").replace(".", "::"),
        "thread": chance.choice(THREADS),
        "place": chance.choice(PLACES),
        "msg": msg,
        "json": json.dumps(msg)[1:-1],
        "blank": " ",
        "csv": msg.replace('"', '""'),
        "bars": msg.replace("|", "/"),
        "access": f'"GET /item/{tid}?q={n} HTTP/1.1" {200 + n % 3 * 100} {n * 131} "-" "Mozilla/5.0 (X11; Linux)"',
    }


@dataclass(frozen=True, kw_only=True)
class Layout:
    name: str
    digits: int
    flags: frozenset[str]
    component: str
    thread: str
    template: str
    message: str


@dataclass(frozen=True, kw_only=True)
class Expected:
    """What a raw line carries: `at` in epoch seconds to the layout's digits, "" where it has no such part."""

    raw: str
    at: float
    level: str
    component: str
    thread: str
    message: str


def _read() -> dict[str, Layout]:
    made: dict[str, Layout] = {}
    text = (Path(__file__).parent / "layouts.txt").read_text(encoding="utf-8")
    for entry in text.removeprefix("# ").split("\n# "):
        head, template, *message = entry.rstrip("\n").split("\n")
        name, _, told = head.partition(": ")
        digits, *flags = told.split()
        keys = dict(flag.split("=") for flag in flags if "=" in flag)
        made[name] = Layout(
            name=name,
            digits=int(digits),
            flags=frozenset(flags),
            component=keys.get("component", ""),
            thread=keys.get("thread", ""),
            template=template,
            message=message[0].removeprefix("=").removeprefix(" ") if message else "{msg}",
        )
    return made


LAYOUTS = _read()


def lines(name: str, *, count: int = COUNT, seed: int = 0, pool: str = "mixed") -> list[Expected]:
    """The layout's lines, the same for the same seed; `pool` names the texts that messages are made of."""
    form = LAYOUTS[name]
    chance = random.Random(f"{name} {seed}")
    made = []
    for n in range(count):
        told = event(chance, n, POOLS[pool])
        state = chance.getstate()
        raw = form.template.format_map(told)
        chance.setstate(state)
        at = told["t"]
        assert isinstance(at, Moment)
        seconds = int(at.timestamp())
        if "uptime" in form.flags:  # the last line is put at NEAR
            seconds = int(NEAR.timestamp()) + (n - count + 1) * STEP_S
        made.append(
            Expected(
                raw=raw,
                at=seconds + float(f"0.{at.microsecond:06d}"[: 2 + form.digits]),
                level=str.__str__(told["level"]) if "level" in form.flags else "",
                component=str(told[form.component]) if form.component else "",
                thread=str(told[form.thread]) if form.thread else "",
                message=form.message.format_map(told),
            )
        )
    return made


def half(name: str) -> str:
    """`a` was looked at while detection was written, `b` only afterwards."""
    return "ab"[hashlib.sha256(name.encode()).digest()[0] & 1]
