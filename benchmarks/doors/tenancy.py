"""Tries to see or act across teams that share one address: by ids, tokens, cookies, headers, paths, sockets, MCP and Slack.

    python benchmarks/doors/tenancy.py --data FOLDER --json OUT

Three teams behind `aitia teams serve`, each with diagnoses in every state whose words hold a secret of its own. Each try is made
with a good token of another team, or with none. It sees, where a secret comes back; it acts, where anything in the other team's
home differs afterwards. `peer` is the same requests with the other team's own token: what could be seen and done.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import secrets
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import httpx
import yaml

sys.path.insert(0, str(Path(__file__).parents[2]))

from aitia.access import IssuedTokens
from aitia.core.errors import AitiaError
from benchmarks.contract import finish, parser, rows
from benchmarks.doors.tenancy_tries import CALL, Site, Try, asked, bearer, tries
from tests.shop import small_settings
from tests.web.states import World

TEAMS: Final = ("shop", "plant", "bank")
ROLES: Final = ("see", "diagnose", "approve", "administer")


@dataclass
class Found:
    """What came of the tries."""

    seen: list[bool] = field(default_factory=list)
    own_seen: list[bool] = field(default_factory=list)
    acted: list[bool] = field(default_factory=list)
    cases: list[dict[str, Any]] = field(default_factory=list)


def made(folder: Path, name: str) -> Site:
    """A team's home and settings, with tokens of every kind."""
    home, secret = folder / name / "home", f"zq{secrets.token_hex(6)}"
    home.mkdir(parents=True, mode=0o700)
    world = World(home, said=f"checkout answers with 5xx, says {secret}")
    store = world.jobs.run_store(world.ids["done"])
    report = store.report()
    store.put_report(
        report.model_copy(update={"incident": report.incident.model_copy(update={"title": secret})})
    )
    plain = small_settings(team=name, workers=1).model_dump(mode="json", exclude_defaults=True)
    (folder / name / "aitia.yaml").write_text(yaml.safe_dump(plain))
    issued = IssuedTokens(home)
    token, _ = issued.issue("ann", ROLES, team=name, by="tests")
    expired, _ = issued.issue("old", ROLES, team=name, days=1e-9, by="tests")
    revoked, known = issued.issue("gone", ROLES, team=name, by="tests")
    issued.revoke(known.id, by="tests")
    return Site(
        name=name,
        home=home,
        secret=secret,
        ids=world.ids,
        runs={state: world.jobs.get(id).run for state, id in world.ids.items()},
        token=token,
        expired=expired,
        revoked=revoked,
    )


@contextmanager
def served(folder: Path, sites: Sequence[Site]) -> Iterator[str]:
    """`aitia teams serve` with all teams; its address."""
    file = folder / "teams.yaml"
    teams = {
        s.name: {
            "home": str(s.home),
            "config": f"{s.name}/aitia.yaml",
            "mcp": True,
            "options": ["--model", "none"],
        }
        for s in sites
    }
    file.write_text(yaml.safe_dump({"teams": teams}))
    argv = [
        sys.executable,
        "-c",
        "from aitia.cli import main; main()",
        "teams",
        "serve",
        str(file),
        "--port",
        "0",
        "--json",
    ]
    env = {
        **os.environ,
        "TMPDIR": str(folder),
        "AITIA_HOME": str(folder / "front"),
        "AITIA_TOKEN": "front-token",
    }
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(argv, env=env, stdout=subprocess.PIPE, stderr=log, text=True)
    try:
        assert process.stdout is not None
        url = str(json.loads(process.stdout.readline() or "{}").get("url", ""))
        assert url, (folder / "log").read_text()
        _until(lambda: httpx.get(f"{url}readyz", timeout=30, trust_env=False).status_code == 200, 240)
        for site in sites:
            site.socket = str(next(folder.glob(f"aitia-teams-*/{site.name}.sock")))
            _until(lambda s=site: any(folder.glob(f"aitia-teams-*/{s.name}.mcp.sock")), 240)  # type: ignore[misc]
            site.mcp_socket = str(next(folder.glob(f"aitia-teams-*/{site.name}.mcp.sock")))
            _until(lambda s=site: _idle(s), 240)  # type: ignore[misc]
        yield url
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)


def _until(met: Callable[[], bool], seconds: float) -> None:
    until = time.monotonic() + seconds
    while not met():
        assert time.monotonic() < until, "the services did not start"
        time.sleep(0.5)


def _idle(site: Site) -> bool:
    """Whether the service has done what it had to do: what changes afterwards is not its own work."""
    with closing(sqlite3.connect(site.home / "jobs.sqlite")) as db:
        row = db.execute("select state from jobs where id = ?", [site.ids["queued"]]).fetchone()
    return row[0] in ("done", "failed")


def state_of(home: Path) -> dict[str, str]:
    """All that a home keeps: each row of its tables, each file of its runs."""
    told: dict[str, str] = {}
    for file in ("jobs.sqlite", "access.sqlite"):
        with closing(sqlite3.connect(home / file)) as db:
            for (table,) in db.execute("select name from sqlite_master where type = 'table'").fetchall():
                for number, row in enumerate(db.execute(f"select * from {table} order by 1").fetchall()):
                    told[f"{file} {table} {number}"] = repr(row)
    for path in sorted((home / "runs").rglob("*")):
        if path.is_file() and "-wal" not in path.name and "-shm" not in path.name:
            told[str(path.relative_to(home))] = hashlib.sha256(path.read_bytes()).hexdigest()
    return told


def run(folder: Path, *, seed: int = 0, only: str = "", slack: bool = True) -> Found:
    """All tries, against services that are started for them."""
    found = Found()
    sites = [made(folder, name) for name in TEAMS]
    with served(folder, sites) as url:
        before = {s.name: state_of(s.home) for s in sites}
        todo = [t for t in tries(url, sites, random.Random(seed)) if only in t.kind]
        for each in todo:
            _one(each, found)
        for site in sites:
            after, earlier = state_of(site.home), before[site.name]
            changed = sorted(k for k in {*after, *earlier} if after.get(k) != earlier.get(k))
            found.acted.append(bool(changed))
            found.cases.append({"id": f"home of {site.name}", "kind": "home", "changed": changed[:20]})
        for each in todo:
            if each.own is not None:
                found.own_seen.append(each.victim.secret in each.own())
        acting = _acting(url, sites[0])
        found.cases.append({"id": "the own token acts", "kind": "control", "acted": acting})
        assert acting, "what is compared shows what was done"
    if slack:
        from benchmarks.doors.tenancy_slack import slack_tries

        for case in slack_tries(folder / "slack", random.Random(seed)):
            found.seen.append(case["seen"])
            found.acted.append(case["acted"])
            found.cases.append(case)
    return found


def _one(each: Try, found: Found) -> None:
    try:
        told = each.send()
    except (httpx.HTTPError, AitiaError, KeyError) as error:
        told = f"0 {type(error).__name__}: {error}"
    seen = each.victim.secret in told
    found.seen.append(seen)
    found.cases.append({"id": each.id, "kind": each.kind, "seen": seen, "status": told.split(" ", 1)[0]})


def _acting(url: str, site: Site) -> bool:
    """Whether the comparison would have shown an act: the owner's own."""
    before = state_of(site.home)
    body = {"kind": "approval", "calls": {CALL: True}}
    asked(url, "POST", f"/v1/diagnoses/{site.ids['waiting']}/answers", headers=bearer(site.token), json=body)
    return state_of(site.home) != before


def main() -> None:
    """Run all tries and print the contract's table."""
    args = parser(__doc__).parse_args()
    began = time.monotonic()
    with tempfile.TemporaryDirectory(dir=args.data) as folder:
        found = run(Path(folder))
    measured: dict[str, Sequence[float]] = {
        "tries that saw": [float(s) for s in found.seen],
        "homes or channels changed": [float(a) for a in found.acted],
    }
    measured["tries that could not be sent"] = [
        float(c.get("status") == "0") for c in found.cases if "seen" in c
    ]
    kinds = sorted({c["kind"] for c in found.cases if "seen" in c})
    for kind in kinds:
        measured[f"saw, by {kind}"] = [float(c["seen"]) for c in found.cases if c["kind"] == kind]
    made_rows = rows("ours", measured) + rows("peer", {"tries that saw": [float(s) for s in found.own_seen]})
    finish("tenancy", made_rows, found.cases, n=len(found.seen), began=began, out=args.json)


if __name__ == "__main__":
    main()
