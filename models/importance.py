"""How much each column of a model's matrices matters: the mean square of what reaches it while the model reads texts.

llama.cpp's quantizer rounds with the least error where such a matrix says that it counts ("importance matrix"; llama.cpp,
tools/imatrix), and its smallest types cannot be written without. The activations are seen through the evaluation callback.
"""

from __future__ import annotations

import ctypes
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from aitia.core.errors import BadInput, ModelError
from aitia.core.events import Progress
from aitia.models.curriculum.roles import CURRICULA, curriculum_of
from aitia.models.files import OnProgress, silent
from aitia.models.runtime import Session, Shape, import_llama_cpp

Importance = Mapping[str, NDArray[np.float32]]
"""Of each weight by its name in the file: a mean square per column, shape (columns,)."""
_CONTEXT: Final = 512  # tokens that are read at once
_F32: Final = 0  # ggml's number for float32


class _Tensor(ctypes.Structure):
    """`struct ggml_tensor` of ggml.h, up to its name."""

    _fields_ = (
        ("type", ctypes.c_int), ("buffer", ctypes.c_void_p), ("ne", ctypes.c_int64 * 4), ("nb", ctypes.c_size_t * 4),
        ("op", ctypes.c_int), ("op_params", ctypes.c_int32 * 16), ("flags", ctypes.c_int32), ("src", ctypes.c_void_p * 10),
        ("view_src", ctypes.c_void_p), ("view_offs", ctypes.c_size_t), ("data", ctypes.c_void_p), ("name", ctypes.c_char * 64),
    )  # fmt: skip


def importance(
    model: Path, texts: Sequence[str], *, threads: int, on_progress: OnProgress = silent
) -> dict[str, NDArray[np.float32]]:
    """What counts in `model` while it reads `texts`. Raises BadInput without a text, ModelError where nothing can be seen."""
    if not texts:
        raise BadInput("Give at least one text: what counts is seen while a model reads.")
    seen = _Seen()
    session = _Watched(model, Shape(threads=threads, context=_CONTEXT, batch=_CONTEXT), seen)
    try:
        for at, text in enumerate(texts):
            tokens = session.plain_tokens(text)[: session.context]
            if tokens:
                session.clear()
                session.eval(tokens)
            if seen.failed:
                raise ModelError(
                    f"Quantize without --importance: what {model.name} computes cannot be seen with this "
                    f"version of llama.cpp ({seen.failed})."
                )
            on_progress(Progress(what="reading what counts", done=at + 1, total=len(texts), unit="texts"))
    finally:
        session.close()
    if not seen.sums:
        raise ModelError(f"Quantize without --importance: {model.name} has no matrix that llama.cpp shows.")
    return {name: (total / seen.rows[name]).astype(np.float32) for name, total in seen.sums.items()}


def curriculum_texts(roles: str, most: int, seed: int = 0) -> list[str]:
    """At most `most` examples of each of these roles (comma-separated, or `all`), with their answers, as a model reads them.

    Raises BadInput for a role that there is not.
    """
    named = list(CURRICULA) if roles == "all" else [r.strip() for r in roles.split(",") if r.strip()]
    return [
        f"{item.system}{item.prompt}{item.told}"
        for role in named
        for item in curriculum_of(role).items(seed, most, "train")
    ]


def as_array(matrix: Importance) -> Any:
    """The same as llama.cpp takes it: it keeps the numbers alive as long as it is itself referred to."""
    one = import_llama_cpp().llama_model_imatrix_data
    made = (one * (len(matrix) + 1))()  # the last one is empty and ends the list
    made.kept = [np.ascontiguousarray(values, dtype=np.float32) for values in matrix.values()]
    for at, (name, values) in enumerate(zip(matrix, made.kept, strict=True)):
        pointer = values.ctypes.data_as(ctypes.POINTER(ctypes.c_float))
        made[at] = one(name=name.encode(), data=pointer, size=values.size)
    return made


class _Seen:
    """Sums of squares and numbers of rows by weight."""

    def __init__(self) -> None:
        self.sums: dict[str, NDArray[np.float64]] = {}
        self.rows: dict[str, int] = {}
        self.failed = ""
        self._ggml: Any = None

    def hear(self, address: int, ask: bool, _: object) -> bool:
        """llama.cpp's callback: first whether a result is wanted, then, once it is computed, what went into it."""
        try:
            return self._hear(address, ask)
        except Exception as error:  # an exception cannot pass through C: it is raised when the text is read
            self.failed = f"{type(error).__name__}: {error}"
            return not ask

    def _hear(self, address: int, ask: bool) -> bool:
        tensor = _Tensor.from_address(address)
        weights, inputs = tensor.src[0], tensor.src[1]
        if not weights or not inputs:
            return not ask
        held, given = _Tensor.from_address(weights), _Tensor.from_address(inputs)
        name = held.name.decode("utf-8", "replace")
        wanted = (
            name.endswith(".weight") and held.ne[1] > 1 and held.ne[0] == given.ne[0] and given.type == _F32
        )
        if ask or not wanted:
            return wanted if ask else True
        self._check(address, tensor)
        columns, rows = int(given.ne[0]), int(given.ne[1] * given.ne[2] * given.ne[3])
        if given.nb[1] != columns * 4:
            raise ValueError(f"the input of {name} is not contiguous")
        flat = ctypes.cast(given.data, ctypes.POINTER(ctypes.c_float))
        values = np.ctypeslib.as_array(flat, shape=(rows, columns)).astype(np.float64)
        self.sums[name] = self.sums.get(name, np.zeros(columns)) + np.einsum("ij,ij->j", values, values)
        self.rows[name] = self.rows.get(name, 0) + rows
        return True

    def _check(self, address: int, tensor: _Tensor) -> None:
        """Once: that a tensor is laid out as it is read here, by llama.cpp's own word."""
        if self._ggml is not None:
            return
        from llama_cpp import _ggml

        library = _ggml.libggml
        library.ggml_get_name.restype, library.ggml_get_name.argtypes = ctypes.c_char_p, [ctypes.c_void_p]
        library.ggml_get_data.restype, library.ggml_get_data.argtypes = ctypes.c_void_p, [ctypes.c_void_p]
        told = library.ggml_get_name(address)
        if told != tensor.name or library.ggml_get_data(address) != tensor.data:
            raise ValueError("its tensors are laid out in another way")
        self._ggml = library


class _Watched(Session):
    """A session that tells what it computes."""

    def __init__(self, path: Path, shape: Shape, seen: _Seen) -> None:
        self._heard = import_llama_cpp().ggml_backend_sched_eval_callback(seen.hear)
        super().__init__(path, shape)

    def _params(self, shape: Shape) -> Any:
        params = super()._params(shape)
        params.cb_eval = self._heard
        return params
