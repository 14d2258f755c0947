"""Two reports side by side: what is told of both, and which sentences differ."""

from __future__ import annotations

from aitia.core.words import ModelUse, Report
from aitia.render.beside import beside, render_beside


def test_what_a_model_added_stands_beside_the_report_without_one(cause: Report) -> None:
    with_model = cause
    chain = tuple(
        s.model_copy(update={"by": "template", "text": f"Code says {n}."})
        for n, s in enumerate(with_model.chain)
    )
    plain = with_model.model_copy(update={"chain": chain, "summary": (), "model": ModelUse()})
    found = beside(plain, with_model)
    rows = {r.what: (r.one, r.other) for r in found.rows}
    written = sum(s.by == "model" for s in (*with_model.summary, *with_model.chain))
    assert written > 0
    assert rows["sentences by a model"] == (
        f"0 of {len(chain)}",
        f"{written} of {len(with_model.summary) + len(chain)}",
    )
    assert rows[""] == ("no model", with_model.model.name)
    assert rows["verdict"][0] == rows["verdict"][1]
    assert [r.one for r in found.sentences if r.what.startswith("chain")] == [s.text for s in chain]
    told = render_beside(found)
    assert "Code says 0." in told
    assert "(model)" in told
    assert max(map(len, told.splitlines())) <= 100


def test_equal_reports_have_no_sentence_that_differs(cause: Report) -> None:
    one = cause
    assert beside(one, one).sentences == ()
    assert "All sentences are the same." in render_beside(beside(one, one))


def test_hostile_sentences_stay_on_printable_lines(cause: Report) -> None:
    one = cause
    nasty = one.chain[0].model_copy(update={"text": "a\x1b[31mred\u202e\nnext"})
    told = render_beside(beside(one, one.model_copy(update={"chain": (nasty, *one.chain[1:])})))
    assert all(line.isprintable() for line in told.splitlines())


def test_a_report_full_of_hostile_text_stays_inside(hostile: Report, cause: Report) -> None:
    told = render_beside(beside(cause, hostile))
    assert all(line.isprintable() for line in told.splitlines())
