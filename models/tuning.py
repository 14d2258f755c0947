"""Tuning an adapter (LoRA) for one role or several on generated examples, on the weights that the quantized base really has."""

from __future__ import annotations

import hashlib
import shutil
import warnings
from collections.abc import Sequence
from contextlib import redirect_stderr
from dataclasses import asdict, dataclass
from io import StringIO
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any, Final

from aitia.core.disk import trouble
from aitia.core.errors import BadInput, ModelError, NoRoom
from aitia.core.events import Progress
from aitia.core.home import aitia_home
from aitia.models.adapters import Adapter, Role
from aitia.models.curriculum.items import Item, digest
from aitia.models.curriculum.roles import curriculum_of
from aitia.models.files import OnProgress, silent
from aitia.models.gguf import read_header
from aitia.models.lora import ARCHITECTURES, TARGETS, Precision, write_lora
from aitia.models.runtime import Session, Shape
from aitia.models.threads import default_threads
from aitia.models.training import Example, Recipe, Trainer

if TYPE_CHECKING:
    from aitia.models.load import ModelFile

ROOM: Final = (
    256 << 20
)  # bytes free for the states (weights, their best and two moments in f32) and the adapter
LARGEST: Final = 20_000_000  # bytes of an adapter: it is to travel with aitia
LONGEST: Final = 768  # tokens of an example
_UNPACKED: Final = 4.0  # bytes in memory for each byte of a quantized base: 16 bits a weight for 4.5
_WORK: Final = 1 << 30  # bytes beside the weights: what a step of 16 examples keeps, and torch itself
_MEMORY: Final = Path("/proc/meminfo")


@dataclass(frozen=True, kw_only=True)
class Tuned:
    """A finished tuning. `right` is the share of held-back examples all of whose answers are right, `curve` every step's loss."""

    path: Path
    adapter: Adapter
    steps: int
    held_out: int
    loss: float
    right: float
    seconds: float
    curve: tuple[float, ...]
    checked: tuple[tuple[int, float, float], ...]


def tune(
    base: ModelFile,
    roles: Sequence[Role],
    *,
    out: Path,
    seed: int = 0,
    minutes: float = 25.0,
    recipe: Recipe | None = None,
    size: int | None = None,
    rows: Sequence[Item] = (),
    precision: Precision = "f16",
    threads: int | None = None,
    home: Path | None = None,
    on_progress: OnProgress = silent,
) -> Tuned:
    """One adapter for `roles`, written to `out`. `size` examples of each role; `rows` are learned besides.

    After an interruption the same call goes on at the last saved step. The learning rate falls to zero by the last example or
    when `minutes` are over, whichever is first; the weights are those that read held-back examples best. Raises ModelError,
    BadInput or NoRoom.
    """
    recipe = recipe or Recipe()
    architecture = _architecture(base)
    _check_recipe(recipe)
    torch = _packages()
    torch.set_num_threads(threads or default_threads())
    states = (home or aitia_home()) / "tuning"
    for folder in (states, out.parent):
        _check_room(folder)
    check_memory(base.path)
    made, kept = examples_of(roles, seed, size, recipe.checked, rows)
    adapter = Adapter(
        role="+".join(roles), base=base.sha256, curriculum=digest([*made, *kept]), seed=seed, rank=recipe.rank
    )
    key = hashlib.sha256(f"{adapter.model_dump_json()} {asdict(recipe)}".encode()).hexdigest()
    on_progress(Progress(what=f"loading {base.name} for tuning", done=0, total=0, unit="steps"))
    training, held_out = tokenised(base.path, made, kept)
    model = trainable(base.path, recipe, seed)
    _check_size(model, recipe)
    trainer = Trainer(model, recipe, state=states / f"{key[:16]}.pt", key=key)
    trainer.run(training, held_out, seed=seed, limit=minutes * 60, on_progress=on_progress)
    part = out.with_name(out.name + ".part")
    try:
        write_lora(
            part,
            {name: values.numpy() for name, values in trainer.best.items()},
            adapter,
            architecture=architecture,
            alpha=recipe.alpha,
            heads=(model.config.num_attention_heads, model.config.num_key_value_heads),
            precision=precision,
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
        curve=tuple(trainer.curve),
        checked=tuple(trainer.checked),
    )


def examples_of(
    roles: Sequence[Role], seed: int, size: int | None, checked: int, rows: Sequence[Item] = ()
) -> tuple[list[Item], list[Item]]:
    """What is learned and what is held back for the checks. Of `rows` those of other roles are refused: BadInput."""
    made: list[Item] = []
    kept: list[Item] = []
    for role in roles:
        curriculum = curriculum_of(role)
        made += curriculum.items(seed, size or curriculum.size, "train")
        kept += curriculum.items(seed, checked, "check")
    if foreign := {r.role for r in rows} - set(roles):
        raise BadInput(f"Tune {', '.join(sorted(foreign))} as well, or leave its rows out of the data.")
    made += [r for r in rows if r.split == "train"]
    kept += [r for r in rows if r.split == "check"]
    Random(seed).shuffle(made)
    return made, kept


def _architecture(base: ModelFile) -> str:
    found = str(read_header(base.path).get("general.architecture", ""))
    if found not in ARCHITECTURES:
        raise ModelError(
            f"Choose a base of the architecture {' or '.join(sorted(ARCHITECTURES))}: {base.name} is {found!r}."
        )
    return found


def _check_recipe(recipe: Recipe) -> None:
    if unknown := [t for t in recipe.targets if t not in TARGETS]:
        raise BadInput(f"Give target modules of {', '.join(TARGETS)}, not {unknown[0]!r}.")
    if recipe.rank < 1:
        raise BadInput(f"Give a rank of at least 1, not {recipe.rank}.")


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


def check_memory(base: Path, memory: Path = _MEMORY) -> None:
    """Raises ModelError where this machine says that it has too little memory for a base; where it does not say, nothing."""
    try:
        lines = memory.read_text(encoding="ascii").splitlines()
    except OSError:  # another system than Linux
        return
    free = next((int(x.split()[1]) << 10 for x in lines if x.startswith("MemAvailable:")), None)
    needed = memory_of(base)
    if free is not None and free < needed:
        raise ModelError(
            f"Free {(needed - free) >> 20} MB of memory or choose a smaller base: tuning {base.name} takes about "
            f"{needed >> 20} MB, {free >> 20} MB are available."
        )


def memory_of(base: Path) -> int:
    """About how many bytes of memory tuning a base takes."""
    return int(base.stat().st_size * _UNPACKED) + _WORK


def _check_size(model: Any, recipe: Recipe) -> None:
    size = 2 * sum(p.numel() for p in model.parameters() if p.requires_grad)
    if size > LARGEST:
        raise ModelError(
            f"Lower the rank to {max(1, recipe.rank * LARGEST // size)} or name fewer target modules: the adapter would have "
            f"{size / 1e6:.0f} MB, {LARGEST / 1e6:.0f} at most."
        )


def tokenised(path: Path, *parts: Sequence[Item]) -> list[list[Example]]:
    """The examples of each part as a model is asked them. Raises BadInput for one that is too long or whose labels are alike."""
    session = Session(path, Shape(threads=1, context=64, batch=64))
    labels: dict[tuple[str, ...], tuple[int, ...]] = {}
    try:
        for segment in (s for part in parts for item in part for s in item.answer):
            if segment.labels and segment.labels not in labels:
                labels[segment.labels] = _firsts(session, segment.labels)
        return [[_example(session, item, labels) for item in part] for part in parts]
    finally:
        session.close()


def _firsts(session: Session, labels: Sequence[str]) -> tuple[int, ...]:
    found = tuple(session.plain_tokens(f" {label}")[0] for label in labels)
    if len(set(found)) < len(found):
        raise BadInput(f"Give labels that differ in their first token: {', '.join(labels)}.")
    return found


def _example(session: Session, item: Item, labels: dict[tuple[str, ...], tuple[int, ...]]) -> Example:
    tokens = [
        *session.first_tokens(),
        *session.plain_tokens(item.system),
        *session.plain_tokens(item.prompt),
    ]
    start = len(tokens)
    weights: list[float] = []
    judged: list[tuple[int, tuple[int, ...]]] = []
    for segment in item.answer:
        part = session.plain_tokens(segment.text)
        if segment.name and segment.weight > 0:
            places = range(1 if segment.labels else len(part))
            judged += [(len(tokens) + i, labels.get(segment.labels, ())) for i in places]
        weights += [segment.weight] * len(part)
        tokens += part
    if len(tokens) > LONGEST:
        raise BadInput(
            f"Shorten the item that begins {item.prompt.strip()[:60]!r}: it has {len(tokens)} tokens, {LONGEST} at most."
        )
    return Example(tokens=tuple(tokens), start=start, weights=tuple(weights), judged=tuple(judged))


def trainable(path: Path, recipe: Recipe, seed: int) -> Any:
    """The base in bfloat16, as its quantized weights are, with untrained LoRA matrices."""
    import peft
    import torch

    model = base_model(path)
    torch.manual_seed(seed)
    config = peft.LoraConfig(
        r=recipe.rank,
        lora_alpha=int(recipe.alpha),
        target_modules=list(recipe.targets or TARGETS),
        task_type="CAUSAL_LM",
    )
    with warnings.catch_warnings():  # peft asks transformers in a way that will go
        warnings.simplefilter("ignore", FutureWarning)
        return peft.get_peft_model(model, config)


def base_model(path: Path) -> Any:
    """A GGUF file's weights, unpacked to bfloat16, as a model of transformers."""
    import torch
    import transformers

    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    packed = getattr(
        transformers, "GgufConfig", None
    )  # releases that can keep weights packed train slowly so
    more = {"quantization_config": packed(dequantize=True)} if packed else {}
    with redirect_stderr(StringIO()):  # a bar of its own that no setting hides
        return transformers.AutoModelForCausalLM.from_pretrained(
            path.parent, gguf_file=path.name, dtype=torch.bfloat16, local_files_only=True, **more
        )
