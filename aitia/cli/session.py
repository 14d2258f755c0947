"""A run that a person watches: live progress, and the way back after Ctrl-C."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from aitia.cli.console import note, stderr_console

if TYPE_CHECKING:
    from aitia.cli.live import LiveView


@contextmanager
def watched() -> Iterator[LiveView]:
    """Show a run's events on stderr; an interrupted run says how it is resumed."""
    from aitia.cli.live import LiveView

    view = LiveView(stderr_console())
    try:
        with view:
            yield view
    except KeyboardInterrupt:
        if view.run and not view.finished:
            note(f"interrupted; carry on with: aitia resume {view.run}")
        raise
