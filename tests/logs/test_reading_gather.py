"""Finding logs: folders, globs, standard input, rotated sets in time order, what is left out."""

import gzip
import io
import os
import random
import socket
import sys
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import zstandard

from aitia.core.config import SourceConfig
from aitia.core.errors import BadInput, SourceError
from aitia.tools.sources.logs.log_files import LogFiles, stem_of
from aitia.tools.text.reading import Skipped, gather
from aitia.tools.text.reading.order import in_time_order

START = datetime(2026, 11, 25, 10, 0, tzinfo=UTC)


def log(path: Path, minute: int = 0, lines: int = 5) -> Path:
    text = "".join(
        f"{START + timedelta(minutes=minute, seconds=i):%Y-%m-%d %H:%M:%S},000 INFO app x {i}\n"
        for i in range(lines)
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    data = text.encode()
    path.write_bytes({".gz": gzip.compress, ".zst": zstandard.compress}.get(path.suffix, bytes)(data))
    return path


def names(paths) -> list[str]:
    return [path.name for path in paths]


def test_numbered_rotations_are_in_time_order(tmp_path):
    for i, name in enumerate(["app.log.10.gz", "app.log.2.zst", "app.log.1", "app.log"]):
        log(tmp_path / name, i * 10)
    (found,) = gather([tmp_path], skipped=Skipped())
    assert found.component == "app"
    assert names(found.paths) == ["app.log.10.gz", "app.log.2.zst", "app.log.1", "app.log"]


def test_a_rotation_that_counts_upwards_is_told_by_its_times(tmp_path):
    for i, name in enumerate(["app.1.log", "app.2.log", "app.3.log", "app.log"]):
        log(tmp_path / name, i * 10)
    (found,) = gather([tmp_path / "*"], skipped=Skipped())
    assert names(found.paths) == ["app.1.log", "app.2.log", "app.3.log", "app.log"]


def test_dated_rotations_are_in_time_order(tmp_path):
    dated = [
        "app.log-20251231.gz",
        "app.log-20260101",
        "app-2026-01-02.log",
        "app-2026-01-02-12.log",
        "app.log",
    ]
    for name in dated:
        log(tmp_path / name)
    (found,) = gather(sorted(tmp_path.iterdir()), skipped=Skipped())
    assert names(found.paths) == dated


def test_files_whose_names_do_not_tell_go_by_first_timestamp(tmp_path):
    log(tmp_path / "app.log", 20)
    log(tmp_path / "app.out", 10)
    log(tmp_path / "app.txt", 30)
    (found,) = gather([tmp_path], skipped=Skipped())
    assert names(found.paths) == ["app.out", "app.log", "app.txt"]


def test_names_that_tell_are_not_opened():
    def never(path: Path) -> float | None:
        raise AssertionError(path)

    assert names(in_time_order([Path("a.log"), Path("a.log-20260101"), Path("a.log.1")], never)) == [
        "a.log.1",
        "a.log-20260101",
        "a.log",
    ]


def test_equal_names_in_two_folders_are_two_logs(tmp_path):
    log(tmp_path / "one" / "app.log")
    log(tmp_path / "two" / "app.log")
    assert [s.component for s in gather([tmp_path], skipped=Skipped())] == ["app", "app"]


def test_a_file_given_twice_is_read_once(tmp_path):
    path = log(tmp_path / "app.log")
    assert [s.paths for s in gather([path, tmp_path, tmp_path / "*.log"], skipped=Skipped())] == [(path,)]


def test_what_cannot_be_read_is_counted_and_the_others_go_on(tmp_path):
    log(tmp_path / "app.log")
    (tmp_path / "image.log").write_bytes(random.Random(0).randbytes(9000))
    (tmp_path / "broken").symlink_to(tmp_path / "nowhere")
    os.mkfifo(tmp_path / "pipe")
    log(tmp_path / ".hidden" / "a.log")
    with socket.socket(socket.AF_UNIX) as door:
        door.bind(str(tmp_path / "door"))
        skipped = Skipped()
        (found,) = gather([tmp_path], skipped=skipped)
    assert found.component == "app"
    assert {Path(path).name: why for path, why in skipped.files.items()} == {
        "image.log": "skipped: binary: not text", "broken": "not a regular file", "pipe": "not a regular file", "door": "not a regular file",
    }  # fmt: skip


def test_permission_denied_is_said(tmp_path, monkeypatch):
    log(tmp_path / "app.log")
    secret = log(tmp_path / "secret.log")
    opened = Path.open

    def refuse(self, *args, **kwargs):  # root may read anything: the refusal is played
        if self == secret:
            raise PermissionError(13, "Permission denied")
        return opened(self, *args, **kwargs)

    monkeypatch.setattr(Path, "open", refuse)
    skipped = Skipped()
    assert [s.component for s in gather([tmp_path], skipped=skipped)] == ["app"]
    assert skipped.say() == [f"{secret}: not readable (Permission denied)"]


def test_nothing_to_read_says_what_to_change(tmp_path):
    with pytest.raises(BadInput, match=r"does not exist. Fix the path."):
        gather([tmp_path / "none"], skipped=Skipped())
    with pytest.raises(BadInput, match=r"No file matches .*Fix the pattern"):
        gather([tmp_path / "*.log"], skipped=Skipped())
    (tmp_path / "a.bin").write_bytes(bytes(100))
    with pytest.raises(SourceError, match=r"The paths contain no logs.*a\.bin: skipped: binary"):
        gather([tmp_path], skipped=Skipped())


def test_standard_input_can_be_read_twice(tmp_path):
    text = b"2026-11-25 10:00:00 INFO x\n" * 1000
    (found,) = gather(["-"], skipped=Skipped(), stdin=io.BytesIO(text))
    assert found.component == "stdin"
    assert found.paths[0].read_bytes() == found.paths[0].read_bytes() == text
    assert found.paths[0].stat().st_mode & 0o077 == 0


def test_binary_standard_input_is_refused():
    with pytest.raises(SourceError, match="standard input: skipped: binary"):
        gather(["-"], skipped=Skipped(), stdin=io.BytesIO(bytes(100)))


def test_a_link_to_a_file_is_not_read_twice(tmp_path):
    path = log(tmp_path / "pods" / "pay" / "0.log")
    (tmp_path / "containers.log").symlink_to(path)
    assert len(gather([tmp_path], skipped=Skipped())) == 1


def test_zstd_without_its_library_is_counted_and_the_others_go_on(tmp_path, monkeypatch):
    log(tmp_path / "a.log")
    log(tmp_path / "b.log.zst")
    monkeypatch.setitem(sys.modules, "zstandard", None)
    skipped = Skipped()
    assert [s.component for s in gather([tmp_path], skipped=skipped)] == ["a"]
    assert ".[compressed]" in skipped.say()[0]


def test_a_pipe_is_spooled_as_standard_input_is(tmp_path):
    pipe = tmp_path / "63"
    os.mkfifo(pipe)
    text = b"2026-11-25 10:00:00 INFO x\n" * 1000
    writer = threading.Thread(target=pipe.write_bytes, args=(text,))
    writer.start()
    (found,) = gather([pipe], skipped=Skipped())
    writer.join()
    assert (found.component, found.paths[0].read_bytes()) == ("stdin", text)


def test_numbers_within_a_day_rise():
    dated = ["a-2026-11-24.5.log", "a-2026-11-25.1.log.gz", "a-2026-11-25.2.log", "a.log"]
    assert names(in_time_order([Path(n) for n in reversed(dated)], lambda path: None)) == dated


def test_the_source_gives_its_files_in_time_order(tmp_path):
    for i, name in enumerate(["app.log.10.gz", "app.log.9.zst", "app.log"]):
        log(tmp_path / name, i * 10)
    (stream,) = LogFiles(
        SourceConfig(name="l", kind="logs", type="log_files", path=str(tmp_path)), tmp_path
    ).streams()
    assert names(stream.paths) == ["app.log.10.gz", "app.log.9.zst", "app.log"]


@pytest.mark.parametrize(
    ("name", "stem"),
    [
        ("a.log.1.zst", "a"),
        ("a-2026-11-25.log.xz", "a"),
        ("a.bz2", "a"),
        ("P-101.log", "P-101"),
        ("pods/pay/0.log", "pay"),
        ("0.log", "0"),
    ],
)
def test_stems_of_packed_files(name, stem):
    assert stem_of(Path(name)) == stem


def test_a_file_named_for_its_kind_of_lines_is_its_folders(tmp_path):
    for name in (
        "www-a/access.log",
        "www-a/error.log",
        "www-b/access.log",
        "www-b/access.log.1",
        "log/access.log",
        "shop.log",
    ):
        log(tmp_path / name)
    config = SourceConfig(name="l", kind="logs", type="log_files", path=str(tmp_path))
    found = [(s.component, s.name, len(s.paths)) for s in LogFiles(config, tmp_path).streams()]
    assert found == [
        ("access", "access", 1), ("shop", "shop", 1), ("www-a", "access", 1), ("www-a", "error", 1), ("www-b", "access", 2),
    ]  # fmt: skip
