"""Two questions in one sentence, alarms by their phases, ends of processes, names and journals as they are spelled, times."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from aitia.agent.asking.question.chinese import english, unknown_words
from aitia.agent.asking.question.refusing import asks_for_change
from aitia.agent.asking.question.several import questions_in
from aitia.agent.asking.question.spans import span_of
from aitia.core.config import SourceConfig
from aitia.graphs.looking import look, opened
from aitia.tools.sources import open_sources

from .conftest import Sitting

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
JOURNAL = """\
2026-03-02 08:10:00 ALARM [PT-7] PRESSURE LOW (PV = 1.9, limit 2)
2026-03-02 08:11:30 EVENT [PT-7] ACK by op.mora
2026-03-02 08:15:00 EVENT [PT-7] RTN PRESSURE LOW
2026-03-02 08:20:00 ALARM [PT-7] PRESSURE LOW (PV = 1.8, limit 2)
2026-03-02 08:30:00 EVENT [PU-1] rinse programme begins
"""
KEEPER = """\
2026-03-02T08:00:01.000000+00:00 box supervisord[9]: spawned: 'ledger' with pid 20
2026-03-02T08:00:02.000000+00:00 box supervisord[9]: spawned: 'mill' with pid 21
2026-03-02T08:05:00.000000+00:00 box supervisord[9]: stopped: mill (pid 21, replaced)
2026-03-02T08:10:00.000000+00:00 box supervisord[9]: exited: mill (exit status 1; not expected)
2026-03-02T08:12:00.000000+00:00 box supervisord[9]: memory: ledger uses 99 MiB of 90 MiB, killed (OOMKilled)
2026-03-02T08:20:00.000000+00:00 box supervisord[9]: exited: mill (exit status 1; not expected)
2026-03-02T08:25:00.000000+00:00 box supervisord[9]: exited: mill (exit status 1; not expected)
"""
MILL = """\
2026-03-02 08:01:00.000 WARNING slow grain
2026-03-02 08:02:00.000 ERROR no grain
2026-03-02 08:03:00.000 WARNING slow grain
"""


def write(folder: Path) -> Sitting:
    for name, text in (("Betriebsarchiv", JOURNAL), ("box", KEEPER), ("mill", MILL)):
        (folder / name).mkdir()
        (folder / name / f"{name}.log").write_text(text)
    (folder / "topology.yaml").write_text(
        "components:\n- {id: box, type: node}\n- {id: PT-7, type: channel}\n- {id: PU-1, type: machine}\n"
        "- {id: ledger, type: service, links: [{relation: runs_on, to: box}]}\n"
        "- {id: mill, type: service, links: [{relation: runs_on, to: box}]}\n"
    )
    rows = ["time,component,metric,value"]
    for n in range(60):
        at = f"{NOW - timedelta(minutes=60 - n):%Y-%m-%dT%H:%M:%SZ}"
        rows += [f"{at},PT-7,PV,{1.9 if n in (10, 20) else 3 + n / 100}", f"{at},PU-1,RUN,{int(n > 30)}"]
        rows += [
            f"{at},PU-1,SPEED,{1400 + n}",
            f"{at},mill,mill_en_cours,{n % 7}",
            f"{at},mill,mill_requetes,{n}",
        ]
    (folder / "m.csv").write_text("\n".join(rows) + "\n")
    told = [
        {"name": "Betriebsarchiv", "kind": "logs", "type": "log_files", "path": "Betriebsarchiv"},
        {"name": "box", "kind": "logs", "type": "log_files", "path": "box", "component": "box"},
        {"name": "mill", "kind": "logs", "type": "log_files", "path": "mill", "component": "mill"},
        {"name": "m", "kind": "metrics", "type": "table", "path": "m.csv"},
        {"name": "t", "kind": "topology", "type": "topology", "path": "topology.yaml"},
    ]
    configs = [SourceConfig.model_validate(t) for t in told]
    return Sitting(opened(open_sources(configs, folder), now=NOW))


@pytest.fixture
def plant(tmp_path: Path) -> Sitting:
    return write(tmp_path)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("how many pods run, and since when?", 2),
        ("Wie hoch war der Druck und wann war das?", 2),
        ("combien d'erreurs et depuis quand ?", 2),
        ("¿cuántos errores hubo y cuándo fue el primero?", 2),
        ("errors of web and of api", 1),
        ("between 8 and 9, how many errors?", 1),
        ('how many lines have "and when it ends"?', 1),
    ],
)
def test_questions_of_a_sentence(text: str, parts: int) -> None:
    assert len(questions_in(text)) == parts


def test_both_questions_are_answered(plant: Sitting) -> None:
    answer = plant.ask("did PT-7 ever drop below 2, and what was the lowest reading?").answer
    assert [q.split("(")[0] for q in answer.queries] == ["beyond", "stat"]
    assert answer.found[1].value == pytest.approx(1.9)


def test_half_an_answer_is_none(plant: Sitting) -> None:
    answer = plant.ask("what was the highest reading of PT-7, and who is on call?").answer
    assert answer.status != "answered"


@pytest.mark.parametrize(
    ("question", "value"),
    [
        ("highest pressure at PT-7?", 3.59),
        ("what does the RUN signal of PU-1 say now?", 1.0),
        ("combien de demandes en cours a mill au maximum ?", 6.0),
    ],
)
def test_the_one_thing_measured_and_names_as_they_are_spelled(
    plant: Sitting, question: str, value: float
) -> None:
    assert plant.ask(question).found.value == pytest.approx(value)


def test_an_instrument_of_pressure_tells_no_temperature(plant: Sitting) -> None:
    assert plant.ask("highest temperature at PT-7?").answer.status != "answered"


def test_an_alarm_comes_is_acknowledged_and_goes(plant: Sitting) -> None:
    assert "08:10:00" in plant.ask("when did the pressure alarm of PT-7 come?").answer.text
    assert "op.mora" in plant.ask("and who acknowledged it?").answer.text
    assert "RTN" in plant.ask("wann ist der Alarm von PT-7 gegangen?").answer.text
    assert plant.ask("how many alarms had PT-7?").found.value == 2
    assert plant.ask("when was the temperature alarm of PT-7?").answer.status != "answered"
    assert plant.ask("when was the alarm of PT-9?").answer.status != "answered"


def test_ends_of_a_process_are_no_orderly_stops(plant: Sitting) -> None:
    assert plant.ask("how often did mill crash?").found.value == 3
    assert plant.ask("¿y ledger?").query.count("mill") == 0
    assert "08:12:00" in plant.ask("when was ledger OOM-killed?").answer.text
    assert "ledger" in plant.ask("which process got OOM-killed?").answer.text
    started = plant.ask("which processes did box start?").answer.text
    assert "ledger" in started
    assert "mill" in started


def test_a_journal_by_its_name(plant: Sitting) -> None:
    assert "rinse programme" in plant.ask("Was steht im Betriebsarchiv zu PU-1?").answer.text


def test_warnings_alone_and_warnings_with_errors(plant: Sitting) -> None:
    assert plant.ask("how many warnings did mill log?").found.value == 2
    assert plant.ask("how many warnings and errors did mill log?").found.value == 3


def test_a_span_that_was_not_recorded_has_no_figure(plant: Sitting) -> None:
    assert plant.ask("average speed of PU-1 last week at the same time?").answer.status == "not_known"
    assert plant.ask("average SPEED of PU-1 in the last 2 months?").answer.status == "not_known"
    assert plant.ask("average SPEED of PU-1 in the last 2 hours?").answer.status == "answered"


@pytest.mark.parametrize(
    ("text", "since", "until", "at"),
    [
        ("speed of \ue000 at 08:30", None, None, 8.5),
        ("Drehzahl von \ue000 um 8:30 Uhr", None, None, 8.5),
        ("errors from 08:30", 8.5, None, None),
        ("memory before it was killed at 08:30", None, 8.5, None),
        ("Fehler seit dem Neustart um 8:30 Uhr", 8.5, None, None),
        ("dame las 5 últimas líneas", None, None, None),
    ],
)
def test_a_time_belongs_to_its_own_words(text: str, since: float, until: float, at: float) -> None:
    span = span_of(text, NOW)
    told = [m and m.hour + m.minute / 60 for m in (span.since, span.until, span.at)]
    assert told == [since, until, at]


def test_a_few_words_after_a_look_are_answered_by_no_document(plant: Sitting) -> None:
    plant.ask("how many warnings did mill log?")
    found = look("the colour of it?", plant.site, plant.last)
    assert found is not None
    assert found[0].status == "unclear"


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("sube la consigna de P-1 dos grados", True),
        ("augmente la consigne", True),
        ("¿sube la presión de P-1?", False),
        ("sube la presión?", False),
    ],
)
def test_an_order_that_begins_like_a_course(text: str, wanted: bool) -> None:
    assert asks_for_change(text) is wanted


@pytest.mark.parametrize(
    "text", ["谁确认了低压报警？", "延迟什么时候超过 0.5 秒？", "哪些节点不可调度？", "另一个呢？"]
)
def test_chinese_of_the_trade_is_known(text: str) -> None:
    assert unknown_words(english(text)) == []
