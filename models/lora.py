"""LoRA weights as a GGUF file that llama.cpp takes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from aitia.models.adapters import FIELDS, Adapter

Precision = Literal["f16", "q8_0"]
_BLOCK: Final = 32  # numbers of a row that q8_0 scales together
ARCHITECTURES: Final = frozenset({"qwen2", "llama"})  # whose tensors are named as below
TARGETS: Final = {
    "q_proj": "attn_q", "k_proj": "attn_k", "v_proj": "attn_v", "o_proj": "attn_output",
    "gate_proj": "ffn_gate", "up_proj": "ffn_up", "down_proj": "ffn_down",
}  # fmt: skip
_WEIGHT: Final = re.compile(r"layers\.(\d+)\.\w+\.(\w+)\.lora_([AB])\.")


def write_lora(
    path: Path,
    weights: Mapping[str, NDArray[np.float32]],
    adapter: Adapter,
    *,
    architecture: str,
    alpha: float,
    heads: tuple[int, int],
    precision: Precision = "f16",
) -> None:
    """Write peft's weights; in `q8_0` those whose rows are whole blocks of 32, the others in f16.

    `heads` are those of queries and of keys, which files of `llama` hold interleaved.
    """
    import gguf

    writer = gguf.GGUFWriter(path, architecture)
    writer.add_type("adapter")
    writer.add_name(f"{adapter.role} for {adapter.base[:12]}")
    writer.add_string("adapter.type", "lora")
    writer.add_float32("adapter.lora.alpha", alpha)
    for key, value in adapter.model_dump(exclude_defaults=True).items():
        add: Any = writer.add_uint32 if isinstance(value, int) else writer.add_string
        add(FIELDS + key, value)
    for name in sorted(weights):
        found = _WEIGHT.search(name)
        if found is None:
            raise ValueError(f"no place for {name}")
        layer, module, half = found.groups()
        values = weights[name]
        if architecture == "llama" and half == "B" and module in ("q_proj", "k_proj"):
            values = interleaved(values, heads[module == "k_proj"])
        place = f"blk.{layer}.{TARGETS[module]}.weight.lora_{half.lower()}"
        if precision == "q8_0" and values.shape[1] % _BLOCK == 0:
            kind = gguf.GGMLQuantizationType.Q8_0
            packed = gguf.quants.quantize(np.ascontiguousarray(values, dtype=np.float32), kind)
            writer.add_tensor(place, packed, raw_dtype=kind)
        else:
            writer.add_tensor(place, values.astype(np.float16))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def interleaved(rows: NDArray[np.float32], heads: int) -> NDArray[np.float32]:
    """Each head's rows in the order of rotary pairs, as llama.cpp wants them of `llama` models (not of `qwen2`)."""
    halves = rows.reshape(heads, 2, rows.shape[0] // heads // 2, *rows.shape[1:])
    made: NDArray[np.float32] = halves.swapaxes(1, 2).reshape(rows.shape)
    return made
