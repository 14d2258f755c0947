"""Gates: an adapter is used where a comparison says that it is better and nothing is worse, and nowhere else."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from aitia.core.errors import ModelError
from aitia.models.adapters import Adapter, adapter_for, bases_for, own_file
from aitia.models.catalogue import catalogue
from aitia.models.files import sha256_of
from aitia.models.gates import Figure, Gate, bundled_gates, gates, keep_gates, open_gates, own_gates_file
from aitia.models.lora import write_lora

BASE = "a" * 64
BETTER = Figure(metric="kind right", base=0.4, way="examples", adapter=0.6, low=0.1, high=0.3, n=80)


def _gate(*figures: Figure, adapter: str = "f" * 64, role: str = "messages", base: str = BASE) -> Gate:
    return Gate(role=role, base=base, adapter=adapter, items="0" * 64, source="curriculum", figures=figures)


@pytest.mark.parametrize(
    ("changes", "opens", "why"),
    [
        ([{}], True, "better in kind right"),
        ([{"low": -0.01}], False, "no gain beyond chance"),
        ([{"n": 49}], False, "too few cases: 49, at least 50 are needed"),
        ([{}, {"metric": "whose right", "low": -0.2, "high": -0.01}], False, "worse in whose right"),
        ([{}, {"metric": "whose right", "low": -0.2, "high": 0.01}], True, "better in kind right"),
    ],
)
def test_a_gate_opens_where_something_is_better_and_nothing_worse(
    changes: list[dict[str, object]], opens: bool, why: str
) -> None:
    gate = _gate(*(BETTER.model_copy(update=c) for c in changes))
    assert (gate.open, gate.why) == (opens, why)


def test_a_later_comparison_of_the_same_adapter_decides(tmp_path: Path) -> None:
    path = own_gates_file(tmp_path)
    keep_gates(path, [_gate(BETTER)])
    assert [g.adapter for g in open_gates("messages", BASE, tmp_path)] == ["f" * 64]
    keep_gates(path, [_gate(BETTER.model_copy(update={"low": -0.1})), _gate(BETTER, role="names")])
    assert open_gates("messages", BASE, tmp_path) == []
    assert len(gates(tmp_path)) == 2 + len(bundled_gates())
    assert open_gates("messages", "b" * 64, tmp_path) == []


def test_a_corrupt_file_of_gates_is_told(tmp_path: Path) -> None:
    path = own_gates_file(tmp_path)
    path.parent.mkdir(parents=True)
    path.write_text("[{}]")
    with pytest.raises(ModelError, match=r"Remove '.*gates.json' and run `aitia models compare` again"):
        gates(tmp_path)
    with pytest.raises(ModelError, match=r"Remove '.*gates.json' and compare again"):
        keep_gates(path, [_gate(BETTER)])


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """An adapter in the place where `aitia models tune` writes it."""
    pytest.importorskip("gguf", reason="gguf is not installed: pip install '.[tune]'")
    path = own_file("messages", BASE, tmp_path)
    path.parent.mkdir(parents=True)
    _write(path, 1.0)
    return path


def _write(path: Path, value: float) -> None:
    weights = {
        f"layers.0.self_attn.q_proj.lora_{half}.weight": np.full(shape, value, dtype=np.float32)
        for half, shape in (("A", (2, 8)), ("B", (8, 2)))
    }
    told = Adapter(role="messages", base=BASE, curriculum="c" * 64, seed=0)
    write_lora(path, weights, told, architecture="qwen2", alpha=4.0, heads=(2, 1))


def test_an_adapter_is_used_once_its_gate_is_open(own: Path, tmp_path: Path) -> None:
    assert adapter_for("messages", BASE, tmp_path) is None
    found = sha256_of(own, home=tmp_path)
    keep_gates(own_gates_file(tmp_path), [_gate(BETTER.model_copy(update={"low": 0.0}), adapter=found)])
    assert adapter_for("messages", BASE, tmp_path) is None
    keep_gates(own_gates_file(tmp_path), [_gate(BETTER, adapter=found)])
    assert adapter_for("messages", BASE, tmp_path) == own
    assert adapter_for("names", BASE, tmp_path) is None


def test_an_adapter_that_was_tuned_anew_waits_for_its_own_gate(own: Path, tmp_path: Path) -> None:
    keep_gates(own_gates_file(tmp_path), [_gate(BETTER, adapter=sha256_of(own, home=tmp_path))])
    own.unlink()
    _write(own, 2.0)
    assert adapter_for("messages", BASE, tmp_path) is None


def test_what_comes_with_aitia_has_an_open_gate(tmp_path: Path) -> None:
    known = catalogue()
    for entry in known.adapters.values():
        for role in entry.role.split("+"):
            gate = next(g for g in bundled_gates() if (g.adapter, g.role) == (entry.sha256, role))
            assert gate.open, gate.why
            assert gate.base == known[entry.base].sha256
    names = adapter_for("names", known["qwen2.5-coder-0.5b"].sha256, tmp_path)
    assert names is not None
    assert bases_for("names", tmp_path) == ["qwen2.5-coder-0.5b"]
