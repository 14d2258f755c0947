"""Messages of which neither a level nor words tell whether they mean a fault: read by a model, set by a person."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

import aitia
from aitia import Report, dictionary
from aitia.api import settings_of
from aitia.cli.app import app
from aitia.core.llm import Choice, Prompt
from aitia.core.words import Evidence
from aitia.graphs import understanding
from aitia.models.scripted import ScriptedLlm
from aitia.tools.logs import heard
from aitia.tools.meaning.dictionary import HEARD, Dictionary, Message, read_dictionary, write_dictionary
from aitia.tools.text.classes import meaning, own_words, unclear

END = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
NEWS = "lane 7 took shard 12 off the board"
KEY = "lane <num> took shard <num> off the board"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("AITIA_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


class Listener(ScriptedLlm):
    """Says of every message the same, as sure as it is told to be; of names that they mean none of the quantities."""

    def __init__(self, lead: float) -> None:
        super().__init__([], name="listener")
        self.lead = lead
        self.texts: list[str] = []

    def classify(self, prompt: Prompt, labels: Sequence[str]) -> Choice:
        if list(labels) == ["fault", "normal"]:
            self.texts.append(prompt.user.strip().removesuffix("\nSign:"))
        scores = tuple(self.lead if label == "fault" else 0.0 for label in labels)
        return Choice(index=0, log_probs=scores, baselines=(0.0,) * len(labels), probabilities=scores, confidence=1.0)  # fmt: skip


def site(folder: Path, *, news: Sequence[str] = (NEWS,) * 40) -> Path:
    """Two services that log without levels; one of them says something new for the last 20 minutes."""
    (folder / "logs").mkdir()
    for name in ("web", "db"):
        lines = []
        for i in range(720):
            at = END - timedelta(seconds=15 * (720 - i))
            lines.append(f"{at:%Y-%m-%dT%H:%M:%SZ} tick {i} of the hour served")
            if name == "web" and i >= 640 and (n := (i - 640) // 2) < len(news) and i % 2:
                lines.append(f"{at:%Y-%m-%dT%H:%M:%SZ} {news[n]}")
        (folder / "logs" / f"{name}.log").write_text("\n".join(lines) + "\n")
    sources = [
        {"name": "logs", "kind": "logs", "type": "log_files", "path": "logs"},
        {"name": "dictionary", "kind": "dictionary", "type": "dictionary", "path": "dictionary.yaml"},
    ]
    write_dictionary(folder / "dictionary.yaml", Dictionary())
    (folder / "aitia.yaml").write_text(yaml.safe_dump({"sources": sources}))
    return folder / "aitia.yaml"


def diagnosed(config: Path, model: Listener | None) -> Report:
    return aitia.diagnose(
        "web is odd", config=config, model=model, planner="rules", narrator="template", at=END,
        started_at=END - timedelta(minutes=20),
    )  # fmt: skip


def news(report: Report) -> Evidence:
    (fact,) = [e for e in report.evidence if str(e.values.get("template", "")).startswith("lane")]
    return fact


def test_a_model_makes_a_sign_of_a_fault_of_what_words_do_not_tell(tmp_path: Path) -> None:
    config, model = site(tmp_path), Listener(9.0)
    plain, told = diagnosed(config, None), diagnosed(config, model)
    assert news(plain).aspect == "log.other"
    fact = news(told)
    assert (fact.aspect, fact.values["level"], fact.values["read_by"]) == ("log.error", "error", "listener")
    assert HEARD <= float(fact.values["read_sure"]) <= 1.0
    assert news(plain).strength < fact.strength <= float(fact.values["read_sure"])
    assert model.texts == [NEWS]  # what is there all the time is not asked about
    assert (told.cost.messages_read, told.cost.model_calls) == (1, 0)
    text = " ".join((told._repr_markdown_() or "").replace("\\", "").split())
    assert "a sign of a fault," in text.split("How words were read")[1]
    assert "1 message read by a model" in text
    again = diagnosed(config, model)
    assert (again.cost.messages_read, len(model.texts), news(again).aspect) == (0, 1, "log.error")


def test_a_model_that_calls_it_normal_or_is_not_sure_changes_nothing(tmp_path: Path) -> None:
    config = site(tmp_path)
    plain = news(diagnosed(config, None))
    for lead in (-9.0, 0.0):
        (tmp_path / "home" / "understood.jsonl").unlink(missing_ok=True)
        fact = news(diagnosed(config, Listener(lead)))
        assert (fact.aspect, fact.strength, "read_by" in fact.values) == (
            "log.other",
            plain.strength,
            False,
        )


def test_logs_too_large_to_be_read_first_are_not_and_that_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(heard, "MOST_BYTES", 1 << 10)
    model = Listener(9.0)
    report = diagnosed(site(tmp_path), model)
    assert model.texts == []
    assert "new messages were not read: the logs hold 0 MiB" in report.model.note
    assert news(report).aspect == "log.other"


def test_what_a_client_put_into_a_message_is_not_read(tmp_path: Path) -> None:
    words = 'lane 7 took "all disks failed, the database is lost" off the board'
    model = Listener(9.0)
    diagnosed(site(tmp_path, news=[words] * 40), model)
    assert model.texts == ['lane 7 took "…" off the board']


def test_at_most_thirty_are_asked_about_the_most_frequent_first(tmp_path: Path) -> None:
    lines = ["lane took " + " ".join([chr(97 + i % 26) * (3 + i // 26)] * (i + 3)) for i in range(35)]
    model = Listener(9.0)
    report = diagnosed(site(tmp_path, news=[lines[3], lines[3], *lines, lines[3]]), model)
    assert len(model.texts) == report.cost.messages_read == 30
    assert model.texts[0] == lines[3]


def test_a_person_goes_before_words_levels_and_models(tmp_path: Path) -> None:
    config = site(tmp_path, news=["ERROR lane 7 failed: disk full"] * 40)
    file = tmp_path / "dictionary.yaml"
    loud = [e for e in diagnosed(config, None).evidence if e.kind == "log.new"]
    assert [e.values["level"] for e in loud] == ["error"]
    key = dictionary.set_message(file, "ERROR lane 7 failed: disk full", fault=False)
    assert key == "ERROR lane <num> failed: disk full"
    (quiet,) = [e for e in diagnosed(config, Listener(9.0)).evidence if e.kind == "log.new"]
    assert (quiet.aspect, quiet.values["level"]) == ("log.other", "info")
    dictionary.set_message(file, key, fault=True)
    (told,) = [e for e in diagnosed(config, None).evidence if e.kind == "log.new"]
    assert (told.values["level"], "read_by" in told.values) == ("error", False)


def test_a_build_reads_messages_once_and_shows_and_sets_them(tmp_path: Path) -> None:
    file, model = tmp_path / "dictionary.yaml", Listener(9.0)
    wanted = {KEY: NEWS, "tick <num> of the hour served": "tick 1 of the hour served"}
    made = dictionary.build([], file, llm=None, limit=9, messages=wanted, listener=model)
    assert (made.asked, made.left, sorted(made.messages_by)) == (2, 0, sorted(wanted))
    assert read_dictionary(file).messages == made.messages_by
    assert dictionary.build([], file, llm=None, limit=9, messages=wanted, listener=model).asked == 0
    other = tmp_path / "other.yaml"
    assert dictionary.build([], other, llm=None, limit=1, messages=wanted, listener=model).left == 1
    assert dictionary.build(
        ["zq"], other, llm=None, limit=9, messages=wanted
    ).messages_by  # kept without a listener
    run = CliRunner()
    assert "fault" in run.invoke(app, ["dictionary", "show", "-f", str(file)]).output
    said = run.invoke(app, ["dictionary", "set", NEWS, "normal", "-f", str(file)])
    assert said.exit_code == 0
    shown = json.loads(run.invoke(app, ["dictionary", "show", "-f", str(file), "--json"]).output)
    assert shown["messages"][KEY] == {
        "fault": False, "by": "person", "confidence": 1.0, "state": "counts",
        "tuned": False, "kind": "", "kind_sure": 0.0, "whose": "", "whose_sure": 0.0,
    }  # fmt: skip
    assert "2 entries, 0 wait" in run.invoke(app, ["dictionary", "check", "-f", str(file)]).output


def test_logs_that_cannot_be_read_are_told_by_a_build(tmp_path: Path) -> None:
    config = site(tmp_path)
    found, problems = dictionary.messages_in(settings_of(config), "1d")
    assert (found, problems) == ({}, [])  # nothing was logged in the last day
    (tmp_path / "logs" / "web.log").unlink()
    (tmp_path / "logs" / "db.log").unlink()
    (tmp_path / "logs").rmdir()
    found, problems = dictionary.messages_in(settings_of(config), "1d")
    assert not found
    assert "logs" in " ".join(problems)


def test_bad_messages_in_the_file_are_named(tmp_path: Path) -> None:
    file = tmp_path / "dictionary.yaml"
    file.write_text("names: {}\nmessages: {x: {fault: perhaps}}\n")
    found = CliRunner().invoke(app, ["dictionary", "check", "-f", str(file)])
    assert found.exit_code != 0
    assert "fault of 'x'" in str(found.exception or found.output)
    file.write_text("names: {}\nmessages: [x]\n")
    assert "under `messages`" in str(
        CliRunner().invoke(app, ["dictionary", "check", "-f", str(file)]).exception
    )


def test_what_is_taken() -> None:
    assert Message(fault=False).taken
    assert Message(fault=True, by="model m", confidence=HEARD).taken
    assert not Message(fault=True, by="model m", confidence=HEARD - 0.01).taken
    assert not Message(fault=False, by="model m", confidence=1.0).taken  # a model makes nothing harmless


def test_codes_are_read_though_a_template_masks_their_numbers() -> None:
    template, line = "ORA-<num>: 100 percent of the area", "ORA-19815: 100 percent of the area"
    assert unclear(template, "")
    assert not unclear(template, "", line)
    assert meaning(template, "", line).bad


def test_own_words_leave_out_what_was_given() -> None:
    assert own_words('user "robert" said\n/x/y?z=1 twice') == 'user "…" said … twice'


def test_a_source_of_others_that_breaks_while_words_are_looked_for_ends_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(ctx: object) -> list[str]:
        raise ValueError("their own")

    monkeypatch.setattr(understanding, "new_names", broken)
    report = diagnosed(site(tmp_path), Listener(9.0))
    assert "the search for new names failed: their own" in report.model.note
    assert news(report).aspect == "log.error"
