"""The steps of one tuning: loss, checks on what is held back, saved states. The same whether it was interrupted or not."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from pickle import UnpicklingError
from random import Random
from typing import Any, Final
from zipfile import is_zipfile

from aitia.core.errors import ModelError, NoRoom
from aitia.core.events import Progress
from aitia.models.files import OnProgress


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """How an adapter is tuned. `checks` are spread over the run; `patience` of them without gain end it."""

    rank: int = 8
    alpha: float = 16.0
    targets: tuple[str, ...] = ()  # projections that get weights; () all
    rate: float = 4e-4  # the highest learning rate, after the warm-up
    warm_up: float = 0.04  # share of the run
    batch: int = 16
    checks: int = 6
    checked: int = 160  # examples of a role by which the weights are chosen
    patience: int = 2
    saved_every: int = 20  # steps


@dataclass(frozen=True, kw_only=True)
class Example:
    """Token ids of prompt and answer, which begins at `start`; `weights` are of its tokens, in the loss.

    `judged` are places of tokens that have to be the likeliest: among the labels' first tokens, or of all where there are none.
    """

    tokens: tuple[int, ...]
    start: int
    weights: tuple[float, ...]
    judged: tuple[tuple[int, tuple[int, ...]], ...]


class Trainer:
    """Steps, checks and saved states. `curve` holds every step's loss, `checked` (step, loss, share right) of every check."""

    def __init__(self, model: Any, recipe: Recipe, *, state: Path, key: str) -> None:
        import torch

        self.model, self.recipe, self.state, self.key = model, recipe, state, key
        self._torch: Any = torch
        self._weights = [p for p in model.parameters() if p.requires_grad]
        self._optimizer = torch.optim.AdamW(self._weights, lr=recipe.rate, weight_decay=0.0)
        self.step, self.elapsed = 0, 0.0
        self.curve: list[float] = []
        self.checked: list[tuple[int, float, float]] = []
        self.best: dict[str, Any] = {}
        self.best_loss, self.right = math.inf, 0.0

    def run(
        self,
        training: Sequence[Example],
        held_out: Sequence[Example],
        *,
        seed: int,
        limit: float,
        on_progress: OnProgress,
    ) -> None:
        """Train to the end of the examples or of the time, from the saved state on where there is one."""
        self._restore()
        batches = _batches(training, self.recipe.batch, seed)
        began = time.monotonic() - self.elapsed
        try:
            while True:
                self.elapsed = time.monotonic() - began
                done = _done(self.step, len(batches), self.elapsed / limit)
                if done >= (len(self.checked) + 1) / self.recipe.checks or done >= 1.0:
                    self._check(held_out)
                if done >= 1.0 or self._tired():
                    return
                self.curve.append(self._learn([training[i] for i in batches[self.step]], done))
                self.step += 1
                if self.step % self.recipe.saved_every == 0:
                    self._save()
                on_progress(self._progress(len(batches), done))
        except KeyboardInterrupt:
            self._save()
            raise

    def _tired(self) -> bool:
        """Whether the last checks were all worse than the best one before them."""
        losses = [loss for _, loss, _ in self.checked]
        late = losses[-self.recipe.patience :]
        return len(losses) > self.recipe.patience and min(late) > min(losses[: -self.recipe.patience])

    def _progress(self, total: int, done: float) -> Progress:
        left = self.elapsed * (1 - done) / max(done, 1e-6) / 60
        checked = f", {self.checked[-1][2]:.0%} of held-back examples right" if self.checked else ""
        what = f"tuning: step {self.step} of at most {total}, loss {self.curve[-1]:.2f}{checked}, {left:.0f} min left"
        return Progress(what=what, done=self.step, total=total, unit="steps")

    def _learn(self, examples: Sequence[Example], done: float) -> float:
        rate = self.recipe.rate * min(1.0, (done + 1e-3) / self.recipe.warm_up) * (1 + math.cos(math.pi * done)) / 2  # fmt: skip
        for group in self._optimizer.param_groups:
            group["lr"] = rate
        self.model.train()
        loss, _, _ = self._loss(examples)
        loss.backward()
        self._torch.nn.utils.clip_grad_norm_(self._weights, 1.0)
        self._optimizer.step()
        self._optimizer.zero_grad()
        return float(loss.detach())

    def _loss(self, examples: Sequence[Example]) -> tuple[Any, Any, list[tuple[int, int]]]:
        """The loss on the answers alone, their logits, and the (example, place) of each row of these."""
        torch = self._torch
        width = max(len(e.tokens) for e in examples)
        ids = torch.tensor([[*e.tokens, *[0] * (width - len(e.tokens))] for e in examples])
        places = [
            (row, e.start + i) for row, e in enumerate(examples) for i, w in enumerate(e.weights) if w > 0
        ]
        weights = torch.tensor([examples[row].weights[at - examples[row].start] for row, at in places])
        rows, columns = torch.tensor([p[0] for p in places]), torch.tensor([p[1] for p in places])
        inner = self.model.base_model.model
        # What stands right of a token never counts for it: no mask is needed. The vocabulary's matrix, a quarter of the
        # model, is multiplied at the answers alone.
        hidden = inner.model(input_ids=ids, use_cache=False).last_hidden_state[rows, columns - 1]
        logits = inner.lm_head(hidden).float()
        losses = torch.nn.functional.cross_entropy(logits, ids[rows, columns], reduction="none")
        return (losses * weights).sum() / weights.sum(), logits, places

    def _check(self, held_out: Sequence[Example]) -> None:
        """Read what is held back; keep the weights if these are the best so far."""
        from peft import get_peft_model_state_dict

        self.model.eval()
        ordered = sorted(held_out, key=lambda e: len(e.tokens))
        size, total, right = 2 * self.recipe.batch, 0.0, 0
        with self._torch.no_grad():
            for at in range(0, len(ordered), size):
                part = ordered[at : at + size]
                loss, logits, places = self._loss(part)
                total += float(loss) * len(part)
                right += sum(_right(e, row, logits, places) for row, e in enumerate(part))
        loss, share = total / len(held_out), right / len(held_out)
        self.checked.append((self.step, loss, share))
        if loss < self.best_loss:
            self.best_loss, self.right = loss, share
            weights = get_peft_model_state_dict(self.model, save_embedding_layers=False)
            self.best = {k: v.detach().float().clone() for k, v in weights.items()}

    def _save(self) -> None:
        from peft import get_peft_model_state_dict

        part = self.state.with_suffix(".part")
        values = {
            "key": self.key,
            "weights": get_peft_model_state_dict(self.model, save_embedding_layers=False),
            "optimizer": self._optimizer.state_dict(),
            **{name: getattr(self, name) for name in self._KEPT},
        }
        try:
            self._torch.save(values, part)
            part.replace(self.state)
        except (OSError, RuntimeError) as error:  # torch tells a full disk so
            part.unlink(missing_ok=True)
            raise NoRoom(f"Cannot keep the state of the tuning in {str(self.state)!r} ({error}).") from None

    def _restore(self) -> None:
        from peft import set_peft_model_state_dict

        if not self.state.is_file():
            return
        try:
            if not is_zipfile(self.state):  # what torch makes of a torn file is any error
                raise ValueError("it is cut short")
            values = self._torch.load(self.state, weights_only=True)
            if values["key"] != self.key:
                raise ValueError("of another tuning")
            set_peft_model_state_dict(self.model, values["weights"])
            self._optimizer.load_state_dict(values["optimizer"])
            kept = {name: values[name] for name in self._KEPT}
        except (OSError, RuntimeError, ValueError, KeyError, EOFError, UnpicklingError) as error:
            raise ModelError(
                f"Remove {str(self.state)!r} to begin anew: the saved state cannot be read ({error})."
            ) from None
        for name, value in kept.items():
            setattr(self, name, value)

    _KEPT: Final = ("step", "elapsed", "curve", "checked", "best", "best_loss", "right")


def _done(step: int, steps: int, spent: float) -> float:
    """The share of a run that is over, 0 to 1: by its steps, so that it is repeatable, unless time runs out before them."""
    return min(1.0, spent if spent > (step + 1) / steps else step / steps)


def _right(example: Example, row: int, logits: Any, places: Sequence[tuple[int, int]]) -> bool:
    """Whether every judged token of an example is the likeliest of its labels, or of all."""
    found = {at: i for i, (of, at) in enumerate(places) if of == row}
    for at, labels in example.judged:
        scores = logits[found[at]]
        told = labels[int(scores[list(labels)].argmax())] if labels else int(scores.argmax())
        if told != example.tokens[at]:
            return False
    return True


def _batches(examples: Sequence[Example], size: int, seed: int) -> list[list[int]]:
    """Every example once; those of a batch have about the same length, the order of batches is random."""
    random = Random(seed)
    order = list(range(len(examples)))
    random.shuffle(order)
    made = []
    for at in range(0, len(order), size * 16):
        part = sorted(order[at : at + size * 16], key=lambda i: len(examples[i].tokens))
        made += [part[i : i + size] for i in range(0, len(part), size)]
    random.shuffle(made)
    return made
