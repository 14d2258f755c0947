"""A model that reads questions beside the rules: what it may answer, what is asked back, and what it has no say in."""

from __future__ import annotations

from pathlib import Path

import pytest

from aitia.agent.asking.question.at_hand import MOST_COMPONENTS, MOST_METRICS, at_hand
from aitia.agent.asking.question.by_model import QuestionReader
from aitia.agent.asking.question.by_model import asked as written_prompt
from aitia.agent.asking.question.follow import pieces_of
from aitia.agent.asking.question.line_form import fields_of, grammar, line_of
from aitia.agent.asking.question.line_queries import query_of
from aitia.agent.asking.question.outcome import Reading, unclear
from aitia.agent.asking.question.second import read_twice
from aitia.agent.asking.question.sure import fit
from aitia.core.errors import ModelError
from aitia.core.llm import Completion
from aitia.graphs.looking import look
from aitia.models.catalogue import catalogue
from aitia.models.curriculum.questions import Questions
from aitia.tools.query.notation import parse, written
from aitia.tools.query.site import Site
from tests.query.conftest import Writes


def asked(site: Site, question: str, line: str, log_prob: float = -0.01, before=None):
    model = Writes(line, log_prob)
    found = look(question, site, before, QuestionReader(model))
    assert found is not None
    return found[0], model


@pytest.fixture(autouse=True)
def rules_and_model_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aitia.agent.asking.question.second.LEARNED", 2.0)


CHATTY = "how chatty is orders towards its store in the worst moment, in connections"


def test_what_rules_refuse_the_model_answers_and_says_how_it_read(shop_site: Site) -> None:
    alone = look(CHATTY, shop_site)
    assert alone is not None
    assert alone[0].status != "answered"
    assert "pg_stat_activity_count" not in alone[0].text
    answer, model = asked(shop_site, CHATTY, "max pg_stat_activity_count @ postgres")
    assert answer.status == "answered"
    assert 'component="postgres"' in answer.queries[0]
    assert "read by the model as: max pg_stat_activity_count @ postgres" in answer.notes
    assert len(model.asked) == 1


def test_what_it_is_not_sure_of_is_offered(shop_site: Site) -> None:
    answer, model = asked(shop_site, CHATTY, "max pg_stat_activity_count @ postgres", log_prob=-0.7)
    assert answer.status == "unclear"
    assert answer.choices[0].startswith('stat(component="postgres"')
    assert "read by the model as: max pg_stat_activity_count @ postgres" in answer.notes
    assert not answer.found
    assert len(model.asked) == 1


def test_a_line_that_the_model_is_not_sure_of_is_dropped(shop_site: Site) -> None:
    dropped, _ = asked(shop_site, CHATTY, "max pg_stat_activity_count @ postgres", log_prob=-9.0)
    assert dropped.status != "answered"
    assert "pg_stat_activity_count" not in dropped.text


def test_a_statistic_that_was_not_asked_for_is_not_offered(shop_site: Site) -> None:
    mean = "what average of whining connections has postgres"
    assert "I would read" not in asked(shop_site, mean, "max pg_stat_activity_count @ postgres")[0].text


def test_what_goes_on_from_nothing_is_not_put_to_a_model(shop_site: Site) -> None:
    answer, model = asked(shop_site, f"and {CHATTY}", "max pg_stat_activity_count @ postgres")
    assert answer.status != "answered"
    assert not model.asked


@pytest.mark.parametrize("time", ["between 25:10 and later", "过去大半天"])
def test_a_time_that_nobody_read_is_not_passed_over(shop_site: Site, time: str) -> None:
    assert not pieces_of(f"{CHATTY} {time}", shop_site, None).span.told
    answer, _ = asked(shop_site, f"{CHATTY} {time}", "max pg_stat_activity_count @ postgres")
    assert answer.status != "answered"


def test_a_comparison_is_of_components_that_the_question_names(shop_site: Site) -> None:
    line = "compare mean pg_stat_activity_count @ postgres, redis"
    answer, _ = asked(shop_site, "how does the whining of postgres go with yesterday's", line)
    assert answer.status != "answered"


def test_a_model_reads_chinese_as_it_was_put(shop_site: Site) -> None:
    p = pieces_of("postgres 现在有多热闹?", shop_site, None)
    assert "Question: postgres 现在有多热闹?\n" in written_prompt(p, at_hand(p), None)


def test_another_components_measurements_are_not_at_hand_of_one_that_has_its_own(shop_site: Site) -> None:
    hand = at_hand(pieces_of("how busy is postgres", shop_site, None))
    assert "pg_stat_activity_count" in hand.metrics
    assert not any(m.startswith("redis") for m in hand.metrics)


ERRORS = "how many errors did orders log?"


def test_what_rules_read_is_surer_where_a_model_reads_it_so_too(shop_site: Site) -> None:
    answer, model = asked(shop_site, ERRORS, "count lines error @ orders")
    alone = look(ERRORS, shop_site)
    assert alone is not None
    assert answer.queries == alone[0].queries
    assert answer.text == alone[0].text
    assert answer.sure > alone[0].sure
    assert len(model.asked) == 1


@pytest.mark.parametrize("line", ["none", "max pg_stat_activity_count @ postgres"])
def test_what_rules_read_and_a_model_would_never_write_is_answered_with_a_doubt(
    shop_site: Site, line: str
) -> None:
    answer, _ = asked(shop_site, ERRORS, line)
    alone = look(ERRORS, shop_site)
    assert alone is not None
    assert answer.text == alone[0].text
    assert answer.sure < 0.6
    assert f"the model reads it otherwise: {line}" in answer.notes


def test_a_model_never_puts_its_line_in_the_place_of_what_rules_answer(shop_site: Site) -> None:
    answer, _ = asked(shop_site, ERRORS, "count lines error @ payment")
    assert "payment" not in answer.text + "".join(answer.queries)


def test_what_rules_offer_is_answered_where_a_model_reads_it_so_too(shop_site: Site) -> None:
    query = parse(
        'stat(component="postgres", function="max", metric="pg_stat_activity_count")', now=shop_site.now
    )
    p = pieces_of(CHATTY, shop_site, None)
    rules = unclear("Nothing here explains 'chatty'.", (query,))
    agrees = QuestionReader(Writes(line_of(query)))
    read = read_twice(p, rules, None, agrees)
    assert read.reading.queries == (query,)
    assert read.note == f"rules alone would have asked back; the model reads it as: {line_of(query)}"
    assert read_twice(p, rules, None, QuestionReader(Writes("none"))).reading == rules
    timed = pieces_of(f"{CHATTY} between 25:10 and later", shop_site, None)
    assert read_twice(timed, rules, None, agrees).reading == rules


def test_a_reading_is_as_sure_as_the_least_of_its_queries(shop_site: Site) -> None:
    highest, errors = (
        parse(q, now=shop_site.now)
        for q in (
            'stat(component="postgres", function="max", metric="pg_stat_activity_count")',
            'count(component="orders", level="error")',
        )
    )
    p = pieces_of(CHATTY, shop_site, None)
    agrees = QuestionReader(Writes(line_of(highest)))
    for queries in ((highest, errors), (errors, highest)):
        rules = Reading(status="query", queries=queries, live=True)
        read = read_twice(p, rules, None, agrees)
        assert read.sure is not None
        assert read.sure < 0.7
        assert read.note.startswith("the model reads it otherwise")
        offers = unclear("Nothing here explains 'chatty'.", queries)
        assert (
            errors not in read_twice(p, offers, None, agrees).reading.queries
        )  # at most the model's own line is answered


def test_a_query_that_leaves_out_what_was_said_is_not_answered_wherever_it_stands(shop_site: Site) -> None:
    used, idle = (
        parse(f'stat(component="orders", function="last", metric="{m}")', now=shop_site.now)
        for m in ("db_pool_in_use", "db_pool_idle")
    )
    p = pieces_of("how much air is left in the connection pool of orders", shop_site, None)
    agrees = QuestionReader(Writes(line_of(idle)))
    assert read_twice(p, unclear("What air?", (idle,)), None, agrees).reading.status == "query"
    both = unclear("What air?", (idle, used))
    assert used not in read_twice(p, both, None, agrees).reading.queries


@pytest.mark.parametrize("adapter", ["", "1" * 64])
def test_a_model_from_which_the_check_was_not_learned_checks_nothing(shop_site: Site, adapter: str) -> None:
    class Other(Writes):
        pass

    Other.adapter = adapter
    model = Other("none")
    found, alone = look(ERRORS, shop_site, None, QuestionReader(model)), look(ERRORS, shop_site)
    assert found is not None
    assert alone is not None
    assert (found[0].text, found[0].sure) == (alone[0].text, alone[0].sure)
    assert not model.asked


def test_the_check_was_learned_from_the_adapter_that_comes_with_aitia() -> None:
    assert fit().model == catalogue().adapters["questions-qwen2.5-coder-0.5b"].sha256


def test_a_figure_that_a_query_does_not_tell_is_not_answered_whoever_reads_it_so(shop_site: Site) -> None:
    question = "how many connections did postgres have per hour"
    answer, _ = asked(shop_site, question, "last pg_stat_activity_count @ postgres")
    assert answer.status == "unclear"


@pytest.mark.parametrize(
    "question",
    ["restart orders", "oil pressure of billing-9", "is it the network?", "how do I restart orders?"],
)
def test_the_model_has_no_say_in_changes_unknown_names_and_documents(shop_site: Site, question: str) -> None:
    model = Writes("count lines error @ orders")
    found = look(question, shop_site, None, QuestionReader(model))
    assert found is None or found[0].status != "answered"
    assert not model.asked


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("max made_up_metric @ orders", "no such metric"),
        ("max redis_connected_clients @ payment", "not measured there"),
        ('lines "secret handshake" @ orders', "words that nobody asked for"),
        ("above 70 pg_stat_activity_count @ postgres", "a number that nobody said"),
        ("rm -rf /", "no line"),
        ("none", "nothing answers"),
    ],
)
def test_a_line_beyond_the_site_or_the_question_is_no_query(shop_site: Site, line: str, why: str) -> None:
    assert query_of(line, pieces_of("how is orders doing", shop_site, None), None) is None, why


def test_what_is_at_hand_holds_what_is_asked_for_and_is_small(shop_site: Site) -> None:
    hand = at_hand(pieces_of("peak connections of postgres", shop_site, None))
    assert "pg_stat_activity_count" in hand.metrics
    assert hand.components[0] == "postgres"
    assert len(hand.components) <= MOST_COMPONENTS
    assert len(hand.metrics) <= MOST_METRICS
    rules = grammar(hand)
    assert '"pg_stat_activity_count"' in rules
    assert rules.count("root ::=") == 1


def test_a_follow_up_is_asked_with_the_line_before(shop_site: Site) -> None:
    before = parse('count(component="orders", level="error")', now=shop_site.now)
    p = pieces_of("and of postgres?", shop_site, before)
    prompt = written_prompt(p, at_hand(p, before), before)
    assert "\nBefore: count lines error @ orders\nQuestion: and of postgres?\nQuery:" in prompt


@pytest.mark.parametrize(
    "query",
    [
        'stat(component="postgres", function="max", metric="pg_stat_activity_count", wanted="time")',
        'count(component="orders", level="error")',
        'lines(component="orders", level="error", limit=3)',
        'who(component="postgres", does="called_by")',
    ],
)
def test_a_query_and_its_line_mean_the_same(shop_site: Site, query: str) -> None:
    given = parse(query, now=shop_site.now)
    made = query_of(line_of(given), pieces_of("the last 3 of it", shop_site, None), None)
    assert made is not None
    assert written(made) == written(given)


def test_every_line_of_the_curriculum_is_one(shop_site: Site) -> None:
    for item in Questions().items(3, 60, "train"):
        for segment in item.answer:
            if segment.name:
                told = fields_of(segment.text)
                assert told is not None
                assert told["verb"]


def test_what_was_read_is_kept_but_for_secrets(shop_site: Site, tmp_path: Path) -> None:
    model = Writes("count lines error @ orders")
    for _ in range(2):
        look(
            "how much whining did orders do in its diary?",
            shop_site,
            None,
            QuestionReader(model, home=tmp_path),
        )
    assert len(model.asked) == 1
    hidden = Writes("count lines error @ orders")
    for _ in range(2):
        look(
            "how much whining did orders do in its diary??",
            shop_site,
            None,
            QuestionReader(hidden, home=tmp_path, redact=lambda t: "x"),
        )
    assert len(hidden.asked) == 2


def test_a_model_that_fails_leaves_the_rules_alone(shop_site: Site) -> None:
    class Fails(Writes):
        def continued(self, prompt, *, max_tokens, stop=("\n",), grammar=None) -> Completion:
            raise ModelError("Free memory.")

    answer = look("how much whining did orders do in its diary?", shop_site, None, QuestionReader(Fails("")))[
        0
    ]
    assert answer.status != "answered"
    assert any("read by rules alone: Free memory." in n for n in answer.notes)


@pytest.mark.parametrize("question", ["since when?", "seit wann?", "depuis quand ?"])
def test_when_alone_is_asked_back_and_no_document_answers(shop_site: Site, question: str) -> None:
    found = look(question, shop_site)
    assert found is not None
    assert found[0].status == "unclear"


def test_what_words_find_nearest_too_is_answered_from_a_smaller_probability(shop_site: Site) -> None:
    question, line = (
        "how whiny was the memory in use of redis at its worst",
        "max redis_memory_used_bytes @ redis",
    )
    assert at_hand(pieces_of(question, shop_site, None)).metrics[0] == "redis_memory_used_bytes"
    alone = look(question, shop_site)
    assert alone is None or alone[0].status != "answered"
    answer, _ = asked(shop_site, question, line, log_prob=-1.2)  # .3
    assert answer.status == "answered"
    other, _ = asked(shop_site, question, "max redis_connected_clients @ redis", log_prob=-1.2)
    assert other.status != "answered"


def test_what_is_used_is_no_answer_to_what_is_left(shop_site: Site) -> None:
    question = "how much air is left in the connection pool of orders"
    used, _ = asked(shop_site, question, "last db_pool_in_use @ orders")
    assert used.status != "answered"
    idle, _ = asked(shop_site, question, "last db_pool_idle @ orders")
    assert idle.status == "answered"
