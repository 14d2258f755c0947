"""The encrypted mapping: written only where it is switched on, readable with the key only, with a line in the audit."""

from __future__ import annotations

import json
import os
import stat
import threading
from pathlib import Path

import pytest

from aitia.core.errors import BadInput
from aitia.core.redact import Policy, Redactor, load_key, use
from aitia.core.redaction.vault import Vault, reveal

pytest.importorskip("cryptography")
SECRET = "hunter2hunter2"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "home"
    folder.mkdir(mode=0o700)
    monkeypatch.setenv("AITIA_HOME", str(folder))
    monkeypatch.chdir(tmp_path)
    return folder


@pytest.fixture(autouse=True)
def default_policy():
    yield
    use(Policy())


def replaced(home: Path) -> str:
    use(Policy(reversible=True))
    return Redactor(load_key(home)).text(f"password={SECRET}").removeprefix("password=")


def test_nothing_is_kept_unless_it_is_switched_on(home: Path) -> None:
    use(Policy())
    pseudonym = Redactor(load_key(home)).text(f"password={SECRET}").removeprefix("password=")
    assert not (home / "redaction.map").exists()
    with pytest.raises(BadInput, match="reversible: true"):
        reveal(home, pseudonym)


def test_a_pseudonym_is_revealed_and_the_audit_says_so_without_the_value(home: Path) -> None:
    pseudonym = replaced(home)
    assert reveal(home, pseudonym) == [SECRET]
    with pytest.raises(BadInput, match=r"is not in the mapping. Give a pseudonym that"):
        reveal(home, "<secret:00000000>\nforged line")
    audit = (home / "redaction.audit").read_text().splitlines()
    assert len(audit) == 2
    assert pseudonym in audit[0]
    assert "1 values" in audit[0]
    assert SECRET not in "".join(audit)
    for name in ("redaction.map", "redaction.audit", "redaction.key"):
        assert stat.S_IMODE((home / name).stat().st_mode) == 0o600
    assert SECRET.encode() not in b"".join(p.read_bytes() for p in home.rglob("*") if p.is_file())


def test_without_the_key_it_is_impossible(home: Path) -> None:
    pseudonym = replaced(home)
    (home / "redaction.key").rename(home / "elsewhere")
    with pytest.raises(BadInput, match=r"redaction\.key.* Put it back"):
        reveal(home, pseudonym)
    assert not (home / "redaction.key").exists()  # none is made that would hide the loss
    (home / "redaction.key").write_bytes(os.urandom(32))
    with pytest.raises(BadInput, match=r"This redaction.key cannot open the mapping."):
        reveal(home, pseudonym)


def test_values_cannot_be_swapped(home: Path) -> None:
    vault = Vault(home / "redaction.map", b"k" * 32)
    vault.put("<secret:aaaaaaaa>", "one", b"1")
    vault.put("<secret:bbbbbbbb>", "two", b"2")
    vault._db.execute("UPDATE sealed SET pseudonym = '<secret:bbbbbbbb>' WHERE tag = ?", (b"1",))
    with pytest.raises(BadInput, match=r"This redaction.key cannot open the mapping."):
        vault.values("<secret:bbbbbbbb>")


def test_values_whose_pseudonyms_coincide_are_all_told(home: Path) -> None:
    vault = Vault(home / "redaction.map", b"k" * 32)
    vault.put("<secret:aaaaaaaa>", "one", b"1")
    vault.put("<secret:aaaaaaaa>", "two", b"2")
    vault.put("<secret:aaaaaaaa>", "two", b"2")
    assert sorted(vault.values("<secret:aaaaaaaa>")) == ["one", "two"]


def test_threads_share_it(home: Path) -> None:
    use(Policy(reversible=True))
    red = Redactor(load_key(home))
    work = [
        threading.Thread(target=lambda n=n: [red.text(f"password=secret{n}of{i}") for i in range(40)])
        for n in range(4)
    ]
    for thread in work:
        thread.start()
    for thread in work:
        thread.join()
    vault = Vault(home / "redaction.map", load_key(home))
    count = vault._db.execute("SELECT COUNT(*) FROM sealed").fetchone()
    assert count == (160,)


def test_a_damaged_mapping_is_set_aside(home: Path) -> None:
    (home / "redaction.map").write_bytes(b"no database " * 100)
    use(Policy(reversible=True))
    (aside,) = home.glob("redaction.map.damaged-*")
    assert aside.read_bytes() == b"no database " * 100
    assert (home / "redaction.map").read_bytes().startswith(b"SQLite")


def run(*arguments: str) -> int:
    from aitia.cli.app import run as cli

    return cli(list(arguments))


def test_the_command_from_file_to_reveal(
    home: Path, tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    (tmp_path / "aitia.yaml").write_text(
        "redaction: {reversible: true, custom: [{name: customer, pattern: 'C-\\d+'}]}"
    )
    (tmp_path / "a.log").write_bytes(f"start\npassword={SECRET} C-77 from 10.0.0.3\xff\n".encode("latin-1"))
    assert run("redact", "a.log") == 0
    got = capfdbinary.readouterr()
    assert got.out.startswith(b"start\npassword=<secret:")
    assert b"10.0.0.3\xff\n" in got.out
    assert b"2 lines" in got.err
    assert b"1 customer, 1 secret" in got.err
    pseudonym = got.out[got.out.index(b"<") : got.out.index(b">") + 1].decode()
    assert run("redact", "reveal", pseudonym) == 0
    assert capfdbinary.readouterr().out == f"{SECRET}\n".encode()
    assert run("redact", "a.log", "--policy", "strict", "-o", "b.log", "--json") == 0
    told = json.loads(capfdbinary.readouterr().out)
    assert told["replaced"] == {"customer": 1, "ip": 1, "secret": 1}
    assert SECRET.encode() not in (tmp_path / "b.log").read_bytes()


@pytest.mark.parametrize(
    ("content", "arguments", "words"),
    [
        (None, ["absent"], "absent"),
        (b"\x1f\x8b\x08", ["f"], "zcat"),
        (b"\xff\xfea\x00", ["f"], "UTF-16"),
        (b"a\0b", ["f"], "NUL"),
        (b"a", ["f", "g"], "one file"),
        (b"a", ["reveal"], "one pseudonym"),
        (b"a", ["f", "-o", "f"], "--output is the file that is read. Choose"),
        (b"a", ["f", "-o", "no/such"], "can be written"),
        (b"a", ["f", "--config", "absent.yaml"], "absent.yaml"),
    ],
)
def test_bad_input_says_what_to_change(
    home: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    content: bytes | None,
    arguments: list[str],
    words: str,
) -> None:
    if content is not None:
        (tmp_path / "f").write_bytes(content)
    assert run("redact", *arguments) == 2
    assert words in capsys.readouterr().err


def test_an_empty_file_stays_empty(
    home: Path, tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    (tmp_path / "f").write_bytes(b"")
    assert run("redact", "f") == 0
    assert capfdbinary.readouterr().out == b""
