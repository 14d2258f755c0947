"""Moves are written into a copy of an incident's telemetry."""

from __future__ import annotations

import random
import shutil
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.attack.entries import write_changes, write_documents
from benchmarks.attack.lines import STYLES, read_log
from benchmarks.attack.moves import Move
from benchmarks.attack.payloads import templates
from benchmarks.attack.samples import Samples, Series
from benchmarks.attack.scene import Scene, style_of
from benchmarks.attack.wording import fields, moments

_AGENTS = ("curl/8.5.0", "Mozilla/5.0", "sqlmap/1.7")
_FILES = {"store": "postgres", "cache": "redis", "service": "python"}


def poison(clean: Path, out: Path, scene: Scene, moves: Sequence[Move], canary: str) -> None:
    """A copy of the clean folder with the moves written into it."""
    shutil.copytree(clean, out)
    samples = Samples(out / scene.metrics)
    for move in moves:
        if move.channel == "metrics":
            _metrics(samples, scene, move, canary)
        elif move.channel == "flood":
            _flood(out, samples, scene, move, canary)
        else:
            _WRITE[move.channel](out, scene, move, canary)
    samples.write()


def _client(out: Path, scene: Scene, move: Move, canary: str) -> None:
    """A client's text. The program's own words vary with the request, not with the attacker's wish."""
    template = templates("client")[move.template]
    style = _FILES.get(template["where"], template["where"])
    chance = random.Random(move.wording)
    who, file = chance.choice(scene.styled(style))
    lines = list[tuple[float, str]]()
    same = chance.random() < 0.5  # the same text each time, or another one
    for at in moments(scene, move, chance, move.volume):
        inner = random.Random(move.wording) if same else chance
        known = fields(move, inner, at, canary) | {"self": who}
        if template["where"] in ("access", "proxy"):
            known |= {
                k: known[k].replace('"', "\\x22").replace("\n", "\\x0A") for k in ("say", "path", "user")
            }
        lines.append((at, str(template["text"]).format_map(known)))
    _into(out / file, lines)


def _flood(out: Path, samples: Samples, scene: Scene, move: Move, canary: str) -> None:
    """Many odd requests: their lines, and the counts that they truly raise."""
    template = templates("flood")[move.template]
    chance = random.Random(move.wording)
    at = moments(scene, move, chance, move.volume)
    if scene.machine:
        return _plant_flood(out, scene, move, at, chance, canary)
    code, up = int(template["code"]), str(template["up"])
    access, own = list[tuple[float, str]](), list[tuple[float, str]]()
    for moment in at:
        known = fields(move, chance, moment, canary)
        path = str(template["path"]).format_map(known).replace('"', "%22").replace(" ", "%20")
        took = chance.uniform(4.0, 9.0) if template.get("slow") else chance.uniform(0.001, 0.02)
        asked = f'{known["client"]} - - [{known["clf"]}] "GET {path} HTTP/1.1" {code} 153'
        took_up = f"{took:.3f}" if up else "-"
        access.append(
            (moment, f'{asked} "-" "{chance.choice(_AGENTS)}" rt={took:.3f} ut={took_up} up={up or "-"}')
        )
        own.append(
            (moment, f"{known['py']} INFO http GET {path.removeprefix('/api')} {code} {took * 1e3:.0f}ms")
        )
    _into(out / scene.styled("access")[0][1], access)
    counted = ["gateway"]
    log = scene.own_log(up) if up else None
    if log:
        _into(out / log[0], own)
        counted.append(up)
    labels = {"code": str(code), "method": "GET", "route": "other"}
    for component in counted:
        if component in scene.measured:
            counts = tuple(at)
            samples.add(
                [Series(component=component, metric="http_requests_total", labels=labels, counts=counts)]
            )


def _plant_flood(
    out: Path, scene: Scene, move: Move, at: Sequence[float], chance: random.Random, canary: str
) -> None:
    lines = list[tuple[float, str]]()
    for moment in at:
        known = fields(move, chance, moment, canary)
        asked = f"read of ns=2;s={known['path']} by {known['client']}"
        lines.append((moment, f"{known['py']} WARNING OPC-GW BadNodeIdUnknown: {asked}"))
    _into(out / scene.styled("plant")[0][1], lines)


def _service(out: Path, scene: Scene, move: Move, canary: str) -> None:
    """Lines of a component's own log, in its own style."""
    found = scene.own_log(move.writer)
    if found is None:
        return
    file, style = found
    template = templates(move.channel)[move.template]
    head = STYLES[style_of(style)].head
    chance = random.Random(move.wording)
    same = chance.random() < 0.5
    lines = list[tuple[float, str]]()
    for at in moments(scene, move, chance, move.volume):
        known = fields(move, random.Random(move.wording) if same else chance, at, canary)
        moment = datetime.fromtimestamp(at, UTC)
        known["head"] = head(moment, str(template["level"]), move.writer)
        lines.append((at, str(template["text"]).format_map(known)))
    _into(out / file, lines)


def _metrics(samples: Samples, scene: Scene, move: Move, canary: str) -> None:
    """Series of the target moved, or new ones; on: other puts them at a peer that names the target."""
    template: dict[str, Any] = templates("metrics")[move.template]
    chance = random.Random(move.wording)
    first = moments(scene, move, chance, 1)[0]
    known = fields(move, chance, first, canary)
    owner = move.writer if template.get("on") == "other" and move.writer in scene.measured else move.target
    if "move" in template:
        if move.target in scene.measured:
            samples.move(
                move.target, str(template["move"]), float(template["by"]), first, move.volume, chance
            )
        return
    made = []
    for n in range(min(move.volume, 3)):
        labels = {k: str(v).format_map(known) for k, v in template["labels"].items()}
        made.append(
            Series(
                component=str(template.get("as", owner)).format_map(known | {"target": owner}),
                metric=str(template["metric"]).format_map(known),
                labels=labels | ({"replica": str(n)} if n else {}),
                before=float(template["before"]),
                after=float(template["after"]),
                shape=str(template["shape"]),
                first=first,
                noise=chance.choice((0.0, 0.02)),
            )
        )
    samples.add(made)


def _into(file: Path, lines: Sequence[tuple[float, str]]) -> None:
    read_log(file).with_lines(lines).write(file)


_WRITE = {
    "client": _client, "service": _service, "peer": _service, "changes": write_changes, "documents": write_documents,
}  # fmt: skip
