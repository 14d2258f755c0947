"""Packings, encodings and wrappers: told by content, undone, with places in the original."""

import bz2
import gzip
import hashlib
import io
import json
import lzma
import random
import struct
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from aitia.core.errors import SourceError
from aitia.tools.text.reader import Extract, LogFile
from aitia.tools.text.reading import Skipped, blocks, form_of, journal, lines_of, open_log, open_unpacked
from aitia.tools.text.reading.entry import WANTED, shown

TEXT = b"".join(b"2026-11-25 10:00:%02d,000 INFO app line %d\n" % (i % 60, i) for i in range(5000))
PACK = {
    "gzip": gzip.compress,
    "zstd": zstandard.ZstdCompressor().compress,
    "xz": lzma.compress,
    "bzip2": bz2.compress,
}
DAY = (1795600000.0 - 86400 * 400, 1795600000.0 + 86400 * 400)


def read(path: Path, size: int = 1 << 20) -> tuple[list, Skipped]:
    skipped = Skipped()
    with open_log(path) as handle:
        return [pair for b in blocks(handle, size=size, skipped=skipped) for pair in lines_of(b)], skipped


def original(path: Path, place) -> bytes:
    with open_unpacked(path, form_of(path)) as handle:
        handle.seek(place.offset)
        return handle.read(place.size)


def records(path: Path) -> tuple[list, LogFile]:
    file = LogFile(path, zone=UTC, near=datetime(2026, 11, 25, tzinfo=UTC))
    return list(file.records(*DAY, budget=1 << 30, extract=Extract())), file


@pytest.mark.parametrize("packing", PACK)
@pytest.mark.parametrize("members", [1, 3])
def test_packed_files_are_told_by_content_and_read_over_members(tmp_path, packing, members):
    path = tmp_path / "misleading.log"
    path.write_bytes(PACK[packing](TEXT) * members)
    assert form_of(path).packing == packing
    found, skipped = read(path)
    assert b"".join(raw + b"\n" for _, raw in found) == TEXT * members
    assert original(path, found[4321][0]).rstrip(b"\n") == found[4321][1]
    assert found[-1][0].line == 5000 * members
    assert skipped == Skipped()
    with open_log(path) as handle:
        handle.seek(1000)
        assert handle.read(10) == TEXT[1000:1010]
        handle.seek(5)
        assert (handle.read(5), handle.tell()) == (TEXT[5:10], 10)


@pytest.mark.parametrize("packing", PACK)
def test_a_torn_packed_file_gives_what_there_is_and_says_so(tmp_path, packing):
    path = tmp_path / "torn.log"
    random.seed(1)
    text = b"".join(b"2026-11-25 10:00:00 INFO %d\n" % random.getrandbits(200) for _ in range(20_000))
    packed = PACK[packing](text)
    path.write_bytes(packed[: len(packed) * 3 // 4])
    found, skipped = read(path)
    assert len(found) > 4_000
    assert text.startswith(b"\n".join(raw for _, raw in found))
    assert "damaged" in skipped.files[str(path)]
    with pytest.raises(SourceError, match="Replace the damaged file"):
        records(path)


@pytest.mark.parametrize("packing", PACK)
def test_a_corrupt_packed_file_is_no_crash(tmp_path, packing):
    path = tmp_path / "bad.log"
    packed = bytearray(PACK[packing](TEXT))
    packed[len(packed) // 2] ^= 0x55
    packed[-9:] = b"\xaa" * 9
    path.write_bytes(packed)
    assert read(path)[1].files


def test_zstd_without_its_library_names_the_extra(tmp_path, monkeypatch):
    path = tmp_path / "a.zst"
    path.write_bytes(PACK["zstd"](TEXT))
    monkeypatch.setitem(sys.modules, "zstandard", None)
    with pytest.raises(SourceError, match=r"pip install '\.\[compressed\]'"):
        form_of(path)


@pytest.mark.parametrize("codec", ["utf-8-sig", "utf-16", "utf-32", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("packed", [False, True])
def test_other_encodings_become_utf8(tmp_path, codec, packed):
    lines = [
        "2026-11-25 10:00:00 INFO größer 𝄞",
        "2026-11-25 10:00:01 WARN plain latin text",
        "2026-11-25 10:00:02 INFO last one here",
    ]
    data = ("\r\n".join(lines) + "\r\n").encode(codec)
    path = tmp_path / "app.log"
    path.write_bytes(gzip.compress(data) if packed else data)
    found, skipped = read(path)
    assert [raw.decode().rstrip("\r") for _, raw in found] == lines
    assert skipped == Skipped()
    bare = {"utf-16": "utf-16-le", "utf-32": "utf-32-le", "utf-8-sig": "utf-8"}.get(codec, codec)
    assert original(path, found[1][0]) == (lines[1] + "\r\n").encode(bare)
    assert [(r.line, r.level) for r in records(path)[0]] == [(1, "info"), (2, "warning"), (3, "info")]


@settings(max_examples=60)
@given(
    st.lists(
        st.text(
            st.characters(exclude_characters="\n\r\ufffd\ufeff", exclude_categories=["Cs", "Cc"]), max_size=20
        ),
        min_size=1,
        max_size=8,
    )
)
def test_utf16_places_are_right_for_any_text(tmp_path_factory, lines):
    path = tmp_path_factory.mktemp("u") / "a.log"
    path.write_bytes(("x\n" + "\n".join(lines) + "\n").encode("utf-16"))
    found, _ = read(path)
    assert [raw.decode() for _, raw in found[1:]] == lines
    assert all(original(path, p).decode("utf-16-le") == raw.decode() + "\n" for p, raw in found[1:])


@pytest.mark.parametrize("make", ["utf-16", "export", "docker"])
def test_a_records_bytes_can_be_shown_as_text(tmp_path, make):
    path = tmp_path / "a.log"
    text = "2026-11-25 10:00:00 INFO größer\n  and more\n2026-11-25 10:00:01 INFO next\n"
    path.write_bytes({
        "utf-16": text.encode("utf-16"),
        "export": entry("größer\n  and more".encode()) + entry(b"next"),
        "docker": "".join(docker(line + "\n") for line in text.splitlines()).encode(),
    }[make])  # fmt: skip
    (one, two), file = records(path)
    shown = file.shown(file.read_at(one.offset, one.size)).split("\n")
    assert [shown[0].endswith("größer"), shown[1].endswith("  and more"), len(shown)] == [True, True, 2]
    assert file.shown(file.read_at(two.offset, two.size)).endswith("next")


def test_latin_1_is_read_and_its_bytes_counted(tmp_path):
    path = tmp_path / "a.log"
    path.write_bytes("2026-11-25 10:00:00 INFO größer\n".encode("latin-1") * 10)
    assert read(path)[1].undecodable == 20
    assert records(path)[0][0].message == "gr\ufffd\ufffder"


@pytest.mark.parametrize(
    ("head", "why"),
    [
        (random.Random(0).randbytes(50_000), "not text"),
        (b"\x7fELF\2\1\1" + bytes(9) + random.Random(0).randbytes(500) + bytes(5000), "not text"),
        (bytes(5000), "not text"),
        (b"LPKSHHRH" + bytes(100), "journalctl"),
        (b"PK\x03\x04" + bytes(100), "zip"),
        (b"a.log".ljust(257, b"\0") + b"ustar\0" + bytes(300) + TEXT, "tar"),
        (gzip.compress(b"a.log".ljust(257, b"\0") + b"ustar\0" + bytes(300) + TEXT), "tar"),
        (gzip.compress(random.Random(0).randbytes(50_000)), "not text"),
    ],
)
def test_a_binary_file_is_skipped_with_the_reason(tmp_path, head, why):
    path = tmp_path / "a.log"
    path.write_bytes(head)
    assert why in form_of(path).binary
    with pytest.raises(SourceError, match=f"is skipped: binary.*{why}"):
        open_log(path)
    found, file = records(path)
    assert found == []
    assert "skipped: binary" in file.skipped.files[str(path)]


@given(st.binary(max_size=400))
@settings(max_examples=200)
def test_any_bytes_are_read_without_a_crash(tmp_path_factory, data):
    path = tmp_path_factory.getbasetemp() / "any.log"
    for start in (
        b"",
        b"__CURSOR=x\n",
        b"\xff\xfe",
        b"{\n",
        b"\x1f\x8b\x08",
        b"2026-11-25T10:00:00Z stdout P ",
        b'{"log":"a","stream":"stdout","time":"2026-11-25T10:00:00Z"}\n' * 20,
    ):
        path.write_bytes(start + data)
        if not form_of(path).binary:
            read(path, size=7)


def docker(text: str, at: str = "2026-11-25T10:00:00.5Z", stream: str = "stderr") -> str:
    return json.dumps({"log": text, "stream": stream, "time": at}, separators=(",", ":")) + "\n"


TRACE = [
    "Traceback (most recent call last):",
    '  File "a.py", line 1, in f',
    "    raise ValueError(1)",
    "ValueError: 1",
]


def test_docker_lines_with_a_header_of_their_own(tmp_path):
    path = tmp_path / "x-json.log"
    lines = ["2026-11-25 09:00:01,000 ERROR app boom", *TRACE, "2026-11-25 09:00:02,000 INFO app fine again"]
    path.write_text("".join(docker(line + "\n", "2026-11-25T09:00:01.5Z") for line in lines))
    assert form_of(path).wrapper == "docker"
    (boom, fine), file = records(path)
    assert boom.message.endswith("boom")
    assert (boom.level, boom.exception, boom.line, boom.lines) == ("error", "ValueError: 1", 1, 5)
    assert (fine.line, fine.at) == (6, datetime(2026, 11, 25, 9, 0, 2, tzinfo=UTC).timestamp())
    assert file.read_at(fine.offset, fine.size) == path.read_bytes().splitlines()[5]


@pytest.mark.parametrize(
    "stamp",
    ["09:00:01.405", "Nov 25 09:00:01", "2026-11-25 17:00:01,405", "2026-11-25T17:00:01.405"],
    ids=["no date", "no year", "local time", "local time, ISO"],
)
def test_a_time_that_the_runtimes_does_not_bear_out_gives_way_to_it(tmp_path, stamp):
    """A container that logs in local time, or the time of day alone, is read by the runtime's stamp, its level kept."""
    path = tmp_path / "x-json.log"
    lines = [
        f"{stamp} ERROR [main] app.Travel: boom",
        *TRACE,
        f"{stamp} INFO [main] app.Travel: fine again",
    ] * 9
    path.write_text("".join(docker(line + "\n", "2026-11-25T09:00:01.5Z") for line in lines))
    found, _ = records(path)
    assert len(found) == 18
    assert {r.at for r in found} == {datetime(2026, 11, 25, 9, 0, 1, 500_000, tzinfo=UTC).timestamp()}
    assert [r.level for r in found[:2]] == ["error", "info"]
    assert found[0].exception == "ValueError: 1"
    assert found[0].message.endswith("boom")


def test_docker_lines_without_one_get_the_wrappers_time(tmp_path):
    path = tmp_path / "x-json.log"
    out = [
        docker("starting\n"),
        *(docker(line + "\n") for line in TRACE),
        docker("part one, "),
        docker("part two\n", "2026-11-25T10:00:09Z"),
        docker("end\n"),
    ]
    path.write_text("".join(out))
    found, _ = records(path)
    assert [(r.message, r.line, r.lines, r.exception) for r in found] == [
        ("starting", 1, 5, "ValueError: 1"), ("part one, part two", 6, 2, ""), ("end", 8, 1, ""),
    ]  # fmt: skip
    assert found[1].at == datetime(2026, 11, 25, 10, 0, 0, 500_000, tzinfo=UTC).timestamp()


def test_cri_lines_are_joined_by_stream(tmp_path):
    path = tmp_path / "0.log"
    at = "2026-11-25T10:00:00.123456789Z"
    path.write_text(
        f"{at} stdout P one \n{at} stderr F ERROR between\n{at} stdout F and two\n{at} stdout F\n{at} stdout F three\nodd\n"
    )
    found, skipped = read(path)
    assert [raw.decode() for _, raw in found] == [
        f"{at} stderr F ERROR between", f"{at} stdout F one and two", "", f"{at} stdout F three", "odd",
    ]  # fmt: skip
    assert found[1][0] == (0, original(path, found[1][0]).__len__(), 1, 3)
    assert original(path, found[1][0]).endswith(b"stdout F and two\n")
    messages = [r.message for r in records(path)[0]]
    assert [
        m.endswith(end) for m, end in zip(messages, ("between", "one and two", "three"), strict=True)
    ] == [True] * 3
    assert skipped == Skipped()


def entry(message: bytes, at: int = 1795600800_123456, **fields: bytes) -> bytes:
    fields = {"_HOSTNAME": b"web-1", "_PID": b"42", "SYSLOG_IDENTIFIER": b"pay", "PRIORITY": b"3", **fields}
    out = b"__CURSOR=s=0\n__REALTIME_TIMESTAMP=%d\n__MONOTONIC_TIMESTAMP=1\n_BOOT_ID=%s\n" % (
        at,
        b"0123456789abcdef" * 2,
    )
    out += b"".join(name.encode() + b"=" + value + b"\n" for name, value in fields.items())
    if b"\n" in message:
        return out + b"MESSAGE\n" + struct.pack("<Q", len(message)) + message + b"\n\n"
    return out + b"MESSAGE=" + message + b"\n\n"


def test_a_journal_export_becomes_lines(tmp_path):
    path = tmp_path / "j"
    blob = b"COREDUMP\n" + struct.pack("<Q", 200_000) + b"\0\n\n\1" * 50_000 + b"\n"
    forged = b"one\n2026-11-25T00:00:00Z root sudo: forged\nValueError: x"
    second = entry(forged, 1795600801_000000, PRIORITY=b"4", _SYSTEMD_UNIT=b"pay.service")
    path.write_bytes(entry(b"first") + blob + second + entry(b"last"))
    found, skipped = read(path, size=100)
    assert [raw.decode() for _, raw in found] == [
        "2026-11-25T10:00:00.123456Z web-1 pay[42]: ERROR first",
        "2026-11-25T10:00:01.000000Z web-1 pay[42]: WARNING one",
        "\t2026-11-25T00:00:00Z root sudo: forged",
        "\tValueError: x",
        "2026-11-25T10:00:00.123456Z web-1 pay[42]: ERROR last",
    ]
    assert skipped.cut == 0
    first, one, last = records(path)[0]
    data = path.read_bytes()
    assert data[one.offset :].startswith(blob)
    assert one.offset + one.size == last.offset
    assert last.line == data[: last.offset].count(b"\n") + 1
    assert (one.lines, one.exception) == (data[one.offset : last.offset].count(b"\n"), "ValueError: x")
    assert first.level == "error"


_NAMES = [n.decode() for n in WANTED] + ["_UID", "X_MESSAGE", "MESSAGE_ID", ""]
_VALUES = st.sampled_from([b"", b"1", b"a.service", b".service", b"1795600800123456", b"x=y", b" z"])


@given(st.lists(st.tuples(st.sampled_from(_NAMES), _VALUES), min_size=1, max_size=14))
def test_an_entry_read_at_once_is_as_one_read_field_by_field(fields):
    raw = b"".join(name.encode() + b"=" + value + b"\n" for name, value in fields) + b"\n"
    quick, slow = journal._Source(io.BytesIO(raw)), journal._Source(io.BytesIO(raw))
    quick._more()
    found = quick.plain_entry()
    assert found is not None
    assert shown(found) == shown(journal._slow_entry(slow, Skipped()))
    assert (quick.at, quick.number) == (slow.at, slow.number)


@pytest.mark.parametrize("cut", range(0, 220, 9))
def test_a_torn_journal_export_is_no_crash(tmp_path, cut):
    path = tmp_path / "j"
    path.write_bytes(entry(b"first") + entry(b"two\nlines")[:cut])
    assert read(path)[0][0][1].endswith(b"ERROR first")


def test_a_journal_as_json_becomes_lines(tmp_path):
    path = tmp_path / "j.json"
    entries = [
        {"MESSAGE": "plain", "PRIORITY": "6"},
        {"MESSAGE": list(b"by\xc3\xa4tes"), "_COMM": "odd name"},
        {"MESSAGE": ["several", "values"]},
        {"MESSAGE": None},
    ]
    path.write_text(
        "".join(
            json.dumps({"__REALTIME_TIMESTAMP": "1795600800123456", "_HOSTNAME": "h", **e}) + "\n"
            for e in entries
        )
    )
    head = "2026-11-25T10:00:00.123456Z h"
    assert [raw.decode() for _, raw in read(path)[0]] == [
        f"{head} journal: INFO plain", f"{head} odd_name: byätes", f"{head} journal: several", f"{head} journal: ",
    ]  # fmt: skip


def test_what_journalctl_writes_is_read(tmp_path):
    """The real tool, on a journal file that systemd's own writer made; skipped where there is neither."""
    remote = next(
        (
            p
            for p in (
                Path("/usr/lib/systemd/systemd-journal-remote"),
                Path("/lib/systemd/systemd-journal-remote"),
            )
            if p.exists()
        ),
        None,
    )
    if remote is None:
        pytest.skip("systemd-journal-remote is not installed")
    made = tmp_path / "x.journal"
    subprocess.run(
        [remote, "-o", str(made), "-"],
        input=entry(b"first") + entry(b"two\nlines"),
        check=True,
        capture_output=True,
    )
    path = tmp_path / "out"
    for form in ("export", "json"):
        path.write_bytes(
            subprocess.run(["journalctl", "--file", made, "-o", form], check=True, capture_output=True).stdout
        )
        assert form_of(path).wrapper == f"journal-{form}"
        assert [r.message for r in records(path)[0]] == ["first", "two"]


def test_json_printed_over_lines_is_one_record_each(tmp_path):
    path = tmp_path / "a.json"
    items = [
        {
            "time": f"2026-11-25T10:00:0{i}Z",
            "level": "error",
            "msg": f"boom {i} {{",
            "x": {"y": [1, {"z": 2}]},
        }
        for i in range(3)
    ]
    for text in (json.dumps(items, indent=2), "".join(json.dumps(i, indent=4) + "\n" for i in items)):
        path.write_text(text)
        found, file = records(path)
        assert [(r.message, r.level) for r in found] == [(i["msg"], "error") for i in items]
        cited = path.read_text().splitlines()[found[1].line - 1 :][: found[1].lines]
        assert json.loads("\n".join(cited).strip().rstrip(",")) == items[1]
        raw = file.read_at(found[1].offset, found[1].size)
        assert hashlib.sha256(raw).digest() == hashlib.sha256("\n".join(cited).encode()).digest()
    path.write_text('{\n  "time": 1,\n broken\n}\n')
    assert [raw for _, raw in read(path)[0]] == [b"{", b'  "time": 1,', b" broken", b"}"]


@pytest.mark.parametrize("wrapped", [False, True], ids=["file", "docker"])
def test_colours_are_no_part_of_a_line(tmp_path, wrapped):
    """A logger that takes its file for a terminal: the level is read, and what is cited stays the file's bytes."""
    path = tmp_path / "app.log"
    lines = [
        f"\x1b[2m2026-11-25 10:00:{i:02d},000\x1b[0m \x1b[31;1mERROR\x1b[0m \x1b[36mdb\x1b[0m: no answer of db-{i}"
        for i in range(30)
    ]
    raw = [
        docker(s + "\n", f"2026-11-25T10:00:{i:02d}.1Z") if wrapped else s + "\n" for i, s in enumerate(lines)
    ]
    path.write_text("".join(raw))
    found, file = records(path)
    assert len(found) == 30
    assert {r.level for r in found} == {"error"}
    assert found[7].at == datetime(2026, 11, 25, 10, 0, 7, tzinfo=UTC).timestamp()
    assert found[7].message.endswith("no answer of db-7")
    assert not any("\x1b" in r.message for r in found)
    assert file.read_at(found[7].offset, found[7].size).decode() == raw[7].rstrip("\n")
