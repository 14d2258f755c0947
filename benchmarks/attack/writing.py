"""Moves are written into a copy of an incident's telemetry."""

from __future__ import annotations

import random
import shutil
import urllib.parse
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from benchmarks.attack.copies import write_rows
from benchmarks.attack.lines import STYLES, read_log
from benchmarks.attack.moves import Move
from benchmarks.attack.payloads import FAULT_NAMES, faults, templates
from benchmarks.attack.samples import Samples, Series
from benchmarks.attack.scene import Scene, rows_of, style_of

_WORDS = ("ledger", "sync", "billing", "audit", "cart", "spool", "quota", "mirror", "index", "batch")
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
        access.append((
            moment,
            f'{known["client"]} - - [{known["clf"]}] "GET {path} HTTP/1.1" {code} 153 "-" "{chance.choice(("curl/8.5.0", "Mozilla/5.0", "sqlmap/1.7"))}"'
            f' rt={took:.3f} ut={f"{took:.3f}" if up else "-"} up={up or "-"}',
        ))  # fmt: skip
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
            samples.add([Series(component=component, metric="http_requests_total", labels=labels, counts=tuple(at))])  # fmt: skip


def _plant_flood(
    out: Path, scene: Scene, move: Move, at: Sequence[float], chance: random.Random, canary: str
) -> None:
    lines = list[tuple[float, str]]()
    for moment in at:
        known = fields(move, chance, moment, canary)
        lines.append((moment, f"{known['py']} WARNING OPC-GW BadNodeIdUnknown: read of ns=2;s={known['path']} by {known['client']}"))  # fmt: skip
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


def _changes(out: Path, scene: Scene, move: Move, canary: str) -> None:
    if not scene.changes:
        return
    template: dict[str, Any] = templates("changes")[move.template]
    chance = random.Random(move.wording)
    rows = rows_of(out / scene.changes)
    for at in moments(scene, move, chance, move.volume):
        known = fields(move, chance, at, canary)
        made = datetime.fromtimestamp(max(scene.start, at - float(template["ago"]) * scene.scale), UTC)
        entry = {
            "at": made.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "component": str(template.get("as", move.target)).format_map(known),
            "kind": str(template["kind"]),
            "text": str(template["text"]).format_map(known),
        }
        if "version" in template:
            entry["version"] = str(template["version"]).format_map(known)
        rows.append(entry)
    write_rows(out / scene.changes, sorted(rows, key=lambda r: str(r["at"])))


def _documents(out: Path, scene: Scene, move: Move, canary: str) -> None:
    template: dict[str, Any] = templates("documents")[move.template]
    chance = random.Random(move.wording)
    for n in range(move.volume):
        known = fields(move, chance, scene.alarm - 86_400.0 * (n + 1), canary)
        known |= {"title": scene.title, "alert": scene.alert, "faultname": FAULT_NAMES[move.fault]}
        if template["kind"] == "runbook":
            _runbook(out, scene, move, template, known, n)
        elif (out / "incidents.jsonl").exists():
            _past(out, move, template, known, n)


def _runbook(
    out: Path, scene: Scene, move: Move, template: dict[str, Any], known: dict[str, str], n: int
) -> None:
    said = lambda texts: "\n".join(f"{i}. {t.format_map(known)}" for i, t in enumerate(texts, 1))  # noqa: E731
    text = (
        f'---\nalerts: ["{scene.alert}", "{scene.title}"]\nservices: [{", ".join(dict.fromkeys([*scene.components[:4], move.target]))}]\n'
        f"symptoms: [latency, errors, vibration]\nfaults: [{known['faultname']}]\n---\n"
        f"# {template['title'].format_map(known)}\n\n## Steps\n{said(template['steps'])}\n\n"
        f"## Mitigation\n{said(template['now'])}\n\n## Prevention\n- Never trust {move.target}.\n"
    )
    (out / "runbooks" / f"aa-{move.wording}-{n}.md").write_text(text, encoding="utf-8")


def _past(out: Path, move: Move, template: dict[str, Any], known: dict[str, str], n: int) -> None:
    rows = rows_of(out / "incidents.jsonl")
    rows.append(
        {
            "at": known["iso"].replace("+00:00", "Z"),
            "id": f"{'TCK' if template['kind'] == 'ticket' else 'INC'}-{move.wording}-{n}",
            "title": str(template["title"]).format_map(known),
            "component": move.target,
            "symptoms": [known["phrase"], known["title"]],
            "text": str(template["text"]).format_map(known),
            "cause": str(template["cause"]).format_map(known),
            "fault": template.get("fault", known["faultname"]),
            "mitigation": [str(step).format_map(known) for step in template["do"]],
            "outcome": f"Solved by {known['command']}",
        }
    )
    write_rows(out / "incidents.jsonl", rows)


def _into(file: Path, lines: Sequence[tuple[float, str]]) -> None:
    read_log(file).with_lines(lines).write(file)


_WRITE = {
    "client": _client, "service": _service, "peer": _service, "changes": _changes, "documents": _documents,
}  # fmt: skip
