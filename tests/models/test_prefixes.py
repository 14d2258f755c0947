"""States on disk: checked before use, bounded, private, and of the same bits as evaluated ones."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from aitia.core.llm import Completion, Prompt
from aitia.models.llama import LlamaCpp
from aitia.models.load import load_llm
from aitia.models.prefixes import Parts, PrefixStore, parts_of
from aitia.models.runtime import SavedState, Shape

PARTS: Parts = {"model": "a" * 64, "tokens": 7}
STATE = SavedState(data=bytes(range(256)) * 40, tokens=7)
SYSTEM = "You are a site reliability engineer. Answer in one short sentence and cite the numbered facts. " * 3
USER = "E1: errors of payment rose at 10:02. E2: payment was deployed at 10:00. Why?"
OPTIONS = ["a bad deploy of payment", "a full disk on the database"]
SCRIPT = """
import json, sys
from pathlib import Path
from aitia.core.llm import Prompt
from aitia.models.load import load_llm
path, home, prompt, options = json.loads(sys.argv[1])
llm, asked = load_llm(path, threads=1, home=Path(home)), Prompt(**prompt)
done = llm.complete(asked, max_tokens=12)
said = [done.text, llm.choose(asked, options).log_probs]
print(json.dumps([said, done.prompt_tokens, done.restored_tokens]))
"""


def only_file(store: PrefixStore) -> Path:
    ((_, path),) = store.files()
    return path


def test_what_was_kept_comes_back(tmp_path: Path) -> None:
    store = PrefixStore(tmp_path)
    assert store.load(PARTS) is None
    store.save(PARTS, STATE)
    assert PrefixStore(tmp_path).load(PARTS) == STATE
    assert store.load(PARTS | {"model": "b" * 64}) is None
    assert (only_file(store).stat().st_mode & 0o777, store.folder.stat().st_mode & 0o777) == (0o600, 0o700)
    assert not store.problem
    assert store.clear() == 1
    assert store.load(PARTS) is None


@pytest.mark.parametrize(
    "spoil",
    [
        lambda raw: raw[:-1],
        lambda raw: raw[: len(raw) // 2],
        lambda raw: raw + b"x",
        lambda raw: raw[:-9] + bytes([raw[-9] ^ 1]) + raw[-8:],
        lambda raw: raw.replace(b'"tokens": 7', b'"tokens": 8'),
        lambda raw: raw.replace(b"a" * 64, b"b" * 64),
        lambda raw: raw[raw.index(b"\n") + 1 :],
        lambda raw: b"\xff" * 100_000,
        lambda raw: b"[]\n",
        lambda raw: b"",
    ],
)
def test_a_damaged_or_foreign_file_is_removed(spoil: Callable[[bytes], bytes], tmp_path: Path) -> None:
    store = PrefixStore(tmp_path)
    store.save(PARTS, STATE)
    path = only_file(store)
    path.write_bytes(spoil(path.read_bytes()))
    assert store.load(PARTS) is None
    assert not path.exists()
    store.save(PARTS, STATE)
    assert store.load(PARTS) == STATE


def test_the_least_recently_used_go_first(tmp_path: Path) -> None:
    store = PrefixStore(tmp_path, limit=35_000)  # three of 10 kB and their headers
    parts = [PARTS | {"tokens": n} for n in range(4)]
    for n in range(3):
        store.save(parts[n], replace(STATE, tokens=n))
        os.utime(store.files()[-1][1], ns=(n, n))
    assert store.load(parts[0]) is not None  # now the youngest
    store.save(parts[3], replace(STATE, tokens=3))
    assert [store.load(p) is not None for p in parts] == [True, False, True, True]
    assert sum(size for size, _ in store.files()) <= 35_000


def test_what_is_too_large_is_not_kept_and_drives_nothing_out(tmp_path: Path) -> None:
    store = PrefixStore(tmp_path, limit=12_000)
    store.save(PARTS, STATE)
    large = PARTS | {"model": "c" * 64}
    store.save(large, replace(STATE, data=STATE.data * 2))
    assert store.load(large) is None
    assert store.load(PARTS) == STATE


def test_a_folder_that_cannot_be_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "prefixes").write_text("a file in the folder's place")
    store = PrefixStore(tmp_path)
    assert store.load(PARTS) is None
    store.save(PARTS, STATE)
    store.forget(PARTS)
    assert store.load(PARTS) is None
    assert "prefixes" in store.problem


def test_an_interrupted_write_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(self: Path, target: Path) -> Path:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    store = PrefixStore(tmp_path)
    store.save(PARTS, STATE)
    assert "No space left" in store.problem
    assert list(store.folder.iterdir()) == []


def test_all_that_the_bits_follow_from_is_in_the_key() -> None:
    pytest.importorskip("llama_cpp", reason="llama-cpp-python is not installed")
    shape, tokens = Shape(threads=1), [1, 2, 3]
    keys = [
        parts_of("a", shape, tokens),
        parts_of("b", shape, tokens),
        parts_of("a", shape, [1, 2, 4]),
        parts_of("a", shape, [1, 2]),
        parts_of("a", replace(shape, threads=2), tokens),
        parts_of("a", replace(shape, context=2048), tokens),
        parts_of("a", replace(shape, batch=128), tokens),
        parts_of("a", replace(shape, flash_attention=True), tokens),
        parts_of("a", replace(shape, flash_attention=True, kv_cache="q8_0"), tokens),
    ]
    assert len({json.dumps(k) for k in keys}) == len(keys)
    assert parts_of("a", shape, tokens) == keys[0]
    assert all(keys[0][part] for part in ("binding", "build", "features", "cpu"))


@pytest.mark.model
@pytest.mark.timeout(300)  # two processes that load a model
def test_a_restored_prefix_gives_the_bits_of_an_evaluated_one(
    smollm: LlamaCpp, smollm_path: Path, tmp_path: Path
) -> None:
    """Three processes: this one without a store, one that fills it, one that restores from it."""
    prompt = Prompt(system=SYSTEM, user=USER)
    text = smollm.complete(prompt, max_tokens=12).text
    log_probs = list(smollm.choose(prompt, OPTIONS).log_probs)
    argument = json.dumps([str(smollm_path), str(tmp_path), prompt.model_dump(), OPTIONS])
    (filled, evaluated, none), (found, rest, restored) = (
        json.loads(subprocess.check_output([sys.executable, "-c", SCRIPT, argument], text=True))
        for _ in range(2)
    )
    assert filled == found == [text, log_probs]  # to the last bit
    assert none == 0
    assert restored > 40
    assert rest == evaluated - restored


@pytest.mark.model
def test_a_state_that_llama_cpp_refuses_is_evaluated_again(
    smollm_path: Path, smollm: LlamaCpp, tmp_path: Path
) -> None:
    """The hash is right and the content is not."""
    store = PrefixStore(tmp_path)
    prefix = smollm._prefix_tokens(SYSTEM)
    parts = parts_of(smollm.sha256, smollm._session.shape, prefix)
    store.save(parts, SavedState(data=b"\xff" * 5000, tokens=len(prefix)))
    wanted = smollm.complete(Prompt(system=SYSTEM, user=USER), max_tokens=8)
    llm = load_llm(str(smollm_path), threads=1, home=tmp_path)
    done: Completion = llm.complete(Prompt(system=SYSTEM, user=USER), max_tokens=8)
    assert (done.text, done.restored_tokens) == (wanted.text, 0)
    kept = store.load(parts)
    assert kept is not None
    assert len(kept.data) > 5000  # the evaluated one took its place
    assert isinstance(llm, LlamaCpp)
    llm.close()
