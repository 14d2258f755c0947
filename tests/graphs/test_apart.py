"""A graph that runs apart: not traced, and without a trace of it in the context that it was begun from."""

from __future__ import annotations

import gc
from contextvars import copy_context

import pytest
from langsmith.utils import tracing_is_enabled

from aitia.graphs.isolation import apart


def test_tracing_is_off_inside_and_as_it_was_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("langsmith.utils.get_env_var", lambda *_, **__: "true")
    before = dict(copy_context().items())
    context = apart()
    gc.collect()
    assert dict(copy_context().items()) == before
    assert (context.run(tracing_is_enabled), tracing_is_enabled()) == (False, True)
