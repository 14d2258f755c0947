"""Changes and work orders as other programs export them: JSON arrays, CSV, other names, encodings and notations of time."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aitia.core.config import SourceConfig
from aitia.core.errors import AitiaError, SourceError
from aitia.core.words import Holding, Window
from aitia.tools.sources import open_source
from aitia.tools.sources.changes.journal import JournalSource

WINDOW = Window(start=datetime(2026, 11, 1, tzinfo=UTC), end=datetime(2026, 12, 1, tzinfo=UTC))
AT = datetime(2026, 11, 26, 8, 30, tzinfo=UTC)


def source(path: Path, *, kind: str = "changes", **fields: object) -> JournalSource:
    config = {"name": "j", "kind": kind, "type": kind, "path": path.name} | fields
    found = open_source(SourceConfig.model_validate(config), path.parent)
    assert isinstance(found, JournalSource)
    return found


def written(folder: Path, text: str, encoding: str = "utf-8", name: str = "j.txt") -> Path:
    path = folder / name
    path.write_bytes(text.encode(encoding))
    return path


def read(path: Path, **fields: object) -> list[tuple[datetime, str, str, str]]:
    return [(c.at, c.component, c.kind, c.text) for c in source(path, **fields).read(WINDOW)]


def held(path: Path, **fields: object) -> Holding:
    return source(path, **fields).describe(WINDOW)


ORDERS = """Auftrag;Beginn;Ende;Anlagenteil;Text;Ausführender
4711;26.11.2026 09:30;26.11.2026 11:45;P-201A;"Lager nachgeschmiert; geprüft";Meier
4712;27.11.2026 10:00;27.11.2026 10:30;LV-100;Stopfbuchse – gängig gemacht;Schulz
"""


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_german_work_orders_are_read(tmp_path: Path, encoding: str) -> None:
    path = written(tmp_path, ORDERS, encoding)
    found = read(path, kind="maintenance", options={"timezone": "Europe/Berlin"})
    assert found == [
        (AT, "P-201A", "maintenance", "Lager nachgeschmiert; geprüft"),
        (datetime(2026, 11, 27, 9, tzinfo=UTC), "LV-100", "maintenance", "Stopfbuchse – gängig gemacht"),
    ]
    told = held(path, kind="maintenance").guessed
    assert "time from 'Beginn', component from 'Anlagenteil', text from 'Text'" in told
    assert "times as D.M.Y (dmy)" in told
    assert "read as UTC" in told
    assert "not used: Auftrag, Ende, Ausführender" in told
    assert ("not UTF-8" in told) == (not encoding.startswith("utf-8"))
    (first, _) = source(path, kind="maintenance").read(WINDOW)
    assert first.ref.lines == (2, 2)


@pytest.mark.parametrize("pretty", [None, 2])
def test_a_json_array_is_what_json_lines_are(tmp_path: Path, pretty: int | None) -> None:
    entries = [
        {"deployed_at": "2026-11-26T08:30:00Z", "repo": "pay", "version": "v2", "type": "release"},
        {"deployed_at": "2026-11-27T09:00:00+00:00", "repo": "cart", "sha": "abc123", "title": "new cache"},
    ]
    array = written(tmp_path, json.dumps(entries, indent=pretty))
    lines = written(tmp_path, "\n".join(map(json.dumps, entries)), name="l.jsonl")
    found = read(array)
    assert found == read(lines)
    assert found == [
        (AT, "pay", "deploy", "version v2"),
        (datetime(2026, 11, 27, 9, tzinfo=UTC), "cart", "config", "new cache (sha abc123)"),
    ]
    (first, _) = source(array).read(WINDOW)
    assert first.ref.query == "j.txt [0]"


@pytest.mark.parametrize(
    ("at", "component", "text"),
    [
        ("at", "component", "text"),
        ("time", "service", "message"),
        ("Timestamp", "app", "title"),
        ("started", "asset", "description"),
        ("finished_at", "equipment", "summary"),
        ("Beginn", "Anlagenteil", "Kurztext"),
        ("Datum", "Equipment", "Beschreibung"),
    ],
)
def test_fields_are_found_by_their_usual_names(tmp_path: Path, at: str, component: str, text: str) -> None:
    entry = {"number": 7, at: "2026-11-26T08:30:00Z", component: "P-1", text: "checked"}
    assert [(a, c, t) for a, c, _, t in read(written(tmp_path, json.dumps([entry])))] == [
        (AT, "P-1", "checked")
    ]
    rows = "\n".join([",".join(entry), ",".join(map(str, entry.values()))])
    assert [(a, c, t) for a, c, _, t in read(written(tmp_path, rows, name="j.csv"))] == [
        (AT, "P-1", "checked")
    ]


def test_entries_without_a_time_are_dropped_and_told(tmp_path: Path) -> None:
    path = written(tmp_path, "time,component,text\n26.11.2026 08:30,a,x\nsoon,b,y\n,c,z\n")
    assert [c for _, c, *_ in read(path)] == ["a"]
    assert held(path).note == "2 of 3 entries have no time that can be read: left out (line 3)"


def test_where_no_entry_has_a_time_the_first_is_named(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"'time' in line 2.*not 'soon'"):
        read(written(tmp_path, "time,component,text\nsoon,b,y\n"))
    with pytest.raises(SourceError, match=r"line 1.*names a column of times"):
        read(written(tmp_path, "component,text\nb,y\n"))


def test_all_rows_tell_the_order_of_day_and_month(tmp_path: Path) -> None:
    rows = [f"0{d}/11/2026 08:30:00,a,x" for d in range(1, 10)] + ["25/11/2026 08:30:00,a,x"]
    path = written(tmp_path, "\n".join(["time,component,text", *rows]))
    assert [a.month for a, *_ in read(path)] == [11] * 10
    assert held(path).guessed.startswith("times as D/M/Y (dmy)")


@settings(max_examples=50, deadline=None)
@given(
    texts=st.lists(
        st.text(st.characters(codec="cp1252", exclude_categories=["Cc"]), min_size=1), min_size=1, max_size=5
    )
)
def test_the_same_entries_in_every_form_are_the_same_changes(
    tmp_path_factory: pytest.TempPathFactory, texts: list[str]
) -> None:
    folder = tmp_path_factory.mktemp("j")
    texts = [t.strip() or "x" for t in texts]
    entries = [{"at": f"2026-11-26T08:30:0{i}Z", "component": "P-1", "text": t} for i, t in enumerate(texts)]
    plain = written(folder, "\n".join(map(json.dumps, entries)), name="plain.jsonl")
    table = io.StringIO()
    rows = csv.writer(table, delimiter=";")
    rows.writerow(["Beginn", "Anlagenteil", "Kurztext"])
    rows.writerows([[f"26.11.2026 09:30:0{i}", "P-1", t] for i, t in enumerate(texts)])
    german = written(folder, table.getvalue(), "cp1252", "german.csv")
    assert read(german, options={"timezone": "Europe/Berlin", "encoding": "cp1252"}) == read(plain)


@settings(max_examples=60, deadline=None)
@given(data=st.binary(max_size=300), start=st.sampled_from([b"", b"[", b"{", b"time;text\n"]))
def test_any_bytes_are_read_or_refused_with_a_message(
    tmp_path_factory: pytest.TempPathFactory, data: bytes, start: bytes
) -> None:
    path = tmp_path_factory.mktemp("b") / "j.txt"
    path.write_bytes(start + data)
    told = "read"
    try:
        read(path)
    except AitiaError as error:
        told = str(error)
    assert told


def test_a_file_over_the_limit_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aitia.tools.sources.changes.journal.MAX_BYTES", 100)
    with pytest.raises(SourceError, match="larger than the limit"):
        read(written(tmp_path, ORDERS))
