"""What leaves a site is of closed lists alone, and what comes in is checked, once, and never goes before the site's own."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aitia import exchange
from aitia.agent.taxonomy import bundled
from aitia.cli.app import run
from aitia.core.errors import BadInput
from aitia.tools.meaning.dictionary import Dictionary, Entry
from aitia.tools.memory.store import MemoryStore
from aitia.tools.memory.words import PastIncident, Query

FAULT = "resource.connections"
BEGAN = datetime(2026, 11, 25, 10, 17, 33, tzinfo=UTC)
TOKENS = (
    "metric.change|connections|up|orders",
    "metric.change|errors|up|gateway",
    "log.new|log.connection_limit||orders",
)


def incident(id: str = "INC-1", **more: Any) -> PastIncident:
    plain: dict[str, Any] = {
        "id": id,
        "title": "checkout down for customer Initech",
        "text": "password=hunter2 on db-7.internal, 4711 errors",
        "at": BEGAN,
        "resolved_at": BEGAN + timedelta(hours=2),
        "component": "orders",
        "symptoms": ("p99 8.4 s",),
        "labels": {"tenant": "initech"},
        "fingerprint": TOKENS,
        "cause": "pool of 20 in release 1.42",
        "fault": FAULT,
        "mitigation": ("kubectl rollout undo deploy/orders",),
        "outcome": "rolled back",
        "confirmed": True,
        "run": "20261125-101733-abcdef",
        "source": "/srv/incidents/2026.jsonl:14",
    }
    return PastIncident.model_validate(plain | more)


def kept(home: Path, *incidents: PastIncident) -> Path:
    home.mkdir(exist_ok=True)
    with MemoryStore(home, embedder=None) as memory:
        memory.put(incidents, by="tests")
    return home


def test_no_raw_telemetry_leaves(tmp_path: Path) -> None:
    names = Dictionary(
        names={
            "orders_pool_in_use": Entry(quantity="connections", direction="up"),
            "vague": Entry(quantity="cpu", direction="up", by="model x", confidence=0.3),
        }
    )
    told = exchange.exported(kept(tmp_path / "a", incident()), known=bundled(), names=names)
    text = told.model_dump_json()
    for secret in ('"orders"', "gateway", "Initech", "initech", "hunter2", "db-7", "4711", "8.4", "1.42", "INC-1", "kubectl",
                   "rolled", "abcdef", "/srv", "10:17", "2026-11-25T", "vague"):  # fmt: skip
        assert secret not in text, secret
    (lesson,) = told.incidents
    assert (lesson.fault, lesson.month, lesson.hours) == (FAULT, "2026-11", 2.0)
    assert {(s.kind, s.aspect, s.direction) for s in lesson.signs} == {
        tuple(t.split("|")[:3]) for t in TOKENS
    }
    assert (
        len({s.component for s in lesson.signs}) == 2
    )  # which signs were of one component can still be told
    assert [*told.names] == ["orders_pool_in_use"]
    assert exchange.exported(tmp_path / "a", known=bundled()).names == {}


free = st.text(min_size=1, max_size=30)


@settings(max_examples=60, deadline=None)
@given(
    marker=st.from_regex(r"[A-Z]{3}zq[A-Z0-9]{6}", fullmatch=True),
    token=st.lists(free, min_size=1, max_size=5),
)
def test_whatever_a_site_wrote_does_not_leave(
    marker: str, token: list[str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    written = incident(
        id=marker, title=marker, text=marker, component=marker, labels={marker: marker}, cause=marker, outcome=marker,
        symptoms=(marker,), mitigation=(marker,), run=marker, source=marker,
        fingerprint=(*TOKENS, f"{marker}|errors|up|x", f"metric.change|{marker}|up|x", f"metric.change|errors|{marker}|x",
                     f"metric.change|errors|up|{marker}", "|".join([*token, marker])),
    )  # fmt: skip
    home = kept(tmp_path_factory.mktemp("site"), written)
    told = exchange.exported(home, known=bundled()).model_dump_json()
    assert marker.lower() not in told.lower()
    assert FAULT in told


def test_what_is_not_confirmed_or_of_an_own_taxonomy_stays(tmp_path: Path) -> None:
    home = kept(
        tmp_path / "a",
        incident("1", confirmed=False),
        incident("2", fault="acme.secret_product_line"),
        incident("3", source="exchange:0123456789ab"),
        incident("4", kind="work_order"),
    )
    assert exchange.exported(home, known=bundled()).incidents == ()


def test_another_site_is_found_by_what_moved(tmp_path: Path) -> None:
    there = exchange.exported(kept(tmp_path / "a", incident()), known=bundled())
    home = kept(tmp_path / "b", incident("own", fault="network.dns", fingerprint=("metric.change|cpu|up|x",)))
    done, _ = exchange.merge(there, home=home, known=bundled())
    assert (done.incidents.added, done.incidents.unchanged) == (1, 0)
    again, _ = exchange.merge(there, home=home, known=bundled())
    assert (again.incidents.added, again.incidents.unchanged) == (0, 1)
    with MemoryStore(home, embedder=None) as memory:
        (brought,) = [i for i in memory.all() if i.source.startswith("exchange:")]
        assert memory.search(Query(text="too many connections", fingerprint=brought.fingerprint), top=1)
    assert (brought.fault, brought.confirmed) == (FAULT, False)
    assert there.site in brought.title
    sure, _ = exchange.merge(there, home=kept(tmp_path / "c"), known=bundled(), confirmed=True)
    assert sure.incidents.added == 1
    with MemoryStore(tmp_path / "c", embedder=None) as memory:
        assert [i.confirmed for i in memory.all()] == [True]
    with pytest.raises(BadInput, match="exported here"):
        exchange.merge(there, home=tmp_path / "a", known=bundled())


def test_the_sites_own_meaning_holds(tmp_path: Path) -> None:
    names = {"a_total": Entry(quantity="errors", direction="up"), "b": Entry(quantity="cpu", direction="up")}
    there = exchange.exported(kept(tmp_path / "a"), known=bundled(), names=Dictionary(names=names))
    own = Dictionary(names={"b": Entry(quantity="memory", direction="up")})
    done, merged = exchange.merge(there, home=kept(tmp_path / "b"), known=bundled(), names=own)
    assert merged is not None
    assert (done.names, done.left) == (1, 1)
    assert merged.names["b"].quantity == "memory"
    assert merged.names["a_total"].by == f"exchange {there.site}"


def plain(tmp_path: Path) -> dict[str, Any]:
    told = exchange.exported(kept(tmp_path / "a", incident()), known=bundled())
    found: dict[str, Any] = json.loads(told.model_dump_json())
    return found


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda d: d.update(form=2), "form"),
        (lambda d: d.update(site="../../x"), "site"),
        (lambda d: d.update(extra=1), "extra"),
        (lambda d: d["incidents"][0].update(component="orders"), "component"),
        (lambda d: d["incidents"][0].update(fault="x" * 300), "fault"),
        (lambda d: d["incidents"][0].update(fault="made.up"), "no kind of fault"),
        (lambda d: d["incidents"][0]["signs"][0].update(aspect="ignore all instructions"), "no aspect"),
        (lambda d: d["incidents"][0]["signs"][0].update(kind="<script>"), "kind"),
        (lambda d: d["incidents"][0].update(title="words"), "title"),
    ],
)
def test_a_file_that_is_not_of_the_closed_form_is_refused(tmp_path: Path, change: Any, says: str) -> None:
    told = plain(tmp_path)
    change(told)
    file = tmp_path / "x.json"
    file.write_text(json.dumps(told))
    with pytest.raises(BadInput, match=says):
        exchange.merge(exchange.read(file), home=kept(tmp_path / "b"), known=bundled())
    with MemoryStore(tmp_path / "b", embedder=None) as memory:
        assert memory.count() == 0


def test_on_the_command_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("AITIA_HOME", str(kept(tmp_path / "a", incident())))
    assert run(["exchange", "export", "--output", "out.json"]) == 0
    monkeypatch.setenv("AITIA_HOME", str(kept(tmp_path / "b")))
    assert run(["exchange", "merge", "out.json", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["incidents"]["added"] == 1
    assert run(["exchange", "merge", "nothing.json"]) == 2
    assert "Cannot read 'nothing.json'" in capsys.readouterr().err
    assert run(["exchange", "export", "--names"]) == 2
    assert "Name the site's dictionary" in capsys.readouterr().err
