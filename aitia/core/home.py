"""Where aitia keeps models, runs and keys: AITIA_HOME, else the user's cache."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path


def aitia_home() -> Path:
    """The folder, made with mode 0700 if it is missing; where it cannot be made, whoever writes to it says why."""
    configured = os.environ.get("AITIA_HOME")
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    home = Path(configured).expanduser() if configured else cache / "aitia"
    with suppress(OSError):
        home.mkdir(parents=True, exist_ok=True, mode=0o700)
    return home
