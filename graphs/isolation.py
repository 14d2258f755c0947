"""Graphs that run apart from the program around them, so that what they read of the site stays there."""

from __future__ import annotations

from contextvars import Context, copy_context

from langchain_core.runnables.config import var_child_runnable_config
from langsmith.run_helpers import tracing_context


def apart() -> Context:
    """The present context, but that a graph run in it is no part of a graph that calls it, and is not traced.

    LangGraph hands callbacks and checkpoints of a graph down to those that its nodes run, and with `LANGSMITH_TRACING` set it
    sends every state to LangSmith: telemetry would leave the site by a variable that was set for another program.
    """
    context = copy_context()
    context.run(var_child_runnable_config.set, None)
    untraced = tracing_context(enabled=False)
    context.run(untraced.__enter__)
    # Left for the collector, it would be ended in the caller's context and change that.
    context.copy().run(untraced.__exit__, None, None, None)
    return context
