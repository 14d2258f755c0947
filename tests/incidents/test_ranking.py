"""The ranking: its parts, its cache, what it says of a hit, and what the alert names before any search."""

import time
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from aitia.core.config import SourceConfig
from aitia.core.lexical import LexicalIndex
from aitia.core.redact import Redactor
from aitia.core.words import Incident, Window
from aitia.incoming import make_incident
from aitia.tools import SourceSet, ToolContext
from aitia.tools.incidents import index as indexing
from aitia.tools.incidents import runbooks_search
from aitia.tools.incidents.alert_links import BY_NAME, BY_URL, named
from aitia.tools.incidents.fusion import fusion
from aitia.tools.incidents.index import WORDS, Index, index_of
from aitia.tools.incidents.rank import CANDIDATES, parts_of, query_of, rank
from aitia.tools.incidents.views import OPENING, first_section, opening, pairs
from aitia.tools.memory.terms import terms, written
from aitia.tools.sources.base import Document
from aitia.tools.sources.documents.document_files import RunbookFolder

AT = datetime(2026, 11, 25, 10, tzinfo=UTC)
BOOKS = [
    ("books", Document(id="node/DiskFull", title="Disk full", text="# DiskFull\n\n## Meaning\nA filesystem of the node has no space left.\n\n## Steps\n- Clear the package cache.")),
    ("books", Document(id="db/QueueFull", title="Queue full", text="## Meaning\nConsumers are slow; the queue is full of messages.\n\n## Steps\n- Scale the consumers.")),
    ("books", Document(id="db/SlowScan", title="Slow scan", text="## Meaning\nA full scan of a table is slow.\n\n## Steps\n- Add an index.")),
    ("books", Document(id="pay/index", title="Payments", text="Card payments are declined.", meta={"alerts": "PaymentsDeclined\nCardErrors"})),
]  # fmt: skip


@pytest.fixture(autouse=True)
def home(tmp_path_factory, monkeypatch):
    folder = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("AITIA_HOME", str(folder))
    return folder


class Letters:
    """Cosines of letter counts: an embedding that needs no model."""

    def __init__(self):
        self.seen: list[list[str]] = []

    def similarities(self, query, texts):
        self.seen.append(list(texts))
        rows = np.array(
            [[text.casefold().count(c) for c in "abcdefghijklmnopqrstuvwxyz"] for text in (query, *texts)]
        )
        unit = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9)
        return unit[1:] @ unit[0]


def incident(title="Something is wrong", text="", **labels) -> Incident:
    return Incident(
        id="i",
        title=title,
        text=text,
        started_at=AT,
        window=Window(start=AT, end=AT + timedelta(hours=1)),
        labels=labels,
    )


def ids(hits):
    return [hit.document.id for hit in hits]


def test_the_first_section_ends_at_the_next_heading_and_a_fence_holds_none():
    assert first_section("# T\n\n## A\nx\n```\n# no heading\n```\n## B\ny").split() == [
        "x",
        "```",
        "#",
        "no",
        "heading",
        "```",
    ]
    assert first_section("plain text") == "plain text"
    assert first_section("") == ""


def test_the_opening_is_bounded_and_cut_at_a_word():
    text = opening(Document(id="a", title="T", text="word " * 900))
    assert len(text) <= OPENING
    assert text.endswith("word")
    assert len(opening(Document(id="a", title="", text="x" * 5000))) == OPENING


def test_tokens_as_written_keep_the_whole_name_and_terms_its_stems():
    assert written("CrashLoopBackOff of pods 7 times in us-east-1") == [
        "crash",
        "loop",
        "back",
        "off",
        "crashloopbackoff",
        "pods",
        "times",
        "us",
        "east",
    ]
    assert terms("CrashLoopBackOff of pods") == ["crash", "loop", "back", "off", "pod"]
    assert pairs(["a", "b", "c"]) == ["a b", "b c"]
    assert pairs(["a"]) == []


def test_word_pairs_tell_the_order_of_words():
    index = Index([document for _, document in BOOKS])
    scores = index.words("queue is full")[:, WORDS.index("pairs")]
    assert scores.argmax() == 1
    assert scores[2] == 0  # "full scan" has both kinds of word, not the pair


def test_parts_are_scaled_and_a_term_counts_twice_at_most():
    index = Index([document for _, document in BOOKS])
    twice, often = index.words("disk disk"), index.words("disk " * 50)
    assert twice.shape == (4, len(WORDS))
    assert np.array_equal(twice[:, :2], often[:, :2])
    assert twice.max() == 1
    assert index.words("zebra").max() == 0
    assert index.words("").max() == 0


def test_an_index_is_built_once_and_anew_where_a_document_changes(monkeypatch):
    indexing._indexes.clear()
    documents = [document for _, document in BOOKS]
    first = index_of(documents)
    assert index_of(list(documents)) is first
    changed = [*documents[:-1], Document(id="pay/index", title="Payments", text="other")]
    assert index_of(changed) is not first
    for n in range(20):
        index_of([Document(id=str(n), title="t", text="")])
    assert len(indexing._indexes) == indexing._KEPT


def test_a_small_set_does_not_make_its_words_common():
    one = LexicalIndex([terms("checkout answers with errors")])
    assert one.cosine(terms("checkout has errors since noon"))[0] > 0.3


def test_meaning_is_compared_with_the_first_by_words_and_moves_the_order():
    dense = Letters()
    many = [("s", Document(id=f"{n:03}", title=f"thing {n}", text="disk " * (n % 3))) for n in range(80)]
    index = index_of([document for _, document in many])
    parts, cosines = parts_of("disk thing", index, dense, fusion())
    assert parts.shape == (80, len(WORDS) + 1)
    assert len(dense.seen[0]) == CANDIDATES
    assert np.count_nonzero(cosines) <= CANDIDATES
    assert parts[:, -1].max() == pytest.approx(1.0)
    hits = rank("disk thing", many, dense=dense)
    assert hits[0].meaning is not None
    assert hits == rank("disk thing", many, dense=dense)


def test_where_no_word_is_shared_meaning_decides_alone():
    documents = [
        ("s", Document(id="a", title="zzzz yyyy", text="")),
        ("s", Document(id="b", title="qqqq", text="")),
    ]
    assert rank("zyzyzy", documents, dense=None) == []
    assert ids(rank("zyzyzy", documents, dense=Letters())) == ["a"]


def test_a_hit_says_why_and_what_is_secret_is_not_said():
    (hit,) = rank("the filesystem has no space, says token-abc", BOOKS, dense=None, top=1)
    assert hit.document.id == "node/DiskFull"
    assert set(hit.shared) == {"filesystem", "no", "space"} or set(hit.shared) == {"filesystem", "space"}
    assert hit.why(Redactor(b"k" * 32)).startswith("words in common: ")
    near = rank("the filesystem has no space", BOOKS, dense=Letters(), top=1)[0]
    assert "meaning 0." in near.why(Redactor(b"k" * 32))


def test_nothing_alike_is_no_hit():
    assert rank("turbine oil pressure low", BOOKS, dense=None) == []
    assert rank("disk", [], dense=None) == []


def test_names_and_addresses_are_looked_up_and_not_read():
    query = query_of(
        incident("Slow", alertname="DiskFull", runbook_url="https://x.org/db/QueueFull", zone="a")
    )
    assert "DiskFull" not in query
    assert "QueueFull" not in query
    assert "a" in query.split()


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("https://wiki.example.org/runbooks/node/diskfull", ["node/DiskFull"]),
        ("https://wiki.example.org/x/DiskFull.md?raw=1#steps", ["node/DiskFull"]),
        ("https://wiki.example.org/db/Queue%46ull/", ["db/QueueFull"]),
        ("file:///etc/passwd", []),
        ("https://wiki.example.org/", []),
        ("https://wiki.example.org/other/index", []),  # a name that every folder has
        ("https://wiki.example.org/pay/index.html", ["pay/index"]),
        ("http://[broken", []),
        ("https://wiki.example.org/notDiskFull", []),
        ("https://a.org/db/SlowScan https://a.org/db/QueueFull", ["db/QueueFull", "db/SlowScan"]),
    ],
)
def test_the_alert_names_its_runbook(url, found):
    hits = named(incident(runbook_url=url), BOOKS)
    assert ids(hits) == found
    assert all(hit.named == BY_URL for hit in hits)


@pytest.mark.parametrize(
    ("told", "found"),
    [
        (incident(alertname="DiskFull"), ["node/DiskFull"]),
        (incident(alertname="carderrors"), ["pay/index"]),
        (incident("QueueFull on broker 2"), ["db/QueueFull"]),
        (incident("Disk trouble"), []),
        (incident("Payments are slow"), []),  # one common word is no name
        (incident(alertname=""), []),
    ],
)
def test_the_alerts_name_finds_its_runbook(told, found):
    hits = named(told, BOOKS)
    assert ids(hits) == found
    assert all(hit.named == BY_NAME for hit in hits)


def test_an_address_comes_before_a_name_and_the_longest_path_first():
    books = [*BOOKS, ("books", Document(id="other/DiskFull", title="x", text=""))]
    hits = named(incident(alertname="QueueFull", runbook_url="https://x.org/runbooks/other/DiskFull"), books)
    assert ids(hits) == ["other/DiskFull", "node/DiskFull", "db/QueueFull"]


def test_runbooks_search_names_before_it_searches(tmp_path):
    for source, document in BOOKS:
        path = tmp_path / source / f"{document.id}.md"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(document.text)
    alert = {
        "alerts": [
            {
                "labels": {"alertname": "SlowScan"},
                "annotations": {
                    "summary": "The queue is full of messages",
                    "runbook_url": "https://wiki.example.org/runbooks/node/DiskFull",
                },
                "startsAt": AT.isoformat(),
            }
        ]
    }
    books = RunbookFolder(
        SourceConfig(name="books", kind="runbooks", type="runbooks", path="books"), tmp_path
    )
    told = make_incident(alert, now=AT + timedelta(hours=1))
    assert told.labels["runbook_url"] == "https://wiki.example.org/runbooks/node/DiskFull"
    result = runbooks_search(ToolContext(incident=told, sources=SourceSet([books])))
    own = [e for e in result.evidence if e.values["source"] == "books"]
    assert [e.values["runbook"] for e in own] == ["node/DiskFull", "db/SlowScan", "db/QueueFull"]
    assert own[0].statement.endswith("is named by the alert.")
    assert own[1].statement.endswith("is written for this alert.")
    assert "has similar text (similarity 0." in own[2].statement
    assert "words in common: " in own[2].statement
    assert result.data["runbooks"][0]["id"] == "node/DiskFull"
    assert all(e.taint for e in own)


def test_a_sample_runbook_that_the_alert_names_comes_before_any_search():
    told = incident("Pod is crash looping", alertname="KubePodCrashLooping")
    first = runbooks_search(ToolContext(incident=told, sources=SourceSet())).evidence[0]
    assert first.values["runbook"].endswith("/KubePodCrashLooping")
    assert first.statement.startswith("Sample runbook, not this site's own, ")
    assert first.statement.endswith("is written for this alert.")
    url = "https://runbooks.prometheus-operator.dev/runbooks/node/noderaiddegraded"
    told = incident("RAID", runbook_url=url)
    first = runbooks_search(ToolContext(incident=told, sources=SourceSet())).evidence[0]
    assert first.values["runbook"].endswith("/node/NodeRAIDDegraded")
    assert first.statement.endswith("is named by the alert.")


def test_the_runbook_addresses_of_a_group_are_bounded_and_the_earliest_alert_leads():
    alerts = [
        {
            "labels": {"alertname": "A"},
            "annotations": {"runbook_url": f"https://x.org/{n}" + "y" * 900},
            "startsAt": (AT - timedelta(minutes=n)).isoformat(),
        }
        for n in range(9)
    ]
    told = make_incident({"alerts": alerts}, now=AT + timedelta(hours=1)).labels["runbook_url"].split()
    assert len(told) == 5
    assert told[0].startswith("https://x.org/8")
    assert max(map(len, told)) <= 500
    assert "runbook_url" not in make_incident({"alerts": [{"labels": {"alertname": "A"}}]}, now=AT).labels


def test_six_hundred_documents_rank_in_half_a_second_once_they_are_indexed():
    chance = np.random.default_rng(0)
    vocabulary = [f"{chr(97 + n % 26)}word{n}" for n in range(4000)]
    many = [
        ("s", Document(id=str(n), title=f"t {n}", text="## M\n" + " ".join(chance.choice(vocabulary, 500))))
        for n in range(640)
    ]
    rank("aword0 bword1", many, dense=None)
    began = time.process_time()
    rank(" ".join(vocabulary[:60]), many, dense=None)
    assert time.process_time() - began < 0.5
