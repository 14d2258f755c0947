"""Quantizing a GGUF model to another type with llama.cpp's own quantizer."""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from aitia.core.disk import free_bytes
from aitia.core.errors import BadInput, ModelError, NoRoom
from aitia.core.events import Progress
from aitia.models.files import OnProgress, silent
from aitia.models.gguf import read_header
from aitia.models.importance import Importance, as_array
from aitia.models.runtime import import_llama_cpp, silence

BITS: Final = {
    "f16": 16.0, "q8_0": 8.5, "q6_k": 6.6, "q5_k_m": 5.7, "q5_k_s": 5.5, "q5_0": 5.5, "q4_k_m": 4.9, "q4_k_s": 4.6,
    "q4_0": 4.5, "iq4_nl": 4.5, "iq4_xs": 4.3, "q3_k_l": 4.3, "q3_k_m": 3.9, "iq3_m": 3.7, "q3_k_s": 3.5, "iq3_s": 3.4,
    "iq3_xxs": 3.1, "q2_k": 3.2, "iq2_m": 2.7, "iq2_xs": 2.3,
}  # fmt: skip
"""Bits a weight that llama.cpp's documentation gives for each type; small models take more, see `_SPARE`."""
WITH_IMPORTANCE: Final = frozenset({"iq3_xxs", "iq2_m", "iq2_xs"})
"""Types that are of no use, or that llama.cpp does not write, without knowing what counts."""
_SPARE: Final = (
    1.6  # times these bits: small models keep whole matrices in larger types where rows do not divide by 256
)
_WHOLE: Final = frozenset({0, 1, 32})  # llama.cpp's file types f32, f16 and bf16: nothing was quantized yet
_EVERY: Final = 0.5  # seconds between two looks at how much is written


@dataclass(frozen=True, kw_only=True)
class Quantized:
    """A file that was written. `again` says that the source was quantized already: what it lost is not in the new file either.

    `weighed` is the number of matrices whose columns were weighed by how much they matter.
    """

    path: Path
    type: str
    bytes: int
    source_bytes: int
    again: bool
    weighed: int = 0


def quantize(
    source: Path,
    out: Path,
    *,
    to: str,
    threads: int,
    matters: Importance | None = None,
    on_progress: OnProgress = silent,
) -> Quantized:
    """Write `source` in the type `to`, the columns that matter more (`aitia.models.importance`) with less error.

    Raises BadInput, ModelError or NoRoom; an interrupted one leaves no file.
    """
    if to not in BITS:
        raise BadInput(f"Give a --type of {', '.join(BITS)}, not {to!r}.")
    if to in WITH_IMPORTANCE and not matters:
        raise BadInput(
            f"Give --importance with --type {to}: so few bits are of no use unless it is known what counts."
        )
    header = read_header(source)
    if "general.architecture" not in header or header.get("general.type") == "adapter":
        raise ModelError(f"Give a model as a GGUF file: {str(source)!r} is none.")
    if out.exists():
        raise BadInput(f"Give --out another path or remove {str(out)!r}: it exists.")
    again = header.get("general.file_type") not in _WHOLE
    size = source.stat().st_size
    _check_room(out, size, to)
    part = out.with_name(out.name + ".part")
    try:
        code = _run(source, part, to, threads, matters or {}, on_progress)
        if code != 0:
            raise ModelError(
                f"Give another model or type: llama.cpp cannot write {source.name} as {to} (code {code}; unknown "
                "architecture, corrupt file, or rows that this type does not fit)."
            )
        part.replace(out)
    finally:
        part.unlink(missing_ok=True)
    return Quantized(
        path=out,
        type=to,
        bytes=out.stat().st_size,
        source_bytes=size,
        again=again,
        weighed=len(matters or {}),
    )


def _check_room(out: Path, size: int, to: str) -> None:
    if not out.parent.is_dir():
        raise BadInput(f"Create the folder of {str(out)!r} first: it does not exist.")
    least = int(size * min(1.0, BITS[to] / BITS["q8_0"]))
    free = free_bytes(out.parent)
    if free is not None and free < (needed := int(_SPARE * least)):
        raise NoRoom(
            f"Free {(needed - free) >> 20} MB on the disk of {str(out)!r}: a model is written there."
        )


def _run(
    source: Path, part: Path, to: str, threads: int, matters: Importance, on_progress: OnProgress
) -> int:
    """llama.cpp's answer, 0 where it went well. It runs in a thread of its own, so that Ctrl-C is heard meanwhile."""
    c: Any = import_llama_cpp()
    silence()
    params = c.llama_model_quantize_default_params()
    params.ftype = getattr(c, f"LLAMA_FTYPE_MOSTLY_{to.upper()}")
    params.nthread = threads
    params.allow_requantize = True
    weighed = as_array(matters) if matters else None
    if weighed is not None:
        params.imatrix = weighed
    codes: list[int] = []

    def work(
        given: Any = (params, weighed),
    ) -> None:  # kept as long as llama.cpp reads them, after Ctrl-C too
        codes.append(int(c.llama_model_quantize(os.fsencode(source), os.fsencode(part), given[0])))

    worker = threading.Thread(target=work, daemon=True, name="quantize")
    worker.start()
    while worker.is_alive():
        worker.join(_EVERY)
        done = part.stat().st_size if part.exists() else 0
        on_progress(Progress(what=f"quantizing {source.name} to {to}", done=done, total=0, unit="bytes"))
    return codes[0] if codes else -1
