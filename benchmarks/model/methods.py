"""Ways to tune a small model on few examples, beside each other: LoRA of several ranks and places, its relatives, and prompts.

    python benchmarks/model/methods.py --data names [--base qwen2.5-coder-0.5b] [--size 1200] [--methods GLOB] --json OUT

The same examples, seed and steps of 16 for all; judged are examples that are held out. llama.cpp loads LoRA alone, so that
the others tell only what that costs. `right`: every answer right; weights in millions; seconds of the training.
"""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

from aitia.models.curriculum.roles import curriculum_of
from aitia.models.load import model_file
from aitia.models.lora import TARGETS
from aitia.models.training import Example
from aitia.models.tuning import base_model, tokenised
from benchmarks.contract import chosen, finish, parser, rows

ATTENTION = [t for t in TARGETS if t.endswith(("q_proj", "k_proj", "v_proj", "o_proj"))]
BATCH, SEED, WARM_UP = 16, 0, 0.06


def main() -> None:
    """Tune by each method, then score."""
    made = parser(__doc__)
    made.add_argument("--base", default="qwen2.5-coder-0.5b")
    made.add_argument("--size", type=int, default=1200, help="examples that are learned")
    made.add_argument("--held", type=int, default=300, help="examples that are judged")
    made.add_argument("--methods", default="*")
    made.add_argument("--threads", type=int, default=2)
    given = made.parse_args()
    began = time.monotonic()
    import torch

    torch.set_num_threads(given.threads)
    base, curriculum = model_file(given.base), curriculum_of(given.data)
    training, held = tokenised(
        base.path,
        curriculum.items(SEED, given.size, "train"),
        curriculum.items(SEED, given.held, "held_out"),
    )
    table, cases = [], []
    for name in chosen(methods(given.size // BATCH), given.methods):
        model, rate, ratio = methods(given.size // BATCH)[name](base_model(base.path))
        learned = sum(p.numel() for p in model.parameters() if p.requires_grad) / 1e6
        start = time.monotonic()
        curve = trained(model, training, rate, ratio) if rate else []
        seconds = time.monotonic() - start
        right = judged(model, held)
        system = f"ours {name}" if name == "lora r8" else "trivial base" if not rate else f"peer {name}"
        table += rows(system, {"right": right, "million weights": [learned], "seconds": [seconds]})
        cases.append({"id": name, "curve": [round(c, 3) for c in curve], "right": sum(right) / len(right)})
        print(
            f"{name}: {sum(right) / len(right):.3f}, {learned:.2f} M, {seconds:.0f} s",
            file=sys.stderr,
            flush=True,
        )
        del model
    finish("model/methods", table, cases, n=len(held), began=began, out=given.json)


Made = tuple[
    Any, float, float
]  # model, highest learning rate (0: untuned), of LoRA's second matrix times this


def methods(steps: int) -> dict[str, Callable[[Any], Made]]:
    """By name: from a base to a model that can be tuned."""
    import peft

    def lora(rate: float = 4e-4, ratio: float = 1.0, **more: Any) -> Callable[[Any], Made]:
        config = {"r": 8, "lora_alpha": 16, "target_modules": list(TARGETS), "task_type": "CAUSAL_LM"} | more
        return lambda base: (peft.get_peft_model(base, peft.LoraConfig(**config)), rate, ratio)

    def other(config: Any, rate: float) -> Callable[[Any], Made]:
        return lambda base: (peft.get_peft_model(base, config), rate, 1.0)

    adaptive = peft.AdaLoraConfig(
        init_r=12, target_r=8, lora_alpha=16, target_modules=list(TARGETS), task_type="CAUSAL_LM", total_step=steps,
        tinit=steps // 10, tfinal=steps // 4,
    )  # fmt: skip
    return {
        "base": lambda base: (base.requires_grad_(False), 0.0, 1.0),
        "lora r8": lora(),
        "lora r2": lora(r=2, lora_alpha=4),
        "lora r16": lora(r=16, lora_alpha=32),
        "lora r8 attention alone": lora(target_modules=ATTENTION),
        "lora r8 queries and values alone": lora(target_modules=["q_proj", "v_proj"]),
        "lora+ r8": lora(rate=2e-4, ratio=8.0),
        "rslora r8": lora(rate=2e-4, use_rslora=True),
        "dora r8": lora(use_dora=True),
        "adalora": other(adaptive, 1e-3),
        "ia3": other(peft.IA3Config(task_type="CAUSAL_LM"), 5e-3),
        "prefix 16": other(peft.PrefixTuningConfig(task_type="CAUSAL_LM", num_virtual_tokens=16), 5e-3),
        "prompt 16": other(peft.PromptTuningConfig(task_type="CAUSAL_LM", num_virtual_tokens=16), 3e-2),
    }


def trained(model: Any, examples: Sequence[Example], rate: float, ratio: float) -> list[float]:
    """One pass with AdamW and a cosine; the loss of every step."""
    import torch

    groups: list[dict[str, Any]] = [{"params": [], "scale": 1.0}, {"params": [], "scale": ratio}]
    for name, weight in model.named_parameters():
        if weight.requires_grad:
            groups["lora_B" in name]["params"].append(weight)
    optimizer = torch.optim.AdamW([g for g in groups if g["params"]], lr=rate, weight_decay=0.0)
    order = list(range(len(examples)))
    Random(SEED).shuffle(order)
    batches = [order[at : at + BATCH] for at in range(0, len(order), BATCH)]
    model.train()
    curve = []
    for step, batch in enumerate(batches):
        done = step / len(batches)
        now = rate * min(1.0, (done + 1e-3) / WARM_UP) * (1 + math.cos(math.pi * done)) / 2
        for group in optimizer.param_groups:
            group["lr"] = now * group["scale"]
        loss, _ = answered(model, [examples[i] for i in batch])
        loss.backward()
        torch.nn.utils.clip_grad_norm_([p for p in model.parameters() if p.requires_grad], 1.0)
        optimizer.step()
        if hasattr(model, "base_model") and hasattr(model.base_model, "update_and_allocate"):
            model.base_model.update_and_allocate(step)
        optimizer.zero_grad()
        curve.append(float(loss.detach()))
    return curve


def answered(model: Any, examples: Sequence[Example]) -> tuple[Any, list[bool]]:
    """The loss on the answers, and of each example whether every judged token is the likeliest of its labels, or of all."""
    import torch

    width = max(len(e.tokens) for e in examples)
    ids = torch.tensor([[*e.tokens, *[0] * (width - len(e.tokens))] for e in examples])
    mask = torch.tensor([[1] * len(e.tokens) + [0] * (width - len(e.tokens)) for e in examples])
    logits = model(input_ids=ids, attention_mask=mask).logits.float()
    logits = logits[:, logits.shape[1] - width :]  # what stands before them are virtual tokens
    total, weight = torch.zeros(()), 0.0
    right = []
    for row, example in enumerate(examples):
        for i, share in enumerate(example.weights):
            at = example.start + i
            total = total + share * torch.nn.functional.cross_entropy(logits[row, at - 1], ids[row, at])
            weight += share
        told = [
            (
                int(labels[int(logits[row, at - 1, list(labels)].argmax())])
                if labels
                else int(logits[row, at - 1].argmax())
            )
            == example.tokens[at]
            for at, labels in example.judged
        ]
        right.append(all(told))
    return total / max(weight, 1e-9), right


def judged(model: Any, examples: Sequence[Example]) -> list[float]:
    """Of each held-out example whether it is right."""
    import torch

    model.eval()
    found: list[float] = []
    with torch.no_grad():
        for at in range(0, len(examples), 2 * BATCH):
            found += [float(r) for r in answered(model, examples[at : at + 2 * BATCH])[1]]
    return found


if __name__ == "__main__":
    main()
