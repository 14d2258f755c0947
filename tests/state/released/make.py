"""Makes `home.tar.xz`: a home as an older aitia wrote it, and what that one said of it. Run it in a checkout of that commit.

    git worktree add --detach OLD 16d41647 && cd OLD    # with an environment of its own: pip install -e '.[test,web]'
    .venv/bin/python NEW/tests/state/released/make.py NEW/tests/state/released/home.tar.xz

Nothing of today's code is imported: `tests.shop` and `tests.memory.site` are the older checkout's.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
import tarfile
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path.cwd()))


def fill(home: Path, site: Path) -> dict[str, object]:
    """A diagnosis that is done and confirmed, one that waits, past incidents, a dictionary; what is to be found again."""
    from aitia.cli.app import run
    from aitia.core.store import list_runs
    from aitia.engine import choose_engine
    from aitia.jobs import Jobs
    from aitia.jobs.work import Work
    from aitia.tools.memory.store import MemoryStore
    from tests.memory.site import SITE
    from tests.shop import shop_alert, small_settings

    settings = small_settings()
    jobs = Jobs(home, settings)
    done = jobs.submit(shop_alert(), origin="alertmanager", key="first", group="g").job
    claim = jobs.table.claim("old/1/1", lease_s=30, attempts=3)
    assert claim is not None
    engine = choose_engine(None, settings=settings, planner=None, narrator=None, threads=None, on_event=None)
    Work(jobs.table, home, settings, engine).run(claim, lost=lambda: None)
    waits = jobs.submit(shop_alert(severity="critical"), origin="api", key="second", group="h").job
    with MemoryStore(home, embedder=None) as memory:
        memory.put(SITE, by="old")
    assert run(["confirm", "last", "--cause", "a release that leaks connections", "--by", "ann"]) == 0
    (site / "aitia.yaml").write_text("sources: []\n")
    os.chdir(site)
    assert run(["dictionary", "set", "odd_metric_7", "temperature"]) == 0
    (found,) = list_runs(home)
    run_id = str(found["id"]) if isinstance(found, dict) else str(getattr(found, "id", found))
    told = jobs.get(done.id)
    with MemoryStore(home, embedder=None) as memory:
        incidents = sorted(i.id for i in memory.all())
    return {
        "done": [told.id, told.state, told.component, told.fault, told.run],
        "waits": waits.id,
        "run": run_id,
        "report": hashlib.sha256((home / "runs" / run_id / "report.json").read_bytes()).hexdigest(),
        "incidents": incidents,
    }


def main() -> None:
    """Into the file that is named; everything under /home and /site of it."""
    target = Path(sys.argv[1]).absolute()
    with tempfile.TemporaryDirectory() as place:
        home, site = Path(place) / "home", Path(place) / "site"
        home.mkdir(mode=0o700)
        site.mkdir()
        os.environ["AITIA_HOME"] = str(home)
        told = fill(home, site)
        (Path(place) / "expected.json").write_text(json.dumps(told, indent=1))
        with tarfile.open(target, "w:xz", preset=9) as archive:
            archive.add(place, arcname=".", filter=_plain)
    print(target, target.stat().st_size)


def _plain(member: tarfile.TarInfo) -> tarfile.TarInfo | None:
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    return None if member.name.endswith((".lock", "-wal", "-shm")) or "/models" in member.name else member


if __name__ == "__main__":
    main()
