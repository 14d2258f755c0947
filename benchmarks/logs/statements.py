"""Logs made of written statements (statements.yaml), so that rules of grouping can fail on what nobody collected them from."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final

import yaml

_GAP: Final = re.compile(r"\{(\w+)(?:\*(\d))?(\?)?\}")
_SYLLABLES: Final = (
    "ba",
    "co",
    "di",
    "fu",
    "ga",
    "ki",
    "lo",
    "me",
    "nu",
    "pa",
    "ra",
    "si",
    "to",
    "ve",
    "wo",
    "xa",
    "yu",
    "ze",
    "tri",
    "sto",
    "plan",
    "kel",
    "mor",
    "dan",
    "fin",
)
_WORDS: Final[dict[str, list[str]]] = {
    "STATE": ["PreparingRebalance", "CompletingRebalance", "Stable", "Empty"],
    "reason": ["connection refused", "no space left on device", "context deadline exceeded", "member failed",
               "i/o timeout", "Broken pipe", "read: connection reset by peer"],
    "reason_code": ["NotFound", "Unknown", "Unavailable", "DeadlineExceeded"],
    "source": ["api", "file", "http"],
    "plugin": ["configmap", "secret", "host-path", "nfs"],
    "NodeState": ["NodeReady", "NodeNotReady", "NodeHasSufficientMemory", "NodeHasDiskPressure"],
    "resource": ["memory", "ephemeral-storage", "nodefs", "cpu", "pid"],
    "RESULT": ["SUCCESS", "FAILURE", "UNSTABLE", "ABORTED"],
    "exception": ["java.io.EOFException", "java.net.SocketException", "java.util.concurrent.TimeoutException"],
    "pyvalue": ["None", "True", "{'sent': 3}", "'ok'", "42", "[1, 2]"],
    "pyerror": ["KeyError('id')", "TimeoutError()", "ValueError('bad amount: 3')"],
    "METHOD": ["GET", "POST", "PUT", "DELETE", "HEAD", "PATCH"],
    "agent": ["curl/8.4.0", "Mozilla/5.0 (X11; Linux x86_64)", "kube-probe/1.29", "Go-http-client/2.0"],
    "CUR": ["EUR", "USD", "GBP"],
    "property": ["retention.ms", "cleanup.policy", "state.cacheSize", "window.maxWidth", "net.core.somaxconn"],
    "errno": ["ECONNREFUSED", "EHOSTUNREACH", "ENETUNREACH"],
    "iface": ["eth0", "tun0", "wlan0", "lo", "br-lan"],
    "updown": ["up", "down"],
    "level_w": ["failed", "slow"],
    "pgstate": ["inactive", "unclean", "undersized", "stale"],
    "pgstates": ["active+clean", "active+undersized+degraded", "down+peering", "active+remapped+backfilling"],
    "word_state": ["charging", "discharging", "full"],
    "bool": ["true", "false"],
    "word": ["osds", "mons", "nominal", "critical", "serious", "battery", "mains", "node", "prod", "dev"],
    "status": ["200", "201", "204", "301", "404", "500", "502", "503"],
    "sqlstate": ["08001", "42S02", "23505", "HY000"],
}  # fmt: skip


def programs() -> dict[str, list[str]]:
    """The statements of each program."""
    text = Path(__file__).with_name("statements.yaml").read_text(encoding="utf-8")
    found: dict[str, list[str]] = yaml.safe_load(text)
    return found


def made(statements: list[str], n: int, seed: int) -> tuple[list[str], list[int]]:
    """`n` lines of statements, a few of them common, and the number of each line's statement."""
    chance = random.Random(seed)
    weights = [1 / (1 + i) for i in chance.sample(range(len(statements)), len(statements))]
    truth = chance.choices(range(len(statements)), weights, k=n)
    pools: dict[tuple[int, int], list[str]] = {}
    return [line(statements[i], chance, pools, i) for i in truth], truth


def line(
    statement: str, chance: random.Random, pools: dict[tuple[int, int], list[str]], number: int = 0
) -> str:
    """One line of a statement; `pools` keeps the few values of those gaps that have few."""
    text = _GAP.sub(lambda match: _filled(match, chance, pools, number), statement)
    return text.replace("{{", "{").replace("}}", "}")


def _filled(
    match: re.Match[str], chance: random.Random, pools: dict[tuple[int, int], list[str]], number: int
) -> str:
    kind, few, optional = match.groups()
    if optional and chance.random() < 0.3:
        return "-" if kind == "user" else ""
    if not few:
        return value(kind, chance)
    pool = pools.setdefault((number, match.start()), [])
    if not pool:
        while len(pool) < int(few):
            pool.append(value(kind, chance))
    return chance.choice(pool)


def _name(chance: random.Random, joint: str = "") -> str:
    return joint.join(
        "".join(chance.choices(_SYLLABLES, k=2)) for _ in range(chance.choice((1, 2) if joint else (1,)))
    )


def _hex(chance: random.Random, n: int) -> str:
    return "".join(chance.choices("0123456789abcdef", k=n))


def _ids(chance: random.Random) -> str:
    return ",".join(str(i) for i in sorted(chance.sample(range(1, 6), chance.randint(1, 3))))


def _pgcounts(chance: random.Random) -> str:
    states = chance.sample(_WORDS["pgstates"], chance.randint(1, 3))
    return ", ".join(f"{chance.randint(1, 300)} {s}" for s in states)


def _ip(chance: random.Random) -> str:
    return ".".join(str(chance.randint(1, 254)) for _ in range(4))


def _joined(chance: random.Random, separator: str, *kinds: str) -> str:
    return separator.join(value(k, chance) for k in kinds)


def _camel(chance: random.Random) -> str:
    return "".join(_name(chance).title() for _ in range(chance.randint(1, 2)))


def _route(chance: random.Random) -> str:
    parts = [
        _name(chance) if chance.random() < 0.6 else str(chance.randint(1, 9999))
        for _ in range(chance.randint(1, 4))
    ]
    return "/".join(parts)


def _arguments(chance: random.Random) -> str:
    return "[" + ", ".join(f"--{_name(chance)}" for _ in range(chance.randint(0, 3))) + "]"


_MADE: Final[dict[str, Callable[[random.Random], str]]] = {
    "digit": lambda c: str(c.randint(0, 9)),
    "small": lambda c: str(c.randint(1, 99)),
    "number": lambda c: str(c.randint(1, 10**c.randint(2, 9))),
    "float": lambda c: f"{c.random() * 100:.3f}",
    "ms": lambda c: f"{c.random() * 100:.3f}ms",
    "us": lambda c: f"{c.random() * 9:.3f}µs",
    "size": lambda c: f"{c.randint(1, 999)} {c.choice(['KiB', 'MiB', 'GiB'])}",
    "port": lambda c: str(c.randint(1024, 65535)),
    "hex": lambda c: "0x" + _hex(c, 12),
    "hexs": lambda c: _hex(c, c.randint(1, 2)),
    "sha": lambda c: _hex(c, 40),
    "serial": lambda c: _hex(c, 10).upper(),
    "uuid": lambda c: "-".join(_hex(c, n) for n in (8, 4, 4, 4, 12)),
    "ULID": lambda c: "01" + "".join(c.choices("0123456789ABCDEFGHJKMNPQRSTVWXYZ", k=24)),
    "mac": lambda c: ":".join(_hex(c, 2) for _ in range(6)),
    "ip": _ip,
    "addr": lambda c: f"{_name(c)}-{c.randint(0, 9)}/{_ip(c)}:{c.randint(1024, 65535)}",
    "ids": _ids,
    "pgcounts": _pgcounts,
    "name": partial(_name, joint="-"),
    "topic": partial(_name, joint="."),
    "user": _name,
    "word": lambda c: c.choice(_WORDS["word"]),
    "person": lambda c: " ".join(_name(c).title() for _ in range(c.randint(1, 2))),
    "ident": lambda c: _name(c) + _camel(c),
    "Class": _camel,
    "jclass": lambda c: f"org.{_name(c)}.{_name(c)}.{_camel(c)}Exception",
    "task": lambda c: f"{_name(c)}.tasks.{_name(c)}_{_name(c)}",
    "job": lambda c: _name(c, "-") + c.choice(["", "/main", " » release"]),
    "host": lambda c: c.choice([f"{_name(c)}-{c.randint(1, 30)}", f"{_name(c)}.{_name(c)}.example.com", _name(c), _ip(c)]),
    "client": lambda c: f"consumer-{_name(c)}-{c.randint(1, 9)}",
    "pod": lambda c: f"{_name(c, '-')}-{_hex(c, 9)}-{''.join(c.choices('bcdfghjklmnpqrstvwxz2456789', k=5))}",
    "image": lambda c: f"registry.example.com/{_name(c)}/{_name(c)}:{c.randint(0, 9)}.{c.randint(0, 20)}",
    "version": lambda c: f"{c.randint(0, 20)}.{c.randint(0, 20)}" + c.choice(["", ".1", "-rc2", ".0.v20231"]),
    "email": lambda c: f"{_name(c)}@{_name(c)}.example.org",
    "path": lambda c: "/" + "/".join(_name(c) for _ in range(c.randint(2, 5))),
    "file": lambda c: f"{_name(c)}.{c.choice(['py', 'js', 'so', 'rs'])}",
    "url_path": lambda c: "/" + _route(c),
    "route": _route,
    "disk": lambda c: c.choice(["sda", "sdb", "nvme0n1", "sdaa"]),
    "snap": lambda c: f"{_name(c)}@{c.choice(['hourly', 'daily'])}-{c.randint(2020, 2029)}",
    "ssid": lambda c: c.choice([_name(c), f"{_name(c).title()} Guest", f"FRITZ!Box {c.randint(1000, 9999)}"]),
    "bundle": lambda c: f"com.{_name(c)}.{_camel(c)}",
    "args": _arguments,
}  # fmt: skip


def value(kind: str, chance: random.Random) -> str:
    """One value of a kind."""
    return _MADE[kind](chance) if kind in _MADE else chance.choice(_WORDS[kind])
