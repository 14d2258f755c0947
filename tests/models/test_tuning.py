"""An adapter: tuned in a few steps, interrupted and resumed, the same in llama.cpp as in training, refused where it does not belong."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from aitia.comparing import compared, contender
from aitia.core.errors import BadInput, ModelError, NoRoom
from aitia.core.events import Progress
from aitia.core.llm import Prompt
from aitia.models import tuning
from aitia.models.adapters import Adapter, Role, check_adapter, own_file
from aitia.models.curriculum import names as curriculum
from aitia.models.curriculum.items import Item, Segment
from aitia.models.curriculum.roles import CURRICULA, item_of
from aitia.models.files import sha256_of
from aitia.models.gates import keep_gates, own_gates_file
from aitia.models.gguf import read_header
from aitia.models.llama import LlamaCpp
from aitia.models.load import ModelFile, load_llm, model_file
from aitia.models.lora import interleaved, write_lora
from aitia.models.training import Recipe

RECIPE = Recipe(batch=4, checks=2, checked=4, saved_every=2)
MADE = Adapter(role="names", base="a" * 64, curriculum="b" * 64, seed=3)


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """An adapter of one matrix."""
    pytest.importorskip("gguf", reason="gguf is not installed: pip install '.[tune]'")
    weights = {
        f"model.layers.0.self_attn.q_proj.lora_{half}.weight": np.ones(shape, dtype=np.float32)
        for half, shape in (("A", (2, 8)), ("B", (8, 2)))
    }
    path = tmp_path / "small.gguf"
    write_lora(path, weights, MADE, architecture="qwen2", alpha=4.0, heads=(2, 1))
    return path


def test_an_adapter_names_its_base_its_role_and_its_examples(small: Path) -> None:
    assert check_adapter(small, role="names", base=MADE.base) == MADE
    assert read_header(small)["adapter.lora.alpha"] == 4.0


@pytest.mark.parametrize(
    ("role", "base", "told"),
    [("names", "c" * 64, "it was made on the model with sha256 aaaaaaaaaaaa"), ("texts", "a" * 64, "is one for names")],
)  # fmt: skip
def test_an_adapter_of_another_base_or_role_is_refused(small: Path, role: str, base: str, told: str) -> None:
    with pytest.raises(ModelError, match=told):
        check_adapter(small, role=role, base=base)


def test_a_file_that_is_no_adapter_of_ours_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.gguf"
    path.write_bytes(b"GGUF" + bytes(20))
    with pytest.raises(ModelError, match="does not tell role and base"):
        check_adapter(path, role="names", base=MADE.base)
    path.write_bytes(b"GGUF\x03\x00")
    with pytest.raises(ModelError, match="cut short"):
        check_adapter(path, role="names", base=MADE.base)


def test_an_adapter_of_several_roles_serves_each(small: Path, tmp_path: Path) -> None:
    both = MADE.model_copy(update={"role": "names+messages", "rank": 2})
    weights = {
        f"layers.0.mlp.down_proj.lora_{half}.weight": np.ones(shape, dtype=np.float32)
        for half, shape in (("A", (2, 64)), ("B", (64, 2)))
    }
    path = tmp_path / "both.gguf"
    write_lora(path, weights, both, architecture="qwen2", alpha=4.0, heads=(2, 1), precision="q8_0")
    assert check_adapter(path, role="messages", base=both.base) == both
    with pytest.raises(ModelError, match="is one for names and messages"):
        check_adapter(path, role="questions", base=both.base)


def test_what_is_packed_holds(tmp_path: Path) -> None:
    gguf: Any = pytest.importorskip("gguf", reason="gguf is not installed: pip install '.[tune]'")
    values = np.random.default_rng(0).normal(size=(4, 96)).astype(np.float32)
    weights = {f"layers.0.mlp.up_proj.lora_{h}.weight": v for h, v in (("A", values), ("B", values.T.copy()))}
    path = tmp_path / "packed.gguf"
    write_lora(path, weights, MADE, architecture="qwen2", alpha=4.0, heads=(2, 1), precision="q8_0")
    tensors = {t.name[-1]: t for t in gguf.GGUFReader(path).tensors}
    assert tensors["a"].tensor_type == gguf.GGMLQuantizationType.Q8_0
    assert tensors["b"].tensor_type == gguf.GGMLQuantizationType.F16  # rows of four numbers
    read = gguf.quants.dequantize(tensors["a"].data, tensors["a"].tensor_type)
    assert np.abs(read - values).max() < 0.02 * np.abs(values).max()


def test_rows_of_a_head_are_interleaved() -> None:
    rows = np.arange(8, dtype=np.float32).reshape(8, 1)
    assert interleaved(rows, 2).ravel().tolist() == [0, 2, 1, 3, 4, 6, 5, 7]


def test_too_little_disk_is_told_before_anything_is_loaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tuning, "ROOM", 1 << 60)
    with pytest.raises(NoRoom, match=r"Free \d+ MB more under"):
        tuning._check_room(tmp_path)


def test_a_base_of_another_architecture_is_refused(small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tuning, "ARCHITECTURES", frozenset({"llama"}))
    base = ModelFile(path=small, name="small", sha256=MADE.base, family="chatml")
    with pytest.raises(ModelError, match="Choose a base of the architecture llama: small is 'qwen2'"):
        tuning.tune(base, ["names"], out=small.with_name("out.gguf"))


def test_too_little_memory_is_told(tmp_path: Path) -> None:
    base, memory = tmp_path / "base.gguf", tmp_path / "meminfo"
    base.write_bytes(bytes(1 << 20))
    memory.write_text("MemTotal: 9000000 kB\nMemAvailable: 500000 kB\n")
    with pytest.raises(
        ModelError,
        match=r"Free \d+ MB of memory or choose a smaller base: tuning base.gguf takes about 1028 MB, 488",
    ):
        tuning.check_memory(base, memory)
    memory.write_text("MemTotal: 9000000 kB\nMemAvailable: 8000000 kB\n")
    tuning.check_memory(base, memory)
    tuning.check_memory(base, tmp_path / "none")


@pytest.mark.parametrize(
    ("recipe", "told"),
    [(Recipe(targets=("q_proj", "router")), "Give target modules of q_proj, .*not 'router'"),
     (Recipe(rank=0), "Give a rank of at least 1, not 0")],
)  # fmt: skip
def test_a_bad_recipe_is_told(small: Path, recipe: Recipe, told: str) -> None:
    base = ModelFile(path=small, name="small", sha256=MADE.base, family="chatml")
    with pytest.raises(BadInput, match=told):
        tuning.tune(base, ["names"], out=small.with_name("out.gguf"), recipe=recipe)


def test_rows_of_a_role_that_is_not_tuned_are_refused() -> None:
    rows = CURRICULA["messages"].items(0, 2, "train")
    made, _ = tuning.examples_of(["messages"], 0, 20, 4, rows)
    assert len(made) == 22
    with pytest.raises(BadInput, match="Tune messages as well, or leave its rows out"):
        tuning.examples_of(["names"], 0, 20, 4, rows)


@pytest.mark.model
@pytest.mark.parametrize(
    ("changed", "told"),
    [({"prompt": " word" * 900}, r"Shorten the item that begins 'word word .*: it has 9\d\d tokens, 768 at most"),
     ({"answer": (Segment(text=" red", name="x", labels=("red", "red")),)}, "Give labels that differ")],
)  # fmt: skip
def test_a_row_that_cannot_be_learned_is_named(smollm_path: Path, changed: dict[str, Any], told: str) -> None:
    (item,) = CURRICULA["messages"].items(0, 1, "train")
    with pytest.raises(BadInput, match=told):
        tuning.tokenised(smollm_path, [Item.model_validate(item.model_dump() | changed)])


@pytest.mark.model
def test_only_the_answer_counts_and_labels_by_their_first_token(smollm_path: Path) -> None:
    item = next(i for i in CURRICULA["messages"].items(0, 20, "train") if len(i.answer) == 5)
    ((example,),) = tuning.tokenised(smollm_path, [item])
    assert example.start + len(example.weights) == len(example.tokens)
    assert len(example.judged) == 3
    assert {example.weights[at - example.start] for at, _ in example.judged} == {1.0, 0.7, 0.4}
    assert sum(w > 0 for w in example.weights) < len(example.weights)  # ` Kind:` is given
    assert all(example.tokens[at] in labels for at, labels in example.judged)


def test_missing_packages_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "peft", None)
    with pytest.raises(ModelError, match=r"pip install '\.\[tune\]'"):
        tuning._packages()


@pytest.mark.model
def test_an_adapter_that_llama_cpp_cannot_load_is_refused(smollm_path: Path, tmp_path: Path) -> None:
    pytest.importorskip("gguf", reason="gguf is not installed: pip install '.[tune]'")
    base = model_file("smollm2-135m")
    path = tmp_path / "a.gguf"
    weights = {
        f"layers.0.self_attn.q_proj.lora_{half}.weight": np.zeros(shape, dtype=np.float32)
        for half, shape in (("A", (2, 576)), ("B", (576, 2)))
    }
    write_lora(path, weights, MADE.model_copy(update={"base": base.sha256}), architecture="llama", alpha=4, heads=(9, 3))  # fmt: skip
    path.write_bytes(path.read_bytes()[:-600])
    with pytest.raises(ModelError, match="Make the adapter again"):
        LlamaCpp(base.path, name=base.name, sha256=base.sha256, threads=1, adapter=path, role="names")


class Killed(BaseException):
    """Nobody catches it, like a kill: nothing is saved at the end."""


def _killed(progress: Progress) -> None:
    if progress.done == 3:
        raise Killed


@pytest.mark.long
@pytest.mark.model
@pytest.mark.filterwarnings(
    "ignore:.*:FutureWarning", "ignore:.*:UserWarning", "ignore:.*:DeprecationWarning"
)
def test_tuning_export_and_gate_of_two_roles_killed_on_the_way(smollm_path: Path, tmp_path: Path) -> None:
    pytest.importorskip("peft", reason="peft is not installed: pip install '.[tune]'")
    base = model_file("smollm2-135m")
    roles: list[Role] = ["messages", "texts"]
    tune = partial(tuning.tune, base, roles, recipe=RECIPE, size=8, threads=1, minutes=600)
    whole = tune(out=tmp_path / "whole.gguf", home=tmp_path / "a")
    out = own_file("messages+texts", base.sha256, tmp_path)
    with pytest.raises(Killed):
        tune(out=out, home=tmp_path, on_progress=_killed)
    assert not out.exists()
    told: list[str] = []
    made = tune(out=out, home=tmp_path, on_progress=lambda p: told.append(p.what))
    assert told[1].startswith("tuning: step 3 of at most 4")
    assert made.curve == whole.curve
    assert made.checked == whole.checked
    assert len(made.curve) == made.steps == 4
    assert out.read_bytes() == (tmp_path / "whole.gguf").read_bytes()
    assert not list((tmp_path / "tuning").iterdir())  # its state is gone
    assert check_adapter(out, role="texts", base=base.sha256).rank == RECIPE.rank
    items = CURRICULA["messages"].items(0, 12, "held_out")
    first, second = contender("smollm2-135m"), contender(f"smollm2-135m+{out}")
    gate, rows = compared(first, second, items, source="curriculum", threads=1, home=tmp_path)
    assert set(rows) == {"smollm2-135m, bare", "smollm2-135m, examples", f"smollm2-135m+{out.name}, adapter"}
    assert not gate.open  # on so few cases
    assert (gate.role, gate.adapter, gate.base) == ("messages", sha256_of(out, home=tmp_path), base.sha256)
    sure = gate.figures[0].model_copy(update={"low": 0.1, "high": 0.3, "n": 100})
    keep_gates(own_gates_file(tmp_path), [gate.model_copy(update={"figures": (sure,)})])
    llm = load_llm(f"{smollm_path}#chatml", threads=1, role="messages", home=tmp_path)
    assert isinstance(llm, LlamaCpp)
    assert llm.role == "messages"
    llm.close()


@pytest.mark.long
@pytest.mark.model
@pytest.mark.filterwarnings(
    "ignore:.*:FutureWarning", "ignore:.*:UserWarning", "ignore:.*:DeprecationWarning"
)
def test_llama_cpp_computes_what_was_trained(smollm: LlamaCpp, smollm_path: Path, tmp_path: Path) -> None:
    torch: Any = pytest.importorskip("torch", reason="torch is not installed: pip install '.[tune]'")
    peft: Any = pytest.importorskip("peft", reason="peft is not installed: pip install '.[tune]'")
    pytest.importorskip("gguf", reason="gguf is not installed: pip install '.[tune]'")
    base = model_file("smollm2-135m")
    model = tuning.trainable(base.path, RECIPE, 0)
    torch.manual_seed(1)
    for name, weight in model.named_parameters():
        if "lora_B" in name:
            # Large, so that what llama.cpp rounds does not matter; queries and keys alone would show a wrong order.
            weight.data.normal_(0, 0.3 if ".q_proj." in name or ".k_proj." in name else 0.03)
    weights = peft.get_peft_model_state_dict(model, save_embedding_layers=False)
    path = tmp_path / "random.gguf"
    write_lora(path, {k: v.float().numpy() for k, v in weights.items()}, MADE.model_copy(update={"base": base.sha256}),
               architecture="llama", alpha=RECIPE.alpha, heads=(9, 3))  # fmt: skip
    asked = [
        curriculum.Named(name="pump_3_flow", quantity=q, direction="both") for q in curriculum.quantities()
    ]
    (rows,) = tuning.tokenised(base.path, [item_of(named, "train") for named in asked])
    firsts = [row.tokens[row.start] for row in rows]
    ids = torch.tensor([rows[0].tokens[: rows[0].start]])
    model.eval()
    with torch.no_grad():
        tuned_logits = model(input_ids=ids).logits[0, -1].float().log_softmax(-1)[firsts].numpy()
        with model.disable_adapter():
            plain_logits = model(input_ids=ids).logits[0, -1].float().log_softmax(-1)[firsts].numpy()
    llm = LlamaCpp(base.path, name=base.name, sha256=base.sha256, threads=1, adapter=path, role="names")
    prompt = Prompt(system=curriculum.SYSTEM, user=f" pump_3_flow{curriculum.QUESTION}")
    labels = [curriculum.label_of(n.quantity) for n in asked]
    got = np.array(llm.classify(prompt, labels).log_probs)
    plain = np.array(smollm.classify(prompt, labels).log_probs)
    llm.close()
    trained, runs = tuned_logits - plain_logits, got - plain
    assert np.abs(trained).max() > 0.5
    assert np.corrcoef(trained, runs)[0, 1] > 0.95
