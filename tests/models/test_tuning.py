"""An adapter: tuned in a few steps, interrupted and resumed, the same in llama.cpp as in training, refused where it does not belong."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from aitia.core.errors import ModelError, NoRoom
from aitia.core.events import Progress
from aitia.core.llm import Prompt
from aitia.models import tuning
from aitia.models.adapters import Adapter, adapter_for, check_adapter, own_file
from aitia.models.curriculum import names as curriculum
from aitia.models.gguf import read_header
from aitia.models.llama import LlamaCpp
from aitia.models.load import ModelFile, load_llm, model_file
from aitia.models.lora import interleaved, write_lora

RECIPE = tuning.Recipe(size=64, held_out=16, batch=8, checks=2, saved_every=2)
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
    (tmp_path / "models/adapters").mkdir(parents=True)
    path = own_file("names", MADE.base, tmp_path)
    path.write_bytes(b"GGUF" + bytes(20))
    with pytest.raises(ModelError, match="does not tell role and base"):
        adapter_for("names", MADE.base, tmp_path)
    path.write_bytes(b"GGUF\x03\x00")
    with pytest.raises(ModelError, match="cut short"):
        adapter_for("names", MADE.base, tmp_path)


def test_there_is_none_for_a_base_that_nobody_tuned(tmp_path: Path) -> None:
    assert adapter_for("names", "0" * 64, tmp_path) is None


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
        tuning.tune(base, out=small.with_name("out.gguf"))


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


@pytest.fixture
def tuned(smollm_path: Path, tmp_path: Path) -> tuple[tuning.Tuned, list[str]]:
    """A few steps of the small model, interrupted after the third; what was told after that."""
    pytest.importorskip("peft", reason="peft is not installed: pip install '.[tune]'")
    base = model_file("smollm2-135m")
    out = own_file("names", base.sha256, tmp_path)

    def stop(progress: Progress) -> None:
        if progress.done == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        tuning.tune(base, out=out, recipe=RECIPE, threads=1, home=tmp_path, on_progress=stop)
    assert not out.exists()
    told: list[str] = []
    made = tuning.tune(
        base, out=out, recipe=RECIPE, threads=1, home=tmp_path, on_progress=lambda p: told.append(p.what)
    )
    return made, told


@pytest.mark.long
@pytest.mark.model
@pytest.mark.filterwarnings(
    "ignore:.*:FutureWarning", "ignore:.*:UserWarning", "ignore:.*:DeprecationWarning"
)
def test_a_tuning_goes_on_where_it_was_interrupted_and_is_used(
    tuned: tuple[tuning.Tuned, list[str]], smollm: LlamaCpp, smollm_path: Path, tmp_path: Path
) -> None:
    made, told = tuned
    assert told[1].startswith("tuning: step 4 of at most 8")
    assert made.steps == 8
    assert not list((tmp_path / "tuning").iterdir())  # its state is gone
    llm = load_llm(f"{smollm_path}#chatml", threads=1, role="names", home=tmp_path)
    assert isinstance(llm, LlamaCpp)
    assert (llm.role, smollm.role) == ("names", None)
    prompt = Prompt(system=curriculum.SYSTEM, user=f" db_cpu_percent{curriculum.QUESTION}")
    labels = [curriculum.label_of(q) for q in curriculum.quantities()]
    after, before = llm.classify(prompt, labels), smollm.classify(prompt, labels)
    mass = [float(np.exp(choice.log_probs).sum()) for choice in (before, after)]
    assert mass[1] > mass[0]  # it has learned what answers there are
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
    model = tuning._trainable(base.path, RECIPE, 0)
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
    rows, _, firsts = tuning._tokenised(base.path, asked, [])
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
