"""Generated examples: the same for a seed, splits apart, and none that a benchmark asks for."""

from __future__ import annotations

import itertools
import json
import re
from collections import Counter
from importlib.resources import files
from pathlib import Path

import pytest

from aitia.agent.asking.question.line_form import FUNCTIONS, fields_of, filters_of
from aitia.core.bounds import own_yaml
from aitia.core.errors import BadInput
from aitia.models.adapters import Role
from aitia.models.curriculum import messages, texts, written
from aitia.models.curriculum import names as curriculum
from aitia.models.curriculum.items import SPLITS, Split, digest, read_items, write_items
from aitia.models.curriculum.messages import KINDS, templates
from aitia.models.curriculum.question_written import MOST_COMPONENTS, MOST_METRICS, further, visited
from aitia.models.curriculum.question_written import REAL as REAL_QUESTIONS
from aitia.models.curriculum.roles import CURRICULA, curriculum_of
from aitia.models.llama import LlamaCpp
from aitia.tools.meaning.incidents.symptoms import SYMPTOMS
from aitia.tools.meaning.messages_asking import SAID, WHOSE
from aitia.tools.meaning.names import lexicon

BENCHMARK = Path(__file__).parents[2] / "benchmarks/meaning/data/names.jsonl"
HELD_OUT = 320
REAL = "messages of products, language models"


def test_names_are_distinct_and_follow_from_the_seed() -> None:
    made = curriculum.names(0)
    assert len({n.name for n in made}) == len(made) == curriculum.SIZE >= 4000
    assert curriculum.digest(made) == curriculum.digest(curriculum.names(0))
    assert curriculum.digest(made) != curriculum.digest(curriculum.names(1))


def test_every_quantity_has_names_and_forty_phrases() -> None:
    wanted = {*lexicon().asked, "other"}
    assert set(curriculum.quantities()) == wanted
    phrases = Counter(p.quantity for p in curriculum.phrases())
    assert min(phrases.values()) >= 40
    assert {n.quantity for n in curriculum.names(0)} == wanted


def test_what_is_held_out_shares_no_subject_and_no_phrase() -> None:
    seen, kept = (curriculum.Parts(0, held_out) for held_out in (False, True))
    assert kept.texts
    assert kept.texts.isdisjoint(seen.texts)
    assert {n.name for n in curriculum.names(0)}.isdisjoint(
        n.name for n in curriculum.names(0, HELD_OUT, held_out=True)
    )


def test_no_name_is_one_of_the_benchmarks() -> None:
    asked = {json.loads(line)["name"] for line in BENCHMARK.read_text("utf-8").splitlines() if line}
    made = [
        n
        for seed in (0, 1)
        for n in (*curriculum.names(seed), *curriculum.names(seed, HELD_OUT, held_out=True))
    ]
    count = sum(n.name in asked for n in made)
    assert len(asked) > 1000
    assert count == 0, count  # a number only: nobody is to see which


def _benchmark(file: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in (BENCHMARK.parent / file).read_text("utf-8").splitlines() if line]


def _grams(text: str, size: int) -> set[tuple[str, ...]]:
    words = [w.casefold() for w in re.findall(r"[^\W\d_]+", text)]
    return {tuple(words[i : i + size]) for i in range(len(words) - size + 1)}


@pytest.mark.parametrize("role", [r for r in CURRICULA if r != "names"])
@pytest.mark.parametrize("file", ["messages.jsonl", "texts.jsonl"])
def test_no_text_shares_five_words_in_a_row_with_a_benchmark(role: Role, file: str) -> None:
    asked = [str(row["text"]) for row in _benchmark(file)]
    known = set().union(*(_grams(text, 5) for text in asked))
    items = [i for s in SPLITS for i in CURRICULA[role].items(0, 2000, s)]
    shared = sum(not _grams(i.prompt, 5).isdisjoint(known) for i in items)
    assert len(known) > 1000
    assert shared == 0, shared  # a number only: nobody is to see which


def test_no_message_and_no_question_is_of_a_products_vendor() -> None:
    products = {str(row["product"]).casefold() for row in _benchmark("messages.jsonl")}
    products |= {str(row["vendor"]).casefold() for row in _benchmark("names.jsonl")}
    told = [t.text for t in templates()] + [str(v) for v in itertools.chain(*_things().values())]
    text = "\n".join(told).casefold()
    found = [p for p in products if len(p) > 3 and re.search(rf"(?<!\w){re.escape(p)}(?!\w)", text)]
    assert len(products) > 100
    assert not found


def _things() -> dict[str, list[str]]:
    return dict(own_yaml(files("aitia.models.curriculum").joinpath("things.yaml").read_text("utf-8")))


@pytest.mark.parametrize("role", list(CURRICULA))
def test_items_follow_from_the_seed_and_are_of_their_split(role: Role) -> None:
    curriculum_of_role = CURRICULA[role]
    made = {split: curriculum_of_role.items(3, 200, split) for split in SPLITS}
    for split, items in made.items():
        least = 120 if role == "lines" else 150  # its checks and held-out questions are one author's
        assert len({i.prompt for i in items}) == len(items) >= least
        assert {(i.role, i.split) for i in items} == {(role, split)}
        assert all(i.author for i in items)
    assert digest(made["train"]) == digest(curriculum_of_role.items(3, 200, "train"))
    assert digest(made["train"]) != digest(curriculum_of_role.items(4, 200, "train"))
    prompts = [{i.prompt for i in items} for items in made.values()]
    assert all(a.isdisjoint(b) for a, b in itertools.combinations(prompts, 2))


def test_a_message_of_another_split_has_other_templates_and_systems() -> None:
    def systems(split: Split) -> set[str]:
        items = CURRICULA["messages"].items(0, 400, split)
        return {
            i.vendor if i.author == REAL else re.split(r"[-_]", i.vendor)[0].removesuffix("d") for i in items
        }

    assert not systems("train") & systems("held_out")
    assert not systems("train") & systems("check")


def test_what_is_written_of_products_is_of_none_of_the_benchmarks_and_dealt_by_product() -> None:
    told, products = (
        written.messages(),
        {str(row["product"]).casefold() for row in _benchmark("messages.jsonl")},
    )
    assert {p.casefold() for _, p, *_ in told}.isdisjoint(products)
    assert {s for *_, s, _ in written.texts()} == set(SYMPTOMS)
    assert {k for *_, k, _ in told} == {*KINDS, written.CALM}
    for rows in (told, written.texts()):
        assert sum(len(written.of(rows, s)) for s in SPLITS) == len(rows) >= 700
        of = [{r[1].casefold() for r in written.of(rows, s)} for s in SPLITS]
        assert not of[0] & of[1] | of[0] & of[2] | of[1] & of[2]
        assert all(of)


@pytest.mark.parametrize("role", ["texts", "messages"])
def test_half_of_what_is_held_out_is_of_products(role: Role) -> None:
    items = CURRICULA[role].items(0, 100, "held_out")
    assert sum("language models" in i.author for i in items) == 50
    assert len({i.prompt for i in items}) == len(items) == 100


def test_messages_are_asked_in_the_words_of_the_product() -> None:
    assert tuple(SAID.values()) == KINDS
    assert messages.WHOSE == WHOSE
    assert {t.kind for t in templates()} == {*KINDS, "normal"}
    assert {t.whose for t in templates()} == {*WHOSE, messages.CALM}


def test_texts_are_asked_in_the_words_of_the_product() -> None:
    assert texts.SYMPTOMS == SYMPTOMS
    assert {i.answer[0].text.strip() for i in CURRICULA["texts"].items(0, 400, "train")} == set(SYMPTOMS)


_VERBS = {
    *FUNCTIONS, "none", "curve", "above", "below", "compare", "most", "least", "share", "lines", "count", "list", "get", "events",
    "changes", "who", "incidents", "documents",
}  # fmt: skip


def test_every_line_of_a_question_is_one_and_names_what_is_at_hand() -> None:
    for split in SPLITS:
        for item in CURRICULA["questions"].items(0, 200, split):
            hand = item.prompt.splitlines()
            components = hand[0].strip().split(", ")
            metrics = hand[1].removeprefix("Metrics: ").split(", ")
            for line in (s.text.strip() for s in item.answer if s.name):
                told = fields_of(line)
                assert told is not None
                assert told["verb"] in _VERBS
                assert not told["component"] or told["component"] in components
                if told["verb"] in FUNCTIONS:
                    assert told["args"] in metrics
                if told["verb"] in ("lines", "count") and told["args"].startswith(("error", "lines")):
                    assert filters_of(told["args"].removeprefix("lines").strip()) is not None


def test_a_question_of_another_split_has_other_areas() -> None:
    def areas(split: Split) -> set[str]:
        found = set[str]()
        for item in CURRICULA["questions"].items(0, 200, split):
            if item.author.startswith(REAL_QUESTIONS):
                continue
            named = item.prompt.splitlines()[0].strip().split(", ")
            found |= {c.rpartition("-")[0] for c in named if re.fullmatch(r"[a-z]+(?:-[a-z]+)+", c)}
        return found & {str(a) for a in _things()["areas"]}

    assert areas("train")
    assert not areas("train") & areas("held_out")


def test_questions_that_were_written_are_dealt_by_site_and_every_line_can_be_written() -> None:
    of = [{site.name for site in visited(split)} for split in SPLITS]
    assert not of[0] & of[1] | of[0] & of[2] | of[1] & of[2]
    assert sum(map(len, of)) == len(written.questions()) > 400
    assert not {s.name for s in further()} & set().union(*of)
    for site in (*(site for split in SPLITS for site in visited(split)), *further()):
        for ask in site.asks:
            told = fields_of(ask.line)
            assert told is not None, ask.line
            assert told["verb"] in _VERBS, ask.line
            words = re.search(r'"([^"]*)"', ask.line)
            assert words is None or words[1].casefold() in (ask.question + ask.before).casefold(), ask.line


@pytest.mark.parametrize("file", ["messages.jsonl", "texts.jsonl"])
def test_no_further_question_shares_five_words_in_a_row_with_a_benchmark(file: str) -> None:
    known = set().union(*(_grams(str(row["text"]), 5) for row in _benchmark(file)))
    assert sum(not _grams(a.question, 5).isdisjoint(known) for site in further() for a in site.asks) == 0


def test_a_question_that_was_written_shows_its_site_and_no_more_than_a_prompt_may() -> None:
    for item in CURRICULA["questions"].items(0, 300, "train"):
        if item.author.startswith(REAL_QUESTIONS):
            components, metrics, *_ = item.prompt.splitlines()
            assert len(components.split(", ")) <= MOST_COMPONENTS
            assert len(metrics.split(", ")) <= MOST_METRICS
            told = fields_of(item.answer[0].text.strip())
            assert told is not None
            assert not told["component"] or told["component"] in components


def test_no_question_is_one_of_the_sittings() -> None:
    asked = json.loads((BENCHMARK.parents[2] / "ask/sittings.json").read_text("utf-8"))
    told = {t.casefold() for t in re.findall(r'"question": "([^"]+)"', json.dumps(asked, ensure_ascii=False))}
    made = {
        m.casefold()
        for item in CURRICULA["questions"].items(0, 300, "train")
        for m in re.findall(r"Question: (.+)", item.prompt)
    }
    assert len(told) > 30
    assert not told & made


def test_items_are_written_and_read_again(tmp_path: Path) -> None:
    items = CURRICULA["messages"].items(0, 20, "train")
    path = tmp_path / "items.jsonl"
    write_items(path, items)
    assert read_items(path) == items


@pytest.mark.parametrize(
    ("bad", "told"),
    [("{", "Fix line 2 of .*the line: Invalid JSON"), ('{"role": "names"}', "Fix line 2 of .*system: Field required"),
     ("", "")],
)  # fmt: skip
def test_a_bad_row_is_named(tmp_path: Path, bad: str, told: str) -> None:
    path = tmp_path / "items.jsonl"
    write_items(path, CURRICULA["names"].items(0, 1, "train"))
    path.write_text(path.read_text("utf-8") + bad + "\n", "utf-8")
    if not told:
        assert len(read_items(path)) == 1
        return
    with pytest.raises(BadInput, match=told):
        read_items(path)


def test_an_unknown_role_names_those_that_there_are() -> None:
    with pytest.raises(
        BadInput,
        match="Give one of the roles names, messages, questions, lines, texts, passages, plan, judge, not 'poems'",
    ):
        curriculum_of("poems")


@pytest.mark.model
def test_the_answers_differ_in_their_first_token(smollm: LlamaCpp) -> None:
    firsts = {smollm._session.plain_tokens(f" {curriculum.label_of(q)}")[0] for q in curriculum.quantities()}
    assert len(firsts) == len(curriculum.quantities())
