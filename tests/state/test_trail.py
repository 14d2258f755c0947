"""Who asked for what, as a chain of hashes: in both databases, and whatever is done to it afterwards."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from aitia.cli.app import app
from aitia.core.errors import BadInput
from aitia.core.trail import FIRST, Line, digest, verify
from aitia.jobs import Jobs
from aitia.tools.memory.store import MemoryStore
from tests.memory.site import SITE
from tests.shop import shop_alert, small_settings


@pytest.fixture
def home(tmp_path: Path, database: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("AITIA_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def asked(home: Path) -> Jobs:
    """A home where a diagnosis was asked for and a step of it approved and denied."""
    jobs = Jobs(home, small_settings())
    job = jobs.submit(shop_alert(), origin="alertmanager", by="anna@example.org").job
    calls = [{"hash": h, "tool": "t", "args": {}, "at": "2126-01-01T00:00:00Z"} for h in ("aa", "bb")]
    jobs.table.set(job.id, state="waiting", asked=json.dumps(calls))
    jobs.table.answer(job.id, {"aa": True}, by="U1")
    jobs.table.answer(job.id, {"aa": False, "bb": False}, by="U2")
    return jobs


def test_requests_answers_and_changes_of_the_memory_are_told_in_order(home: Path, database: str) -> None:
    trail = asked(home).table.trail()
    assert [(line.what, line.who) for line in trail[1:]] == [("approve", "U1"), ("deny", "U2")]
    assert trail[0].what == "request"
    assert "anna@" not in trail[0].who
    with MemoryStore(home, embedder=None) as memory:
        memory.put(SITE, by="ops")
        told = memory.trail()
    assert [line.what for line in told] == [*(["request", "approve", "deny"] if database else []), "put"]
    assert verify(told).head == told[-1].hash
    assert told[0].previous == FIRST


def test_many_at_once_make_one_chain(home: Path) -> None:
    jobs = Jobs(home, small_settings())
    threads = [
        threading.Thread(target=lambda n=n: jobs.submit(f"trouble {n}", origin="api", by=f"u{n}"))
        for n in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert verify(jobs.table.trail()).lines == 8


@pytest.mark.parametrize(
    "done",
    [
        "update trail set who = 'U9' where number = 2",
        "delete from trail where number = 2",
        "delete from trail where number = 1",
        "update trail set number = number + 10 where number = 3",
    ],
)
def test_what_is_done_to_the_rows_is_found(home: Path, done: str) -> None:
    jobs = asked(home)
    noted = jobs.table.trail()[-1].hash
    with jobs.table._at.writing() as db:
        db.execute(done)
    found = CliRunner().invoke(app, ["audit", "verify"])
    assert isinstance(found.exception, BadInput)
    assert "audit log" in str(found.exception)
    with jobs.table._at.writing() as db:
        db.execute("delete from trail where number > 1")
    cut = CliRunner().invoke(app, ["audit", "verify", "--head", noted])
    assert isinstance(cut.exception, BadInput)


def test_an_export_is_verified_without_the_database(home: Path, tmp_path: Path) -> None:
    head = asked(home).table.trail()[-1].hash
    file, run = tmp_path / "audit.jsonl", CliRunner()
    assert run.invoke(app, ["audit", "export", "-o", str(file)]).exit_code == 0
    told = json.loads(
        run.invoke(app, ["audit", "verify", "--file", str(file), "--head", head, "--json"]).stdout
    )
    assert told == [{"log": str(file), "lines": 3, "head": head}]
    file.write_text(file.read_text().replace("U1", "U9"))
    assert isinstance(run.invoke(app, ["audit", "verify", "--file", str(file)]).exception, BadInput)
    assert len(json.loads(run.invoke(app, ["audit", "list", "--json", "-n", "2"]).stdout)) == 2


def chain(what: list[str]) -> list[Line]:
    made: list[Line] = []
    for number, each in enumerate(what, 1):
        fields = {"number": number, "at": "t", "who": "w", "what": each, "about": "", "detail": ""}
        fields["previous"] = made[-1].hash if made else FIRST
        made.append(Line.model_validate(fields | {"hash": digest(fields)}))
    return made


@given(st.lists(st.text(max_size=9), min_size=1, max_size=9), st.data())
def test_any_change_of_any_line_breaks_the_chain(what: list[str], data: st.DataObject) -> None:
    whole = chain(what)
    assert verify(whole).lines == len(what)
    place = data.draw(st.integers(0, len(what) - 1))
    other = data.draw(st.text(max_size=9).filter(lambda text: text != what[place]))
    changed = whole[place].model_copy(update={"what": other})
    resealed = changed.model_copy(update={"hash": digest(changed.model_dump())})
    for wrong in (changed, resealed):
        if wrong is resealed and place == len(what) - 1:
            continue  # the last line is guarded by a hash that is noted elsewhere only
        with pytest.raises(BadInput):
            verify([*whole[:place], wrong, *whole[place + 1 :]])
    with pytest.raises(BadInput):
        verify(whole[:-1], head=whole[-1].hash)
