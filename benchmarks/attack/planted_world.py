"""A recorded incident with secrets planted where people and programs leave them, and everything that aitia makes of it."""

# ruff: noqa: E501
from __future__ import annotations

import base64
import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import yaml

from aitia import api
from aitia.core.store import RunStore
from aitia.graphs.rerun import rerun
from aitia.jobs.jobs import Jobs
from aitia.models.scripted import ScriptedLlm
from aitia.render.html import render_html
from aitia.render.markdown import render_markdown
from aitia.render.terminal import render_text
from aitia.settings import Service, Settings

ROOT = Path(__file__).parents[2]
SCENARIO = ROOT / "scenarios" / "connection-exhaustion"
INCIDENT = ("title", "alert_text")
WRITTEN = ("chat", "yaml", "commandline", "json")
Planted = Mapping[str, str]


def plant(folder: Path, secrets: Sequence[Planted]) -> Path:
    """A copy of the bundled scenario in which every secret stands where its `where` says."""
    shutil.copytree(SCENARIO, folder)
    scenario = yaml.safe_load((folder / "scenario.yaml").read_text(encoding="utf-8"))
    start = datetime.fromisoformat(scenario["window"]["start"].replace("Z", "+00:00"))
    of = {where: [s for s in secrets if s["where"] == where] for where in {s["where"] for s in secrets}}
    _lines(folder, start, [s for s in secrets if s["where"] not in INCIDENT])
    _changes(folder, start, secrets)
    _incident(scenario, [s for where in INCIDENT for s in of.get(where, [])])
    _metrics(folder, [s for where in ("component_name", "metric_label") for s in of.get(where, [])])
    _runbook(folder, [s for where in WRITTEN for s in of.get(where, [])])
    (folder / "scenario.yaml").write_text(yaml.safe_dump(scenario, allow_unicode=True), encoding="utf-8")
    return folder


def _lines(folder: Path, start: datetime, secrets: Sequence[Planted]) -> None:
    """Error lines of orders in the window: each text three times, so that it is no single line."""
    out = []
    for number in range(3):
        for place, secret in enumerate(secrets):
            at = start + timedelta(seconds=70 + 15 * number, milliseconds=7 * place)
            text = " ".join(secret["text"].splitlines())
            out.append(f"{at:%Y-%m-%d %H:%M:%S},{at.microsecond // 1000:03d} ERROR orders {text}")
    (folder / "logs" / "orders-planted.log").write_text("\n".join(out) + "\n", encoding="utf-8")


def _changes(folder: Path, start: datetime, secrets: Sequence[Planted]) -> None:
    with (folder / "changes.jsonl").open("a", encoding="utf-8") as file:
        for place, secret in enumerate(secrets):
            if secret["where"] in ("change_from_to", "yaml", "json", "commandline", "query"):
                at = (start + timedelta(seconds=20, milliseconds=31 * place)).isoformat()
                entry = {"at": at, "component": "orders", "kind": "config", "text": secret["text"]}
                file.write(json.dumps(entry, ensure_ascii=False) + "\n")


def _incident(scenario: dict[str, Any], secrets: Sequence[Planted]) -> None:
    incident = scenario["incident"]
    if secrets:
        incident["title"] = secrets[0]["text"][:200]
        incident["text"] = "\n".join([incident["text"], *(s["text"] for s in secrets)])
        incident["labels"] |= {f"annotation_{n}": s["text"] for n, s in enumerate(secrets)}
        incident["hints"] = [*incident["hints"], secrets[-1]["text"][:100]]


def _metrics(folder: Path, secrets: Sequence[Planted]) -> None:
    """The series of orders once more under names and labels that hold a secret."""
    if not secrets:
        return
    import duckdb

    file = folder / "metrics.parquet"
    with duckdb.connect() as db:
        db.execute("create table m as select * from read_parquet(?)", [str(file)])
        (some,) = db.execute(
            "select metric from m where component = 'orders' group by 1 order by 1 limit 1"
        ).fetchone() or ("",)
        for secret in secrets:
            named = secret["where"] == "component_name"
            labels = "" if named else json.dumps({"detail": secret["text"]})
            db.execute(
                "insert into m by name select time, ? as component, metric, ? as labels, value from m where component = 'orders' and metric = ?",
                [secret["text"] if named else "orders", labels, some],
            )
        db.execute(f"copy m to '{file}' (format parquet)")


def _runbook(folder: Path, secrets: Sequence[Planted]) -> None:
    body = "\n\n".join(f"```\n{s['text']}\n```" for s in secrets)
    text = f"# Gateway answers with 5xx: connections of orders\n\nWhen connections of postgres run out.\n\n## Mitigation\n\n{body}\n"
    (folder / "runbooks" / "planted.md").write_text(text, encoding="utf-8")


def everything(folder: Path, home: Path, secrets: Sequence[Planted]) -> dict[str, bytes]:
    """What the store, the prompts and every output hold after a diagnosis, questions and requests at the doors, by where."""
    llm = ScriptedLlm(lambda prompt: 0 if "\n" not in prompt.user else prompt.user.splitlines()[-1][:80])
    events: list[str] = []
    done = api.replay(
        folder,
        model=llm,
        planner="model",
        narrator="model",
        home=home,
        on_event=lambda e: events.append(e.model_dump_json()),
    )
    report = done.report
    store = RunStore.open(home, report.run)
    artifacts = {p.name: p.read_bytes() for p in store.path.glob("artifacts/*")}
    out = {
        "terminal": render_text(report, full=True).encode(),
        "markdown": render_markdown(report).encode(),
        "html": render_html(report, artifacts=artifacts, opened=True).encode(),
        "json": report.model_dump_json().encode(),
        "events": "\n".join(events).encode(),
    }
    out["rerun"] = rerun(store).model_dump_json().encode()
    out |= _doors(home, report, secrets)
    out["prompts"] = "\n".join(f"{p.system}\n{p.user}" for p in llm.prompts).encode()
    for path in sorted(p for p in home.rglob("*") if p.is_file() and not p.is_relative_to(home / "models")):
        out[f"store {path.relative_to(home)}"] = path.read_bytes()
    return out


def _doors(home: Path, report: Any, secrets: Sequence[Planted]) -> dict[str, bytes]:
    """The outputs for Slack, a question for each text, and each text as a request at the jobs' door."""
    from aitia.asking import ask
    from aitia.core.words import Origin
    from aitia.jobs.words import Job
    from aitia.mcp.reports import read, uri
    from aitia.slack.result import result

    jobs, origins = (
        Jobs(home, Settings(service=Service(places=len(secrets)))),
        ("slack", "api", "alertmanager"),
    )
    job: Job | None = None
    for number, secret in enumerate(secrets):
        origin: Origin = origins[number % 3]
        said = f"Look at orders: {secret['text']}"
        job = jobs.submit(said, origin=origin, by=secret["text"], place={"channel": secret["text"]}).job
    asked = [ask(s["text"][:500], run=report.run, model=None, home=home) for s in secrets[:8]]
    out = {
        "ask": "\n".join(a.model_dump_json() for a in asked).encode(),
        "jobs": "\n".join(j.model_dump_json() for j in jobs.list(limit=100)).encode(),
    }
    out["mcp"] = "\n".join(
        read(str(uri(report.run, form)), home)[0] for form in ("json", "md", "html")
    ).encode()
    if job is not None:
        out["slack"] = json.dumps(result(report, job), ensure_ascii=False, default=str).encode()
    return out


def spellings(secret: str) -> Iterator[bytes]:
    """A secret as files may hold it: plain, as JSON writes it, in a URL, in HTML, in base64, in UTF-16."""
    yield from dict.fromkeys(
        [
            secret.encode(),
            json.dumps(secret)[1:-1].encode(),
            json.dumps(json.dumps(secret)[1:-1])[1:-1].encode(),
            quote(secret, safe="").encode(),
            secret.replace("&", "&amp;")
            .replace("<", "&lt;")
            .replace('"', "&#34;")
            .replace("'", "&#39;")
            .encode(),
            base64.b64encode(secret.encode()).rstrip(b"=")[:-1],
            secret.encode("utf-16-le"),
        ]
    )


def leaked(secret: str, made: Mapping[str, bytes]) -> list[str]:
    """Where a secret stands in any spelling."""
    forms = [form for form in spellings(secret) if len(form) >= 3]
    return [where for where, data in made.items() if any(form in data for form in forms)]
