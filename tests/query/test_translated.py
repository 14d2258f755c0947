"""Which measurement a question's words fit, by the table of words that people use for parts of names."""

from __future__ import annotations

import json

import pytest

from aitia.agent.asking.question.translated import TABLE, Table, parts_of, table, words_of

NAMES = (
    "pump2_bearing_temp_c", "pump2_discharge_pressure_bar", "mq_queue_depth", "mq_consumer_lag_messages", "fs_free_bytes",
    "http_requests_total", "cpu_usage_percent", "valve_position_pct", "tank_level_percent", "net_rx_bytes_total",
)  # fmt: skip


@pytest.mark.parametrize(
    ("question", "name"),
    [
        ("how hot is the bearing", "pump2_bearing_temp_c"),
        ("wie heiß ist das Lager gerade", "pump2_bearing_temp_c"),
        ("quelle pression au refoulement", "pump2_discharge_pressure_bar"),
        ("队列里积压了多少", "mq_queue_depth"),
        ("how full is the tank", "tank_level_percent"),
    ],
)
def test_words_that_no_name_holds_are_translated(question: str, name: str) -> None:
    words = words_of(question)
    order = sorted(NAMES, key=lambda n: -table().score(words, parts_of(n)))
    assert name in order[:3]


def test_words_that_say_nothing_score_nothing() -> None:
    assert table().score(words_of("zzzzqq wwwwvv"), parts_of("mq_queue_depth")) == 0.0
    assert table().score(words_of(""), parts_of("mq_queue_depth")) == 0.0


def test_a_word_as_it_is_written_counts_without_the_table() -> None:
    alone = Table(said={}, usual={}, rare=0.001)
    assert alone.score(words_of("flumen now"), parts_of("site_flumen_rate")) > 0.0
    assert alone.score(words_of("flumen now"), parts_of("site_other_rate")) == 0.0


def test_names_and_questions_are_cut_into_beginnings() -> None:
    assert parts_of("http.requestDuration_ms") >= {"http", "reques", "durati", "ms", "#latency", "#requests"}
    assert parts_of("42") == {"42"}
    assert words_of("Wie heiß ist P-101?") == {"wie", "heiss", "ist", "#temperature"}
    assert words_of("温度多少", "temperature") == {"温度", "度多", "多少", "#temperature"}


def test_what_a_word_stands_for_joins_languages_and_is_never_half_a_word() -> None:
    alone = Table(said={}, usual={}, rare=0.001)
    assert alone.score(words_of("wie heiß ist das Lager"), parts_of("bearing_7")) > 0.0
    assert alone.score({"#temperature"}, frozenset({"#tempo"})) == 0.0


def test_the_table_holds_probabilities_and_is_small() -> None:
    held = json.loads(TABLE.read_text("utf-8"))
    for words in held["said"].values():
        assert all(0.0 < p <= 1.0 for p in words.values())
        assert sum(words.values()) <= 1.0 + 1e-2  # four digits each
    assert TABLE.stat().st_size < 1_000_000
