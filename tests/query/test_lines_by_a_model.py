"""Which lines of a log a question means, as a model tells it: bound to what the log holds, offered and run by code."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from aitia.agent.asking.question.by_model import QuestionReader
from aitia.agent.asking.question.line_reader import LineReader
from aitia.core.config import SourceConfig
from aitia.graphs.looking import look, opened
from aitia.models.curriculum.log_lines import LEFT_OUT, SHOWN, LogLines, head, logs
from aitia.tools.query.line_kinds import line_kinds
from aitia.tools.query.site import Site
from aitia.tools.sources import open_sources
from tests.query.conftest import Writes

SAID = (
    ("08:00:01", "info", "till started, 4 threads"),
    ("08:00:05", "info", "karte angenommen: KQ-17 in 0.4 s"),
    ("08:00:09", "warn", "karte abgelehnt: KQ-18 nach 3.2 s"),
    ("08:00:12", "info", "karte angenommen: KQ-19 in 0.3 s"),
    ("08:00:40", "warn", "karte abgelehnt: KQ-23 nach 7.9 s"),
    ("08:01:02", "info", "GET /health HTTP/1.1 200 1ms"),
    ("08:01:07", "warn", 'beleg "A|b\\ nicht gedruckt'),
)
LOG = "".join(
    json.dumps({"ts": f"2026-03-01T{at}Z", "level": level, "msg": text}) + "\n" for at, level, text in SAID
)
NOW = datetime(2026, 3, 1, 8, 2, tzinfo=UTC)
ASKED = "combien de cartes refusées a-t-on eues ?"


@pytest.fixture
def till(tmp_path: Path) -> Site:
    (tmp_path / "till.log").write_text(LOG, encoding="utf-8")
    held = SourceConfig(name="logs", kind="logs", type="log_files", path="till.log")
    return opened(open_sources([held], tmp_path), now=NOW)


def asked(site: Site, question: str, line: str, log_prob: float = -0.01):
    model = Writes(line, log_prob)
    found = look(question, site, None, readers(model))
    assert found is not None
    return found[0], model


def readers(model: Writes):
    return QuestionReader(Writes("none"), lines=LineReader(model))


def test_the_kinds_of_a_log_have_a_line_each_and_no_access_line(till: Site) -> None:
    kinds = {k.phrase: k for k in line_kinds(till, "till")}
    assert {"karte angenommen", "karte abgelehnt"} <= {p.split(":")[0] for p in kinds}
    assert sum(k.size for k in kinds.values()) == 6
    assert not any("/health" in k.sample for k in kinds.values())


def test_what_no_table_of_words_tells_is_offered(till: Site) -> None:
    rules = look(ASKED, till)
    assert rules is None or rules[0].status != "answered"
    answer, model = asked(till, ASKED, "count: karte abgelehnt: KQ-18 nach 3.2 s")
    assert answer.status == "unclear"
    assert any("read by the model as lines like: karte abgelehnt" in n for n in answer.notes)
    (prompt, grammar) = model.asked[0]
    assert ASKED in prompt.user
    assert "karte angenommen" in prompt.user
    assert 'none"' in grammar
    assert run(till, answer).value == 2


def run(till: Site, answer):
    """What the query that is offered finds."""
    query = answer.choices[0]
    found = look(query, till)
    assert found is not None
    return found[0].found[0]


def test_first_last_and_the_largest_figure(till: Site) -> None:
    first, _ = asked(
        till, "depuis quand refuse-t-on des cartes ?", "first: karte abgelehnt: KQ-18 nach 3.2 s"
    )
    assert run(till, first).rows[0].at == datetime(2026, 3, 1, 8, 0, 9, tzinfo=UTC)
    last, _ = asked(till, "le dernier refus de carte ?", "last: karte abgelehnt: KQ-18 nach 3.2 s")
    assert run(till, last).rows[0].at == datetime(2026, 3, 1, 8, 0, 40, tzinfo=UTC)
    longest, _ = asked(till, "le refus de carte le plus long ?", "largest: karte abgelehnt: KQ-18 nach 3.2 s")
    assert run(till, longest).figures[0].value == 7.9
    assert run(till, longest).figures[0].unit == "s"


@pytest.mark.parametrize(
    ("line", "log_prob"),
    [
        ("count: none", -0.01),
        ("count: karte abgelehnt: KQ-18 nach 3.2 s", -3.0),
        ("count: drop table", -0.01),
    ],
)
def test_none_an_unsure_line_and_one_that_no_log_holds_offer_nothing(
    till: Site, line: str, log_prob: float
) -> None:
    answer, _ = asked(till, ASKED, line, log_prob)
    assert answer.status != "answered"
    assert "karte" not in " ".join(answer.notes)


def test_an_order_is_not_put_to_it(till: Site) -> None:
    answer, model = asked(till, "delete the refused cards", "count: karte abgelehnt: KQ-18 nach 3.2 s")
    assert answer.status != "answered"
    assert not model.asked


def test_the_largest_figure_is_that_of_the_unit_that_the_lines_share(till: Site) -> None:
    found = look('lines(component="till", text="karte", order="largest", limit=2)', till)
    assert found is not None
    assert [r.text.split("KQ-")[1][:2] for r in found[0].found[0].rows] == ["23", "18"]
    none = look('lines(component="till", text="started", order="largest")', till)
    assert none is not None
    assert "tells one figure with a unit" in none[0].text


def test_checks_and_what_is_held_out_are_of_an_author_of_whom_nothing_is_learned() -> None:
    sites = {log.site: log.author for log in logs()}
    of = {s: {i.vendor for i in LogLines().items(0, 2000, s)} for s in ("train", "check", "held_out")}
    assert all(sites[v] != LEFT_OUT for v in of["train"])
    assert all(sites[v] == LEFT_OUT for v in of["check"] | of["held_out"])
    assert not of["check"] & of["held_out"]


def test_every_line_that_is_meant_is_among_those_shown() -> None:
    for item in LogLines().items(0, 2000, "train"):
        shown = item.prompt.split("\nQuestion: ")[0].strip("\n").split("\n")
        assert 2 <= len(shown) <= SHOWN + 4
        heads = {*map(head, shown), "none"}
        assert all(s.text.strip() in heads for s in item.answer if s.name == "line")
