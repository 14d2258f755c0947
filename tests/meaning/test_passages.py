"""What the sentences of post-mortems and runbooks are for: their units, the learned reader, and a model beside it."""

import time
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aitia.core.llm import Choice, Prompt
from aitia.models.curriculum.passages import LEFT_OUT, SAID, documents
from aitia.models.scoring import choice_of
from aitia.tools.incidents.steps import commands_in, steps
from aitia.tools.meaning.passages.asking import MOST, read_roles
from aitia.tools.meaning.passages.conditions import commands_of, condition_of, forbids
from aitia.tools.meaning.passages.reader import ROLES, bundled, in_order, log_shares, says_cause
from aitia.tools.meaning.passages.units import Unit, sentences, units_of
from aitia.tools.memory.importing.named import names_in

STORY = """Seit 14:05 Uhr nahm der Kiosk keine Karten mehr an, die Leute standen bis zur Treppe.
Zuerst dachten wir an das neue Terminal, das war es aber nicht. Ein Neustart des Druckers brachte nichts.
Ursache war ein voller Datenträger auf abend-db-2, weil die alten Protokolle nie gelöscht wurden.
Wir haben die Protokolle gelöscht und den Dienst neu gestartet. Seit 15:10 werden wieder alle Karten angenommen.
Künftig warnt die Überwachung ab 80 Prozent."""


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("It fell at 10.5 V. Then e.g. the pump stopped, i.e. no flow. Why?", 3),
        ("Am 14. März fiel er aus. Nr. 4 lief. Normal sind 20 bis 40. Wenn nicht, anrufen.", 4),
        ("数据库连接数满了。我们重启了服务！恢复了吗？", 3),
        ("接続が切れました。「満杯」と出ました。再起動しました。", 3),
        ("One line without an end", 1),
        ("", 0),
    ],
)
def test_sentences(text: str, wanted: int) -> None:
    assert len(sentences(text)) == wanted


def test_units_of_lists_timelines_chats_and_code() -> None:
    text = "# T\n\nFirst. Second.\n\n## Log\n14:02 alarm came\n14:05 we looked\n\n- one\n  goes on\n- two\n\n```sh\nls -l\n```\nann: it is slow\n> quoted line.\n"
    found = units_of(text)
    assert [(u.text, u.heading, u.style) for u in found] == [
        ("First.", "T", "paragraph"),
        ("Second.", "T", "paragraph"),
        ("14:02 alarm came", "Log", "timed"),
        ("14:05 we looked", "Log", "timed"),
        ("one goes on", "Log", "item"),
        ("two", "Log", "item"),
        ("ls -l", "Log", "code"),
        ("it is slow quoted line.", "Log", "item"),
    ]
    assert found[0].place == 0.0
    assert found[-1].place == 1.0
    assert found[0].line == 3


@given(st.text(max_size=400))
def test_any_text_has_units_and_roles(text: str) -> None:
    units = units_of(text)
    for kind in ROLES:
        roles = read_roles(units, kind)
        assert len(roles) == len(units)
        assert all(0 <= r.sure <= 1.0001 for r in roles)


def test_a_story_in_german_that_nobody_learned() -> None:
    roles = [r.name for r in read_roles(units_of(STORY), "postmortem")]
    assert roles == ["symptom", "ruledout", "tried", "cause", "action", "recovered", "later"]


def test_what_is_shipped_reads_authors_that_it_did_not_learn() -> None:
    held = [d for d in documents() if d.author in LEFT_OUT]
    assert len(held) >= 90
    right = total = 0
    for d in held[::4]:
        last = len(d.parts) - 1
        styles = {"paragraph": "paragraph", "timeline": "timed"}
        units = [
            Unit(text=p.text, heading=b.heading, style=styles.get(b.style, "item"), line=0)
            for b in d.blocks
            for p in b.parts
        ]
        units = [replace(u, place=i / last) for i, u in enumerate(units)]
        roles = read_roles(units, d.kind)
        right += sum(r.name == p.role for r, p in zip(roles, d.parts, strict=True))
        total += len(units)
    assert right / total > 0.6


def test_what_follows_decides_where_a_sentence_leaves_it_open() -> None:
    scores = np.log(np.array([[0.9, 0.1], [0.5, 0.5]], dtype=np.float32))
    follows = np.array([[2.0, -2.0], [-2.0, 2.0], [0.0, 0.0]], dtype=np.float32)
    shares = np.exp(in_order(scores, follows))
    assert shares.sum(axis=1) == pytest.approx([1.0, 1.0], abs=1e-5)
    assert shares[1, 0] > 0.8


class Says:
    """A model that says one label of everything."""

    def __init__(self, word: str) -> None:
        self.word, self.asked = word, list[str]()

    def classify(self, prompt: Prompt, labels: Sequence[str]) -> Choice:
        self.asked.append(prompt.user)
        return choice_of([0.0 if label == self.word else -9.0 for label in labels], [0.0] * len(labels))


def test_a_model_is_asked_of_each_sentence_and_weighed_beside_the_reader() -> None:
    units = units_of("We restarted it. It came back.")
    model = Says(SAID["postmortem"]["tried"])
    assert [r.name for r in read_roles(units, "postmortem", model)] == ["tried", "tried"]
    assert model.asked[1].endswith("Before: We restarted it.\nThis: It came back.\nFor:")
    many = units_of("\n".join(f"- it is slow {i}" for i in range(MOST + 5)))
    model = Says("symptom")
    assert len(read_roles(many, "postmortem", model)) == MOST + 5
    assert len(model.asked) == MOST


def test_weights_have_a_column_for_each_role() -> None:
    for kind, names in ROLES.items():
        assert bundled(kind).table.shape[1] == len(names) == bundled(kind).follows.shape[1]
        assert tuple(SAID[kind]) == names
        assert log_shares(units_of("Look at it."), kind).shape == (1, len(names))


@pytest.mark.parametrize(
    ("text", "condition"),
    [
        ("If the lag stays above 60 s, restart the consumer.", "If the lag stays above 60 s"),
        ("Restart the consumer if the lag stays above 60 s.", "if the lag stays above 60 s"),
        ("Wenn mehr als 90 offen sind, den Job anhalten.", "Wenn mehr als 90 offen sind"),
        ("Steht dort nichts, anrufen.", "Steht dort nichts"),
        ("Si la presión baja, cerrar la válvula.", "Si la presión baja"),
        ("S'il reste bloqué, le relancer.", "S'il reste bloqué"),
        ("Se il livello scende, chiudere la pompa.", "Se il livello scende"),
        ("如果连接数超过90,停掉报表任务。", "如果连接数超过90"),
        ("Nothing freed? Restart it.", "Nothing freed"),
        ("Restart the consumer.", ""),
        ("Look with `if x; then y`.", ""),
    ],
)
def test_conditions(text: str, condition: str) -> None:
    assert condition_of(text) == condition


def test_commands_stand_in_code_spans() -> None:
    assert commands_of("Look: `kubectl get pods -n a`, then `orders` and `drainctl run --now`") == [
        "kubectl get pods -n a",
        "drainctl run --now",
    ]
    assert commands_of("The word `orders` alone is none.") == []


@pytest.mark.parametrize(
    "text",
    [
        "=" * 20_000 + "x",
        " " * 200_000 + "x",
        "\n".join(" " * i + "- x" for i in range(1500)),
        "(" + " " * 50_000 + "x",
        "Check it. " + "`" * 100_000 + " Restart it.",
        "„a" * 20_000,
        "如果" * 20_000,
        "z.B. " * 20_000,
        "# " + " " * 50_000 + "#x",
        "| " + "- | " * 20_000,
        "a_" * 20_000,
    ],
)
def test_no_text_takes_long(text: str) -> None:
    began = time.process_time()
    units = units_of(text)
    for unit in units:
        condition_of(unit.text)
        commands_of(unit.text)
        forbids(unit.text)
    names_in(units, ["cause"] * len(units), frozenset())
    steps(text)
    assert time.process_time() - began < 3.0


def test_a_letter_without_its_head_signature_and_quotes() -> None:
    text = "From: Ann <a@x.org>\nSubject: Re: pump\nDate: 9 Feb 2026\n\nThe pump stood still.\n> did you restart it?\n\n-- \nAnn\n"
    assert [u.text for u in units_of(text)] == ["The pump stood still."]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("Ursache war ein Job, der seine Verbindungen nie zurückgab.", True),
        ("The bearing was worn, that was the cause.", True),
        ("La causa fue la resistencia de frenado.", True),
        ("原因是连接池耗尽。", True),
        ("Das war nicht die Ursache.", False),
        ("The firewall was not the cause.", False),
        ("The cause is not known.", False),
        ("It stopped at 14:05.", False),
    ],
)
def test_what_names_the_cause_as_such(text: str, says: bool) -> None:
    assert says_cause(text) is says


@pytest.mark.parametrize(
    ("text", "commands"),
    [
        ("Zuerst im Log von nginx nach upstream_timeout suchen.", []),
        ("In the nginx logs look for the timeouts.", []),
        ("Look in docker of the old host, and at what python logs.", []),
        ("Restart it: nginx -s reload", ["nginx -s reload"]),
        ("Dann git revert HEAD ausführen.", ["git revert HEAD"]),
        ("Run systemctl restart ledger and then wait.", ["systemctl restart ledger"]),
        ("Mit psql -h db1 -c 'SELECT 1' nachsehen, wie viele es sind.", ["psql -h db1 -c 'SELECT 1'"]),
        ("Start python tools/drain.py", ["python tools/drain.py"]),
        ("Never rm /var/lib/ledger", ["rm /var/lib/ledger"]),
        ("It logs `Connection refused by peer`.", []),
        ("Type `DROP TABLE queue`.", ["DROP TABLE queue"]),
    ],
)
def test_a_sentence_about_a_program_is_no_command(text: str, commands: list[str]) -> None:
    assert commands_of(text) == commands


def test_both_readers_of_runbooks_take_the_same_for_a_command() -> None:
    page = "## Mitigation\n\n1. Do it: `DROP TABLE queue`\n2. Read `Too many open files` and `orders`\n"
    assert [s["command"] for s in steps(page)] == ["DROP TABLE queue", ""]
    assert commands_in(page) == commands_of(page) == ["DROP TABLE queue"]
