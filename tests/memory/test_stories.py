"""Incidents whose texts have no headings that say what is what: their sentences do."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from typer.testing import CliRunner

from aitia.cli.app import app
from aitia.core.errors import ModelError
from aitia.core.llm import Choice, Prompt
from aitia.tools.meaning.passages.asking import Role
from aitia.tools.meaning.passages.units import units_of
from aitia.tools.memory.importing.run import import_files
from aitia.tools.memory.importing.stories import filled, story_of, told
from aitia.tools.memory.store import MemoryStore
from aitia.tools.memory.words import PastIncident

STORY = """From 14:05 the kiosk took no cards any more and people queued down to the stairs.
First we suspected the new terminal, but it was fine. A restart of the printer changed nothing.
The cause was a full disk on abend-db-2, because old journals were never deleted, so that abend-db-2 refused every write.
We deleted the journals on abend-db-2 and restarted the service. Since 15:10 all cards are accepted again.
In future the monitoring will warn from 80 percent on.
"""


def test_a_story_without_headings() -> None:
    story = story_of(STORY)
    assert story is not None
    assert "full disk on abend-db-2" in story.cause
    assert story.mitigation == ("We deleted the journals on abend-db-2 and restarted the service.",)
    assert story.failed == ("A restart of the printer changed nothing.",)
    assert story.excluded == ("First we suspected the new terminal, but it was fine.",)
    assert story.symptoms[0].startswith("From 14:05 the kiosk took no cards")
    assert story.outcome == "In future the monitoring will warn from 80 percent on."
    assert story.component == "abend-db-2"


def test_a_text_of_two_sentences_is_no_story() -> None:
    assert story_of("It broke. We fixed it.") is None


def test_fields_that_are_told_stay() -> None:
    told = PastIncident(
        id="a", title="t", text=STORY, cause="the cause as recorded", mitigation=("what helped",)
    )
    assert filled(told) is told
    half = filled(told.model_copy(update={"mitigation": ()}))
    assert half.cause == "the cause as recorded"
    assert len(half.mitigation) == 1
    assert half.labels["read from the text"].startswith("symptoms, mitigation")
    assert half.labels["did not help"] == "A restart of the printer changed nothing."


def test_work_orders_are_left_as_they_are() -> None:
    order = PastIncident(id="w", kind="work_order", title="t", text=STORY)
    assert filled(order) is order


def test_an_import_of_text_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AITIA_HOME", str(tmp_path / "home"))
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "2026-03-09 kiosk.txt").write_text(STORY)
    (tmp_path / "notes" / "headed.md").write_text(
        "# Queue stuck\n\n## Root cause\nA poisoned message.\n\n## Resolution\n- Removed it\n"
    )
    with MemoryStore() as store:
        done = import_files(store, [tmp_path / "notes"], by="test")
        read = {i.title: i for i in store.all()}
    assert (done.read, done.told) == (2, 1)
    kiosk = read["2026 03 09 kiosk"]
    assert "abend-db-2" in kiosk.cause
    assert kiosk.component == "abend-db-2"
    assert kiosk.at is not None
    assert read["Queue stuck"].cause == "A poisoned message."
    assert read["Queue stuck"].mitigation == ("Removed it",)


def test_the_command_says_what_was_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AITIA_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "kiosk.txt").write_text(STORY)
    told = CliRunner().invoke(app, ["memory", "import", "kiosk.txt", "--model", "none", "--no-vectors"])
    assert told.exit_code == 0, told.output
    assert "1 of them read sentence by sentence" in " ".join(told.output.split())


def test_one_file_that_is_too_large_does_not_stop_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AITIA_HOME", str(tmp_path / "home"))
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "a.txt").write_text(STORY)
    (tmp_path / "notes" / "big.md").write_text("- Check it\n" * 95_000)
    with MemoryStore() as store:
        done = import_files(store, [tmp_path / "notes"], by="test")
        assert store.count() == done.counts.added == 1
    assert done.broken == 1
    assert "larger than 1 MiB" in done.problems[0]


def test_a_letter_has_its_subject_and_its_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AITIA_HOME", str(tmp_path / "home"))
    (tmp_path / "mail.txt").write_text(
        "From: Petra <p@x.org>\nSubject: Compressed air in hall 3\nDate: 2026-02-09 14:22\n\n"
        + STORY
        + "\n-- \nPetra\n"
    )
    with MemoryStore() as store:
        import_files(store, [tmp_path / "mail.txt"], by="test")
        (kept,) = store.all()
    assert kept.title == "Compressed air in hall 3"
    assert kept.at is not None
    assert kept.at.isoformat().startswith("2026-02-09T14:22")
    assert "Petra" not in " ".join((*kept.symptoms, kept.cause, *kept.mitigation, kept.outcome))


class Fails:
    """A model that cannot be asked."""

    def classify(self, prompt: Prompt, labels: Sequence[str]) -> Choice:
        raise ModelError("its file is damaged")


def test_a_model_that_fails_does_not_stop_an_import(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AITIA_HOME", str(tmp_path / "home"))
    (tmp_path / "a.txt").write_text(STORY)
    with MemoryStore() as store:
        done = import_files(store, [tmp_path / "a.txt"], by="test", model=Fails())
    assert done.counts.added == done.told == 1
    assert "its file is damaged" in done.note


@pytest.mark.parametrize(
    "sentence",
    ["The cause is not known.", "We do not know why it stopped.", "Die Ursache ist bis heute unklar."],
)
def test_that_nobody_knows_is_no_cause(sentence: str) -> None:
    story = story_of(
        f"The pump stopped at 14:05 and the level fell.\n{sentence}\nWe restarted it at 14:20.\nSince then it runs.\n"
    )
    assert story is not None
    assert story.cause == ""


def test_a_bold_heading_keeps_its_long_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AITIA_HOME", str(tmp_path / "home"))
    (tmp_path / "a.md").write_text("# A\n\n**Root cause:** " + "long " * 180 + "END\n")
    with MemoryStore() as store:
        import_files(store, [tmp_path / "a.md"], by="test")
        (kept,) = store.all()
    assert kept.cause.endswith("END")


def test_what_was_only_considered_is_no_failed_try() -> None:
    units = units_of(
        "Restarting pay was considered and not done. We restarted the broker, to no avail. It was the disk."
    )
    roles = [Role(name="tried", sure=0.9), Role(name="tried", sure=0.9), Role(name="cause", sure=0.9)]
    assert told(units, roles).failed == ("We restarted the broker, to no avail.",)
