"""Blocks of ports: nobody shares one, and what a killed recording has left is cleared."""

from __future__ import annotations

import pwd
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from aitia.core.errors import BadInput
from aitia.lab import ports
from aitia.lab.ports import FIRST, SIZE, block_of_ports
from aitia.lab.supervisor import group_of


@pytest.fixture(autouse=True)
def own_locks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(ports, "LOCKS", tmp_path)
    return tmp_path


def test_two_recordings_have_ports_of_their_own(tmp_path: Path) -> None:
    with block_of_ports(tmp_path / "run-a") as one, block_of_ports(tmp_path / "run-b") as other:
        first, second = {one[name] for name in "abc"}, {other[name] for name in "abc"}
        assert one["a"] in first
        assert max(first) < FIRST + SIZE <= min(second)
    with block_of_ports(tmp_path / "run-c") as again:
        assert again["a"] < FIRST + SIZE


def test_more_ports_than_a_block_has_are_refused(tmp_path: Path) -> None:
    with block_of_ports(tmp_path / "run-a") as block:
        assert len({block[str(n)] for n in range(SIZE // 2)}) == SIZE // 2
        with pytest.raises(BadInput, match="Too many ports"):
            [block[str(n)] for n in range(SIZE + 1)]


def test_what_a_killed_recording_left_is_cleared(tmp_path: Path) -> None:
    left = Path(tempfile.mkdtemp(prefix="run-", dir=tmp_path))
    argv, env = [sys.executable, "-c", "import time; time.sleep(60)"], {"HOME": f"{left}/data/home/"}
    with subprocess.Popen(argv, env=env) as orphan, subprocess.Popen(argv, env={"HOME": "/"}) as stranger:
        with block_of_ports(left):
            (lock,) = tmp_path.glob("aitia-ports-*/*.lock")
            written = lock.read_text()
        lock.write_text(written)  # as if the process had not come to clearing it
        with block_of_ports(tmp_path / "run-next"):
            assert orphan.wait(timeout=10) == -9
            assert not left.exists()
            assert stranger.poll() is None
        stranger.kill()


def test_a_folder_of_another_name_is_never_removed(tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.mkdir()
    ports.clear(precious)
    assert precious.exists()


def test_a_user_has_its_primary_group_whatever_that_is_called() -> None:
    assert group_of("nobody") == pwd.getpwnam("nobody").pw_gid
    assert group_of(None) is None
