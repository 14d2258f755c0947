"""Templates of components in a file: plain JSON, so that their names stay the same from run to run."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from aitia.core.errors import BadInput
from aitia.tools.text.templates import Miner


def save_states(path: Path, miners: Mapping[str, Miner]) -> None:
    """Write the templates. Raises BadInput where the file cannot be written."""
    text = json.dumps({name: miner.state() for name, miner in sorted(miners.items())}, ensure_ascii=False)
    part = path.with_name(path.name + ".part")
    try:
        part.write_text(text, encoding="utf-8")
        part.replace(path)
    except OSError as error:
        raise BadInput(
            f"Cannot write --save {str(path)!r} ({error.strerror}). Choose a path that can be written."
        ) from None


def load(path: Path) -> dict[str, Miner]:
    """A miner of each component. Raises BadInput for a file that holds no templates."""
    try:
        held = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadInput(
            f"Cannot read --templates {str(path)!r} ({error.strerror}). Give a readable file."
        ) from None
    except ValueError:
        held = None
    if not isinstance(held, dict) or not all(isinstance(state, dict) for state in held.values()):
        raise BadInput(f"Give --templates a file that `aitia logs patterns --save` wrote, not {str(path)!r}.")
    out = {}
    for name, state in held.items():
        out[name] = Miner()
        out[name].restore(state)
    return out
