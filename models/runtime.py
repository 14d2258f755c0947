"""llama.cpp through its C functions: load, tokenise, evaluate, read logits, save and restore the KV cache.

Not thread-safe: `LlamaCpp` holds the lock. `llama_cpp.Llama` is passed by because its saved states carry the whole
score array (n_batch x vocabulary) and because it compiles the template programs inside GGUF files.
"""

from __future__ import annotations

import ctypes
import os
import threading
import weakref
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any, Literal

import numpy as np

from aitia.core.errors import ModelError
from aitia.models.chat import Piece
from aitia.models.grammar import Grammar, Logits


def import_llama_cpp() -> ModuleType:
    """The binding, imported on first use. Raises ModelError where it is not installed."""
    os.environ.setdefault(
        "OMP_WAIT_POLICY", "passive"
    )  # before libgomp: spinning threads starve shared cores
    try:
        import llama_cpp
    except ImportError:
        raise ModelError(
            "Install the model runtime: pip install '.[llm]' (it is compiled: gcc, g++ and cmake are needed)."
        ) from None
    except (OSError, RuntimeError) as error:
        raise ModelError(
            f"Reinstall llama-cpp-python: its library cannot be loaded on this machine ({error})."
        ) from None
    module: ModuleType = llama_cpp
    return module


KvCache = Literal["f16", "q8_0"]
_LEAST_BATCH = 256  # an option must fit, whatever batch reads fastest


@dataclass(frozen=True, kw_only=True)
class Shape:
    """How a model is opened: threads, context and batch in tokens, and how it keeps keys and values. Bits follow from each."""

    threads: int
    context: int = 4096
    batch: int = 256
    flash_attention: bool = False
    kv_cache: KvCache = "f16"

    def __post_init__(self) -> None:
        """Raises ModelError for what llama.cpp would refuse without a reason."""
        if self.kv_cache == "q8_0" and not self.flash_attention:
            raise ModelError("Set flash_attention: true as well: llama.cpp keeps kv_cache q8_0 only with it.")
        if min(self.threads, self.context, self.batch) < 1:
            raise ModelError("Give at least one thread, and a context and a batch of at least one token.")


@dataclass(frozen=True, kw_only=True)
class SavedState:
    """The KV cache of a token sequence, as llama.cpp writes it."""

    data: bytes
    tokens: int


class _Weights:
    """A loaded file: adapters of one base share it, and it is freed with the last session that uses it."""

    def __init__(self, c: Any, path: Path) -> None:
        params = c.llama_model_default_params()
        params.n_gpu_layers = 0
        self.model = c.llama_model_load_from_file(os.fsencode(path), params)
        if not self.model:
            raise ModelError(
                f"Give another GGUF file: llama.cpp cannot load {str(path)!r} (corrupt, or of an unknown architecture)."
            )
        weakref.finalize(
            self, c.llama_model_free, self.model
        ).atexit = False  # the process's end frees it better


_LOADING = threading.Lock()
_LOADED: weakref.WeakValueDictionary[tuple[str, int, int, int], _Weights] = weakref.WeakValueDictionary()


def _weights(c: Any, path: Path) -> _Weights:
    """The weights of a file, loaded once as long as it is the same file."""
    try:
        now = path.stat()
    except OSError:
        return _Weights(c, path)  # which says what is wrong with it
    key = (str(path.resolve()), now.st_ino, now.st_size, now.st_mtime_ns)
    with _LOADING:
        found = _LOADED.get(key)
        if found is None:
            found = _LOADED[key] = _Weights(c, path)
        return found


class Session:
    """One model with one context and one sequence."""

    def __init__(self, path: Path, shape: Shape, *, adapter: Path | None = None) -> None:
        self._c: Any = import_llama_cpp()
        silence()
        self._c.llama_backend_init()
        weights = _weights(self._c, path)
        self._model = weights.model
        self._adapter = self._load_adapter(adapter) if adapter else None
        self._vocab = self._c.llama_model_get_vocab(self._model)
        self.context = min(shape.context, int(self._c.llama_model_n_ctx_train(self._model)) or shape.context)
        self.shape = replace(shape, context=self.context, batch=min(shape.batch, self.context))
        self.batch = min(
            max(shape.batch, _LEAST_BATCH), self.context
        )  # handed over at once, in parts of `shape.batch`
        self._ctx = self._open(self.shape)
        self._memory = self._c.llama_get_memory(self._ctx)
        self._batch = self._c.llama_batch_init(self.batch, 0, 1)
        self.n_vocab = int(self._c.llama_vocab_n_tokens(self._vocab))
        recurrent = self._c.llama_model_is_recurrent(self._model) or self._c.llama_model_is_hybrid(
            self._model
        )
        self.rewinds = not recurrent
        self.position = 0
        self._free = weakref.finalize(self, _free, self._c, self._batch, self._ctx, self._adapter, [weights])
        self._free.atexit = False  # the process's end frees it better

    def _load_adapter(self, path: Path) -> Any:
        adapter = self._c.llama_adapter_lora_init(self._model, os.fsencode(path))
        if not adapter:
            raise ModelError(
                f"Make the adapter again: llama.cpp cannot load {str(path)!r} on this model (cut short, or of another shape)."
            )
        return adapter

    def _params(self, shape: Shape) -> Any:
        params = self._c.llama_context_default_params()
        params.n_ctx, params.n_batch, params.n_ubatch = self.context, self.batch, shape.batch
        params.n_seq_max = 1
        params.n_threads = params.n_threads_batch = shape.threads
        params.flash_attn_type = (
            self._c.LLAMA_FLASH_ATTN_TYPE_ENABLED
            if shape.flash_attention
            else self._c.LLAMA_FLASH_ATTN_TYPE_DISABLED
        )
        params.type_k = params.type_v = (
            self._c.GGML_TYPE_Q8_0 if shape.kv_cache == "q8_0" else self._c.GGML_TYPE_F16
        )
        params.no_perf = True
        return params

    def _open(self, shape: Shape) -> Any:
        ctx = self._c.llama_init_from_model(self._model, self._params(shape))
        if not ctx:
            raise ModelError(
                f"Free memory or choose a smaller model: llama.cpp cannot open a context of {self.context}."
            )
        if self._adapter:
            one = (self._c.llama_adapter_lora_p_ctypes * 1)(self._adapter)
            self._c.llama_set_adapters_lora(ctx, one, 1, (ctypes.c_float * 1)(1.0))
        return ctx

    def close(self) -> None:
        """Free the model's memory; also done when the session is no longer referred to."""
        self._free()

    def _check_open(self) -> None:
        if not self._free.alive:
            raise ModelError("Load the model again: it was closed.")

    def tokens(self, pieces: Sequence[Piece]) -> list[int]:
        """The tokens of a rendered prompt; only special pieces yield control tokens."""
        return [token for piece in pieces for token in self._tokenize(piece.text, special=piece.special)]

    def plain_tokens(self, text: str) -> list[int]:
        """The tokens of plain text: nothing in it becomes a control token."""
        return self._tokenize(text, special=False)

    def _tokenize(self, text: str, *, special: bool) -> list[int]:
        self._check_open()
        raw = text.encode("utf-8", "replace")
        room = len(raw) + 8
        buffer = (self._c.llama_token * room)()
        n = self._c.llama_tokenize(self._vocab, raw, len(raw), buffer, room, False, special)
        if n < 0:
            raise ModelError("Shorten the prompt: llama.cpp cannot tokenise a text of this length.")
        return list(buffer[:n])

    def first_tokens(self) -> list[int]:
        """The token that the model wants before everything else, if it wants one."""
        if not self._c.llama_vocab_get_add_bos(self._vocab):
            return []
        return [int(self._c.llama_vocab_bos(self._vocab))]

    def token(self, text: str) -> int:
        """The id of a control token. Raises ModelError where the vocabulary does not have it."""
        found = self._tokenize(text, special=True)
        if len(found) != 1:
            raise ModelError(
                f"Choose a model of another chat family: this one's vocabulary has no token {text!r}."
            )
        return found[0]

    def is_end(self, token: int) -> bool:
        """Whether the token ends a generation."""
        return bool(self._c.llama_vocab_is_eog(self._vocab, token))

    def bytes_of(self, token: int) -> bytes:
        """The text of a token, which may be half a character."""
        buffer = ctypes.create_string_buffer(256)
        n = self._c.llama_token_to_piece(self._vocab, token, buffer, len(buffer), 0, False)
        return buffer.raw[: max(n, 0)]

    def clear(self) -> None:
        """Forget the sequence."""
        self._c.llama_memory_clear(self._memory, False)
        self.position = 0

    def rewind(self, position: int) -> None:
        """Drop all tokens from `position` on. Only where `rewinds` is true: recurrent models cannot."""
        if not self._c.llama_memory_seq_rm(self._memory, 0, position, -1):
            raise ModelError("Choose a model with a plain attention cache: this one cannot be rewound.")
        self.position = position

    def eval(self, tokens: Sequence[int], *, all_logits: bool = False) -> None:
        """Evaluate tokens after those already there, in batches that begin at `position`."""
        self._check_open()
        if self.position + len(tokens) > self.context:
            raise ModelError(
                f"Shorten the prompt: {self.position + len(tokens)} tokens do not fit into {self.context}."
            )
        for start in range(0, len(tokens), self.batch):
            part = tokens[start : start + self.batch]
            last = start + len(part) == len(tokens)
            self._fill(part, all_logits=all_logits, last=last)
            if (code := _computed(self._c.llama_decode, self._ctx, self._batch)) != 0:
                raise ModelError(
                    f"Free memory or shorten the prompt: llama.cpp could not evaluate it (code {code})."
                )
            self.position += len(part)

    def _fill(self, tokens: Sequence[int], *, all_logits: bool, last: bool) -> None:
        batch = self._batch
        batch.n_tokens = len(tokens)
        for i, token in enumerate(tokens):
            batch.token[i] = token
            batch.pos[i] = self.position + i
            batch.n_seq_id[i] = 1
            batch.seq_id[i][0] = 0
            batch.logits[i] = all_logits or (last and i == len(tokens) - 1)

    def logits(self, index: int = -1) -> Logits:
        """The logits after a token of the last batch (-1: its last), copied."""
        pointer = self._c.llama_get_logits_ith(self._ctx, index)
        if not pointer:
            raise ModelError("Evaluate a token first: there are no logits.")
        row: Logits = np.ctypeslib.as_array(pointer, shape=(self.n_vocab,)).copy()
        return row

    def save(self) -> SavedState:
        """The state of the sequence now."""
        size = int(self._c.llama_state_seq_get_size(self._ctx, 0))
        buffer = (ctypes.c_uint8 * size)()
        written = int(self._c.llama_state_seq_get_data(self._ctx, buffer, size, 0))
        if not written:
            raise ModelError("Free memory: llama.cpp could not save its state.")
        return SavedState(data=memoryview(buffer)[:written].tobytes(), tokens=self.position)

    def restore(self, state: SavedState) -> None:
        """Put a saved state back, whatever was evaluated in between."""
        self.clear()
        buffer = (ctypes.c_uint8 * len(state.data)).from_buffer_copy(state.data)
        if not self._c.llama_state_seq_set_data(self._ctx, buffer, len(state.data), 0):
            raise ModelError("Free memory: llama.cpp could not restore its state.")
        self.position = state.tokens

    def grammar(self, text: str) -> Grammar:
        """A sampler for GBNF text. Raises ModelError where it cannot be parsed."""
        self._check_open()
        return Grammar(self._c, self._vocab, text)


@cache
def _thread() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(1, thread_name_prefix="llama")


os.register_at_fork(after_in_child=_thread.cache_clear)  # a child has no threads


def _computed(decode: Callable[..., int], *arguments: object) -> int:
    """llama.cpp's code, from a thread in which nothing else computes.

    On processors with AMX ggml configures the matrix registers of a thread once; torch and onnxruntime configure and release
    those of the thread that calls them, after which ggml's next instruction there is illegal. Ctrl-C is heard when it is done.
    """
    done = _thread().submit(decode, *arguments)
    try:
        return done.result()
    except KeyboardInterrupt:
        wait([done])
        raise


@cache
def silence() -> Any:
    """Send llama.cpp's log nowhere: what matters is raised. Cached, since C holds only the callback's address."""
    binding: Any = import_llama_cpp()
    callback = binding.llama_log_callback(lambda level, text, data: None)
    binding.llama_log_set(callback, None)
    return callback


def _free(binding: Any, batch: Any, ctx: Any, adapter: Any, weights: list[_Weights]) -> None:
    binding.llama_batch_free(batch)
    binding.llama_free(ctx)
    if adapter:
        binding.llama_adapter_lora_free(adapter)
    weights.clear()  # another session may still use them
