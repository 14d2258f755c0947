"""What the real small model does with too much, too little, and what is gone."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from aitia.core.errors import BadInput, HashMismatch, ModelError
from aitia.core.llm import Prompt
from aitia.models.llama import LlamaCpp
from aitia.models.load import load_llm
from aitia.models.runtime import Shape
from aitia.settings import load_settings

pytestmark = pytest.mark.model

ASKED = Prompt(system="Be brief.", user="Why did errors of payment rise after the deploy?")


@pytest.mark.parametrize("user", ["word " * 5000, "x" * 300_000], ids=["tokens", "characters"])
def test_a_prompt_over_the_context(smollm: LlamaCpp, user: str) -> None:
    before = smollm.complete(ASKED, max_tokens=4)
    long = Prompt(system=ASKED.system, user=user)
    with pytest.raises(ModelError, match=r"Shorten the prompt.* the context of 4096"):
        smollm.complete(long, max_tokens=4)
    with pytest.raises(ModelError, match=r"Shorten the prompt.* the context of 4096"):
        smollm.choose(long, ["a disk", "a deploy"])
    with pytest.raises(ModelError, match=r"Shorten the prompt.* the context of 4096"):
        smollm.complete(Prompt(system=user, user="?"), max_tokens=4)
    assert smollm.complete(ASKED, max_tokens=4).text == before.text


def test_one_option_is_no_choice(smollm: LlamaCpp) -> None:
    with pytest.raises(ModelError, match=r"Give at least two options"):
        smollm.choose(ASKED, ["the deploy"])


def test_a_file_removed_while_it_is_loaded(
    smollm_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Calls go on, since the pages stay mapped; the next load says what to do."""
    monkeypatch.delenv("AITIA_MODELS", raising=False)
    (tmp_path / "models").mkdir()
    file = tmp_path / "models" / smollm_path.name
    shutil.copyfile(smollm_path, file)
    llm = load_llm("smollm2-135m", threads=1, home=tmp_path)
    assert isinstance(llm, LlamaCpp)
    first = llm.complete(ASKED, max_tokens=6)
    file.unlink()
    assert llm.complete(ASKED, max_tokens=6).text == first.text
    assert llm.choose(ASKED, ["a disk", "a deploy"]).index in (0, 1)
    with pytest.raises(ModelError, match=r"Run `aitia models fetch smollm2-135m` first"):
        load_llm("smollm2-135m", home=tmp_path)
    file.write_bytes(b"GGUF and nothing else")  # a new file under the old name
    assert llm.complete(ASKED, max_tokens=6).text == first.text
    with pytest.raises(HashMismatch, match=r"Remove .*aitia models fetch smollm2-135m"):
        load_llm("smollm2-135m", home=tmp_path)
    llm.close()


def test_a_closed_model(smollm_path: Path, tmp_path: Path) -> None:
    llm = load_llm(str(smollm_path), threads=1, home=tmp_path)
    assert isinstance(llm, LlamaCpp)
    llm.complete(ASKED, max_tokens=2)
    llm.close()
    llm.close()
    for call in (
        lambda: llm.complete(ASKED, max_tokens=2),
        lambda: llm.complete(ASKED, max_tokens=2, grammar='root ::= "yes"'),
        lambda: llm.choose(ASKED, ["a disk", "a deploy"]),
        lambda: llm.count("a disk"),
    ):
        with pytest.raises(ModelError, match=r"Load the model again: it was closed"):
            call()


def test_flash_attention_and_a_smaller_cache(smollm_path: Path, smollm: LlamaCpp, tmp_path: Path) -> None:
    plain = len(smollm._session.save().data)
    sizes = {}
    for kv_cache in ("f16", "q8_0"):
        llm = load_llm(
            str(smollm_path), threads=1, home=tmp_path, context=512, flash_attention=True, kv_cache=kv_cache
        )
        assert isinstance(llm, LlamaCpp)
        assert len(llm.complete(ASKED, max_tokens=12).text) > 10
        sizes[kv_cache] = len(llm._prefixes[ASKED.system].data)
        with pytest.raises(ModelError, match=r"Shorten the prompt.* the context of 512"):
            llm.complete(ASKED, max_tokens=600)
        llm.close()
    assert plain > 0
    assert sizes["q8_0"] < 0.6 * sizes["f16"]
    assert len(list((tmp_path / "prefixes").iterdir())) == 2  # one each, not one for the other


def test_shapes_that_cannot_be() -> None:
    with pytest.raises(ModelError, match=r"Set flash_attention: true as well"):
        Shape(threads=1, kv_cache="q8_0")
    with pytest.raises(ModelError, match=r"Give at least one thread"):
        Shape(threads=1, context=0)


def test_settings_say_the_same(tmp_path: Path) -> None:
    file = tmp_path / "aitia.yaml"
    file.write_text("model: {kv_cache: q8_0}\n")
    with pytest.raises(BadInput, match=r"set flash_attention: true as well"):
        load_settings(file)
    file.write_text("model: {kv_cache: q8_0, flash_attention: true, context: 2048}\n")
    chosen = load_settings(file).model
    assert (chosen.kv_cache, chosen.flash_attention, chosen.context) == ("q8_0", True, 2048)
