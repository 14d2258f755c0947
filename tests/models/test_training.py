"""The steps of a tuning on a model of a few thousand weights: what is learned, when it ends, and that a kill changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from aitia.core.errors import ModelError
from aitia.core.events import Progress
from aitia.models import tuning
from aitia.models.training import Example, Recipe, Trainer, _done

pytest.importorskip("peft", reason="peft is not installed: pip install '.[tune]'")
pytestmark = pytest.mark.filterwarnings(
    "ignore:.*:FutureWarning", "ignore:.*:UserWarning", "ignore:.*:DeprecationWarning"
)
RECIPE = Recipe(batch=4, checks=3, checked=4, saved_every=2, rate=0.02)
LABELS = (40, 41)


class Killed(BaseException):
    """Nobody catches it, like a kill: nothing is saved at the end."""


def _model() -> Any:
    import peft
    import torch
    import transformers

    torch.set_num_threads(1)  # of matrices this small several wait for one another
    torch.manual_seed(0)
    config = transformers.LlamaConfig(
        vocab_size=64, hidden_size=32, intermediate_size=32, num_hidden_layers=2, num_attention_heads=2,
        num_key_value_heads=2, max_position_embeddings=32,
    )  # fmt: skip
    model = transformers.LlamaForCausalLM(config)
    torch.manual_seed(0)
    return peft.get_peft_model(model, peft.LoraConfig(r=4, target_modules=["q_proj", "v_proj", "up_proj"]))


def _examples(size: int, first: int = 0) -> list[Example]:
    """Of texts of five tokens: which of two labels follows is told by the third."""
    made = []
    for n in range(first, first + size):
        label = LABELS[n % 2]
        tokens = (1, 2 + n % 30, 10 + n % 2, 2 + (n * 7) % 30, 3, label)
        made.append(Example(tokens=tokens, start=5, weights=(1.0,), judged=((5, LABELS),)))
    return made


def _trainer(state: Path, recipe: Recipe = RECIPE, key: str = "k") -> Trainer:
    return Trainer(_model(), recipe, state=state, key=key)


def _run(trainer: Trainer, size: int = 48, on_progress: Callable[[Progress], None] = lambda p: None) -> None:
    trainer.run(_examples(size), _examples(8, 100), seed=0, limit=1e6, on_progress=on_progress)


def test_killed_or_interrupted_it_goes_on_with_the_same_losses(tmp_path: Path) -> None:
    whole = _trainer(tmp_path / "whole.pt")
    _run(whole)
    assert whole.step == len(whole.curve) == 12

    def stop(at: int, error: type[BaseException]) -> Callable[[Progress], None]:
        def told(progress: Progress) -> None:
            if progress.done == at:
                raise error

        return told

    state = tmp_path / "state.pt"
    for at, error in ((5, Killed), (7, KeyboardInterrupt), (9, Killed)):
        with pytest.raises(error):
            _run(_trainer(state), on_progress=stop(at, error))
    again = _trainer(state)
    _run(again)
    assert again.curve == whole.curve
    assert again.checked == whole.checked
    assert all((again.best[name] == value).all() for name, value in whole.best.items())


@pytest.mark.parametrize(
    ("step", "spent", "done"),
    [(0, 0.01, 0.0), (3, 0.1, 0.3), (3, 0.39, 0.3), (3, 0.5, 0.5), (10, 0.2, 1.0), (2, 1.5, 1.0)],
)
def test_a_run_is_over_by_its_steps_unless_time_runs_out(step: int, spent: float, done: float) -> None:
    assert _done(step, 10, spent) == done


def test_it_learns_and_keeps_the_weights_that_read_best(tmp_path: Path) -> None:
    trainer = _trainer(tmp_path / "s.pt")
    _run(trainer, 160)
    assert sum(trainer.curve[-10:]) < 0.95 * sum(trainer.curve[:10])
    losses = [loss for _, loss, _ in trainer.checked]
    assert trainer.best_loss == min(losses) < losses[0]
    assert trainer.best


def test_it_ends_when_checks_bring_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trainer = _trainer(tmp_path / "s.pt", Recipe(batch=4, checks=6, patience=2, saved_every=1000))
    losses = iter([3.0, 2.0, 2.5, 2.1])
    monkeypatch.setattr(
        trainer, "_check", lambda held: trainer.checked.append((trainer.step, next(losses), 0.0))
    )
    _run(trainer)
    assert [step for step, _, _ in trainer.checked] == [2, 4, 6, 8]  # of twelve


@pytest.mark.parametrize("content", [b"", b"torn", b"PK\x03\x04 half a file"])
def test_a_damaged_state_is_told(tmp_path: Path, content: bytes) -> None:
    state = tmp_path / "s.pt"
    state.write_bytes(content)
    with pytest.raises(ModelError, match=r"Remove '.*s.pt' to begin anew: the saved state cannot be read"):
        _run(_trainer(state))


def test_a_state_of_another_tuning_is_told(tmp_path: Path) -> None:
    state = tmp_path / "s.pt"
    trainer = _trainer(state)
    _run(trainer)
    trainer._save()
    with pytest.raises(ModelError, match="of another tuning"):
        _run(_trainer(state, key="other"))


def test_an_adapter_that_would_be_too_large_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tuning, "LARGEST", 1000)
    with pytest.raises(
        ModelError, match="Lower the rank to 1 or name fewer target modules: the adapter would have"
    ):
        tuning._check_size(_model(), Recipe(rank=4))
