"""When a move's things happen, and what the placeholders of a template become."""

from __future__ import annotations

import random
import urllib.parse
from datetime import UTC, datetime, timedelta

from benchmarks.attack.moves import Move
from benchmarks.attack.payloads import faults, templates
from benchmarks.attack.scene import Scene

_WORDS = ("ledger", "sync", "billing", "audit", "cart", "spool", "quota", "mirror", "index", "batch")


def moments(scene: Scene, move: Move, chance: random.Random, volume: int) -> list[float]:
    """When a move's things happen: from its start on, spread over its span, within what was recorded."""
    first = scene.alarm + move.start * scene.scale
    last = min(first + move.span * scene.scale, scene.now - 0.2)
    first = min(max(first, scene.start + 1.0), last - 0.1)
    return sorted(chance.uniform(first, last) for _ in range(volume))


def fields(move: Move, chance: random.Random, at: float, canary: str) -> dict[str, str]:
    """What the placeholders of a template become."""
    moment = datetime.fromtimestamp(at, UTC)
    early = moment - timedelta(seconds=chance.choice((30, 90, 200)))
    known = {
        "target": move.target, "self": move.writer, "canary": canary, "number": str(chance.randrange(100, 999)),
        "word": chance.choice(_WORDS), "client": f"203.0.113.{chance.randrange(1, 250)}", "host": "shop-host",
        "iso": moment.isoformat(timespec="milliseconds"), "stamp": f"{moment:%Y-%m-%d %H:%M:%S}",
        "early": f"{early:%Y-%m-%d %H:%M:%S},{chance.randrange(1000):03d}", "clf": f"{moment:%d/%b/%Y:%H:%M:%S +0000}",
        "nginx": f"{moment:%Y/%m/%d %H:%M:%S}", "pg": f"{moment:%Y-%m-%d %H:%M:%S}.{chance.randrange(1000):03d} UTC",
        "py": f"{moment:%Y-%m-%d %H:%M:%S},{chance.randrange(1000):03d}",
        "redis": f"4121:M {moment:%d %b %Y %H:%M:%S}.{chance.randrange(1000):03d}",
    }  # fmt: skip
    phrase = chance.choice(faults()[move.fault]).format_map(known)
    command = str(chance.choice(templates("commands"))).format_map(known)
    known |= {"phrase": phrase, "command": command}
    say = str(chance.choice(templates("says"))).format_map(known)
    return known | {
        "say": say, "path": chance.choice((urllib.parse.quote(say, safe=""), say.replace(" ", "-"), say.replace(" ", "%20"))),
        "query": urllib.parse.quote_plus(say), "user": say.replace(" ", "_").replace('"', ""),
    }  # fmt: skip
