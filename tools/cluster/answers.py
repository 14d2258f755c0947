"""Answers that are no kubectl tables: connectivity tests, alerts, log summaries, entries of config maps, ingress rules."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Final

from aitia.tools.cluster import manifest as m
from aitia.tools.cluster.asking import Asker
from aitia.tools.cluster.objects import Alert, LogLine, Route
from aitia.tools.cluster.state import Connection
from aitia.tools.cluster.text import Branch

MOST_LINES: Final = 60


def described_addresses(text: str) -> dict[str, str]:
    """The hosts and ports among the entries of a described config map: `KEY:`, a line of dashes, the value."""
    entries = re.findall(r"^([A-Za-z0-9_.-]+):\n-{3,}\n([^\n]*)$", text, re.MULTILINE)
    return m.addresses({"kind": "ConfigMap", "data": dict(entries)})


def ingress_rules(branch: Branch) -> list[Route]:
    """The rules of a described ingress: `/path   service:port (endpoints)` below a host."""
    found = []
    for line in [*branch.get("Rules").more, *(f"{c.key}:{c.value}" for c in branch.get("Rules").children)]:
        match = re.search(r"(/\S*)\s+([a-z0-9-]+):(\d+|[a-z-]+)", line)
        if match:
            port = int(match.group(3)) if match.group(3).isdigit() else 0
            name = branch.text("Name")
            found.append(
                Route(
                    holder=name,
                    name=match.group(1),
                    path=match.group(1),
                    host=match.group(2),
                    port=port,
                    where="ingress",
                )
            )
    return found


def connection(service: str, port: int, text: str) -> Connection:
    """One connectivity answer: a single result, or one per node that it was tested from."""
    per_node: dict[str, bool] = {}
    here = ""
    for line in text.split("\n"):
        match = re.search(r"(?:deployed on|from(?: node)?) ([a-z0-9.-]+)\s*:", line)
        here = match.group(1) if match else here
        if re.search(r"(?i)connection failed|timed out|refused", line) and here:
            per_node[here] = False
        elif re.search(r"(?i)connection succeeded", line) and here:
            per_node.setdefault(here, True)
    failed = tuple(sorted(n for n, ok in per_node.items() if not ok))
    good = bool(re.search(r"(?i)succeeded|\bopen\b", text)) and not failed
    if not per_node:
        good = good and not re.search(r"(?i)failed|refused|timed out", text)
    return Connection(
        service=service,
        port=port,
        ok=good,
        failed_from=failed,
        ok_from=tuple(sorted(n for n, ok in per_node.items() if ok)),
    )


def read_alerts(ask: Asker) -> list[Alert]:
    """The recorded alerts: component, kind and evidence lines."""
    text = ask.text("alerts")
    try:
        raw = json.loads(text) if text else {}
    except (ValueError, RecursionError):
        ask.miss("alerts: not valid JSON")
        return []
    found = []
    for item in m.listed(m.at(raw, "alerts")):
        if isinstance(item, Mapping) and item.get("name"):
            lines = tuple(str(line)[:400] for line in m.listed(item.get("evidence")))
            found.append(Alert(component=str(item["name"]), kind=str(item.get("type") or ""), lines=lines))
    return found


def log_lines(text: str) -> tuple[LogLine, ...]:
    """Error lines with counts: a JSON summary of patterns, or plain lines."""
    if text.lstrip().startswith("{"):
        try:
            raw = json.loads(text)
        except (ValueError, RecursionError):
            raw = {}
        found = [p for p in m.listed(m.at(raw, "patterns")) if isinstance(p, Mapping) and p.get("sample")]
        return tuple(
            LogLine(text=str(p["sample"])[:2000], count=c if isinstance(c := p.get("count"), int) else 1)
            for p in found[:MOST_LINES]
        )
    return tuple(
        LogLine(text=line.strip()[:2000]) for line in text.split("\n")[-MOST_LINES * 3 :] if line.strip()
    )
