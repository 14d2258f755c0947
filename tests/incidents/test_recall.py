"""Past incidents and runbooks: found by likeness, refused where nothing is alike."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from aitia.core.config import SourceConfig
from aitia.core.errors import ModelError, SourceError
from aitia.core.home import aitia_home
from aitia.core.lexical import LexicalIndex
from aitia.core.resolve import Resolver
from aitia.core.words import Component, Incident, Window
from aitia.models.embed import Embedder
from aitia.tools import SourceSet, ToolContext
from aitia.tools.incidents import incidents_search, runbooks_search
from aitia.tools.incidents.dense import Dense, open_dense
from aitia.tools.incidents.rank import rank
from aitia.tools.memory.terms import terms
from aitia.tools.sources.base import Document
from aitia.tools.sources.documents.document_files import IncidentFile, RunbookFolder

REAL_HOME = aitia_home()  # where the embedding model lies; the tests' own home is empty
AT = datetime(2026, 11, 25, 10, tzinfo=UTC)
PAST = [
    {"id": "INC-1", "title": "Checkout 5xx ratio high", "component": "postgres", "symptoms": ["too many clients", "connections at the limit"],
     "text": "The report job held all sessions, mail ann@example.org", "cause": "Report job leaked connections", "fault": "resource.connections",
     "mitigation": ["Stop the job", "Terminate idle sessions"], "at": "2026-03-01T00:00:00Z"},
    {"id": "INC-2", "title": "Search slow", "service": "search", "text": "CPU of search at one core after release", "cause": "Quadratic ranking",
     "fault": "resource.cpu", "mitigation": "Roll back", "at": "2026-04-01T00:00:00Z"},
    {"id": "INC-3", "title": "Checkout 5xx ratio high again", "text": "the same as INC-1, connections", "at": "2027-01-01T00:00:00Z"},
]  # fmt: skip
BOOK = """---
alerts: [CheckoutErrors]
services: [checkout]
faults: [resource.connections]
---
# Checkout answers with 5xx

## Mitigation
1. Roll back: `shopctl rollback SERVICE`
"""


@pytest.fixture(autouse=True)
def home(tmp_path_factory, monkeypatch):
    folder = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("AITIA_HOME", str(folder))
    return folder


def lexical_only(monkeypatch):
    monkeypatch.setattr(
        "aitia.tools.incidents.search.open_dense", lambda home: (None, "compared by words only")
    )


def context(
    tmp_path, title="Checkout 5xx ratio above 5 %", text="connections of postgres are at the limit"
) -> ToolContext:
    (tmp_path / "incidents.jsonl").write_text("".join(json.dumps(p) + "\n" for p in PAST))
    (tmp_path / "books").mkdir(exist_ok=True)
    (tmp_path / "books" / "checkout.md").write_text(BOOK)
    sources = [
        IncidentFile(
            SourceConfig(name="past", kind="incidents", type="incidents", path="incidents.jsonl"), tmp_path
        ),
        RunbookFolder(SourceConfig(name="books", kind="runbooks", type="runbooks", path="books"), tmp_path),
    ]
    return ToolContext(
        incident=Incident(
            id="i",
            title=title,
            text=text,
            started_at=AT,
            window=Window(start=AT, end=AT + timedelta(hours=1)),
        ),
        sources=SourceSet(sources),
        resolver=Resolver([Component(id="postgres", type="service")]),
    )


def test_the_similar_incident_is_first_and_the_future_is_unknown(tmp_path, monkeypatch):
    lexical_only(monkeypatch)
    result = incidents_search(context(tmp_path))
    first = result.data["incidents"][0]
    assert first["id"] == "INC-1"
    assert first["mitigation"] == ["Stop the job", "Terminate idle sessions"]
    assert "INC-3" not in str(result.data)
    fact = result.evidence[0]
    assert (fact.kind, fact.component, fact.taint) == ("incident.similar", "postgres", True)
    assert fact.values["fault"] == "resource.connections"
    assert 0 < fact.strength <= 0.5
    assert "words only" in result.message


def test_nothing_alike_is_no_data(tmp_path, monkeypatch):
    lexical_only(monkeypatch)
    result = incidents_search(context(tmp_path, title="Turbine oil pressure low", text="Lube pump tripped"))
    assert (result.status, result.evidence) == ("no_data", ())
    assert "no similar incident" in result.message


def test_no_incident_source(tmp_path):
    assert (
        incidents_search(ToolContext(incident=context(tmp_path).incident, sources=SourceSet())).status
        == "no_data"
    )


def test_runbooks_with_steps_and_the_bundled_ones(tmp_path):
    result = runbooks_search(context(tmp_path))
    first = result.data["runbooks"][0]
    assert (first["id"], first["source"], first["faults"]) == ("checkout", "books", ["resource.connections"])
    assert first["steps"] == [
        {"text": "Roll back", "command": "shopctl rollback SERVICE", "effect": "changing", "when": "now"}
    ]
    assert result.evidence[0].kind == "runbook.match"
    bundled = [b for b in result.data["runbooks"] if b["source"] == "bundled"]
    assert len(bundled) >= 10
    assert all(b["faults"] and any(s["when"] == "now" for s in b["steps"]) for b in bundled)
    assert all(any(s["when"] == "prevent" for s in b["steps"]) for b in bundled)
    assert bundled[0]["id"] == "connections-exhausted"


@pytest.mark.parametrize("line", ["[1]", "{broken", '{"text": "neither id nor title"}'])
def test_a_broken_line_is_named(tmp_path, line):
    (tmp_path / "x.jsonl").write_text('{"id": "a"}\n' + line + "\n")
    source = IncidentFile(
        SourceConfig(name="x", kind="incidents", type="incidents", path="x.jsonl"), tmp_path
    )
    with pytest.raises(SourceError, match=r"[Ll]ine 2 of .*x\.jsonl"):
        source.documents()


def test_broken_front_matter_is_named(tmp_path):
    (tmp_path / "x.md").write_text("---\na: [\n---\n# x\n")
    source = RunbookFolder(SourceConfig(name="x", kind="runbooks", type="runbooks", path="."), tmp_path)
    with pytest.raises(SourceError, match=r"Fix the front matter of .*x\.md"):
        source.documents()


def test_a_broken_source_is_a_note_and_the_bundled_books_remain(tmp_path):
    ctx = context(tmp_path)
    (tmp_path / "books" / "bad.md").write_text("---\na: [\n---\n# x\n")
    result = runbooks_search(ctx)
    assert "Fix the front matter of" in result.message
    assert {b["source"] for b in result.data["runbooks"]} == {"bundled"}


def test_terms_split_names():
    assert terms("KubePodCrashLooping: the pods of http_errors") == [
        "kube",
        "pod",
        "crash",
        "looping",
        "pod",
        "http",
        "error",
    ]


def test_lexicon_scores():
    lexicon = LexicalIndex([terms("disk is full"), terms("cpu is busy"), terms("")])
    assert lexicon.cosine(terms("disk full")).argmax() == 0
    assert lexicon.cosine(terms("disk is full"))[0] == pytest.approx(1.0)
    assert lexicon.cosine(terms("zebra")).max() == 0
    assert lexicon.bm25(terms("zebra")).max() == 0


@pytest.mark.memory
def test_dense_finds_what_words_do_not(home):
    pytest.importorskip("chromadb", reason="pip install '.[memory]'")
    pytest.importorskip("onnxruntime", reason="pip install '.[memory]'")
    try:
        embedder = Embedder(home=REAL_HOME)
    except ModelError as error:
        pytest.skip(str(error))
    documents = [
        ("s", Document(id="a", title="Storage volume has no room left", text="")),
        ("s", Document(id="b", title="Certificate expired", text="")),
        ("s", Document(id="c", title="Queue consumers stuck", text="")),
    ]
    assert rank("disk full", documents, dense=None) == []
    hits = rank("disk full", documents, dense=Dense(embedder, home / "memory"))
    assert hits[0].document.id == "a"
    assert rank("disk full", documents, dense=Dense(embedder, home / "memory")) == hits
    assert rank("", documents, dense=Dense(embedder, home / "memory")) == []


def test_without_the_extra_the_note_says_what_to_install(home, monkeypatch):
    monkeypatch.setattr("aitia.tools.incidents.dense.find_spec", lambda name: None)
    dense, note = open_dense(home)
    assert dense is None
    assert ".[memory]" in note
