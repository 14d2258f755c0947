"""Tuning an adapter (LoRA) for one role on generated examples, on the weights that the quantized base really has."""

from __future__ import annotations

import hashlib
import math
import shutil
import time
import warnings
from collections.abc import Sequence
from contextlib import redirect_stderr
from dataclasses import asdict, dataclass
from io import StringIO
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any, Final

from aitia.core.disk import trouble
from aitia.core.errors import ModelError, NoRoom
from aitia.core.events import Progress
from aitia.core.home import aitia_home
from aitia.models.adapters import Adapter
from aitia.models.curriculum import names as curriculum
from aitia.models.files import OnProgress, silent
from aitia.models.gguf import read_header
from aitia.models.lora import ARCHITECTURES, TARGETS, write_lora
from aitia.models.runtime import Session, Shape
from aitia.models.threads import default_threads

if TYPE_CHECKING:
    from aitia.models.load import ModelFile

ROOM: Final = (
    256 << 20
)  # bytes free for the states (weights, their best and two moments in f32) and the adapter


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """How an adapter is tuned. `direction` is what the answer's second part counts beside the first."""

    size: int = curriculum.SIZE
    held_out: int = 320
    rank: int = 8
    alpha: float = 16.0
    rate: float = 4e-4
    warm_up: float = 0.04
    batch: int = 16
    direction: float = 0.3
    checks: int = 4
    saved_every: int = 20


@dataclass(frozen=True, kw_only=True)
class Example:
    """Token ids of prompt and answer; the answer begins at `start`, its first part has `named` tokens."""

    tokens: tuple[int, ...]
    start: int
    named: int


@dataclass(frozen=True, kw_only=True)
class Tuned:
    """A finished tuning. `right` is the share of held-out names whose quantity is read right."""

    path: Path
    adapter: Adapter
    steps: int
    held_out: int
    loss: float
    right: float
    seconds: float


def tune(
    base: ModelFile,
    *,
    out: Path,
    seed: int = 0,
    minutes: float = 25.0,
    recipe: Recipe | None = None,
    threads: int | None = None,
    home: Path | None = None,
    on_progress: OnProgress = silent,
) -> Tuned:
    """An adapter that reads metric names, written to `out`.

    After an interruption the same call goes on at the last saved step. The learning rate falls to zero by the last example or
    when `minutes` are over, whichever is first; the weights are those that read held-out names best. Raises ModelError or
    NoRoom.
    """
    recipe = recipe or Recipe()
    architecture = str(read_header(base.path).get("general.architecture", ""))
    if architecture not in ARCHITECTURES:
        raise ModelError(
            f"Choose a base of the architecture {' or '.join(sorted(ARCHITECTURES))}: {base.name} is {architecture!r}."
        )
    torch = _packages()
    torch.set_num_threads(threads or default_threads())
    states = (home or aitia_home()) / "tuning"
    for folder in (states, out.parent):
        _check_room(folder)
    made = curriculum.names(seed, recipe.size)
    kept = curriculum.names(seed, recipe.held_out, held_out=True)
    adapter = Adapter(role="names", base=base.sha256, curriculum=curriculum.digest([*made, *kept]), seed=seed)
    key = hashlib.sha256(f"{adapter.model_dump_json()} {asdict(recipe)}".encode()).hexdigest()
    on_progress(Progress(what=f"loading {base.name} for tuning", done=0, total=0, unit="steps"))
    training, held_out, labels = _tokenised(base.path, made, kept)
    trainer = _Trainer(
        _trainable(base.path, recipe, seed), recipe, labels, state=states / f"{key[:16]}.pt", key=key
    )
    trainer.run(training, held_out, seed=seed, limit=minutes * 60, on_progress=on_progress)
    config = trainer.model.config
    part = out.with_name(out.name + ".part")
    try:
        write_lora(
            part,
            {name: values.numpy() for name, values in trainer.best.items()},
            adapter,
            architecture=architecture,
            alpha=recipe.alpha,
            heads=(config.num_attention_heads, config.num_key_value_heads),
        )
        part.replace(out)
    except OSError as error:
        raise trouble(error, out) from None
    trainer.state.unlink(missing_ok=True)
    return Tuned(
        path=out,
        adapter=adapter,
        steps=trainer.step,
        held_out=len(held_out),
        loss=trainer.best_loss,
        right=trainer.right,
        seconds=trainer.elapsed,
    )


def _packages() -> Any:
    try:
        import gguf  # noqa: F401
        import peft  # noqa: F401
        import torch
        import transformers  # noqa: F401
    except ImportError as error:
        raise ModelError(f"Install what tuning needs: pip install '.[tune]' ({error}).") from None
    return torch


def _check_room(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        free = shutil.disk_usage(folder).free
    except OSError as error:
        raise trouble(error, folder) from None
    if free < ROOM:
        raise NoRoom(
            f"Free {(ROOM - free) >> 20} MB more under {str(folder)!r}: tuning keeps its state there."
        )


def _tokenised(
    path: Path, *parts: Sequence[curriculum.Named]
) -> tuple[list[Example], list[Example], list[int]]:
    """The examples of both parts as `classify` tokenises them, and the first token of every quantity."""
    session = Session(path, Shape(threads=1, context=64, batch=64))
    try:
        head = session.first_tokens() + session.plain_tokens(curriculum.SYSTEM)

        def example(named: curriculum.Named) -> Example:
            prompt = head + session.plain_tokens(f" {named.name}{curriculum.QUESTION}")
            label = session.plain_tokens(" " + curriculum.label_of(named.quantity))
            rest = session.plain_tokens(f", {named.direction}")
            return Example(tokens=(*prompt, *label, *rest), start=len(prompt), named=len(label))

        training, held_out = ([example(named) for named in part] for part in parts)
        labels = [
            session.plain_tokens(" " + curriculum.label_of(q))[0]
            for q in dict.fromkeys(n.quantity for part in parts for n in part)
        ]
    finally:
        session.close()
    return training, held_out, labels


def _trainable(path: Path, recipe: Recipe, seed: int) -> Any:
    """The base in bfloat16, as its quantized weights are, with untrained LoRA matrices."""
    import peft
    import torch
    import transformers

    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    packed = getattr(
        transformers, "GgufConfig", None
    )  # releases that can keep weights packed train slowly so
    more = {"quantization_config": packed(dequantize=True)} if packed else {}
    with redirect_stderr(StringIO()):  # a bar of its own that no setting hides
        model = transformers.AutoModelForCausalLM.from_pretrained(
            path.parent, gguf_file=path.name, dtype=torch.bfloat16, local_files_only=True, **more
        )
    torch.manual_seed(seed)
    config = peft.LoraConfig(
        r=recipe.rank, lora_alpha=int(recipe.alpha), target_modules=list(TARGETS), task_type="CAUSAL_LM"
    )
    with warnings.catch_warnings():  # peft asks transformers in a way that will go
        warnings.simplefilter("ignore", FutureWarning)
        return peft.get_peft_model(model, config)


class _Trainer:
    """Steps, checks and saved states of one tuning."""

    def __init__(self, model: Any, recipe: Recipe, labels: Sequence[int], *, state: Path, key: str) -> None:
        import torch

        self.model, self.recipe, self.state, self.key = model, recipe, state, key
        self._torch: Any = torch
        self._labels = torch.tensor(labels)
        self._weights = [p for p in model.parameters() if p.requires_grad]
        self._optimizer = torch.optim.AdamW(self._weights, lr=recipe.rate, weight_decay=0.0)
        self.step, self.checked, self.elapsed = 0, 0, 0.0
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
                done = min(1.0, max(self.step / len(batches), self.elapsed / limit))
                if done >= (self.checked + 1) / self.recipe.checks:
                    self._check(held_out)
                    self.checked = int(done * self.recipe.checks)
                if done >= 1.0:
                    return
                loss = self._learn([training[i] for i in batches[self.step]], done)
                self.step += 1
                if self.step % self.recipe.saved_every == 0:
                    self._save()
                on_progress(self._progress(len(batches), done, loss))
        except KeyboardInterrupt:
            self._save()
            raise

    def _progress(self, total: int, done: float, loss: float) -> Progress:
        left = self.elapsed * (1 - done) / max(done, 1e-6) / 60
        checked = f", {self.right:.0%} of held-out names right" if self.checked else ""
        what = f"tuning: step {self.step} of at most {total}, loss {loss:.2f}{checked}, {left:.0f} min left"
        return Progress(what=what, done=self.step, total=total, unit="steps")

    def _learn(self, examples: Sequence[Example], done: float) -> float:
        rate = self.recipe.rate * min(1.0, (done + 1e-3) / self.recipe.warm_up) * (1 + math.cos(math.pi * done)) / 2  # fmt: skip
        for group in self._optimizer.param_groups:
            group["lr"] = rate
        self.model.train()
        loss, _ = self._loss(examples)
        loss.backward()
        self._torch.nn.utils.clip_grad_norm_(self._weights, 1.0)
        self._optimizer.step()
        self._optimizer.zero_grad()
        return float(loss.detach())

    def _loss(self, examples: Sequence[Example]) -> tuple[Any, int]:
        """The loss on the answers alone, and how many quantities are the likeliest ones."""
        torch = self._torch
        width = max(len(e.tokens) for e in examples)
        ids = torch.tensor([[*e.tokens, *[0] * (width - len(e.tokens))] for e in examples])
        places = [
            (row, at, 1.0 if at < e.start + e.named else self.recipe.direction)
            for row, e in enumerate(examples)
            for at in range(e.start, len(e.tokens))
        ]
        rows, columns = torch.tensor([p[0] for p in places]), torch.tensor([p[1] for p in places])
        weights = torch.tensor([p[2] for p in places])
        inner = self.model.base_model.model
        # What stands right of a token never counts for it: no mask is needed. The vocabulary's matrix, a quarter of the
        # model, is multiplied at the answers alone.
        hidden = inner.model(input_ids=ids, use_cache=False).last_hidden_state[rows, columns - 1]
        logits = inner.lm_head(hidden).float()
        losses = torch.nn.functional.cross_entropy(logits, ids[rows, columns], reduction="none")
        first = [i for i, (row, at, _) in enumerate(places) if at == examples[row].start]
        chosen = self._labels[logits[first][:, self._labels].argmax(dim=1)]
        right = int((chosen == ids[rows, columns][first]).sum())
        return (losses * weights).sum() / weights.sum(), right

    def _check(self, held_out: Sequence[Example]) -> None:
        """Read the held-out names; keep the weights if these are the best so far."""
        from peft import get_peft_model_state_dict

        self.model.eval()
        ordered = sorted(held_out, key=lambda e: len(e.tokens))
        size, total, right = 2 * self.recipe.batch, 0.0, 0
        with self._torch.no_grad():
            for at in range(0, len(ordered), size):
                part = ordered[at : at + size]
                loss, found = self._loss(part)
                total, right = total + float(loss) * len(part), right + found
        loss = total / len(held_out)
        if loss < self.best_loss:
            self.best_loss, self.right = loss, right / len(held_out)
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
            values = self._torch.load(self.state, weights_only=True)
            if values["key"] != self.key:
                raise ValueError("of another tuning")
            set_peft_model_state_dict(self.model, values["weights"])
            self._optimizer.load_state_dict(values["optimizer"])
        except (OSError, RuntimeError, ValueError, KeyError, EOFError) as error:
            raise ModelError(
                f"Remove {str(self.state)!r} to begin anew: the saved state cannot be read ({error})."
            ) from None
        for name in self._KEPT:
            setattr(self, name, values[name])

    _KEPT: Final = ("step", "checked", "elapsed", "best", "best_loss", "right")


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
