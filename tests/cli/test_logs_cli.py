"""`aitia logs patterns` and `aitia logs diff` as a user calls them."""

import json
import sys
from datetime import UTC, datetime, timedelta

import pytest

START = datetime(2026, 11, 25, 3, 0, tzinfo=UTC)


def line(minute, second, level, text):
    return f"{START + timedelta(minutes=minute, seconds=second):%Y-%m-%d %H:%M:%S} {level} {text}\n"


@pytest.fixture
def folder(tmp_path):
    """Two components; `shop` fails from 03:50 on, in its second rotated file."""
    logs = tmp_path / "logs"
    logs.mkdir()
    whole = [
        line(m, s, "INFO", f"order {m * 60 + s} stored in {8 + s % 5} ms")
        for m in range(60)
        for s in range(0, 60, 4)
    ]
    whole += [
        line(m, s, "ERROR", f"no answer of db-3: \x1b[31mtimed out\x1b[0m after {s} s")
        for m in range(50, 60)
        for s in range(1, 60, 9)
    ]
    whole.sort()
    (logs / "shop.log.1").write_text("".join(whole[: len(whole) // 2]))
    (logs / "shop.log").write_text("".join(whole[len(whole) // 2 :]))
    (logs / "web.log").write_text("".join(line(m, 0, "INFO", f"GET /orders/{m} 200 3ms") for m in range(60)))
    (logs / "core.bin").write_bytes(bytes(range(256)) * 100)
    return logs


def test_patterns_of_a_folder(aitia, folder):
    done = aitia("logs", "patterns", folder)
    assert done.code == 0
    assert "order <num> stored in <num> ms" in done.out
    assert "GET /orders/<id> -> 200" in done.out
    assert "\x1b" not in done.out
    assert "core.bin" in done.err


def test_what_changed_since_comes_first(aitia, folder):
    done = aitia("logs", "patterns", folder, "--since", "10m", "--json")
    shop, web = json.loads(done.out)["components"]
    assert (shop["component"], web["component"]) == ("shop", "web")
    first = shop["changes"][0]
    assert first["what"] == "rate"
    assert "is new" in first["text"]
    assert first["first"].startswith(str(folder / "shop.log:"))
    number = int(first["first"].rpartition(":")[2])
    assert "no answer of db-3" in (folder / "shop.log").read_text().splitlines()[number - 1]
    assert web["changes"] == []


def test_an_iso_since_and_a_named_baseline(aitia, folder):
    options = ("--since", "2026-11-25T03:50:00", "--baseline", "2026-11-25T03:10/2026-11-25T03:40", "--json")
    shop = json.loads(aitia("logs", "patterns", folder / "shop.log*", *options).out)["components"][0]
    assert shop["lines_before"] == 30 * 15
    assert shop["start"].startswith("2026-11-25T03:50:0")


def test_diff_of_two_files(aitia, folder):
    done = aitia("logs", "diff", folder / "shop.log.1", folder / "shop.log", "--json")
    assert done.code == 0
    (one,) = json.loads(done.out)["components"]
    assert any("no answer of db-3" in c["text"] for c in one["changes"])
    said = aitia("logs", "diff", folder / "shop.log.1", folder / "shop.log")
    assert "1. [error]" in said.out


def test_diff_of_two_folders_names_what_is_on_one_side_only(aitia, folder, tmp_path):
    other = tmp_path / "after"
    other.mkdir()
    (other / "web.log").write_text((folder / "web.log").read_text())
    (other / "new.log").write_text("2026-11-25 03:00:00 INFO hello\n")
    told = json.loads(aitia("logs", "diff", folder, other, "--json").out)
    assert [c["component"] for c in told["components"]] == ["web"]
    assert told["components"][0]["changes"] == []
    assert (told["only_before"], told["only_after"]) == (["shop"], ["new"])


def test_templates_are_saved_and_gone_on_from(aitia, folder, tmp_path):
    aitia("logs", "patterns", folder / "web.log", "--save", tmp_path / "t.json")
    ids = {t["template"]: t["id"] for t in _templates(aitia, folder / "web.log")}
    again = _templates(aitia, folder / "web.log", "--templates", tmp_path / "t.json")
    assert {t["template"]: t["id"] for t in again} == ids


def _templates(aitia, *arguments):
    return json.loads(aitia("logs", "patterns", *arguments, "--json").out)["components"][0]["templates"]


def test_standard_input(aitia, folder, monkeypatch):
    with (folder / "web.log").open() as file:
        monkeypatch.setattr(sys, "stdin", file)
        done = aitia("logs", "patterns", "-")
    assert "GET /orders/<id> -> 200" in done.out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("nowhere.log",), "does not exist"),
        (("*.nothing",), ". Fix the pattern."),
        (("{web}", "--since", "soon"), "Write a time like"),
        (("{web}", "--since", "10m", "--until", "20m"), "after --since"),
        (("{web}", "--baseline", "1h"), "START/END"),
        (("{web}", "--timezone", "Mars/Olympus"), "IANA zone"),
        (("{web}", "--templates", "{web}"), "--templates"),
        (("{bin}",), "contain no logs"),
    ],
)
def test_what_is_wrong_is_said(aitia, folder, arguments, said):
    filled = [a.format(web=folder / "web.log", bin=folder / "core.bin") for a in arguments]
    done = aitia("logs", "patterns", *filled)
    assert done.code == 2
    assert said in done.err


def test_a_span_without_records(aitia, folder):
    done = aitia("logs", "patterns", folder / "web.log", "--since", "2027-01-01")
    assert done.code == 0
    assert "nothing to compare" in done.out
